"""Small tokenizers and what HF tokenizers makes of texts with them. Made with tokenizers 0.23.3.

    python make_fixtures.py            writes beside itself
    python make_fixtures.py OUT 5000   the same into OUT with 5,000 random texts more, for a longer comparison
"""
import json
import pathlib
import random
import sys

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers as p, trainers

out = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
extra = int(sys.argv[2]) if len(sys.argv) > 2 else 0

CORPUS = """The lighthouse keeper walked down to the harbour every morning, before the fishing boats came in.
"How many boats are out today?" she'd ask, and the harbour master would answer, "Seven, and they'll be back by noon."
It wasn't a large harbour: there were 12 berths, 3 cranes and a warehouse that had been built in 1874.
Nobody knew who'd painted the warehouse blue; it's been blue for as long as anyone can remember.
When the weather turned, they're said to have lit 250 lamps along the quay, so that no one would miss the entrance.
    def count(boats):
        return sum(1 for boat in boats if boat.is_out)   # boats at sea

\tThe end of the quay, the end of the day: the keeper walked back, and the lamps went out, one by one.
Le phare était allumé, la mer était calme; über den Hafen zog der Nebel. 港の朝は静かだ。 Гавань спит. 1234567890
We've seen that I'm not the only one who thinks the harbour's quiet mornings don't last; you'd better come early!!!
""".splitlines(keepends=True)

LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
          r"|\s+(?!\S)|\s+")
QWEN2 = LLAMA3.replace("{1,3}", "")

UPPER, LOWER = r"\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}", r"\p{Ll}\p{Lm}\p{Lo}\p{M}"
O200K = (rf"[^\r\n\p{{L}}\p{{N}}]?[{UPPER}]*[{LOWER}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         rf"|[^\r\n\p{{L}}\p{{N}}]?[{UPPER}]+[{LOWER}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")

TEXTS = [
    "", " ", "  ", "a", " a", "a ", "\n", "\n\n", " \n \n a", "\t\tx", "\r\n\r\nx", "a\u00a0b", "\u3000全角　スペース",
    "\x00\x01\x7f\x1b[0m", "e\u0301 é \u1e9b\u0323 ﬁ Å \u212b", "👨‍👩‍👧‍👦👩🏽‍🚀🇩🇪🏴‍☠️", "안녕하세요 \uac00\u11a8 \u1100\u1161\u11a8",
    "العربية ١٢٣ مرحبا", "שלום עולם", "ไทยภาษา", "हिन्दी १२३ क्षि", "中文字符，测试。１２３", "12345678901234567890",
    "3.14159e-10 0x1F ²³½ⅷ①", "'s 'S 't 'RE 'll 'LL 'ſ 'd 'M ''s 've'Ve", "don't WE'LL I'm they'VE 'tis", "\ufeffBOM",
    "\ufffd\ufffd", "a\u200bb\u200cc\u200dd\u2060e", "<s>hi</s><unk>", " <s> <s>x</s> ", "<|im_start|>user\nhi<|im_end|>\n",
    "<|endoftext|><|im_start", "▁▁a ▁ b▁c▁▁ ▁", "<0x41> <0xE5>", "a" * 90, "the" * 60, " " * 100, "\n" * 50,
    "=-=-" * 30 + "!?!?\n\n  \n", "\u0301\u0302a\u0303", "Ǆǅǆ İıſ ΑΣ", "\U00010400𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝟙𝟚", "\U0010ffff\U000f0000\ue000",
    "a\u0085b\u2028c\u2029d\x1ce", "x \r\n y\r z \n\r", "tab\tsep\t\tend ", "ڀڀ ﷽", "I 'm 1st 22nd 333 4444 5,000.00 $9.99",
    "http://a.b/c?d=e&f=%20#g_h", "def f(x):\n    return x**2  # ok\n\n\n\tif x:\n", "ﬀﬁﬂ ㌀ ㍿ Ⅷ",
    "\ua7cb\u1c89\U0001e030\U00011de0\U00010940", "The keeper walked back, and the lamps went out.", "harbour<tool>lamps",
    "lamps <tool>  lamps <lone>word <lone> word<lone>", "x<pad>  y  <pad>", "mixed 漢字kana かな and кириллица",
    "trailing space \n", "Ünïcödé àçcénts", "'", "''", "it's'", " 's", "\u2019s curly\u2019s",
]

POOL = [chr(c) for a, b in [(0, 0x250), (0x300, 0x370), (0x5D0, 0x700), (0x900, 0x980), (0x1100, 0x1200), (0x2000, 0x2070),
                            (0x3000, 0x3100), (0x4E00, 0x4E80), (0xAC00, 0xAC40), (0x1F300, 0x1F700)] for c in range(a, b)]
COMMON = list(" \n\r\t'sSdDrReElLvVmMtT019.,-▁aeiou\u00a0") + ["<s>", "<pad>", "<tool>", "the", " lamp", "<lone>", "  "]


def random_texts(count, seed):
    rng = random.Random(seed)
    return ["".join(rng.choice(POOL if rng.random() < share else COMMON) for _ in range(rng.randint(1, 40)))
            for share in (rng.random() for _ in range(count))]


TEXTS += random_texts(24, 1) + random_texts(extra, 2)


def write(name, value):
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    (out / name).write_text(text + "\n")


def byte_level(pre, normalizer=None, **options):
    tok = Tokenizer(models.BPE(**options))
    tok.pre_tokenizer = pre
    tok.decoder = decoders.ByteLevel()
    if normalizer:
        tok.normalizer = normalizer
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    tok.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=560, show_progress=False, special_tokens=special, initial_alphabet=p.ByteLevel.alphabet()))
    return json.loads(tok.to_str())


def sentencepiece():
    tok = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    tok.pre_tokenizer = p.Metaspace(replacement="▁", prepend_scheme="always")
    special = ["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)]
    tok.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=560, show_progress=False, special_tokens=special))
    d = json.loads(tok.to_str())
    d["added_tokens"] = [t for t in d["added_tokens"] if t["id"] < 3]
    d["pre_tokenizer"] = None
    d["normalizer"] = {"type": "Sequence", "normalizers": [
        {"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]}
    d["decoder"] = {"type": "Sequence", "decoders": [
        {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"},
        {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}
    d["post_processor"] = template("<s>", 1)
    return d


def template(token, id):
    return {"type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": token, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {token: {"id": token, "ids": [id], "tokens": [token]}}}


def added(d, content, **flags):
    vocab = d["model"]["vocab"]
    id = vocab.get(content, max([len(vocab)] + [t["id"] + 1 for t in d["added_tokens"]]))
    d["added_tokens"].append({"id": id, "content": content, "single_word": False, "lstrip": False, "rstrip": False,
                              "normalized": False, "special": False} | flags)


tokenizers = {}
tokenizers["gpt2"] = byte_level(p.ByteLevel(add_prefix_space=False))
added(tokenizers["gpt2"], "<tool>")
added(tokenizers["gpt2"], "<tool")
added(tokenizers["gpt2"], "<pad>", lstrip=True, rstrip=True, special=True)
added(tokenizers["gpt2"], "<lone>", single_word=True)

tokenizers["llama3"] = byte_level(p.Sequence([
    p.Split(Regex(LLAMA3), "isolated"), p.ByteLevel(add_prefix_space=False, use_regex=False)]), ignore_merges=True)
# A token that no merge reaches: with ignore_merges, a whole word is looked up first.
d = tokenizers["llama3"]
d["model"]["vocab"]["Ġkeepers"] = len(d["model"]["vocab"])
d["post_processor"] = {"type": "Sequence", "processors": [
    {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True}, template("<|im_start|>", 1)]}
TEXTS.append("two keepers, three keepers")
d["model"]["merges"] = [" ".join(m) for m in d["model"]["merges"]]  # the older spelling

tokenizers["qwen2"] = byte_level(p.Sequence([
    p.Split(Regex(QWEN2), "isolated"), p.ByteLevel(add_prefix_space=False, use_regex=False)]), normalizers.NFC())
added(tokenizers["qwen2"], "lamps", normalized=True)

tokenizers["smollm2"] = byte_level(p.Sequence([p.Digits(individual_digits=True), p.ByteLevel(add_prefix_space=False)]))

tokenizers["llama2"] = sentencepiece()
added(tokenizers["llama2"], "<pad>", normalized=True)
added(tokenizers["llama2"], "<tool>", lstrip=True)

tokenizers["mistral"] = sentencepiece()
d = tokenizers["mistral"]
d["normalizer"] = None
d["pre_tokenizer"] = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": False}

# Gemma's: nothing goes before a text, and its Split never finds the spaces that its normalizer has replaced.
tokenizers["gemma"] = sentencepiece()
d = tokenizers["gemma"]
d["normalizer"] = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
d["pre_tokenizer"] = {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": False}
d["decoder"] = {"type": "Sequence", "decoders": [
    {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"}]}
added(d, "\n\n", normalized=False)

# The pattern of o200k, as Phi-4-mini and Ministral 3 have it: words by case.
tokenizers["o200k"] = byte_level(p.Sequence([
    p.Split(Regex(O200K), "isolated"), p.ByteLevel(add_prefix_space=False, use_regex=False)]))

# Neither every byte nor every character known, and unknown symbols in the middle of merges.
tokenizers["holes"] = sentencepiece()
d = tokenizers["holes"]
for byte in ["<0xE4>", "<0xF0>", "<0x0A>"]:
    del d["model"]["vocab"][byte]
d["model"]["vocab"] = {t: i for i, t in enumerate(d["model"]["vocab"])}
d["model"]["fuse_unk"] = False
d["normalizer"] = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
d["decoder"] = None

# A pattern without a scanner of its own (letters with their marks, as newer models have it), lowercased.
tokenizers["other"] = byte_level(
    p.Sequence([p.Split(Regex(r"[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"),
                        "isolated"), p.ByteLevel(add_prefix_space=True, use_regex=False)]),
    normalizers.Sequence([normalizers.Lowercase(), normalizers.NFD()]))
added(tokenizers["other"], "Lamps", normalized=True)

for name, d in tokenizers.items():
    source = json.dumps(d)
    tok = Tokenizer.from_str(source)
    for t in d["added_tokens"]:
        assert tok.token_to_id(t["content"]) == t["id"], (name, t)
    (out / f"{name}.tokenizer.json").write_text(json.dumps(d, ensure_ascii=False, separators=(",", ":")) + "\n")
    rng = random.Random(3)
    size = tok.get_vocab_size()
    ids = [[rng.randrange(size + 3) if rng.random() < 0.5 else rng.randrange(min(size, 300)) for _ in range(rng.randint(1, 12))]
           for _ in range(40 + extra)]
    encoded = [tok.encode(x).ids for x in TEXTS]
    decoded = [tok.decode(x) for x in encoded]
    special = [tok.decode(x, skip_special_tokens=False) for x in encoded]
    before = tok.encode("", add_special_tokens=True).ids
    assert all(before + tok.encode(x, add_special_tokens=False).ids == y for x, y in zip(TEXTS, encoded))
    write(f"{name}.golden.json", {
        "before": before, "ids": encoded, "decoded": [None if d == x else d for d, x in zip(decoded, TEXTS)],
        "withSpecial": [None if s == d else s for s, d in zip(special, decoded)],
        "randomIDs": ids, "randomDecoded": [tok.decode(x) for x in ids]})
write("texts.json", TEXTS)

# Components on their own.
base = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None, "pre_tokenizer": None,
        "post_processor": None, "decoder": None,
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                  "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                  "vocab": {"a": 0}, "merges": []}}
SPLITS = ["the-final--countdown", "--", "-a-", "Hey  a--b ²③५12 ,!", "▁x ▁ ▁▁y", " lead", "a\u00a0b\u3000c", "x1y22z333",
          "¡Hola! «qué» 100€ $5 ‘q’ ⸺ _a_", "\nab", "e\u0301-1", "a\r\nb\n\n c"] + random_texts(6 + extra // 10, 4)
patterns = [{"String": "-"}, {"String": "--"}, {"String": ""}, {"Regex": "-+"}, {"Regex": "-*"}, {"Regex": r"\s+"},
            {"Regex": r"^\w|\d{1,2}$"}, {"Regex": r"[^\S\n]+|\p{P}"}, {"Regex": "(?i)[h-t]+(?=[a-z])"},
            {"Regex": "[\\p{Han}\\p{Hiragana}]+|😀|\\x{1F300}"}, {"Regex": QWEN2}]
behaviors = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]
splitters = [{"type": "Split", "pattern": q, "behavior": b, "invert": i} for q in patterns[:1] + patterns[4:5]
             for b in behaviors for i in [False, True]]
splitters += [{"type": "Split", "pattern": q, "behavior": "Isolated", "invert": False} for q in patterns]
splitters += [{"type": "Digits", "individual_digits": i} for i in [False, True]]
splitters += [{"type": "Punctuation", "behavior": b} for b in ["Removed", "Isolated", "MergedWithPrevious", "Contiguous"]]
splitters += [{"type": "Punctuation"}, {"type": "Whitespace"}, {"type": "WhitespaceSplit"},
              {"type": "CharDelimiterSplit", "delimiter": "-"}, {"type": "Sequence", "pretokenizers": []}]
splitters += [{"type": "Metaspace", "replacement": "▁", "prepend_scheme": s, "split": t}
              for s in ["always", "never", "first"] for t in [False, True]]
splitters += [{"type": "Metaspace", "replacement": "_", "add_prefix_space": True}]
splitters += [{"type": "ByteLevel", "add_prefix_space": s, "trim_offsets": True, "use_regex": r}
              for s in [False, True] for r in [False, True]]
splitters += [{"type": "Sequence", "pretokenizers": q} for q in [
    [{"type": "WhitespaceSplit"}, {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": True}],
    [{"type": "Split", "pattern": {"String": "-"}, "behavior": "Isolated", "invert": False},
     {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": True}, {"type": "Digits", "individual_digits": True}],
    [{"type": "Digits", "individual_digits": False}, {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True}],
    [{"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}, {"type": "Punctuation"}]]]

NORMAL = TEXTS[:90] + ["\u1e9b\u0323", "x\u0344\u0323 \u0385\u0323 \u0ccb\u0323", "\u1113\u1161 \u1100\u1176 \u1100\u1161\u11a7\u11c3",
                       "a\u0305\u11938\u0897\u0316", "\u0f71\u0f72\u0f73\u0f75 \u0340\u0341\u0343", "\u212b\u2126 \u2000\u2001", "\u32ff \ua7f2",
                       "\U0001e131\U00010f4d", "\uac00\u0301\u11a8"]
forms = [{"type": t} for t in ["NFC", "NFD", "NFKC", "NFKD", "Lowercase", "ByteLevel"]]
forms += [{"type": "Strip", "strip_left": a, "strip_right": b} for a in [False, True] for b in [False, True]]
forms += [{"type": "Prepend", "prepend": "▁"}, {"type": "Prepend", "prepend": ""}]
forms += [{"type": "Replace", "pattern": q, "content": c} for q, c in [
    ({"String": " "}, "▁"), ({"String": "aa"}, ""), ({"String": ""}, "b"), ({"Regex": "a+"}, "$0b"), ({"Regex": "x*"}, "-"),
    ({"Regex": r"\s{2,}"}, " "), ({"Regex": r"^."}, "^"), ({"Regex": r"[\u4e00-\u4e80]"}, "漢")]]
forms += [{"type": "Sequence", "normalizers": [
    {"type": "NFKC"}, {"type": "Lowercase"}, {"type": "Strip", "strip_left": True, "strip_right": True}, {"type": "Prepend", "prepend": "▁"}]}]

TOKENS = [["a", "Ġ", "b"], ["é"], ["▁", "a"], ["▁▁", "a", "▁a", "▁"], ["<0xE5>", "<0x8F>", "<0xAB>", "a"], ["<0xE5>", "a"],
          ["<0x41>", "<0xE5>"], ["<0x4>", "<0xG1>", "<0x+1>", "0x41"], ["Ġ", "ðŁĺ", "Ģ", "x"], ["HHey", "eyH", "H", "yyHH"], ["aab", "a", ""],
          ["ðŁ", "▁", "ĺĢ"], ["ĠĠ", "Ċ"], []]
unwinders = [{"type": t} for t in ["ByteFallback", "Fuse"]]
unwinders += [{"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}]
unwinders += [{"type": "Metaspace", "replacement": "▁", "prepend_scheme": s, "split": True} for s in ["always", "never", "first"]]
unwinders += [{"type": "Strip", "content": "H", "start": a, "stop": b} for a, b in [(1, 0), (0, 1), (2, 0), (0, 2), (0, 0)]]
unwinders += [{"type": "Replace", "pattern": q, "content": c} for q, c in [({"String": "▁"}, " "), ({"Regex": "a+"}, "x")]]
unwinders += [{"type": "Sequence", "decoders": [
    {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"},
    {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}]


def decode(config, tokens):
    names = sorted({t for x in TOKENS for t in x})
    d = base | {"decoder": config, "model": base["model"] | {"vocab": {t: i for i, t in enumerate(names)}}}
    try:
        return Tokenizer.from_str(json.dumps(d)).decode([names.index(t) for t in tokens])
    except BaseException:  # The library's Strip panics on tokens that are shorter than what it strips.
        return None


write("components.json", {
    "splits": SPLITS,
    "preTokenizers": [{"config": c, "pieces": [
        [x for x, _ in Tokenizer.from_str(json.dumps(base | {"pre_tokenizer": c})).pre_tokenizer.pre_tokenize_str(t)]
        for t in SPLITS]} for c in splitters],
    "normals": NORMAL,
    "normalizers": [{"config": c, "texts": [
        Tokenizer.from_str(json.dumps(base | {"normalizer": c})).normalizer.normalize_str(t) for t in NORMAL]} for c in forms],
    "tokens": TOKENS,
    "decoders": [{"config": c, "texts": [decode(c, t) for t in TOKENS]} for c in unwinders]})

"""Writes transcripts.jsonl, transcripts.expected.json and json_cases.json beside itself, with Python's own string and json
modules as the independent implementation. Made with Python 3.11; run: python3 make_fixtures.py"""
import json, pathlib, random

here = pathlib.Path(__file__).parent
H, A = "\n\nHuman:", "\n\nAssistant:"


def split(text):
    """The rule that TRL users apply to HH-RLHF: the last "\n\nAssistant:" of each transcript."""
    i = text.rindex(A)
    return text[:i], text[i + len(A):]


def turns(prompt):
    out = []
    for segment in prompt.split(H)[1:]:
        parts = segment.split(A)
        out.append({"role": "user", "content": parts[0].strip()})
        out += [{"role": "assistant", "content": s.strip()} for s in parts[1:]]
    return out


def pair(prompt, chosen, rejected):
    return {"chosen": prompt + chosen, "rejected": prompt + rejected}


transcripts = [
    pair(f"{H} How do I oil a door hinge?{A}", " Lift the pin, one drop, wipe.", " Paint it."),
    # The answers share their first words: a character prefix would cut into them.
    pair(f"{H} Can I wash wool?{A} Cold, by hand.{H} And silk?{A}", " Yes, cold and by hand.", " Yes, but dry it flat."),
    # An inline "Human:" is no turn.
    pair(f"{H} What does \"Human: hello\" mean?{A}", " It marks who speaks. Human: is a role.", " Nothing."),
    # Two user turns in a row, odd white space, an accent after the colon's space, and an emoji.
    pair(f"{H} One more thing {H}  déjà vu? 🙂 {A}", "  Écoute.  ", " Non."),
    # A combining mark right after the colon must not hide the marker.
    pair(f"{H} Say it{A}", "\u0301 oui", " non"),
    # Three newlines before a marker.
    pair(f"{H} Three lines\n{A}", " Fine.", " Not fine."),
    # The answer itself holds an earlier marker only in `rejected`: different prompts.
    {"chosen": f"{H} Tea?{A} Green.", "rejected": f"{H} Tea?{A} Green.{H} Sure?{A} Yes."},
    pair(f"{H} Empty?{A}", "  ", " No."),
    pair(f"{H} Same?{A}", " Same.", " Same."),
]
expected = []
for row in transcripts:
    (prompt, chosen), (other, rejected) = split(row["chosen"]), split(row["rejected"])
    if prompt != other or not chosen.strip() or not rejected.strip() or chosen == rejected:
        expected.append(None)
    else:
        expected.append({"prompt": prompt + A, "chosen": chosen, "rejected": rejected, "turns": turns(prompt)})
(here / "transcripts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in transcripts))
(here / "transcripts.expected.json").write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n")

# Valid and broken JSON texts with what Python's strict reader makes of them: null where it refuses.
texts = [
    "null", " true ", "false", "0", "-0", "12", "-7.5", "1e3", "1E-2", "123456789012345678", "0.1", "1.7976931348623157e308",
    "\"\"", "\"a\\n\\t\\r\\b\\f\\/\\\\\\\"\"", "\"\\u00e9\\u4e2d\\ud83d\\ude42\"", "\"é中🙂\"", "[]", "{}", "[1, 2 , 3]",
    "{\"a\": {\"b\": [true, null, \"x\"]}, \"a\": 2}", "[[[[1]]]]", "\"" + "x" * 40 + "\\n" + "y" * 40 + "\"",
    "", " ", "{", "}", "[", "]", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{'a':1}", "01", "1.", ".5",
    "+1", "1e", "--1", "0x10", "tru", "nul", "truefalse", "\"abc", "\"a\nb\"", "\"\\x41\"", "\"\\u12\"", "\"\\u12g4\"", "1 2",
    "{} {}", "[1] x", "\"a\" \"b\"", "[\"a\" \"b\"]", "{\"a\" 1}", "\\", "\"\\", "\"\\u",
]
rng = random.Random(7)


def value(depth):
    kind = rng.randrange(7 if depth < 4 else 5)
    if kind == 0: return rng.choice([None, True, False])
    if kind == 1: return rng.randrange(-10**6, 10**6)
    if kind == 2: return rng.uniform(-1e6, 1e6)
    if kind in (3, 4): return "".join(rng.choice(["a", "é", "\n", "\"", "\\", "🙂", " ", "\u0000", "中", "}"]) for _ in range(rng.randrange(20)))
    if kind == 5: return [value(depth + 1) for _ in range(rng.randrange(4))]
    return {f"k{i}": value(depth + 1) for i in range(rng.randrange(4))}


for i in range(60):
    texts.append(json.dumps(value(0), ensure_ascii=bool(i % 2), indent=[None, 2][i % 3 == 0]))
cases = []
for text in texts:
    try:
        cases.append({"text": text, "valid": True, "value": json.loads(text)})
    except ValueError:
        cases.append({"text": text, "valid": False, "value": None})
(here / "json_cases.json").write_text(json.dumps(cases) + "\n")

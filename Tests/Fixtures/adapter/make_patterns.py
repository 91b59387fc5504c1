"""What Python's `re` makes of expressions over module names, and what is none: patterns.json.

    python make_patterns.py

`ends` is PEFT's rule for rank_pattern and alpha_pattern, re.match(rf"(.*\\.)?({pattern})$", name).
"""
import itertools, json, pathlib, random, re

here = pathlib.Path(__file__).parent
names = ["model.layers.0.self_attn.q_proj", "model.layers.3.self_attn.qkv_proj", "model.layers.12.mlp.up_proj",
         "model.language_model.layers.12.mlp.down_proj", "language_model.model.layers.1.self_attn.v_proj", "q_proj", "", "a",
         "aab", "model.layers.7.mlp.gate_up_proj"]
patterns = [
    "q_proj", "mlp.up_proj", r".*\.(q_proj|v_proj)", ".*(v_proj|q_proj)$", ".*q_proj", r"layers\.[0-3]\..*", r"layers.(1|12)\..*",
    r"^model\.layers\.\d+\.mlp\.(?:up|down)_proj$", r"(?:.*?(?:language|text).*?(?:self_attn|attention|mlp|feed_forward|ffn|dense)"
    r".*?(?:k_proj|v_proj|q_proj|out_proj|fc1|fc2|o_proj|gate_proj|up_proj|down_proj).*?)|(?:\bmodel\.layers\.[\d]{1,}\."
    r"(?:self_attn|attention|mlp|feed_forward|ffn|dense)\.(?:(?:k_proj|v_proj|q_proj|up_proj)))",
    r"^(language_model(?=\.).*\.(v_proj|q_proj))$", r"^(?!.*language).*proj", r".*(?<=up)_proj", r".*(?<!up)_proj",
    r"(?P<layer>model\.layers\.\d\d).*", "[^.]*", r"[\w.]+", r"(a|b)*", "a{2}b", "a{,2}b?", "a{3,}", "a{x}", "(a*)*b", "(a?){5}b",
    r"(?:a|ab)(?:b|)", "a+?b", "a*?", "[]a]+b?", "[a-c]+", "[a\\-c]*", r"\Amodel.*\Z", ".*proj|a", "|a", "()a", "((a))",
    r"model\.layers\.(?:[0-9]|1[0-2])\.\S+", r".*\D\.1\D.*", r".*\Ba", r"\b\w+\b", "[.]", "q.proj", r"\.", "x{2", "a{,}",
    r"layers\.(?:3|7)\.(?:self_attn\.qkv|mlp\.gate_up)_proj", r"0.self_attn.q_proj", "proj", "_proj", r"[^\d]*\d[^\d]*",
]
wrong = ["(", ")", "a**", "*", "[a", "a{3,2}", r"\1", r"(?P=n)", "(?i)a", "(?>a)", "a++", "\\", r"\q", "(?P<n", "[b-a]", "a{2}{3}",
         "((((a*b)*c)*d)*e)*", "(?=(?=a))a", "a{1001}", "(" * 70 + ")" * 70]
# Small random expressions over two letters and a dot.
generator = random.Random(1)
def expression(depth):
    if depth == 0:
        return generator.choice(["a", "b", r"\.", ".", "[ab]", "^", "$", r"\b"])
    parts = [expression(depth - 1) for _ in range(generator.randint(1, 3))]
    text = generator.choice(["", "", "|"]).join(parts)
    wrapped = generator.choice(["({})", "(?:{})", "(?={})", "(?!{})"] if depth == 1 else ["({})", "(?:{})"]).format(text)
    return wrapped + generator.choice(["", "", "?", "*", "+", "{1,2}", "*?"])
small = ["", "a", "b", "ab", "ba", "a.b", "aa.", ".a", "abab", "b.a.b", "a.a.a.a"]
random_patterns = [expression(generator.randint(1, 2)) for _ in range(300)]

def rows(patterns, names):
    result = []
    for pattern in patterns:
        compiled = re.compile(pattern)
        ends = re.compile(rf"(.*\.)?({pattern})$")
        result.append({"pattern": pattern, "whole": "".join("01"[bool(compiled.fullmatch(n))] for n in names),
                       "ends": "".join("01"[bool(ends.match(n))] for n in names)})
    return result

data = {"names": names, "rows": rows(patterns, names), "small": small, "random": rows(random_patterns, small), "wrong": wrong}
(here / "patterns.json").write_text(json.dumps(data, indent=0) + "\n")

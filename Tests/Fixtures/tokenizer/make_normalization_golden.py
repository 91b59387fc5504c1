"""Writes normalization.golden.json: what HF tokenizers makes of texts in Unicode's four normal forms.

    python make_normalization_golden.py            writes beside itself
    python make_normalization_golden.py OUT 50000  the same as the file OUT with 50,000 random texts more

"texts" are constructed: pairs whose code points, cut to 16 bits, would compose; marks in every order; Hangul in parts;
what Unicode 9 does not know; and random ones out of all that normal forms change. A form that leaves its text as it is
stands as null. "blocks" cover all of Unicode: for every 4,096 code points the FNV-1a hash (64 bits) of the four forms of
one text that holds each of them between a letter and two marks. Made with tokenizers 0.23.3.
"""
import json
import pathlib
import random
import sys
import unicodedata

from tokenizers import normalizers

out = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "normalization.golden.json"
extra = int(sys.argv[2]) if len(sys.argv) > 2 else 0
forms = [getattr(normalizers, name)().normalize_str for name in ("NFC", "NFD", "NFKC", "NFKD")]
scalars = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]


def fnv(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


texts = ["", "a", "\U00020041\u0301", "\u0301", "\u0301\u0323a", "a\u0315\u0300\u05ae\u0300b", "e\u0301\u0323\u0302",
         "\u1100\u1161\u11a8", "\uac00\u11a8", "\uac01\u11a8", "\u1100\u1161\u1161\u11a7\u11a8", "\u1112\u1175\u11c2",
         "\u1113\u1161", "\u1100\u1176", "\u0f71\u0f72\u0f74", "\u0344", "\u212b\u2126\u1e9b\u0323", "\ufb01\uff9e\uff76\uff9e",
         "\u0958\u2adc\ufb1d", "\U0001d15e\U0001d165", "\U000110a5\U000110ba", "\U00011935\U00011930", "\u1e0a\u0323",
         "\u0041\u030a\u0323", "\u1100\u0301\u1161", "\uac00\u0323\u11a8", "x" + "\u0301\u0323" * 40 + "y",
         "\u09c7\u09be", "\u0cc6\u0cc2\u0cd5", "\u1ebf", "\ufdfa", "\u3036\u32ff", "\u00a0\u00bd\u2460"]
# A supplementary character of each plane whose low 16 bits begin a composition, with the composition's second part.
pairs = []
for c in scalars:
    parts = unicodedata.decomposition(chr(c)).split()
    if c < 0x10000 and len(parts) == 2 and not parts[0].startswith("<"):
        pairs.append([int(x, 16) for x in parts])
rng = random.Random(7)
for plane in (1, 2, 3, 14, 15, 16):
    for first, second in rng.sample(pairs, 12):
        texts += [chr(plane << 16 | first) + chr(second), chr(first) + chr(plane << 16 | second)]
pool = [chr(c) for c in scalars if c < 0xAC00 or c > 0xD7A3 if unicodedata.combining(chr(c)) or unicodedata.decomposition(chr(c))]
starters = [chr(first) for first, _ in pairs] + [chr(c) for c in range(0x1100, 0x1200)] + [chr(0xAC00 + 28 * k) for k in range(40)]
marks = [chr(c) for c in scalars if unicodedata.combining(chr(c))] + [chr(second) for _, second in pairs]


def random_text():
    return "".join(rng.choice(rng.choice([pool, starters, marks, list("ab \n")])) for _ in range(rng.randint(1, 9)))


texts += [random_text() for _ in range(200 + extra)]
blocks = []
for start in range(0, 0x110000, 0x1000):
    text = "".join(f"x{chr(c)}\u0301\u0323 " for c in range(start, start + 0x1000) if not 0xD800 <= c < 0xE000)
    blocks.append([fnv(form(text).encode()) for form in forms])
json.dump({"texts": [[text] + [None if form(text) == text else form(text) for form in forms] for text in texts],
           "blocks": blocks}, open(out, "w"), indent=None, separators=(",", ":"))

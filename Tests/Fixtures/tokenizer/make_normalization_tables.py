"""Writes Sources/Core/Text/Tokenizer/UnicodeNormalizationTables.swift: Unicode's normal forms as HF tokenizers has them.

    python make_normalization_tables.py ../../../Sources/Core/Text/Tokenizer/UnicodeNormalizationTables.swift

HF's normalizer follows Unicode 9. What decomposes, and into what, is asked of the library itself, code point by code
point; so are which marks it puts in order and which pairs it composes. The values of the combining classes come from
Python's unicodedata, where they are the same in every version. Made with tokenizers 0.23.3.
"""
import sys
import unicodedata

from tokenizers import normalizers

from swift_tables import write_tables

nfc, nfd, nfkd = (getattr(normalizers, name)().normalize_str for name in ("NFC", "NFD", "NFKD"))
# Hangul syllables are computed.
scalars = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000 and not 0xAC00 <= c <= 0xD7A3]


def is_ordered(c):
    """Whether a mark changes places with one of class 230 before it or of class 220 behind it."""
    mark = chr(c)
    return c == 0x301 or nfd("x\u0301" + mark) == f"x{mark}\u0301" or nfd(f"x{mark}\u0323") == f"x\u0323{mark}"


canonical = {c: [ord(x) for x in nfd(chr(c))] for c in scalars if nfd(chr(c)) != chr(c)}
compatible = {c: [ord(x) for x in nfkd(chr(c))] for c in scalars if nfkd(chr(c)) not in (chr(c), nfd(chr(c)))}
classes = {c: unicodedata.combining(chr(c)) for c in scalars if is_ordered(c)}
assert all(classes.values())
pairs = []
for c in scalars:
    parts = unicodedata.decomposition(chr(c))
    if parts and not parts.startswith("<") and " " in parts and nfc("".join(
            chr(int(x, 16)) for x in parts.split())) == chr(c):
        first, second = (int(x, 16) for x in parts.split())
        pairs.append((first, second, c))

# Letters of another style follow each other as the plain ones do: first, last, what the first one becomes.
runs = []
for c in sorted(compatible):
    if len(compatible[c]) > 1:
        continue
    if runs and runs[-1][1] == c - 1 and runs[-1][2] + c - runs[-1][0] == compatible[c][0]:
        runs[-1][1] = c
    else:
        runs.append([c, c, compatible[c][0]])
runs = [run for run in runs if run[1] > run[0] + 1]
in_runs = {c for first, last, _ in runs for c in range(first, last + 1)}

class_runs = []
for c in sorted(classes):
    if class_runs and class_runs[-1][1] == c - 1 and class_runs[-1][2] == classes[c]:
        class_runs[-1][1] = c
    else:
        class_runs.append([c, c, classes[c]])


def mappings(table):
    return [x for c in sorted(table) for x in [c << 8 | len(table[c]), *table[c]]]


tables = [
    ("canonical", "Full canonical decompositions: code point · 256 + length, then as many code points.",
     mappings(canonical)),
    ("compatible", "Full compatibility decompositions that differ from the canonical ones, likewise.",
     mappings({c: v for c, v in compatible.items() if c not in in_runs})),
    ("compatibleRuns", "The same for neighbours that become neighbours: first, last, what the first one becomes.",
     [x for run in runs for x in run]),
    ("combiningClasses", "Canonical combining classes other than 0: first, last, class.",
     [x for run in class_runs for x in run]),
    ("compositions", "Primary composites: first, second, composed.", [x for pair in sorted(pairs) for x in pair]),
]
write_tables(
    sys.argv[1], "make_normalization_tables.py", "UnicodeNormalizationTables",
    "Unicode's normal forms, without Hangul, as HF tokenizers has them (Unicode 9).",
    [(name, doc, [[value] for value in values]) for name, doc, values in tables])

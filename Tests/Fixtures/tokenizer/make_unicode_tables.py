"""Writes Sources/Core/Text/Tokenizer/UnicodeTables.swift: what HF tokenizers takes each code point for.

    python make_unicode_tables.py ../../../Sources/Core/Text/Tokenizer/UnicodeTables.swift

The properties are asked of the library itself, code point by code point, because its engines (Oniguruma, Rust's
standard library, Rust's regex crate) follow different versions of Unicode. Made with tokenizers 0.23.3.
"""
import sys
import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers as p

scalars = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]


def pieces(splitter):
    """For each code point, how many pieces `x?x` falls into."""
    return {c: len(splitter.pre_tokenize_str(f"x{chr(c)}x")) for c in scalars}


def onig(pattern):
    return [c for c, n in pieces(p.Split(Regex(pattern), "removed")).items() if n == 2]


def onig_without_x(pattern):
    kept = p.Split(Regex(pattern), "removed")
    return [c for c in scalars if not kept.pre_tokenize_str(chr(c))]


def altered(form):
    """Code points that a normal form changes when they stand alone."""
    return {c for c in scalars if form.normalize_str(chr(c)) != chr(c)}


def reordered():
    """Code points with a combining class: they change places with a mark of class 230 before them or 220 behind."""
    nfd = normalizers.NFD().normalize_str
    return {c for c in scalars if nfd(f"x\u0301{chr(c)}") == f"x{chr(c)}\u0301" and c != 0x301
            or nfd(f"x{chr(c)}\u0323") == f"x\u0323{chr(c)}"}


# What decomposes by Unicode 17 but not in HF's normalizer, which follows Unicode 9, and (second line) the first parts of
# those compositions that later versions added.
LATER = [(0x32FF, 0x32FF), (0xA7F2, 0xA7F4), (0xAB69, 0xAB69), (0x105C9, 0x105C9), (0x105E4, 0x105E4),
         (0x10781, 0x10785), (0x10787, 0x107B0), (0x107B2, 0x107BA), (0x11383, 0x11383), (0x11385, 0x11385),
         (0x1138E, 0x1138E), (0x11391, 0x11391), (0x113C5, 0x113C5), (0x113C7, 0x113C8), (0x11938, 0x11938),
         (0x16121, 0x16128), (0x16D68, 0x16D6A), (0x1E030, 0x1E06D), (0x1F16C, 0x1F16C), (0x1FBF0, 0x1FBF9)]
LATER += [(c, c) for c in [0x105D2, 0x105DA, 0x11382, 0x11384, 0x1138B, 0x11390, 0x113C2, 0x11935, 0x1611E, 0x16D63,
                           0x16D67]]


def ranges(points):
    out = []
    for c in points:
        if out and out[-1][1] == c - 1:
            out[-1][1] = c
        else:
            out.append([c, c])
    return out


tables = [
    ("letters", "`\\p{L}` as Oniguruma has it (Unicode 16).", onig_without_x(r"\p{L}")),
    ("numbers", "`\\p{N}` as Oniguruma has it (Unicode 16).", onig(r"\p{N}")),
    ("numerics", "`char::is_numeric` of Rust's standard library, which the Digits pre-tokenizer asks.",
     [c for c, n in pieces(p.Digits(False)).items() if n == 3]),
    ("punctuation", "What the Punctuation pre-tokenizer splits on.",
     [c for c, n in pieces(p.Punctuation("removed")).items() if n == 2]),
    ("wordCharacters", "`\\w` of Rust's regex crate, for the Whitespace pre-tokenizer and single-word tokens.",
     [c for c, n in pieces(p.Whitespace()).items() if n == 1]),
    ("whitespace", "`White_Space`, on which all three engines agree.", onig(r"\s")),
    ("composing", "What NFC can change, alone or behind another code point; text without any is in NFC.",
     sorted(altered(normalizers.NFC()) | set(onig(r"\p{M}")) | set(range(0x1161, 0x1176)) | set(range(0x11A8, 0x11C3)))),
    ("combining", "What HF's normalizer gives a combining class or decomposes.",
     sorted(c for c in altered(normalizers.NFD()) | reordered() if not 0xAC00 <= c <= 0xD7A3)),
    ("laterComposing", "What decomposes or composes by a version of Unicode later than that of HF's normalizer.",
     sorted(c for a, b in LATER for c in range(a, b + 1))),
]
with open(sys.argv[1], "w") as f:
    f.write("// Made by Tests/Fixtures/tokenizer/make_unicode_tables.py from tokenizers "
            f"{tokenizers.__version__}; do not edit.\n\n"
            "/// Code point ranges, each a first and a last code point, by what HF tokenizers takes them for.\n"
            "enum UnicodeTables {\n")
    for i, (name, doc, points) in enumerate(tables):
        f.write(("\n" if i else "") + f"  /// {doc}\n  static let {name}: [UInt32] = [\n")
        line = "   "
        for a, b in ranges(points):
            item = f" 0x{a:X}, 0x{b:X},"
            if len(line) + len(item) > 118:
                f.write(line + "\n")
                line = "   "
            line += item
        f.write(line + "\n  ]\n")
    f.write("}\n")

"""Writes Sources/Core/Text/Tokenizer/UnicodeTables.swift: what HF tokenizers takes each code point for.

    python make_unicode_tables.py ../../../Sources/Core/Text/Tokenizer/UnicodeTables.swift

The properties are asked of the library itself, code point by code point, because its engines (Oniguruma, Rust's
standard library, Rust's regex crate) follow different versions of Unicode. Made with tokenizers 0.23.3.
"""
import sys

from tokenizers import Regex, normalizers, pre_tokenizers as p

from swift_tables import write_tables

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
]
write_tables(
    sys.argv[1], "make_unicode_tables.py", "UnicodeTables",
    "Code point ranges, each a first and a last code point, by what HF tokenizers takes them for.",
    [(name, doc, ranges(points)) for name, doc, points in tables])

"""Writes tables of numbers as an enum of Swift."""
import tokenizers


def write_tables(path, script, enum, doc, tables):
    """`tables` holds (name, doc, groups of numbers); the numbers of a group stand on one line."""
    with open(path, "w") as f:
        f.write(f"// Made by Tests/Fixtures/tokenizer/{script} from tokenizers {tokenizers.__version__}; do not edit.\n\n"
                f"/// {doc}\nenum {enum} {{\n")
        for i, (name, table_doc, groups) in enumerate(tables):
            f.write(("\n" if i else "") + f"  /// {table_doc}\n  static let {name}: [UInt32] = [\n")
            line = "   "
            for group in groups:
                item = "".join(f" 0x{value:X}," for value in group)
                if len(line) + len(item) > 118:
                    f.write(line + "\n")
                    line = "   "
                line += item
            f.write(line + "\n  ]\n")
        f.write("}\n")

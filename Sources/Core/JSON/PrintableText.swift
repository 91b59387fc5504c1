extension Unicode.Scalar {
  /// Whether a terminal obeys this character, or shows nothing where it stands, although no language needs it to be
  /// written: C0, DEL and C1, the controls of writing direction, line and paragraph separators, invisible operators and
  /// the byte order mark. Joiners, zero-width spaces and soft hyphens belong to words and pass.
  ///
  /// All of them have four hexadecimal digits, so `\uXXXX` writes every one of them in JSON, YAML and Python alike.
  public var steersTerminal: Bool {
    switch value {
    case 0x00...0x1F, 0x7F...0x9F: true
    case 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
    case 0x2060...0x206F, 0xFEFF, 0xFFF9...0xFFFB: true
    default: false
    }
  }
}

extension String {
  /// This text on one line that a terminal takes for nothing but text: line breaks and tabs become spaces, everything
  /// else that steers it U+FFFD. Names of files, tokens and data are foreign, and must not move the cursor.
  public var printable: String { printable(keepsLines: false) }

  /// The same for text of many lines: line breaks (`\n`, `\r\n`) and tabs stay.
  public var printableLines: String { printable(keepsLines: true) }

  private func printable(keepsLines: Bool) -> String {
    guard unicodeScalars.contains(where: \.steersTerminal) else { return self }
    var text = ""
    let scalars = unicodeScalars
    for index in scalars.indices {
      let scalar = scalars[index]
      switch scalar {
      case "\n" where keepsLines, "\t" where keepsLines: text.unicodeScalars.append(scalar)
      case "\r" where keepsLines && scalars[index...].dropFirst().first == "\n": text.unicodeScalars.append(scalar)
      case "\n", "\r", "\t", "\u{2028}", "\u{2029}": text += " "
      case _ where scalar.steersTerminal: text += "\u{FFFD}"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}

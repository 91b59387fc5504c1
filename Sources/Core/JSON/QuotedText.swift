// Texts between quotation marks, as JSON, YAML and Python write them: the same five characters are escaped alike, and
// what else is escaped is for each format to say.

extension String {
  /// Appends `text` with some of its characters replaced.
  /// - Parameter replacement: what stands for a character; nil for one that stands for itself.
  public mutating func append(_ text: String, replacing replacement: (Unicode.Scalar) -> String?) {
    for scalar in text.unicodeScalars {
      if let words = replacement(scalar) { self += words } else { unicodeScalars.append(scalar) }
    }
  }

  /// Appends `text` between quotation marks. The quotation mark, the backslash, the line feed, the carriage return and
  /// the tab are written with a backslash.
  /// - Parameters:
  ///   - quote: the quotation mark; the other one needs no escape.
  ///   - further: what stands for any other character; nil for one that stands for itself.
  public mutating func appendQuoted(
    _ text: String, with quote: Unicode.Scalar = "\"", escaping further: (Unicode.Scalar) -> String?
  ) {
    unicodeScalars.append(quote)
    append(text) { scalar in
      switch scalar {
      case quote, "\\": "\\" + String(scalar)
      case "\n": "\\n"
      case "\r": "\\r"
      case "\t": "\\t"
      default: further(scalar)
      }
    }
    unicodeScalars.append(quote)
  }

  /// A number in base 16, with zeros before it up to `width` digits.
  public static func hexadecimal(_ value: UInt32, width: Int, uppercase: Bool = false) -> String {
    String(value, radix: 16, uppercase: uppercase).padded(to: width, with: "0")
  }

  /// The text with as many of `pad` before it as make it `width` characters wide; longer text as it is.
  public func padded(to width: Int, with pad: Character) -> String {
    String(repeating: pad, count: max(0, width - count)) + self
  }
}

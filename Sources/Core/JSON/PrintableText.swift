extension String {
  /// This text on one line that a terminal takes for nothing but text: line breaks and tabs become spaces, other control
  /// characters U+FFFD. Errors quote files, and what a downloaded file holds must not steer the terminal.
  public var printable: String {
    guard unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return self }
    var text = ""
    for scalar in unicodeScalars {
      switch scalar {
      case "\n", "\r", "\t": text += " "
      case _ where scalar.properties.generalCategory == .control: text += "\u{FFFD}"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}

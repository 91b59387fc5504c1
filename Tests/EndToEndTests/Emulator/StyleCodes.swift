extension ScreenCell.Style {
  /// Takes over SGR codes (ECMA-48 8.3.117 and xterm's colours); returns those that are not known.
  mutating func apply(_ codes: [Int]) -> [Int] {
    var unknown: [Int] = []
    var rest = codes[...]
    while let code = rest.popFirst() {
      switch code {
      case 0: self = ScreenCell.Style()
      case 1: bold = true
      case 2: dim = true
      case 3: italic = true
      case 4: underline = true
      case 5: blink = true
      case 7: reverse = true
      case 8: hidden = true
      case 22: (bold, dim) = (false, false)
      case 23: italic = false
      case 24: underline = false
      case 25: blink = false
      case 27: reverse = false
      case 28: hidden = false
      case 30...37: foreground = .indexed(code - 30)
      case 38: foreground = Self.colour(&rest) ?? foreground
      case 39: foreground = nil
      case 40...47: background = .indexed(code - 40)
      case 48: background = Self.colour(&rest) ?? background
      case 49: background = nil
      case 90...97: foreground = .indexed(code - 82)
      case 100...107: background = .indexed(code - 92)
      default: unknown.append(code)
      }
    }
    return unknown
  }

  /// What follows 38 and 48: 5;index or 2;red;green;blue.
  private static func colour(_ rest: inout ArraySlice<Int>) -> ScreenCell.Colour? {
    switch rest.popFirst() {
    case 5: return rest.popFirst().map { .indexed($0) }
    case 2:
      guard let red = rest.popFirst(), let green = rest.popFirst(), let blue = rest.popFirst() else { return nil }
      return .rgb(red, green, blue)
    default: return nil
    }
  }
}

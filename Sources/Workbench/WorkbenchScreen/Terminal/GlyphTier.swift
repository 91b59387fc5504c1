/// Which glyphs the terminal's font can be trusted with, best first. Charts have 2 × 4, 1 × 2 or 1 × 3 dots a cell.
public enum GlyphTier: String, Sendable, CaseIterable {
  case braille
  case halfBlock = "blocks"
  case ascii

  var next: GlyphTier {
    switch self {
    case .braille: .halfBlock
    case .halfBlock: .ascii
    case .ascii: .braille
    }
  }

  /// The screen's own signs in this tier.
  var signs: Signs {
    switch self {
    case .braille: .unicode
    case .halfBlock: .halfBlock
    case .ascii: .ascii
    }
  }

  /// The screen's own text in this tier: in ASCII, signs are spelt out. Text of data is never changed.
  func spell(_ text: String) -> String {
    guard self == .ascii, text.utf8.contains(where: { $0 >= 0x80 }) else { return text }
    var result = ""
    for character in text { result += Signs.spelling[character] ?? String(character) }
    return result
  }
}

/// The glyphs that panes draw with.
struct Signs: Sendable {
  var horizontal: Character = "─"
  var vertical: Character = "│"
  var topLeft: Character = "╭"
  var topRight: Character = "╮"
  var bottomLeft: Character = "╰"
  var bottomRight: Character = "╯"
  var ellipsis: Character = "…"
  var diamond: Character = "◆"
  var ring: Character = "○"
  var cross: Character = "×"
  var pointer: Character = "▸"
  var now: Character = "┊"
  var full: Character = "█"
  var light: Character = "░"
  var progress: Character = "━"
  /// Of a line at zero.
  var base: Character = "·"
  /// Levels of a bar from the bottom; the last is a full cell.
  var levels: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
  /// A tick low, in the middle and high in its cell.
  var ticks: [Character] = ["▁", "─", "▔"]
  var shareFills: [Character] = ["█", "▓", "▒", "░", "▚", "▞", "▤", "▥"]

  static let unicode = Signs()

  static let halfBlock = Signs(
    topLeft: "┌", topRight: "┐", bottomLeft: "└", bottomRight: "┘", levels: ["▄", "█"], ticks: ["─", "─", "─"],
    shareFills: ["█", "▓", "▒", "░", "=", "+", ":", "."])

  static let ascii = Signs(
    horizontal: "-", vertical: "|", topLeft: "+", topRight: "+", bottomLeft: "+", bottomRight: "+", ellipsis: "~",
    diamond: "^", ring: "o", cross: "x", pointer: ">", now: ":", full: "#", light: "/", progress: "=", base: "`",
    levels: [".", "=", "#"], ticks: ["_", "-", "-"], shareFills: ["#", "=", "+", "-", ":", ".", "%", "o"])

  static let spelling: [Character: String] = [
    "γ": "gamma", "β": "beta", "σ": "sigma", "χ": "chi", "²": "2", "→": "->", "−": "-", "–": "-", "—": "-",
    "…": "~", "·": "|", "±": "+-", "×": "x", "●": "*", "○": "o", "★": "*", "◆": "^", "◂": "<", "▸": ">", "╌": "-",
    "━": "=", "█": "#", "░": "/", "▒": "%", "┊": ":", "✓": "v", "≥": ">=", "≤": "<=", "∞": "inf", "µ": "u", "↵": " ",
    "─": "-", "│": "|", "↑": "^", "↓": "v",
  ]
}

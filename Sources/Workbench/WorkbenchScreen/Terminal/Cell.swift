/// What a piece of the screen means. Panes name meanings; a theme turns them into colours at the last moment, so frames
/// are the same in every theme and a theme can change while the screen is up.
public enum Role: String, Sendable, CaseIterable {
  case text, dim, faint, border, focus, title, key
  case good, warning, bad, notice
  /// Status words on a coloured ground.
  case running, paused, ended
  case raw, smooth, evaluation
  case chosen, rejected
  case band, median
  case plan, now, override
  case drawn, expected, whatIf
  case selection
  case share1, share2, share3, share4, share5, share6, share7, share8

  static let shares: [Role] = [.share1, .share2, .share3, .share4, .share5, .share6, .share7, .share8]
}

public struct Style: Hashable, Sendable {
  public var role: Role
  public var bold = false
  public var underline = false
  /// Fore- and background exchanged.
  public var reverse = false
  /// The colour of this role as background.
  public var ground: Role?

  public init(
    _ role: Role, bold: Bool = false, underline: Bool = false, reverse: Bool = false, ground: Role? = nil
  ) {
    self.role = role
    self.ground = ground
    self.bold = bold
    self.underline = underline
    self.reverse = reverse
  }

  public static let text = Style(.text)
  static let dim = Style(.dim)
  static let faint = Style(.faint)
  static let strong = Style(.text, bold: true)
}

/// One column of one row. A wide glyph fills its cell and leaves a `.continuation` to its right.
public struct Cell: Equatable, Sendable {
  /// One spacing scalar and the combining marks on it.
  public var glyph: Character
  public var style: Style
  /// 2 for a wide glyph, 0 for the cell that it covers, 1 otherwise.
  public var width: UInt8

  public init(_ glyph: Character, _ style: Style = .text, width: UInt8 = 1) {
    self.glyph = glyph
    self.style = style
    self.width = width
  }

  static let blank = Cell(" ")
}

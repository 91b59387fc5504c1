/// Colours for every role, as indices into the fixed 256-colour palette: those look the same in every terminal, unlike
/// the first 16, which each terminal defines for itself.
public struct Theme: Equatable, Sendable {
  public enum Ground: String, Sendable, CaseIterable { case dark, light }

  public var name: String
  /// The ground the theme is made for.
  public var ground: Ground
  /// Painted behind everything where the terminal's own ground is of the other kind or, for a light theme, unknown.
  public var background: UInt8
  public var colours: [Role: UInt8]

  public init(name: String, ground: Ground, background: UInt8, colours: [Role: UInt8]) {
    self.name = name
    self.ground = ground
    self.background = background
    self.colours = colours
  }

  func colour(_ role: Role) -> UInt8 { colours[role] ?? Self.standard.colours[role] ?? 252 }

  /// The background to paint, nil to leave the terminal's own.
  func painted(over terminal: Ground?) -> UInt8? {
    guard let terminal else { return ground == .light ? background : nil }
    return terminal == ground ? nil : background
  }

  /// The theme that is built in; themes/dark.yaml is the same (a test).
  public static let standard = Theme(
    name: "dark", ground: .dark, background: 234,
    colours: [
      .text: 252, .dim: 245, .faint: 239, .border: 239, .focus: 75, .title: 253, .key: 180,
      .good: 114, .warning: 215, .bad: 203, .notice: 180, .running: 114, .paused: 215, .ended: 110,
      .raw: 60, .smooth: 117, .evaluation: 222, .chosen: 114, .rejected: 209, .band: 59, .median: 80,
      .plan: 244, .now: 222, .override: 213, .drawn: 68, .expected: 222, .whatIf: 176, .selection: 237,
      .share1: 71, .share2: 108, .share3: 144, .share4: 179, .share5: 173, .share6: 167, .share7: 161, .share8: 242,
    ])
}

/// How many colours the terminal shows.
public enum ColourDepth: Sendable, CaseIterable {
  case monochrome, sixteen, full

  /// - Parameters:
  ///   - colours: what terminfo promises.
  ///   - environment: NO_COLOR, set to anything but nothing, forbids colour (no-color.org).
  static func of(terminal colours: Int, environment: [String: String]) -> ColourDepth {
    if let no = environment["NO_COLOR"], !no.isEmpty { return .monochrome }
    return colours >= 256 ? .full : colours >= 8 ? .sixteen : .monochrome
  }
}

/// The ground of the terminal, where it says so in COLORFGBG ("15;0": light on dark).
enum TerminalGround {
  static func of(environment: [String: String]) -> Theme.Ground? {
    guard let last = environment["COLORFGBG"]?.split(separator: ";").last, let index = Int(last),
      (0...15).contains(index)
    else { return nil }
    return index == 7 || index >= 9 ? .light : .dark
  }
}

/// The 256-colour palette's fixed part, and the nearest of the 16 basic colours.
enum Palette {
  /// Red, green, blue of an index, 0…255 each.
  static func rgb(_ index: UInt8) -> (Int, Int, Int) {
    let value = Int(index)
    if value < 16 { return basic[value] }
    if value >= 232 {
      let grey = 8 + (value - 232) * 10
      return (grey, grey, grey)
    }
    let steps = [0, 95, 135, 175, 215, 255]
    let cube = value - 16
    return (steps[cube / 36], steps[cube / 6 % 6], steps[cube % 6])
  }

  /// xterm's values for the basic 16.
  private static let basic = [
    (0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0), (0, 0, 238), (205, 0, 205), (0, 205, 205), (229, 229, 229),
    (127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0), (92, 92, 255), (255, 0, 255), (0, 255, 255),
    (255, 255, 255),
  ]

  /// Greys go to the four greys, colours to the nearest hue, so that a muted colour does not turn grey.
  static func sixteen(_ index: UInt8) -> UInt8 {
    if index < 16 { return index }
    let (red, green, blue) = rgb(index)
    let high = max(red, green, blue)
    let low = min(red, green, blue)
    if high - low < 40 {
      return high < 50 ? 0 : high < 150 ? 8 : high < 235 ? 7 : 15
    }
    let middle = (high + low) / 2
    let hue = UInt8((red >= middle ? 1 : 0) | (green >= middle ? 2 : 0) | (blue >= middle ? 4 : 0))
    return high >= 200 ? hue + 8 : hue
  }
}

/// What ncurses is told to draw a cell with: palette indices, -1 for the terminal's own colours, and attributes.
struct Ink: Equatable {
  var foreground = -1
  var background = -1
  var bold = false
  var dim = false
  var underline = false
  var reverse = false

  /// - Parameters:
  ///   - colours: how many the terminal has.
  ///   - painted: the theme's background, where it has to be painted.
  init(_ style: Style, _ theme: Theme, depth: ColourDepth, colours: Int, painted: UInt8?) {
    bold = style.bold
    underline = style.underline
    reverse = style.reverse
    switch depth {
    case .full:
      foreground = Int(theme.colour(style.role))
      background = (style.ground.map { theme.colour($0) } ?? painted).map(Int.init) ?? -1
    case .sixteen:
      // The basic 16 differ from terminal to terminal: the ground stays the terminal's own, so that text is readable on
      // any, and a selected row is reversed.
      let basic = Int(Palette.sixteen(theme.colour(style.role)))
      switch basic {
      case 0, 7, 15: foreground = -1
      case 8:
        if colours >= 16 { foreground = 8 } else { dim = true }
      case 9... where colours < 16:
        foreground = basic - 8
        bold = true
      default: foreground = basic
      }
      if style.ground == .selection {
        reverse.toggle()
        foreground = -1
        dim = false
      } else if let ground = style.ground {
        background = Int(Palette.sixteen(theme.colour(ground))) % (colours >= 16 ? 16 : 8)
      }
    case .monochrome:
      let quiet: Set<Role> = [.dim, .faint, .border, .raw, .band, .plan]
      let loud: Set<Role> = [.focus, .title, .key, .bad, .warning, .now, .override, .median, .running, .paused]
      bold = bold || loud.contains(style.role)
      dim = quiet.contains(style.role) && !style.bold && style.ground != .selection
      reverse = reverse != (style.ground == .selection)
    }
  }
}

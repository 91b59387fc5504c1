import CNcurses
import CTerminal
import Foundation

/// The terminal through ncursesw: keys in, differences of frames out. Used by the screen's thread only.
///
/// Drawing goes to /dev/tty. ncurses is not asked to leave: the way out is the same for a quit, a signal and a crash
/// (`ct_guard_leave`), so it is tried every time.
final class NcursesTerminal {
  /// Why there can be no screen, in a sentence.
  struct Problem: Error, Equatable, CustomStringConvertible {
    var description: String
  }

  private let tty: Int32
  private let output: UnsafeMutablePointer<FILE>
  private let input: UnsafeMutablePointer<FILE>
  private let screen: OpaquePointer
  let depth: ColourDepth
  private let colours: Int
  var theme: Theme
  private let ground: Theme.Ground?
  private var pairs: [Int: Int32] = [:]
  private var shown: CellGrid?
  private let entering: [CChar]
  private(set) var isGone = false

  /// Throws where there is no terminal that can draw; changes nothing.
  static func check(environment: [String: String]) throws {
    let descriptor = open("/dev/tty", O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { throw Problem(description: "there is no terminal to draw on; use --headless") }
    defer { Foundation.close(descriptor) }
    let name = environment["TERM"] ?? ""
    guard !name.isEmpty, name != "dumb", name != "unknown" else {
      throw Problem(description: "the terminal (TERM=\(name)) cannot place the cursor; use --headless")
    }
    guard wbn_can_draw(name, descriptor) != 0 else {
      throw Problem(
        description: "the terminal type \"\(name)\" is not known here or cannot place the cursor; "
          + "set TERM=xterm-256color, or use --headless")
    }
  }

  init(environment: [String: String], theme: Theme, wake: Int32) throws {
    try Self.check(environment: environment)
    tty = open("/dev/tty", O_RDWR | O_CLOEXEC)
    guard tty >= 0, ct_guard_save(tty) == 0 else {
      throw Problem(description: "the terminal cannot be read or set; use --headless")
    }
    guard let output = fdopen(dup(tty), "w"), let input = fdopen(dup(tty), "r") else {
      throw Problem(description: "no file descriptors are left for the screen")
    }
    guard let screen = newterm(nil, output, input) else {
      throw Problem(description: "ncurses cannot use this terminal; use --headless")
    }
    self.output = output
    self.input = input
    self.screen = screen
    self.theme = theme
    ground = TerminalGround.of(environment: environment)
    wbn_prepare_input()
    curs_set(0)
    // COLORS is 0 until colours are started.
    if has_colors() {
      start_color()
      use_default_colors()
    }
    colours = Int(wbn_colours())
    depth = ColourDepth.of(terminal: colours, environment: environment)
    entering = Self.sequence(["smcup", "smkx", "civis"], extra: "")
    // The marks of synchronized output, mouse modes and bracketed paste are off after leaving, whoever turned them on.
    let modes = "\u{1b}[?2026l\u{1b}[?1000l\u{1b}[?1002l\u{1b}[?1003l\u{1b}[?1006l\u{1b}[?2004l"
    var leaving = Self.sequence(["sgr0", "op", "rmkx", "cnorm"], extra: modes)
    let alternate = Self.sequence(["rmcup"], extra: "")
    // Without an alternate screen the shell goes on below what was drawn.
    leaving += alternate.isEmpty ? "\u{1b}[999;1H\r\n".utf8.map { CChar(bitPattern: $0) } : alternate
    ct_guard_begin(leaving, leaving.count, wake)
  }

  /// Puts the terminal back.
  func close() {
    ct_guard_end()
    delscreen(screen)
    fclose(output)
    fclose(input)
    Foundation.close(tty)
  }

  private static func sequence(_ names: [String], extra: String) -> [CChar] {
    var buffer = [CChar](repeating: 0, count: 256)
    var length = 0
    for name in names { length = wbn_append_capability(name, &buffer, length, buffer.count) }
    return Array(buffer.prefix(length)) + extra.utf8.map { CChar(bitPattern: $0) }
  }

  /// The descriptor to wait on for keys.
  var descriptor: Int32 { tty }

  var size: Size {
    var window = winsize()
    guard ioctl(tty, UInt(TIOCGWINSZ), &window) == 0, window.ws_col > 0, window.ws_row > 0 else { return Size(80, 24) }
    return Size(Int(window.ws_col), Int(window.ws_row))
  }

  /// ncurses learns the new size; the next frame is painted whole.
  func resized(_ size: Size) {
    wbn_resize(Int32(size.height), Int32(size.width))
    repaint()
  }

  func repaint() {
    shown = nil
    wbn_forget()
  }

  /// Stops the process as Ctrl-Z asks; returns when it goes on.
  func suspend() {
    ct_guard_suspend()
    resume()
  }

  /// The terminal may be in any mode: someone else had it.
  func resume() {
    reset_prog_mode()
    send(entering)
    repaint()
  }

  /// The terminal hung up: nothing is written to it any more.
  func lost() { isGone = true }

  // MARK: Out

  /// Shows a frame; returns how many cells differed from the one before.
  func show(_ grid: CellGrid) -> Int {
    guard !isGone else { return 0 }
    var changed = 0
    if shown?.size != grid.size {
      shown = nil
      wbn_clear()
    }
    let background = theme.painted(over: ground)
    for y in 0..<grid.size.height {
      for x in 0..<grid.size.width {
        let index = y * grid.size.width + x
        let cell = grid.cells[index]
        if let shown, shown.cells[index] == cell { continue }
        changed += 1
        // The right half of a wide glyph comes with its left half.
        if cell.width != 0 { put(cell, x: x, y: y, background) }
      }
    }
    guard changed > 0 || shown == nil else { return 0 }
    shown = grid
    wbn_stage()
    // A terminal that knows the marks shows the whole change at once; others ignore them.
    send(Self.beginUpdate)
    doupdate()
    send(Self.endUpdate)
    return changed
  }

  private static let beginUpdate = "\u{1b}[?2026h".utf8.map { CChar(bitPattern: $0) }
  private static let endUpdate = "\u{1b}[?2026l".utf8.map { CChar(bitPattern: $0) }

  private func send(_ bytes: [CChar]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { write(tty, $0.baseAddress, $0.count) }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { return }
      rest = rest.dropFirst(written)
    }
  }

  private func put(_ cell: Cell, x: Int, y: Int, _ background: UInt8?) {
    var scalars = cell.glyph.unicodeScalars.prefix(4).map(\.value)
    let ink = Ink(cell.style, theme, depth: depth, colours: colours, painted: background)
    var attributes: UInt32 = 0
    if ink.bold { attributes |= UInt32(wbn_bold) }
    if ink.dim { attributes |= UInt32(wbn_dim) }
    if ink.underline { attributes |= UInt32(wbn_underline) }
    if ink.reverse { attributes |= UInt32(wbn_reverse) }
    let pair = pair(ink.foreground, ink.background)
    if wbn_put(Int32(y), Int32(x), &scalars, Int32(scalars.count), attributes, pair) == ERR {
      // The locale cannot write it.
      var replacement: [UInt32] = [UInt32(UInt8(ascii: "?"))]
      _ = wbn_put(Int32(y), Int32(x), &replacement, 1, attributes, pair)
      if cell.width == 2 { _ = wbn_put(Int32(y), Int32(x + 1), &replacement, 1, attributes, pair) }
    }
  }

  private func pair(_ front: Int, _ back: Int) -> Int32 {
    if depth == .monochrome || (front < 0 && back < 0) { return 0 }
    let key = (front + 1) * 1_000 + back + 1
    if let known = pairs[key] { return known }
    let next = Int32(pairs.count + 1)
    // Out of pairs (terminals with 64): the terminal's own colours.
    guard next < min(wbn_pairs(), 32_000), init_pair(Int16(next), Int16(front), Int16(back)) != ERR else { return 0 }
    pairs[key] = next
    return next
  }

  // MARK: In

  /// The keys that are waiting.
  func keys() -> [Key] {
    var keys: [Key] = []
    var value: UInt32 = 0
    // Bounded, so that a pasted book cannot keep the screen from drawing.
    while keys.count < 256 {
      switch wbn_get(&value) {
      case 1: if let key = Self.key(character: value) { keys.append(key) }
      case 2: if let key = Self.key(code: Int32(bitPattern: value)) { keys.append(key) }
      default: return keys
      }
    }
    return keys
  }

  private static func key(character value: UInt32) -> Key? {
    switch value {
    case 9: return .tab
    case 10, 13: return .enter
    case 27: return .escape
    case 8, 127: return .backspace
    case 1...26: return Unicode.Scalar(value + 96).map { .control(Character($0)) }
    case 32...: return Unicode.Scalar(value).map { .character(Character($0)) }
    default: return nil
    }
  }

  private static func key(code: Int32) -> Key? {
    switch code {
    case KEY_UP: .up
    case KEY_DOWN: .down
    case KEY_LEFT: .left
    case KEY_RIGHT: .right
    case KEY_SLEFT: .shiftLeft
    case KEY_SRIGHT: .shiftRight
    case KEY_PPAGE: .pageUp
    case KEY_NPAGE: .pageDown
    case KEY_HOME: .home
    case KEY_END: .end
    case KEY_BACKSPACE: .backspace
    case KEY_DC: .delete
    case KEY_BTAB: .backTab
    case KEY_ENTER: .enter
    case KEY_F0 + 1...KEY_F0 + 12: .function(Int(code - KEY_F0))
    default: nil
    }
  }
}

import Foundation
import Testing

/// A program in a pseudo-terminal of its own, with an emulator that shows what a person would see.
///
/// This process holds both ends: it reads what the program draws, types keys, changes the size (the kernel then sends
/// SIGWINCH) and reads the terminal's mode at any time, also after the program has gone.
final class TerminalSession {
  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  private(set) var screen: ScreenEmulator
  /// Everything the program wrote.
  private(set) var raw: [UInt8] = []
  /// The terminal's mode before the program began.
  let modeBefore: TerminalMode

  private let master: Int32
  private let slave: Int32
  private let child: ChildProcess
  /// Where relative paths begin unless a directory is given.
  private let folder: TemporaryFolder
  private var isOpen = true

  /// - Parameter command: a program of the PATH with its arguments; `workbench` itself by default.
  init(
    _ arguments: [String], command: String = Program.path, rows: Int = 36, columns: Int = 120,
    environment: [String: String] = [:], directory: String? = nil
  ) throws {
    Patience.ignoreBrokenPipes()
    folder = try TemporaryFolder()
    var (master, slave): (Int32, Int32) = (-1, -1)
    guard openpty(&master, &slave, nil, nil, nil) == 0 else {
      throw Failure(description: "no pseudo-terminal: \(String(cString: strerror(errno)))")
    }
    // The slave is kept open, so that the mode outlives the program and reading never ends by hang-up.
    self.master = master
    self.slave = slave
    for descriptor in [master, slave] { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    var name = [CChar](repeating: 0, count: 128)
    guard ttyname_r(slave, &name, name.count) == 0, let mode = TerminalMode(of: slave) else {
      throw Failure(description: "the pseudo-terminal has no name: \(String(cString: strerror(errno)))")
    }
    let path = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    modeBefore = mode
    _ = fcntl(master, F_SETFL, fcntl(master, F_GETFL) | O_NONBLOCK)
    screen = ScreenEmulator(rows: rows, columns: columns)
    Self.setSize(master, rows, columns)
    child = try ChildProcess(
      [command] + arguments, environment: Program.environment.merging(environment) { $1 },
      directory: directory ?? folder.path,
      streams: .terminal(path: path))
  }

  deinit {
    if isOpen { close(master) }
    close(slave)
  }

  private static func setSize(_ descriptor: Int32, _ rows: Int, _ columns: Int) {
    var size = winsize(ws_row: UInt16(rows), ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(descriptor, UInt(TIOCSWINSZ), &size)
  }

  var pid: pid_t { child.pid }

  /// The terminal's mode now.
  var mode: TerminalMode? { TerminalMode(of: slave) }

  /// The screen's rows, for messages.
  var picture: String { screen.text.joined(separator: "\n") }

  // MARK: In

  /// Types `keys` as they stand.
  func type(_ keys: String) {
    var rest = Array(keys.utf8)[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { write(master, $0.baseAddress, $0.count) }
      guard written > 0 else { return }
      rest = rest.dropFirst(written)
    }
  }

  /// Types `keys`, then waits until a row of the screen contains `text`.
  func type(_ keys: String, showing text: String) async throws {
    type(keys)
    try await waitFor(text)
  }

  func resize(rows: Int, columns: Int) {
    pump()
    screen.resize(rows: rows, columns: columns)
    Self.setSize(master, rows, columns)
  }

  func signal(_ number: Int32) { child.signal(number) }

  /// Closes the terminal as a window that is closed does: the program gets SIGHUP.
  func hangUp() {
    pump()
    isOpen = false
    close(master)
  }

  // MARK: Out

  /// Takes what the program has written.
  func pump() {
    guard isOpen else { return }
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = read(master, &buffer, buffer.count)
      guard count > 0 else { return }
      raw += buffer[..<count]
      screen.feed(buffer[..<count])
    }
  }

  /// Waits until `condition` holds of the screen; throws with a picture of it otherwise.
  func wait(
    _ what: String, within seconds: Double = Patience.standard, until condition: (ScreenEmulator) throws -> Bool
  ) async throws {
    let met = try await Patience.wait(seconds) {
      pump()
      if screen.isSettled, try condition(screen) { return true }
      if child.poll() != nil {
        pump()
        guard try condition(screen) else {
          throw Failure(description: "the program ended (\(endingText)) before \(what):\n\(picture)")
        }
        return true
      }
      return false
    }
    guard met else { throw Failure(description: "not within \(seconds) s: \(what):\n\(picture)") }
  }

  /// Waits until a row of the screen contains `text`.
  func waitFor(_ text: String, within seconds: Double = Patience.standard) async throws {
    try await wait("\"\(text)\" is on the screen", within: seconds) { $0.contains(text) }
  }

  /// Waits for the program's end, reading what it writes.
  func end(within seconds: Double = Patience.standard) async throws -> ChildProcess.Ending {
    _ = try await Patience.wait(seconds) {
      pump()
      return child.poll() != nil
    }
    pump()
    guard let ending = child.ending else {
      throw Failure(description: "still running after \(seconds) s:\n\(picture)")
    }
    return ending
  }

  /// A row of the screen contains `text`; a failure shows the screen.
  func expectShown(_ text: String, _ location: SourceLocation = #_sourceLocation) {
    pump()
    let found = screen.contains(text)
    #expect(found, "\"\(text)\" is not on the screen:\n\(picture)", sourceLocation: location)
  }

  /// The terminal is as it was before the program: nothing that a shell would trip over is left.
  func expectRestored(_ location: SourceLocation = #_sourceLocation) {
    pump()
    #expect(mode == modeBefore, sourceLocation: location)
    #expect(!screen.isAlternate, "the alternate screen is on: \(tail)", sourceLocation: location)
    #expect(screen.isCursorVisible, "the cursor is off: \(tail)", sourceLocation: location)
    // Autowrap (7) is a terminal's usual mode; 12 is the blinking of the cursor.
    #expect(screen.modes.subtracting([12]) == [7, 25], "modes are left on: \(tail)", sourceLocation: location)
    #expect(!screen.isKeypadApplication, sourceLocation: location)
    #expect(screen.cursor.style == .init(), "colours are left on: \(tail)", sourceLocation: location)
    #expect(screen.unknown.isEmpty, "\(screen.unknown)", sourceLocation: location)
  }

  private var endingText: String { child.ending?.description ?? "running" }

  /// What was written last, with escapes spelled out.
  var tail: String {
    String(decoding: raw.suffix(400), as: UTF8.self).replacingOccurrences(of: "\u{1b}", with: "␛")
  }
}

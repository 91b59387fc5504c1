import Foundation

/// A terminal's settings as `stty -g` names them.
struct TerminalMode: Equatable, CustomStringConvertible {
  var input: tcflag_t
  var output: tcflag_t
  var control: tcflag_t
  var local: tcflag_t
  var characters: [cc_t]

  /// nil if `descriptor` is no terminal.
  init?(of descriptor: Int32) {
    var mode = termios()
    guard tcgetattr(descriptor, &mode) == 0 else { return nil }
    input = mode.c_iflag
    output = mode.c_oflag
    control = mode.c_cflag
    local = mode.c_lflag
    characters = withUnsafeBytes(of: &mode.c_cc) { Array($0) }
  }

  /// Lines are edited and echoed by the terminal: what a shell leaves to its programs.
  var isCanonical: Bool { local & tcflag_t(ICANON) != 0 && local & tcflag_t(ECHO) != 0 }

  var description: String {
    let flags = [input, output, control, local].map { String($0, radix: 16) }
    return (flags + characters.map { String($0, radix: 16) }).joined(separator: ":")
  }
}

import CTerminal
import Foundation
import Session

/// The Unix domain socket in a session folder on which the trainer's process takes commands from other screens: JSON
/// lines both ways.
enum ControlSocket {
  static let name = SessionFolder.socketName

  struct Problem: Error, CustomStringConvertible {
    var description: String
  }

  /// - Throws: `Problem`. The caller writes the session, so a socket that is there is left over from a crash.
  static func listen(folder: String) throws -> Int32 {
    let descriptor = ct_socket_listen(folder, name)
    guard descriptor >= 0 else { throw problem(folder) }
    return descriptor
  }

  static func remove(folder: String) { unlink(folder + "/" + name) }

  /// - Throws: `Problem` where nobody listens, or somebody else than this user.
  static func connect(folder: String) throws -> Int32 {
    let descriptor = ct_socket_connect(folder, name)
    guard descriptor >= 0 else { throw problem(folder) }
    guard peer(descriptor) != nil else {
      close(descriptor)
      throw Problem(description: "\(folder): the process that listens there is of another user")
    }
    return descriptor
  }

  /// The number of the process at the other end; nil where it is of another user.
  static func peer(_ descriptor: Int32) -> Int32? {
    var (pid, uid): (Int32, UInt32) = (0, 0)
    guard ct_socket_peer(descriptor, &pid, &uid) == 0, uid == geteuid() || geteuid() == 0 else { return nil }
    return pid
  }

  /// Writes a line; false where the other end is gone or does not read.
  @discardableResult
  static func send(_ line: String, to descriptor: Int32) -> Bool {
    let bytes = (line + "\n").utf8.map { CChar(bitPattern: $0) }
    return ct_socket_send(descriptor, bytes, bytes.count) == 0
  }

  /// Hands over line after line until the other end closes. A line longer than any command ends the connection.
  static func read(_ descriptor: Int32, _ take: (String) -> Void) {
    var lines = LineSplitter()
    var buffer = [UInt8](repeating: 0, count: 4_096)
    while case let count = ct_read(descriptor, &buffer, buffer.count), count > 0 {
      for piece in lines.take(buffer[..<count]) {
        guard case .line(let line) = piece else { return }
        take(line)
      }
    }
  }

  private static func problem(_ folder: String) -> Problem {
    Problem(description: "\(folder)/\(name): \(String(cString: strerror(errno)))")
  }
}

/// What is said about the controls over the socket, beside the commands themselves.
struct ControlsMessage: Codable, Equatable {
  enum Kind: String, Codable {
    /// From a screen.
    case ask, give, keep
    /// From the trainer's process: who holds them; that somebody asks for them, or no more; the holder's no.
    case here, elsewhere, asked
    case askedNoMore = "asked_no_more"
    case kept
    /// A command that was not taken; `name` says why.
    case refused
  }

  var controls: Kind
  var name: String?
  var seconds: Double?

  var line: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }

  init(_ controls: Kind, name: String? = nil, seconds: Double? = nil) {
    self.controls = controls
    self.name = name
    self.seconds = seconds
  }

  /// nil for a line that is none, such as a command.
  init?(line: String) {
    guard let message = try? JSONDecoder().decode(Self.self, from: Data(line.utf8)) else { return nil }
    self = message
  }
}

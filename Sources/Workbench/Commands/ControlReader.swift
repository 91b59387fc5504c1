import CTerminal
import Control
import Foundation
import JSON
import Session

/// Reads JSON commands line by line, from standard input or a FIFO, on a thread of its own and hands them to the run.
struct ControlReader {
  private let path: String
  private let output: RunOutput
  private let send: @Sendable (CommandRequest) -> Void
  private let descriptor: Int32
  /// A FIFO that this process may only read: it ends whenever its last writer goes, and is opened again for the next.
  private let reopens: Bool

  /// - Parameters:
  ///   - path: `-` for standard input.
  ///   - send: takes every command.
  /// - Throws: `UsageError` where there is nothing to read.
  init(path: String, output: RunOutput, send: @escaping @Sendable (CommandRequest) -> Void) throws {
    self.path = path
    self.output = output
    self.send = send
    (descriptor, reopens) = path == "-" ? (0, false) : try Self.open(path)
  }

  private static func open(_ path: String) throws -> (descriptor: Int32, reopens: Bool) {
    func refuse(_ number: Int32) -> UsageError {
      UsageError("--control \(path): \(String(cString: strerror(number)))")
    }
    var about = stat()
    guard stat(path, &about) == 0, access(path, R_OK) == 0 else { throw refuse(errno) }
    let kind = about.st_mode & S_IFMT
    guard kind != S_IFDIR else { throw refuse(EISDIR) }
    if kind == S_IFIFO {
      // Held open for writing too, a FIFO never ends: its writers come and go, as `echo … > control` does.
      let both = Foundation.open(path, O_RDWR | O_CLOEXEC)
      if both >= 0 { return (both, false) }
    }
    // Opening a FIFO for reading alone would wait for its first writer.
    let reading = Foundation.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard reading >= 0 else { throw refuse(errno) }
    _ = fcntl(reading, F_SETFL, fcntl(reading, F_GETFL) & ~O_NONBLOCK)
    return (reading, kind == S_IFIFO)
  }

  func start() {
    Thread.detachNewThread { [self] in read() }
  }

  private func read() {
    var lines = LineSplitter()
    var number = 0
    var buffer = [UInt8](repeating: 0, count: 65_536)
    var open = descriptor
    while true {
      let count = ct_read(open, &buffer, buffer.count)
      if count > 0 {
        for piece in lines.take(buffer[..<count]) { take(piece, &number) }
        continue
      }
      if count < 0 {
        ExitStatus.write("warning: --control \(path): \(String(cString: strerror(errno)))")
        return
      }
      if let rest = lines.end() { take(rest, &number) }
      guard reopens else { return }
      // Waits for a writer. The old descriptor stays until then, so that no writer finds the FIFO without a reader.
      let next = Foundation.open(path, O_RDONLY | O_CLOEXEC)
      guard next >= 0 else { return }
      close(open)
      open = next
    }
  }

  private func take(_ piece: LineSplitter.Piece, _ number: inout Int) {
    number += 1
    switch piece {
    case .tooLong: refuse("the line is longer than \(ControlLine.maximumLength) bytes, which no command is", number)
    case .line(let line):
      guard !line.allSatisfy(\.isWhitespace) else { return }
      do { send(try ControlLine.parse(line, fallbackID: number)) } catch { refuse("\(error)", number) }
    }
  }

  private func refuse(_ why: String, _ number: Int) {
    var json = JSONLine()
    json.add("event", "refused")
    json.add("id", number)
    json.add("origin", "control")
    json.add("message", why)
    output.print(json.text)
  }
}

import CTerminal
import Control
import Foundation

/// Takes what is printed to descriptors 1 and 2 while the screen is up, so that no library's print can wreck it, and
/// posts it line by line. A descriptor that does not lead to a terminal is left alone.
struct OutputCapture {
  /// A longer line is cut into pieces.
  private static let lineLimit = 4_000
  private let descriptor: Int32

  init?(post: @escaping @Sendable (ScreenEvent) -> Void) {
    let descriptor = ct_capture_begin()
    guard descriptor >= 0 else { return nil }
    self.descriptor = descriptor
    let thread = Thread { Self.read(descriptor, post) }
    thread.name = "output capture"
    thread.start()
  }

  /// Points the descriptors back. The reading thread ends by itself when the pipe is empty.
  func end() { ct_capture_end() }

  private static func read(_ descriptor: Int32, _ post: @Sendable (ScreenEvent) -> Void) {
    var line: [UInt8] = []
    var buffer = [CChar](repeating: 0, count: 4_096)
    func send() {
      // A program that redraws a line with carriage returns means its last part.
      let shown = line.split(separator: UInt8(ascii: "\r")).last ?? []
      let text = String(decoding: shown, as: UTF8.self)
      line.removeAll(keepingCapacity: true)
      if !text.isEmpty { post(.captured(LogEntry(source: .stderr, line: LogLine(level: .info, text: text)))) }
    }
    while true {
      let count = ct_capture_read(descriptor, &buffer, buffer.count)
      guard count > 0 else { break }
      for byte in buffer.prefix(count) {
        let value = UInt8(bitPattern: byte)
        if value == UInt8(ascii: "\n") {
          send()
        } else {
          line.append(value)
          if line.count >= lineLimit { send() }
        }
      }
    }
    if !line.isEmpty { send() }
    close(descriptor)
  }
}

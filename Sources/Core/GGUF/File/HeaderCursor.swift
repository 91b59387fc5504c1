import Base
import Checkpoint

/// Reads the little-endian fields at the start of a GGUF file one after the other. Every length is held against what is
/// left of the file before anything is read or reserved.
struct HeaderCursor {
  let file: MappedFile
  private(set) var position: Int
  /// A copy of the part of the file around `position`, so that small fields cost no system call each.
  private var window: [UInt8] = []
  private var windowStart = 0

  private static let windowSize = 1 << 18

  init(file: MappedFile, position: Int = 0) {
    self.file = file
    self.position = position
  }

  var remaining: Int { file.count - position }

  func malformed(_ problem: String) -> CheckpointError { .malformed(file: file.path, problem: problem) }

  /// - Throws: `CheckpointError` where fewer than `count` bytes are left.
  mutating func skip(_ count: Int) throws {
    guard count >= 0, count <= remaining else { throw malformed("it ends inside its header") }
    position += count
  }

  mutating func bytes(_ count: Int) throws -> ArraySlice<UInt8> {
    guard count >= 0, count <= remaining else { throw malformed("it ends inside its header") }
    if position < windowStart || position + count > windowStart + window.count {
      do {
        window = try file.slice(position..<min(file.count, position + max(count, Self.windowSize))).integers()
      } catch let error as MappedFileError {
        throw CheckpointError.unreadable(file: error.path, reason: error.reason)
      }
      windowStart = position
    }
    let start = position - windowStart
    position += count
    return window[start..<start + count]
  }

  mutating func unsigned(width: Int) throws -> UInt64 {
    try bytes(width).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// A 64-bit count or length of things that take at least `minimum` bytes each.
  mutating func count(_ what: String, minimum: Int) throws -> Int {
    let count = try unsigned(width: 8)
    guard count <= UInt64(remaining / minimum) else {
      throw malformed("it claims \(count) \(what), more than it has room for")
    }
    return Int(count)
  }

  mutating func string() throws -> ArraySlice<UInt8> { try bytes(try count("bytes of text", minimum: 1)) }
}

/// Cuts a stream of bytes into lines, however the bytes arrive: each is looked at once, and no more than one line of
/// permitted length is kept.
public struct LineSplitter: Sendable {
  public enum Piece: Equatable, Sendable {
    case line(String)
    /// A line that is longer than permitted: told as soon as that is known, once. The rest of the line is dropped.
    case tooLong
  }

  private let limit: Int
  private var waiting: [UInt8] = []
  private var isDropping = false

  /// - Parameter limit: bytes that a line may have, its end not counted.
  public init(limit: Int = ControlLine.maximumLength) { self.limit = limit }

  /// What the next bytes complete.
  public mutating func take(_ bytes: ArraySlice<UInt8>) -> [Piece] {
    var pieces: [Piece] = []
    var rest = bytes
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      keep(rest[..<end], &pieces)
      finish(&pieces)
      rest = rest[(end + 1)...]
    }
    keep(rest, &pieces)
    return pieces
  }

  /// The line that the stream ended in the midst of.
  public mutating func end() -> Piece? {
    guard !waiting.isEmpty else { return nil }
    var pieces: [Piece] = []
    finish(&pieces)
    return pieces.first
  }

  private mutating func keep(_ bytes: ArraySlice<UInt8>, _ pieces: inout [Piece]) {
    guard !isDropping else { return }
    if waiting.count + bytes.count > limit {
      waiting.removeAll()
      isDropping = true
      pieces.append(.tooLong)
    } else {
      waiting += bytes
    }
  }

  private mutating func finish(_ pieces: inout [Piece]) {
    if !isDropping { pieces.append(.line(String(decoding: waiting, as: UTF8.self))) }
    isDropping = false
    waiting.removeAll(keepingCapacity: true)
  }
}

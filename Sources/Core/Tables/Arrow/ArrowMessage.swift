import Base

/// One message of a stream: what it is, and the bytes of its columns (Arrow's Message.fbs).
struct ArrowMessage {
  enum Kind {
    case schema(FlatTable)
    /// Entries of the dictionary `id`; added to it where `isDelta`, in its place otherwise.
    case dictionary(FlatTable, id: Int64, isDelta: Bool)
    case rows(FlatTable)
    case other
  }

  var kind: Kind
  var body: MappedBytes
  /// Where the next message begins.
  var end: Int

  /// Reads the message at `start`; nil at the stream's end, which the file says, or has.
  /// - Parameter limit: where a file's messages end.
  init?(_ file: MappedFile, at start: Int, limit: Int) throws(ArrowFault) {
    guard start < limit else { return nil }
    var position = start
    var length = try Self.length(file, at: &position, limit: limit)
    // Writers before Arrow 0.15 leave out the mark that says "a message begins".
    if length == -1 { length = try Self.length(file, at: &position, limit: limit) }
    if length == 0 { return nil }
    guard length > 0, Int(length) <= limit - position else { throw Self.cutOff }
    let metadata = try Self.slice(file, position..<position + Int(length)).integers(UInt8.self)
    position += Int(length)
    let message = try FlatTable(root: metadata)
    guard let bodyLength = Int(exactly: try message.integer(3, default: Int64(0))), bodyLength >= 0 else {
      throw .metadata
    }
    guard bodyLength <= limit - position else { throw Self.cutOff }
    kind = try Self.kind(of: message)
    body = try Self.slice(file, position..<position + bodyLength)
    end = position + bodyLength
  }

  static let cutOff = ArrowFault.damaged("it ends within a message; the file is cut off, fetch it again")

  private static func kind(of message: FlatTable) throws(ArrowFault) -> Kind {
    guard let header = try message.table(2) else { return .other }
    switch try message.integer(1, default: UInt8(0)) {
    case 1: return .schema(header)
    case 2:
      guard let data = try header.table(1) else { throw .metadata }
      return .dictionary(
        data, id: try header.integer(0, default: Int64(0)), isDelta: try header.integer(2, default: UInt8(0)) != 0)
    case 3: return .rows(header)
    default: return .other
    }
  }

  private static func length(_ file: MappedFile, at position: inout Int, limit: Int) throws(ArrowFault) -> Int32 {
    guard limit - position >= 4 else { throw cutOff }
    defer { position += 4 }
    return try slice(file, position..<position + 4).integer(at: 0) ?? 0
  }

  static func slice(_ file: MappedFile, _ range: Range<Int>) throws(ArrowFault) -> MappedBytes {
    do { return try file.slice(range) } catch { throw .damaged("it was cut short while it was read") }
  }
}

import Base

/// Where the messages of a file or stream are. A stream has them one after another. A file's footer says where each is
/// (Arrow's File.fbs), and only the footer is sure: Polars writes the schema before them without its length.
enum ArrowLayout {
  /// The next message at a place, which moves on; up to an end.
  case stream(next: Int, end: Int)
  /// The messages that are left, dictionaries first, and where the footer begins.
  case file(places: ArraySlice<Int>, end: Int)

  /// The layout of a file, and its schema.
  static func read(_ file: MappedFile) throws(ArrowFault) -> (ArrowLayout, ArrowSchema) {
    let head = try ArrowMessage.slice(file, 0..<min(file.count, 6)).integers(UInt8.self)
    guard head == ArrowReader.fileMagic else {
      guard let message = try ArrowMessage(file, at: 0, limit: file.count), case .schema(let schema) = message.kind
      else { throw .damaged("it does not begin with a schema") }
      return (.stream(next: message.end, end: file.count), try ArrowSchema(schema))
    }
    guard file.count >= 18 else { throw ArrowMessage.cutOff }
    let tail = try ArrowMessage.slice(file, file.count - 10..<file.count)
    guard tail.integers(UInt8.self, 4..<10) == ArrowReader.fileMagic, let length = tail.integer(Int32.self, at: 0),
      length > 0, Int(length) <= file.count - 18
    else { throw .damaged("it does not end as an Arrow file does; it is cut off, fetch it again") }
    let end = file.count - 10 - Int(length)
    let footer = try FlatTable(root: ArrowMessage.slice(file, end..<file.count - 10).integers(UInt8.self))
    guard let schema = try footer.table(1) else { throw .damaged("its footer has no schema") }
    // A block is an offset, the length of the metadata and that of the body, of which the message itself tells.
    var places: [Int] = []
    for block in try footer.integers(2, width: 3) + footer.integers(3, width: 3) {
      guard let place = Int(exactly: block[0]), place >= 0 else { throw .metadata }
      places.append(place)
    }
    return (.file(places: places[...], end: end), try ArrowSchema(schema))
  }

  /// The next message; nil at the end.
  mutating func next(_ file: MappedFile) throws(ArrowFault) -> ArrowMessage? {
    switch self {
    case .stream(let next, let end):
      guard let message = try ArrowMessage(file, at: next, limit: end) else { return nil }
      self = .stream(next: message.end, end: end)
      return message
    case .file(var places, let end):
      guard let place = places.popFirst() else { return nil }
      guard let message = try ArrowMessage(file, at: place, limit: end) else {
        throw .damaged("its footer points to no message")
      }
      self = .file(places: places, end: end)
      return message
    }
  }
}

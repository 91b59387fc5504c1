/// A reader of Thrift's compact protocol (thrift/doc/specs/thrift-compact-protocol.md), in which Parquet writes its
/// footer and the headers of its pages. A structure is a run of fields, each with a number and a kind; fields that the
/// caller does not know are skipped.
struct ThriftReader {
  private let bytes: [UInt8]
  private(set) var position: Int
  private let end: Int
  /// Whether a read wanted more bytes than there are.
  private(set) var ranOut = false

  /// Deepest nesting of what is skipped; Parquet's own structures nest eight deep.
  private static let maximumDepth = 32

  enum Kind: UInt8 {
    case yes = 1
    case no, byte, int16, int32, int64, double, binary, list, set, map, structure, uuid
  }

  struct Field {
    let number: Int
    let kind: Kind
  }

  init(_ bytes: [UInt8], from start: Int = 0) {
    self.bytes = bytes
    (position, end) = (start, bytes.count)
  }

  // MARK: Fields

  /// The next field's head; nil at the structure's end.
  /// - Parameter last: the number of the field before, 0 at the start.
  mutating func field(after last: inout Int) throws(ParquetFault) -> Field? {
    let head = try byte()
    guard head != 0 else { return nil }
    guard let kind = Kind(rawValue: head & 15) else { throw .damaged("its metadata has a field of no known kind") }
    let step = Int(head >> 4)
    last = step > 0 ? last + step : Int(truncatingIfNeeded: try zigzag())
    guard (0...Int(Int16.max)).contains(last) else { throw .damaged("its metadata has a field without a number") }
    return Field(number: last, kind: kind)
  }

  mutating func integer(_ field: Field) throws(ParquetFault) -> Int {
    switch field.kind {
    case .byte: Int(Int8(bitPattern: try byte()))
    case .int16, .int32, .int64: Int(try zigzag())
    default: throw Self.wrongKind
    }
  }

  func bool(_ field: Field) throws(ParquetFault) -> Bool {
    switch field.kind {
    case .yes: true
    case .no: false
    default: throw Self.wrongKind
    }
  }

  mutating func text(_ field: Field) throws(ParquetFault) -> String {
    guard field.kind == .binary else { throw Self.wrongKind }
    let range = try advance(by: try count())
    return String(decoding: bytes[range], as: UTF8.self)
  }

  /// Checks that a structure follows; the caller reads its fields.
  func structure(_ field: Field) throws(ParquetFault) {
    guard field.kind == .structure else { throw Self.wrongKind }
  }

  /// A list of structures, each of which `element` reads to its end.
  mutating func structures<Element>(
    _ field: Field, _ element: (inout ThriftReader) throws(ParquetFault) -> Element
  ) throws(ParquetFault) -> [Element] {
    guard field.kind == .list else { throw Self.wrongKind }
    let (count, kind) = try listHead()
    guard count == 0 || kind == .structure else { throw Self.wrongKind }
    var elements: [Element] = []
    for _ in 0..<count { elements.append(try element(&self)) }
    return elements
  }

  /// How many elements the list has that follows, which is left unread.
  func peekCount(_ field: Field) throws(ParquetFault) -> Int {
    guard field.kind == .list else { throw Self.wrongKind }
    var copy = self
    return try copy.listHead().count
  }

  mutating func skip(_ field: Field) throws(ParquetFault) {
    // As a field, a truth value is in the kind itself.
    if field.kind != .yes, field.kind != .no { try skip(field.kind, depth: 0) }
  }

  private mutating func skip(_ kind: Kind, depth: Int) throws(ParquetFault) {
    guard depth < Self.maximumDepth else { throw .damaged("its metadata is nested too deep") }
    switch kind {
    case .yes, .no, .byte: _ = try byte()
    case .int16, .int32, .int64: _ = try varint()
    case .double: _ = try advance(by: 8)
    case .uuid: _ = try advance(by: 16)
    case .binary: _ = try advance(by: try count())
    case .list, .set:
      let (count, kind) = try listHead()
      guard let kind else { return }
      for _ in 0..<count { try skip(kind, depth: depth + 1) }
    case .map:
      let count = try count()
      guard count > 0 else { return }
      let kinds = try byte()
      guard let key = Kind(rawValue: kinds >> 4), let value = Kind(rawValue: kinds & 15) else { throw Self.wrongKind }
      for _ in 0..<count {
        try skip(key, depth: depth + 1)
        try skip(value, depth: depth + 1)
      }
    case .structure:
      var last = 0
      while let field = try field(after: &last) {
        if field.kind != .yes, field.kind != .no { try skip(field.kind, depth: depth + 1) }
      }
    }
  }

  /// Each element takes a byte or more, so a count beyond the bytes that are left is false.
  private mutating func listHead() throws(ParquetFault) -> (count: Int, kind: Kind?) {
    let head = try byte()
    let count = head >> 4 == 15 ? try count() : Int(head >> 4)
    guard count <= end - position else { throw cutOff() }
    guard count > 0 else { return (0, nil) }
    guard let kind = Kind(rawValue: head & 15) else { throw Self.wrongKind }
    return (count, kind)
  }

  // MARK: Bytes

  private static let wrongKind = ParquetFault.damaged("its metadata has a field of the wrong kind")

  private mutating func cutOff() -> ParquetFault {
    ranOut = true
    return .damaged("its metadata ends too early")
  }

  private mutating func byte() throws(ParquetFault) -> UInt8 {
    guard position < end else { throw cutOff() }
    defer { position += 1 }
    return bytes[position]
  }

  private mutating func advance(by count: Int) throws(ParquetFault) -> Range<Int> {
    guard count <= end - position else { throw cutOff() }
    defer { position += count }
    return position..<position + count
  }

  private mutating func count() throws(ParquetFault) -> Int {
    guard let count = Int(exactly: try varint()) else { throw .damaged("its metadata has an impossible length") }
    return count
  }

  private mutating func varint() throws(ParquetFault) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      let byte = try byte()
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    throw .damaged("its metadata has a number without an end")
  }

  private mutating func zigzag() throws(ParquetFault) -> Int64 {
    let value = try varint()
    return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
  }
}

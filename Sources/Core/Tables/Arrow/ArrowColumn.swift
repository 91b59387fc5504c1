import Base
import JSON

/// A column of one batch of rows, or a part of one: lengths and where its bytes are. Elements are read one at a time.
struct ArrowColumn {
  indirect enum Content {
    case null
    case bool(ArrowBuffer)
    /// Values of a fixed width: numbers, dates, bytes.
    case fixed(ArrowBuffer)
    /// Text or bytes: entry i is data[offsets[i] ..< offsets[i + 1]].
    case varied(offsets: ArrowBuffer, isWide: Bool, data: ArrowBuffer)
    /// Text or bytes: 16 bytes an entry, which hold it or say where it is.
    case views(ArrowBuffer, data: [ArrowBuffer])
    case list(offsets: ArrowBuffer, isWide: Bool, ArrowColumn)
    case fixedList(ArrowColumn)
    case structure([ArrowColumn])
    case dictionary(indices: ArrowBuffer, [JSONValue])
  }

  let field: ArrowField
  let length: Int
  /// A bit an element, 0 for null; nil where no element is null.
  let validity: ArrowBuffer?
  let content: Content
}

/// Takes the columns of a record batch apart: nodes and buffers come in the order of the fields, parents first.
struct ArrowBatch {
  let length: Int
  private(set) var columns: [ArrowColumn] = []
  private var nodes: ArraySlice<[Int64]>
  private var buffers: ArraySlice<ArrowBuffer>
  /// How many buffers of data each column of views has.
  private var viewBuffers: ArraySlice<[Int64]>
  private let dictionaries: [Int64: [JSONValue]]

  /// - Parameters:
  ///   - fields: the schema's, or those of a dictionary's entries.
  ///   - dictionaries: by number, the entries that are known so far.
  init(
    _ batch: FlatTable, body: MappedBytes, fields: [ArrowField], dictionaries: [Int64: [JSONValue]]
  ) throws(ArrowFault) {
    guard let length = Int(exactly: try batch.integer(0, default: Int64(0))), length >= 0 else { throw .metadata }
    self.length = length
    self.dictionaries = dictionaries
    nodes = try batch.integers(1, width: 2)[...]
    viewBuffers = try batch.integers(4, width: 1)[...]
    buffers = try Self.buffers(batch, body)[...]
    // Each row has a bit in some buffer, but in tables of nothing but nulls.
    let bits = buffers.reduce(0) { $0 + $1.count * 8 }
    guard length <= bits + 65_536 else { throw .damaged("it claims \(length) rows in \(bits / 8) bytes") }
    for field in fields {
      let column = try column(field)
      guard column.length >= length else { throw .damaged("the column \"\(field.name)\" is shorter than the table") }
      columns.append(column)
    }
  }

  private static func buffers(_ batch: FlatTable, _ body: MappedBytes) throws(ArrowFault) -> [ArrowBuffer] {
    var codec: ArrowBuffer.Codec?
    if let compression = try batch.table(3) {
      let number = try compression.integer(0, default: Int8(0))
      guard let known = ArrowBuffer.Codec(rawValue: number) else {
        throw .unsupported("compression number \(number)", cure: "write the file anew with LZ4 or zstd, or without")
      }
      codec = known
    }
    var buffers: [ArrowBuffer] = []
    for place in try batch.integers(2, width: 2) {
      guard let start = Int(exactly: place[0]), let count = Int(exactly: place[1]), start >= 0, count >= 0,
        start <= body.count, count <= body.count - start
      else { throw ArrowBuffer.outside }
      let bytes: MappedBytes
      do { bytes = try body.slice(start..<start + count) } catch { throw ArrowBuffer.outside }
      if let codec { buffers.append(try ArrowBuffer(packed: bytes, codec)) } else { buffers.append(ArrowBuffer(bytes)) }
    }
    return buffers
  }

  // MARK: columns

  private mutating func column(_ field: ArrowField) throws(ArrowFault) -> ArrowColumn {
    guard let node = nodes.popFirst(), let length = Int(exactly: node[0]), length >= 0, length < 1 << 40 else {
      throw .damaged("the column \"\(field.name)\" has no length")
    }
    var validity: ArrowBuffer?
    if field.type != .null || field.dictionary != nil {
      let bits = try buffer(field)
      if node[1] != 0 {
        guard bits.count >= (length + 7) / 8 else { throw tooShort(field) }
        validity = bits
      }
    }
    return ArrowColumn(field: field, length: length, validity: validity, content: try content(field, length))
  }

  private mutating func content(_ field: ArrowField, _ length: Int) throws(ArrowFault) -> ArrowColumn.Content {
    if let dictionary = field.dictionary {
      let indices = try buffer(field, of: length, bytes: dictionary.indexBytes)
      return .dictionary(indices: indices, dictionaries[dictionary.id] ?? [])
    }
    switch field.type {
    case .null: return .null
    case .bool:
      let bits = try buffer(field)
      guard bits.count >= (length + 7) / 8 else { throw tooShort(field) }
      return .bool(bits)
    case .text(let isWide), .binary(let isWide):
      return .varied(offsets: try offsets(field, length, isWide), isWide: isWide, data: try buffer(field))
    case .textView, .binaryView:
      let views = try buffer(field, of: length, bytes: 16)
      guard let count = viewBuffers.popFirst()?[0], count >= 0, count <= buffers.count else { throw .metadata }
      var data: [ArrowBuffer] = []
      for _ in 0..<count { data.append(try buffer(field)) }
      return .views(views, data: data)
    case .list(let isWide):
      let offsets = try offsets(field, length, isWide)
      return .list(offsets: offsets, isWide: isWide, try column(field.children[0]))
    case .fixedList(let count):
      let elements = try column(field.children[0])
      let (needed, overflow) = length.multipliedReportingOverflow(by: count)
      guard !overflow, elements.length >= needed else { throw tooShort(field) }
      return .fixedList(elements)
    case .structure:
      var members: [ArrowColumn] = []
      for child in field.children {
        members.append(try column(child))
        guard members[members.count - 1].length >= length else { throw tooShort(child) }
      }
      return .structure(members)
    default: return .fixed(try buffer(field, of: length, bytes: field.type.width))
    }
  }

  private mutating func offsets(_ field: ArrowField, _ length: Int, _ isWide: Bool) throws(ArrowFault) -> ArrowBuffer {
    // A column without elements may leave out its only offset.
    try buffer(field, of: length == 0 ? 0 : length + 1, bytes: isWide ? 8 : 4)
  }

  private mutating func buffer(_ field: ArrowField, of elements: Int, bytes: Int) throws(ArrowFault) -> ArrowBuffer {
    let buffer = try buffer(field)
    let (needed, overflow) = elements.multipliedReportingOverflow(by: bytes)
    guard !overflow, buffer.count >= needed else { throw tooShort(field) }
    return buffer
  }

  private mutating func buffer(_ field: ArrowField) throws(ArrowFault) -> ArrowBuffer {
    guard let buffer = buffers.popFirst() else { throw tooShort(field) }
    return buffer
  }

  private func tooShort(_ field: ArrowField) -> ArrowFault {
    .damaged("the column \"\(field.name)\" has less bytes than elements")
  }
}

extension ArrowType {
  /// Bytes of an element of fixed width; 0 for the others.
  var width: Int {
    switch self {
    case .integer(let bytes, _), .decimal(let bytes, _), .fixedBinary(let bytes), .time(_, let bytes): bytes
    case .half: 2
    case .single, .days: 4
    case .double, .milliseconds, .timestamp: 8
    default: 0
    }
  }
}

/// Parquet files written field by field: shapes that no library here writes any more, and lies that none ever did.
struct HandmadeParquet {
  /// A value in Thrift's compact protocol.
  indirect enum Thrift {
    case bool(Bool)
    case int(Int)
    case binary([UInt8])
    case structures([Fields])
    case integers([Int])
    case structure(Fields)
    /// Bytes in the place of a value, with the kind that they are said to have.
    case raw(kind: UInt8, [UInt8])

    static func text(_ text: String) -> Thrift { .binary(Array(text.utf8)) }
  }

  /// Fields by number, in ascending order.
  typealias Fields = [(Int, Thrift)]

  struct Chunk {
    var type: Int
    var pages: [[UInt8]]
    var valueCount: Int
    var codec = 0
    /// Instead of the true ones.
    var start: Int?
    var size: Int?
    /// Fields of ColumnChunk beside the metadata.
    var further: Fields = []
  }

  var schema: [Fields]
  var groups: [(rows: Int, chunks: [Chunk])]
  var rowCount: Int?
  var further: Fields = []

  // MARK: Schema

  enum Storage: Int {
    case boolean = 0
    case int32, int64, int96, float, double, byteArray, fixed
  }

  enum Repetition: Int {
    case required = 0
    case optional, repeated
  }

  static func root(_ children: Int) -> Fields { [(4, .text("schema")), (5, .int(children))] }

  /// - Parameters:
  ///   - converted: ConvertedType.
  ///   - logical: the number of the field in the union LogicalType.
  static func leaf(
    _ name: String, _ type: Storage, _ repetition: Repetition = .required, length: Int? = nil, converted: Int? = nil,
    logical: Int? = nil
  ) -> Fields {
    var fields: Fields = [(1, .int(type.rawValue))]
    if let length { fields.append((2, .int(length))) }
    fields += [(3, .int(repetition.rawValue)), (4, .text(name))]
    if let converted { fields.append((6, .int(converted))) }
    if let logical { fields.append((10, .structure([(logical, .structure([]))]))) }
    return fields
  }

  static func group(
    _ name: String, _ repetition: Repetition, _ children: Int, converted: Int? = nil
  ) -> Fields {
    var fields: Fields = [(3, .int(repetition.rawValue)), (4, .text(name)), (5, .int(children))]
    if let converted { fields.append((6, .int(converted))) }
    return fields
  }

  // MARK: Pages

  /// A page of version 1.
  static func page(
    _ count: Int, _ body: [UInt8], encoding: Int = 0, levels: Int = 3, unpacked: Int? = nil, packed: Int? = nil
  ) -> [UInt8] {
    let head: Fields = [(1, .int(count)), (2, .int(encoding)), (3, .int(levels)), (4, .int(levels))]
    return header(0, body, (5, .structure(head)), unpacked: unpacked, packed: packed) + body
  }

  static func dictionary(_ count: Int, _ body: [UInt8], encoding: Int = 0, unpacked: Int? = nil) -> [UInt8] {
    header(2, body, (7, .structure([(1, .int(count)), (2, .int(encoding))])), unpacked: unpacked) + body
  }

  static func header(
    _ type: Int, _ body: [UInt8], _ head: (Int, Thrift), checksum: Int? = nil, unpacked: Int? = nil, packed: Int? = nil
  ) -> [UInt8] {
    var fields: Fields = [(1, .int(type)), (2, .int(unpacked ?? body.count)), (3, .int(packed ?? body.count))]
    if let checksum { fields.append((4, .int(checksum))) }
    return encode(fields + [head])
  }

  /// Levels of version 1: each a run of its own, behind their length.
  static func levels(_ levels: [Int]) -> [UInt8] {
    let runs: [UInt8] = levels.flatMap { [2, UInt8($0)] }
    return word(runs.count) + runs
  }

  static func texts(_ texts: [String]) -> [UInt8] { texts.flatMap { word($0.utf8.count) + Array($0.utf8) } }

  /// Four bytes, the lowest first.
  static func word(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }

  // MARK: The file

  var bytes: [UInt8] {
    var bytes = Array("PAR1".utf8)
    var rowGroups: [Fields] = []
    for group in groups {
      var columns: [Fields] = []
      for chunk in group.chunks {
        let pages = Array(chunk.pages.joined())
        let metadata: Fields = [
          (1, .int(chunk.type)), (2, .integers([0])), (4, .int(chunk.codec)), (5, .int(chunk.valueCount)),
          (6, .int(pages.count)), (7, .int(chunk.size ?? pages.count)), (9, .int(chunk.start ?? bytes.count)),
        ]
        let fields = chunk.further + [(3, .structure(metadata))]
        columns.append(fields.sorted { $0.0 < $1.0 })
        bytes += pages
      }
      rowGroups.append([(1, .structures(columns)), (2, .int(0)), (3, .int(group.rows))])
    }
    let rows = rowCount ?? groups.reduce(0) { $0 &+ $1.rows }
    let footer = Self.encode(
      [(1, .int(1)), (2, .structures(schema)), (3, .int(rows)), (4, .structures(rowGroups))] + further)
    return bytes + footer + Self.word(footer.count) + Array("PAR1".utf8)
  }

  static func encode(_ fields: Fields) -> [UInt8] {
    var bytes: [UInt8] = []
    var last = 0
    for (number, value) in fields {
      let kind: UInt8 =
        switch value {
        case .bool(let value): value ? 1 : 2
        case .int: 6
        case .binary: 8
        case .structures, .integers: 9
        case .structure: 12
        case .raw(let kind, _): kind
        }
      bytes += number - last < 16 ? [UInt8(number - last) << 4 | kind] : [kind] + varint(zigzag(number))
      last = number
      bytes += encode(value)
    }
    return bytes + [0]
  }

  private static func encode(_ value: Thrift) -> [UInt8] {
    switch value {
    case .bool: []
    case .int(let value): varint(zigzag(value))
    case .binary(let bytes): varint(UInt64(bytes.count)) + bytes
    case .structures(let list): head(list.count, kind: 12) + list.flatMap { encode($0) }
    case .integers(let list): head(list.count, kind: 5) + list.flatMap { varint(zigzag($0)) }
    case .structure(let fields): encode(fields)
    case .raw(_, let bytes): bytes
    }
  }

  private static func head(_ count: Int, kind: UInt8) -> [UInt8] {
    count < 15 ? [UInt8(count) << 4 | kind] : [0xF0 | kind] + varint(UInt64(count))
  }

  static func zigzag(_ value: Int) -> UInt64 { UInt64(bitPattern: Int64(value << 1 ^ value >> 63)) }

  static func varint(_ value: UInt64) -> [UInt8] {
    var (bytes, rest): ([UInt8], UInt64) = ([], value)
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }
}

/// A column, or a part of one, as a schema declares it (Arrow's Schema.fbs).
struct ArrowField {
  var name: String
  var type: ArrowType
  var children: [ArrowField] = [] {
    didSet { hasDistinctNames = Set(children.map(\.name)).count == children.count }
  }
  /// Whether no two children have the same name.
  private(set) var hasDistinctNames = true
  /// Where the column holds numbers of entries in a dictionary, which has the type above.
  var dictionary: ArrowDictionary?
  /// A list of structs of a key and a value.
  var isMap = false
  /// A text that is JSON (the extension type `arrow.json`).
  var isJSON = false
}

/// A dictionary's number, and the whole numbers that point into it.
struct ArrowDictionary {
  var id: Int64
  var indexBytes: Int
  var isSigned: Bool
}

enum ArrowType: Equatable {
  enum Unit: Int64 {
    case second = 0, millisecond, microsecond, nanosecond

    var perSecond: Int { [1, 1_000, 1_000_000, 1_000_000_000][Int(rawValue)] }
  }

  case null, bool
  case integer(bytes: Int, isSigned: Bool)
  case half, single, double
  case decimal(bytes: Int, scale: Int)
  /// Text (UTF-8) or bytes, with offsets of 4 or 8 bytes.
  case text(isWide: Bool)
  case binary(isWide: Bool)
  case textView, binaryView
  case fixedBinary(bytes: Int)
  case days, milliseconds
  case time(Unit, bytes: Int)
  case timestamp(Unit, isUTC: Bool)
  case list(isWide: Bool)
  case fixedList(count: Int)
  case structure
}

/// The columns of a file.
struct ArrowSchema {
  /// Fields of all levels together: more are no table, but metadata that points to itself.
  private static let maximumFields = 65_536
  private static let maximumDepth = 64

  private(set) var fields: [ArrowField] = []
  /// Whether no two columns have the same name.
  private(set) var hasDistinctNames = true
  private var count = 0

  init(_ schema: FlatTable) throws(ArrowFault) {
    guard try schema.integer(0, default: Int16(0)) == 0 else {
      throw .unsupported("a file of a big-endian machine", cure: "write it anew as Parquet")
    }
    for field in try schema.tables(1) { fields.append(try read(field, depth: 0)) }
    hasDistinctNames = Set(fields.map(\.name)).count == fields.count
  }

  /// The field that declares the dictionary `id`.
  func dictionary(_ id: Int64) -> ArrowField? { Self.dictionary(id, in: fields) }

  private static func dictionary(_ id: Int64, in fields: [ArrowField]) -> ArrowField? {
    for field in fields {
      if field.dictionary?.id == id { return field }
      if let found = dictionary(id, in: field.children) { return found }
    }
    return nil
  }

  private mutating func read(_ table: FlatTable, depth: Int) throws(ArrowFault) -> ArrowField {
    count += 1
    guard count <= Self.maximumFields, depth <= Self.maximumDepth else {
      throw .damaged("its columns are nested without end")
    }
    let name = try table.string(0) ?? ""
    let number = try table.integer(2, default: UInt8(0))
    guard let type = try table.table(3) else { throw .damaged("a column has no type") }
    var field = ArrowField(name: name, type: try Self.type(number, type, column: name))
    var children: [ArrowField] = []
    for child in try table.tables(5) { children.append(try read(child, depth: depth + 1)) }
    field.children = children
    if let encoding = try table.table(4) { field.dictionary = try Self.dictionary(encoding) }
    field.isMap = number == 17
    for entry in try table.tables(6) where try entry.string(0) == "ARROW:extension:name" {
      field.isJSON = try entry.string(1) == "arrow.json"
    }
    switch field.type {
    case .list, .fixedList:
      guard field.children.count == 1 else { throw .damaged("a column of lists says nothing of their elements") }
    case .structure: break
    default: guard field.children.isEmpty else { throw .damaged("a plain column has columns of its own") }
    }
    return field
  }

  private static func dictionary(_ encoding: FlatTable) throws(ArrowFault) -> ArrowDictionary {
    let id = try encoding.integer(0, default: Int64(0))
    guard let index = try encoding.table(1) else { return ArrowDictionary(id: id, indexBytes: 4, isSigned: true) }
    guard case .integer(let bytes, let isSigned) = try integer(index) else { throw .metadata }
    return ArrowDictionary(id: id, indexBytes: bytes, isSigned: isSigned)
  }

  // MARK: types

  private static func type(_ number: UInt8, _ table: FlatTable, column: String) throws(ArrowFault) -> ArrowType {
    switch number {
    case 1: return .null
    case 2: return try integer(table)
    case 3: return try floatingPoint(table)
    case 4: return .binary(isWide: false)
    case 5: return .text(isWide: false)
    case 6: return .bool
    case 7: return try decimal(table, column: column)
    case 8: return try table.integer(0, default: Int16(1)) == 0 ? .days : .milliseconds
    case 9: return .time(try unit(table, default: .millisecond), bytes: try bytes(table, field: 1, default: 32))
    case 10:
      return .timestamp(try unit(table, default: .second), isUTC: try table.string(1).map { !$0.isEmpty } ?? false)
    // A map is a list of structs of key and value.
    case 12, 17: return .list(isWide: false)
    case 13: return .structure
    case 15:
      let count = Int(try table.integer(0, default: Int32(0)))
      guard count >= 0 else { throw .metadata }
      return .fixedBinary(bytes: count)
    case 16:
      let count = Int(try table.integer(0, default: Int32(0)))
      guard count >= 0 else { throw .metadata }
      return .fixedList(count: count)
    case 18: return .integer(bytes: 8, isSigned: true)
    case 19: return .binary(isWide: true)
    case 20: return .text(isWide: true)
    case 21: return .list(isWide: true)
    case 23: return .binaryView
    case 24: return .textView
    default:
      let names: [UInt8: String] = [
        11: "interval", 14: "union", 22: "run_end_encoded", 25: "list_view", 26: "large_list_view",
      ]
      throw .unsupported(
        "the column \"\(column)\" of type \(names[number] ?? "number \(number)")",
        cure: "cast it to another type, or leave the column out, and write the file anew")
    }
  }

  private static func bytes(_ table: FlatTable, field: Int, default bits: Int32) throws(ArrowFault) -> Int {
    let bits = try table.integer(field, default: bits)
    guard [8, 16, 32, 64].contains(bits) else { throw .damaged("a column has whole numbers of \(bits) bits") }
    return Int(bits) / 8
  }

  private static func integer(_ table: FlatTable) throws(ArrowFault) -> ArrowType {
    .integer(bytes: try bytes(table, field: 0, default: 0), isSigned: try table.integer(1, default: UInt8(0)) != 0)
  }

  private static func floatingPoint(_ table: FlatTable) throws(ArrowFault) -> ArrowType {
    switch try table.integer(0, default: Int16(0)) {
    case 0: return .half
    case 1: return .single
    case 2: return .double
    default: throw .metadata
    }
  }

  private static func decimal(_ table: FlatTable, column: String) throws(ArrowFault) -> ArrowType {
    let bits = try table.integer(2, default: Int32(128))
    guard [32, 64, 128].contains(bits) else {
      throw .unsupported("the column \"\(column)\" of decimals of \(bits) bits", cure: "cast it to float64")
    }
    return .decimal(bytes: Int(bits) / 8, scale: Int(try table.integer(1, default: Int32(0))))
  }

  private static func unit(_ table: FlatTable, default unit: ArrowType.Unit) throws(ArrowFault) -> ArrowType.Unit {
    guard let unit = ArrowType.Unit(rawValue: Int64(try table.integer(0, default: Int16(unit.rawValue)))) else {
      throw .metadata
    }
    return unit
  }
}

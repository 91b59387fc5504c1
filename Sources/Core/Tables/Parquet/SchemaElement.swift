/// A column or a group of columns, as the footer lists them: each group is followed by its members.
struct SchemaElement {
  enum Repetition: Int {
    case required = 0
    case optional, repeated
  }

  /// Nil for a group.
  var type: PhysicalType?
  /// Bytes of each value of type `fixedLengthByteArray`.
  var typeLength = 0
  var repetition = Repetition.required
  var name = ""
  var childCount = 0
  var annotation = Annotation.none

  init(_ thrift: inout ThriftReader) throws(ParquetFault) {
    var last = 0
    var (converted, scale, isNamed) = (-1, 0, false)
    var logical: Annotation?
    while let field = try thrift.field(after: &last) {
      switch field.number {
      case 1:
        guard let known = PhysicalType(rawValue: try thrift.integer(field)) else {
          throw .damaged("a column has a type that there is not")
        }
        type = known
      case 2: typeLength = try thrift.integer(field)
      case 3:
        guard let known = Repetition(rawValue: try thrift.integer(field)) else {
          throw .damaged("a column has a repetition that there is not")
        }
        repetition = known
      case 4: (name, isNamed) = (try thrift.text(field), true)
      case 5: childCount = try thrift.integer(field)
      case 6: converted = try thrift.integer(field)
      case 7: scale = try thrift.integer(field)
      case 10: logical = try Annotation(field, &thrift)
      default: try thrift.skip(field)
      }
    }
    guard isNamed else { throw .damaged("a column has no name") }
    annotation = logical ?? Annotation(converted: converted, scale: scale)
  }
}

/// What the values of a column mean (parquet-format, LogicalTypes.md): the logical type, or its older form.
enum Annotation: Equatable {
  case none
  case text, json, uuid, half, interval, null
  case map, mapEntries, list
  case decimal(scale: Int)
  case date
  /// - Parameter units: how many there are in a second.
  case time(units: Int)
  case timestamp(units: Int, isUTC: Bool)
  case integer(bits: Int, isSigned: Bool)

  /// ConvertedType, which older files have alone.
  init(converted: Int, scale: Int) {
    self =
      switch converted {
      case 0, 4: .text
      case 1: .map
      case 2: .mapEntries
      case 3: .list
      case 5: .decimal(scale: scale)
      case 6: .date
      case 7: .time(units: 1_000)
      case 8: .time(units: 1_000_000)
      case 9: .timestamp(units: 1_000, isUTC: true)
      case 10: .timestamp(units: 1_000_000, isUTC: true)
      case 11...14: .integer(bits: 8 << (converted - 11), isSigned: false)
      case 15...18: .integer(bits: 8 << (converted - 15), isSigned: true)
      case 19: .json
      case 21: .interval
      default: .none
      }
  }

  /// LogicalType, a union: the number of its one field says which it is. Nil for one that is not known, for which the
  /// older form stands.
  init?(_ field: ThriftReader.Field, _ thrift: inout ThriftReader) throws(ParquetFault) {
    try thrift.structure(field)
    var found: Annotation?
    var last = 0
    while let field = try thrift.field(after: &last) {
      switch field.number {
      case 1, 4: found = .text
      case 2: found = .map
      case 3: found = .list
      case 5:
        found = .decimal(scale: try Parameters(field, &thrift).number)
        continue
      case 6: found = .date
      case 7:
        found = .time(units: try Parameters(field, &thrift).units)
        continue
      case 8:
        let parameters = try Parameters(field, &thrift)
        found = .timestamp(units: parameters.units, isUTC: parameters.isSet)
        continue
      case 10:
        let parameters = try Parameters(field, &thrift)
        found = .integer(bits: parameters.number, isSigned: parameters.isSet)
        continue
      case 11: found = .null
      case 12: found = .json
      case 14: found = .uuid
      case 15: found = .half
      default: break
      }
      try thrift.skip(field)
    }
    guard let found else { return nil }
    self = found
  }

  /// The structures of the logical types that have something to say, read alike: a first number (scale, bits), a truth
  /// value (adjusted to UTC, signed) and a unit of time.
  private struct Parameters {
    var number = 0
    var isSet = false
    var units = 1_000

    init(_ field: ThriftReader.Field, _ thrift: inout ThriftReader) throws(ParquetFault) {
      try thrift.structure(field)
      var last = 0
      while let field = try thrift.field(after: &last) {
        switch (field.number, field.kind) {
        case (_, .yes), (_, .no): isSet = try thrift.bool(field)
        case (1, _): number = try thrift.integer(field)
        case (2, .structure): try readUnit(&thrift)
        default: try thrift.skip(field)
        }
      }
    }

    private mutating func readUnit(_ thrift: inout ThriftReader) throws(ParquetFault) {
      var last = 0
      while let field = try thrift.field(after: &last) {
        units = field.number == 1 ? 1_000 : field.number == 2 ? 1_000_000 : 1_000_000_000
        try thrift.skip(field)
      }
    }
  }
}

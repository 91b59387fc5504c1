/// What stands before each page of a column (parquet-format, PageHeader).
struct PageHeader {
  enum Kind: Equatable {
    /// Values whose levels are compressed with them.
    case data
    /// Values whose levels stand uncompressed before them.
    case dataV2(repetitionBytes: Int, definitionBytes: Int, isCompressed: Bool)
    case dictionary
    /// Index pages, and kinds that are not invented yet: passed over.
    case other
  }

  var kind = Kind.other
  /// Values with nulls, or entries of the dictionary.
  var count = 0
  var encoding = Encoding.plain
  /// Encodings of the levels, which only version 1 chooses.
  var definitionEncoding = Encoding.rle
  var repetitionEncoding = Encoding.rle
  var uncompressedSize = 0
  var compressedSize = 0
  var checksum: UInt32?

  init(_ thrift: inout ThriftReader) throws(ParquetFault) {
    var last = 0
    var type = -1
    var sizes = (uncompressed: -1, compressed: -1)
    while let field = try thrift.field(after: &last) {
      switch field.number {
      case 1: type = try thrift.integer(field)
      case 2: sizes.uncompressed = try thrift.integer(field)
      case 3: sizes.compressed = try thrift.integer(field)
      case 4: checksum = UInt32(truncatingIfNeeded: try thrift.integer(field))
      case 5: try readData(field, &thrift)
      case 7: try readDictionary(field, &thrift)
      case 8: try readDataV2(field, &thrift)
      default: try thrift.skip(field)
      }
    }
    let limit = Int(Int32.max)
    guard (0...limit).contains(sizes.uncompressed), (0...limit).contains(sizes.compressed) else {
      throw .damaged("a page has an impossible size")
    }
    (uncompressedSize, compressedSize) = sizes
    let hasItsHeader =
      switch (type, kind) {
      case (0, .data), (2, .dictionary), (3, .dataV2): true
      case (0, _), (2, _), (3, _): false
      default: true
      }
    guard hasItsHeader else { throw .damaged("a page does not say what it holds") }
    if ![0, 2, 3].contains(type) { kind = .other }
    guard (0...limit).contains(count) else { throw .damaged("a page has an impossible number of values") }
  }

  private mutating func readData(_ field: ThriftReader.Field, _ thrift: inout ThriftReader) throws(ParquetFault) {
    try thrift.structure(field)
    kind = .data
    var last = 0
    while let field = try thrift.field(after: &last) {
      switch field.number {
      case 1: count = try thrift.integer(field)
      case 2: encoding = try Encoding(code: try thrift.integer(field))
      case 3: definitionEncoding = try Encoding(code: try thrift.integer(field))
      case 4: repetitionEncoding = try Encoding(code: try thrift.integer(field))
      default: try thrift.skip(field)
      }
    }
  }

  private mutating func readDictionary(_ field: ThriftReader.Field, _ thrift: inout ThriftReader) throws(ParquetFault) {
    try thrift.structure(field)
    kind = .dictionary
    var last = 0
    while let field = try thrift.field(after: &last) {
      switch field.number {
      case 1: count = try thrift.integer(field)
      case 2: encoding = try Encoding(code: try thrift.integer(field))
      default: try thrift.skip(field)
      }
    }
  }

  private mutating func readDataV2(_ field: ThriftReader.Field, _ thrift: inout ThriftReader) throws(ParquetFault) {
    try thrift.structure(field)
    var (repetitionBytes, definitionBytes, isCompressed) = (0, 0, true)
    var last = 0
    while let field = try thrift.field(after: &last) {
      switch field.number {
      case 1: count = try thrift.integer(field)
      case 4: encoding = try Encoding(code: try thrift.integer(field))
      case 5: definitionBytes = try thrift.integer(field)
      case 6: repetitionBytes = try thrift.integer(field)
      case 7: isCompressed = try thrift.bool(field)
      default: try thrift.skip(field)
      }
    }
    kind = .dataV2(
      repetitionBytes: repetitionBytes, definitionBytes: definitionBytes, isCompressed: isCompressed)
  }
}

/// How the values or levels of a page are written (parquet-format, Encodings.md).
enum Encoding: Int {
  case plain = 0
  /// Old name of `rleDictionary`; of a dictionary itself, `plain`.
  case plainDictionary = 2
  case rle, bitPacked, deltaBinaryPacked, deltaLengthByteArray, deltaByteArray, rleDictionary, byteStreamSplit

  init(code: Int) throws(ParquetFault) {
    guard let encoding = Encoding(rawValue: code) else {
      throw .unsupported(feature: "encoding \(code)", cure: "write the file with the encoding PLAIN")
    }
    self = encoding
  }
}

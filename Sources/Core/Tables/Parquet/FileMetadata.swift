/// The footer: what columns there are and where their pages stand (parquet-format, FileMetaData).
struct FileMetadata {
  var schema: [SchemaElement] = []
  var rowCount = 0
  var rowGroups: [RowGroup] = []

  static let magic: [UInt8] = Array("PAR1".utf8)
  private static let encryptedMagic: [UInt8] = Array("PARE".utf8)
  private static let decryption = ParquetFault.unsupported(
    feature: "encryption", cure: "write the file again without it")

  /// Reads the footer, which the last eight bytes of the file measure.
  init(_ file: FileBytes) throws(ParquetFault) {
    guard file.count >= 12 else { throw .damaged("it is too short for a Parquet file") }
    let tail = try file.read(file.count - 8..<file.count)
    let last = Array(tail[4...])
    guard last != Self.encryptedMagic else { throw Self.decryption }
    guard last == Self.magic else { throw .damaged("it does not end as a Parquet file does (it may be cut off)") }
    let length = Int(tail.littleEndian(at: 0, width: 4))
    let end = file.count - 8
    guard length <= end - 4 else { throw .damaged("its footer is longer than the file") }
    var thrift = ThriftReader(try file.read(end - length..<end))
    self = try FileMetadata(&thrift)
    try check(dataEnd: end - length)
  }

  /// Most columns with their groups. A name of no letters takes three bytes of a file, and a hundred times that here.
  private static let maximumColumns = 100_000

  private init(_ thrift: inout ThriftReader) throws(ParquetFault) {
    var last = 0
    while let field = try thrift.field(after: &last) {
      switch field.number {
      case 2:
        guard try thrift.peekCount(field) <= Self.maximumColumns else {
          throw .unsupported(
            feature: "a table of more than \(Self.maximumColumns) columns", cure: "write fewer of them into the file")
        }
        schema = try thrift.structures(field) { thrift throws(ParquetFault) in try SchemaElement(&thrift) }
      case 3: rowCount = try thrift.integer(field)
      case 4: rowGroups = try thrift.structures(field) { thrift throws(ParquetFault) in try RowGroup(&thrift) }
      case 8: throw Self.decryption
      default: try thrift.skip(field)
      }
    }
  }

  /// Row groups that hold each other's rows, or columns that share their bytes, would make a small file endless.
  private func check(dataEnd: Int) throws(ParquetFault) {
    var (rows, bytes) = (0, 0)
    for group in rowGroups {
      guard group.rowCount <= Int.max - rows else {
        throw .damaged("a row group has an impossible number of rows")
      }
      rows += group.rowCount
      for chunk in group.columns {
        guard chunk.valueCount >= 0 else { throw .damaged("a column has an impossible number of values") }
        // Where there are no values, writers disagree on what the offset is.
        guard chunk.valueCount > 0 else { continue }
        guard chunk.start >= 4, chunk.start <= dataEnd, (0...dataEnd - chunk.start).contains(chunk.size) else {
          throw .damaged("a column lies outside it")
        }
        bytes += chunk.size
        guard bytes <= dataEnd else { throw .damaged("its columns overlap") }
      }
    }
    guard rows == rowCount else { throw .damaged("its row groups hold \(rows) rows, its footer says \(rowCount)") }
  }

  struct RowGroup {
    var columns: [ColumnChunk] = []
    var rowCount = -1

    init(_ thrift: inout ThriftReader) throws(ParquetFault) {
      var last = 0
      while let field = try thrift.field(after: &last) {
        switch field.number {
        case 1: columns = try thrift.structures(field) { thrift throws(ParquetFault) in try ColumnChunk(&thrift) }
        case 3: rowCount = try thrift.integer(field)
        default: try thrift.skip(field)
        }
      }
      guard rowCount >= 0 else { throw .damaged("a row group has an impossible number of rows") }
    }
  }

  /// The pages of one column in one row group.
  struct ColumnChunk {
    var type: PhysicalType?
    var codec = 0
    /// Values with nulls.
    var valueCount = -1
    /// Bytes of all pages with their headers.
    var size = -1
    /// Where the first page stands.
    var start = -1
    private var hasMetadata = false

    init(_ thrift: inout ThriftReader) throws(ParquetFault) {
      var last = 0
      while let field = try thrift.field(after: &last) {
        switch field.number {
        case 1:
          guard try thrift.text(field).isEmpty else {
            throw .unsupported(feature: "a column in another file", cure: "write the rows into one file")
          }
        case 3: try readMetadata(field, &thrift)
        case 8, 9: throw FileMetadata.decryption
        default: try thrift.skip(field)
        }
      }
      guard hasMetadata else { throw .damaged("a column does not say where it is") }
    }

    private mutating func readMetadata(
      _ field: ThriftReader.Field, _ thrift: inout ThriftReader
    ) throws(ParquetFault) {
      try thrift.structure(field)
      hasMetadata = true
      var (data, dictionary) = (-1, 0)
      var last = 0
      while let field = try thrift.field(after: &last) {
        switch field.number {
        case 1: type = PhysicalType(rawValue: try thrift.integer(field))
        case 4: codec = try thrift.integer(field)
        case 5: valueCount = try thrift.integer(field)
        case 7: size = try thrift.integer(field)
        case 9: data = try thrift.integer(field)
        case 11: dictionary = try thrift.integer(field)
        default: try thrift.skip(field)
        }
      }
      // The dictionary stands before the values; writers without one leave the offset out or write 0.
      start = dictionary > 0 ? min(data, dictionary) : data
    }
  }
}

enum PhysicalType: Int {
  case boolean = 0
  case int32, int64, int96, float, double, byteArray, fixedLengthByteArray
}

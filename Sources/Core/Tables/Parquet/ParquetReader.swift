import JSON

/// Reads the rows of an Apache Parquet file (parquet.apache.org/docs/file-format), the form in which data sets are
/// mostly handed around. One page of each column is in memory at a time.
///
/// What values become: texts, numbers, truth values, lists and structs their like in JSON; numbers of 64 bits without a
/// sign beyond 2⁶³, decimals and all floating-point ones a `.number`; dates, times and timestamps a text in ISO 8601; a
/// map an object, or where its keys are no texts a list of objects with `key` and `value`; a text declared to be JSON
/// the value it writes, or itself where it writes none. Bytes that are not declared to be a text are one if they are
/// UTF-8 (older writers declare nothing), else null: JSON has no bytes.
public final class ParquetReader: TableReader {
  public let rowCount: Int?
  /// Names of the columns at the top level, also of those that are not read.
  public let columnNames: [String]

  private let path: String
  private let file: FileBytes
  private let rowGroups: [FileMetadata.RowGroup]
  private let tree: ColumnTree
  private let budget: MemoryBudget
  private var nextGroup = 0
  private var rows: RowAssembler?
  private var leftInGroup = 0
  private var rowsRead = 0
  private var failure: TableError?

  /// What a file begins with.
  public static let magic: [UInt8] = FileMetadata.magic

  /// Opens a file and checks its footer.
  /// - Parameter columns: which columns of the top level are read; nil for all. Names that the file has not are passed
  ///   over. What an unread column is made of does not matter.
  public init(path: String, columns: Set<String>? = nil) throws(TableError) {
    do {
      let file = try FileBytes(path: path)
      let metadata = try FileMetadata(file)
      let tree = try ColumnTree(metadata.schema, columns: columns)
      (self.path, self.file, rowGroups, self.tree) = (path, file, metadata.rowGroups, tree)
      (rowCount, columnNames) = (metadata.rowCount, tree.names)
      budget = MemoryBudget(fileSize: file.count)
    } catch {
      throw error.error(path: path)
    }
  }

  public var progress: Double {
    guard let rowCount, rowCount > 0 else { return 1 }
    return Double(rowsRead) / Double(rowCount)
  }

  /// The next row, its columns in the schema's order; nil at the end.
  /// - Throws: `TableError`, with the row's number from 1 on and the column. Every later call throws the same.
  public func next() throws(TableError) -> JSONObject? {
    if let failure { throw failure }
    do {
      while leftInGroup == 0 {
        try rows?.finish()
        rows = nil
        guard nextGroup < rowGroups.count else { return nil }
        let group = rowGroups[nextGroup]
        nextGroup += 1
        guard group.rowCount > 0 else { continue }
        rows = try RowAssembler(tree, group, file, budget)
        leftInGroup = group.rowCount
      }
      let row = try rows?.nextRow()
      leftInGroup -= 1
      rowsRead += 1
      return row
    } catch {
      let failure = error.found(in: "row \(rowsRead + 1)").error(path: path)
      self.failure = failure
      rows = nil
      throw failure
    }
  }
}

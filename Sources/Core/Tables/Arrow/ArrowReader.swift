import Base
import JSON

/// The rows of an Arrow IPC stream (what `datasets` keeps on disk) or an Arrow IPC file (Feather V2), a batch at a time.
///
/// Source: the Arrow columnar format, "Serialization and Interprocess Communication", and its FlatBuffers schemas.
public final class ArrowReader: TableReader {
  /// What a file begins with, before the stream that it holds.
  public static let fileMagic: [UInt8] = Array("ARROW1".utf8)
  /// What a stream begins with: the mark of a message.
  public static let streamMagic: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF]

  private let path: String
  private let file: MappedFile
  private var layout: ArrowLayout
  private let schema: ArrowSchema
  private var dictionaries: [Int64: [JSONValue]] = [:]
  private var columns: [ArrowColumn] = []
  private var batchRows = 0
  /// Where the batch lies in the file.
  private var batch = 0..<0
  private var row = 0
  private var rowsBefore = 0

  /// - Throws: `TableError`.
  public init(path: String) throws(TableError) {
    self.path = path
    do { file = try MappedFile(path: path) } catch {
      throw .unreadable(path: path, why: (error as? MappedFileError)?.reason ?? "\(error)")
    }
    do throws(ArrowFault) {
      (layout, schema) = try ArrowLayout.read(file)
    } catch {
      throw error.error(path)
    }
  }

  /// Neither a stream nor a file's footer says how many rows there are.
  public var rowCount: Int? { nil }

  public var progress: Double {
    let share = batchRows > 0 ? Double(row) / Double(batchRows) : 1
    return (Double(batch.lowerBound) + share * Double(batch.count)) / Double(file.count)
  }

  public func next() throws(TableError) -> JSONObject? {
    do throws(ArrowFault) {
      while row == batchRows {
        guard try advance() else { return nil }
      }
    } catch {
      throw error.error(path)
    }
    do throws(ArrowFault) {
      var budget = RowBudget()
      let object = try ArrowColumn.object(columns, isDistinct: schema.hasDistinctNames, at: row, &budget)
      row += 1
      return object
    } catch {
      guard case .damaged(let problem) = error else { throw error.error(path) }
      throw .damaged(path: path, problem: "row \(rowsBefore + row + 1): \(problem)")
    }
  }

  /// Moves to the next batch of rows; false at the end.
  private func advance() throws(ArrowFault) -> Bool {
    file.release(batch)
    guard let message = try layout.next(file) else { return false }
    batch = message.body.range
    switch message.kind {
    case .schema: throw .damaged("it has a second schema")
    case .dictionary(let table, let id, let isDelta):
      try keep(table, message.body, id: id, isDelta: isDelta)
    case .rows(let table):
      let rows = try ArrowBatch(table, body: message.body, fields: schema.fields, dictionaries: dictionaries)
      columns = rows.columns
      rowsBefore += batchRows
      (row, batchRows) = (0, rows.length)
    case .other: break
    }
    return true
  }

  /// The entries of a dictionary, as values: what points into it reads them.
  private func keep(
    _ table: FlatTable, _ body: MappedBytes, id: Int64, isDelta: Bool
  ) throws(ArrowFault) {
    guard var field = schema.dictionary(id) else { throw .damaged("it has a dictionary that no column uses") }
    field.dictionary = nil
    let batch = try ArrowBatch(table, body: body, fields: [field], dictionaries: dictionaries)
    var entries = isDelta ? dictionaries[id] ?? [] : []
    for index in 0..<batch.length {
      var budget = RowBudget()
      entries.append(try batch.columns[0].value(at: index, &budget))
    }
    dictionaries[id] = entries
  }
}

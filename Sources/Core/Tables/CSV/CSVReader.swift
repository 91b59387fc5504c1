import JSON

/// What ends the reading of a CSV file, a clause with its line.
public struct CSVProblem: Error, Equatable, CustomStringConvertible {
  public let line: Int
  public let why: String

  public var description: String { "line \(line): \(why)" }
}

/// The rows of a CSV or TSV file with a header: an object a record, whose keys are the header's cells. A cell that is
/// empty and not quoted is null.
public final class CSVReader<Failure: Error> {
  public typealias Row = (line: Int, value: Result<JSONObject, CSVFault>)

  /// What is known of columns by their names.
  public struct Names: Sendable {
    /// Columns that hold texts or messages, whatever their cells look like.
    public var texts: Set<String>
    /// Columns that hold lists.
    public var lists: Set<String>

    public init(texts: Set<String> = [], lists: Set<String> = []) {
      self.texts = texts
      self.lists = lists
    }
  }

  /// Records from which the columns' types are told, and the bytes that are looked at for it.
  private static var sample: (records: Int, bytes: Int) { (1000, 4 << 20) }

  private var records: CSVRecords<Failure>
  private let names: Names
  private var header: [String] = []
  private var columns: [CSVColumn] = []
  private var waiting: [CSVRecords<Failure>.Record] = []
  private var place = 0
  private var isStarted = false

  /// - Parameters:
  ///   - separator: between cells: a comma, or a tab.
  ///   - read: fills the array from its start and returns how many bytes are there, 0 at the end.
  public init(separator: UInt8, names: Names = Names(), read: @escaping (inout [UInt8]) throws(Failure) -> Int) {
    self.names = names
    records = CSVRecords(separator: separator, read: read)
  }

  /// The next row; nil at the end.
  /// - Throws: `CSVProblem`, and what `read` throws.
  public func next() throws -> Row? {
    if !isStarted { try start() }
    if place < waiting.count {
      place += 1
      return row(waiting[place - 1])
    }
    waiting = []
    place = 0
    guard try records.next() else { return nil }
    try checkOpen()
    return row(records.record)
  }

  private func row(_ record: CSVRecords<Failure>.Record) -> Row {
    do throws(CSVFault) {
      if let fault = record.fault { throw fault }
      guard record.count == header.count else { throw .malformed }
      var object = JSONObject()
      for (index, name) in header.enumerated() {
        let cell = record[index]
        if cell.isEmpty, !record.quoted[index] {
          object.set(name, .null)
        } else {
          guard let value = columns[index].value(cell) else { throw .notUTF8 }
          object.set(name, value)
        }
      }
      return (record.line, .success(object))
    } catch {
      return (record.line, .failure(error))
    }
  }

  // MARK: the start of the file

  private func start() throws {
    isStarted = true
    guard try records.next() else { return }
    try checkOpen()
    for index in 0..<records.record.count {
      guard let name = String(validating: records.record[index], as: UTF8.self), records.record.fault == nil else {
        throw CSVProblem(line: records.record.line, why: "the header is not one of CSV in UTF-8")
      }
      guard name.isEmpty || !header.contains(name) else {
        throw CSVProblem(line: records.record.line, why: "the header names the column \(JSONValue.quoted(name)) twice")
      }
      header.append(name)
    }
    if header.count == 1, let other = header[0].first(where: { ";\t|".contains($0) }) {
      throw CSVProblem(
        line: records.record.line,
        why:
          "the header is a single column with \(other == "\t" ? "tabs" : "\"\(other)\"") in it; put commas between cells, "
          + "or name a file with tabs .tsv")
    }
    var bytes = 0
    while waiting.count < Self.sample.records, bytes < Self.sample.bytes, try records.next() {
      try checkOpen()
      bytes += records.record.bytes.count
      waiting.append(records.record)
    }
    for (index, name) in header.enumerated() { columns.append(try column(index, name)) }
  }

  private func column(_ index: Int, _ name: String) throws -> CSVColumn {
    let sound = waiting.filter { $0.fault == nil && $0.count == header.count && !$0[index].isEmpty }
    let cells = sound.map { $0[index] }
    let isNamed = names.texts.contains(name) || names.lists.contains(name)
    if isNamed, let first = sound.first, cells.allSatisfy(CSVColumn.isPython) {
      throw CSVProblem(
        line: first.line,
        why:
          "the column \(JSONValue.quoted(name)) has Python's notation of nested values, as to_csv writes it; write the "
          + "table with to_parquet, or as JSON lines, instead")
    }
    if names.texts.contains(name) {
      return !cells.isEmpty && cells.allSatisfy(CSVColumn.isTextList) ? .json : .textOrMessages
    }
    return CSVColumn(cells)
  }

  private func checkOpen() throws {
    guard records.record.isOpen else { return }
    throw CSVProblem(
      line: records.record.line,
      why: "a cell in quotes that starts in this row does not end; a quote is missing, or the file is cut off")
  }
}

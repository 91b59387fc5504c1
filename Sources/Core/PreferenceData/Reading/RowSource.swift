import Foundation
import JSON
import Tables

/// The rows of one file, whatever kind of file it is, one at a time in flat memory: what training data, `rows`, `score`,
/// `generate` and `tokenize` are read from. A file of columns shows in its first bytes, a CSV or TSV file in its name, and
/// all else is JSON lines or one JSON array.
public struct RowSource {
  public struct Row: Sendable {
    /// Line the row starts on, or the row's number in a file of columns; both from 1.
    public var line: Int
    /// The row, or why it cannot be read.
    public var value: Result<JSONValue, DropReason>
  }

  private let path: String
  // One of the three is there.
  private var lines: RowReader?
  private var table: (any TableReader)?
  private var cells: SeparatedRows?
  private var tableRow = 0

  /// Bytes of the row last read, roughly: for reports of progress.
  private(set) var rowSize = 0

  /// - Parameters:
  ///   - path: "-" is standard input, which has JSON.
  ///   - readsArrays: false where every line is a value of its own, so that a list may start a line (`tokenize --chat`).
  ///   - columns: names of columns that CSV files have texts in, beside those of the known formats.
  public init(path: String, readsArrays: Bool = true, columns: ColumnMap? = nil) throws(DataError) {
    self.path = path
    switch try DataFileKind(path: path) {
    case .lines: lines = RowReader(try ByteSource(path: path), readsArrays: readsArrays)
    case .separated(let separator): cells = SeparatedRows(try ByteSource(path: path), separator, columns: columns)
    case .table(let kind):
      do { table = try kind.reader(path: path) } catch { throw .table(error) }
    }
  }

  /// Share of the file read so far, 0 … 1; 0 for a pipe.
  public var progress: Double { lines?.progress ?? cells?.progress ?? table?.progress ?? 0 }

  /// What `Row.line` counts.
  public var unit: String { table == nil ? "line" : "row" }

  /// The next row that is not blank, nil at the end.
  public mutating func next() throws(DataError) -> Row? {
    if lines != nil { return try nextLine() }
    if let row = try cells?.next() {
      rowSize = 256
      return row
    }
    guard let table else { return nil }
    let row: JSONObject?
    do { row = try table.next() } catch { throw .table(error) }
    tableRow += 1
    rowSize = 1024
    return row.map { Row(line: tableRow, value: .success(.object($0))) }
  }

  private mutating func nextLine() throws(DataError) -> Row? {
    guard try lines?.next() == true, let line = lines?.line, let isTooLong = lines?.isTooLong else { return nil }
    rowSize = lines?.row.count ?? 0
    do throws(DropReason) {
      guard !isTooLong else { throw .rowTooLong }
      return Row(line: line, value: .success(try JSONValue.row(lines?.row ?? [])))
    } catch {
      return Row(line: line, value: .failure(error))
    }
  }
}

/// What a file of rows is.
public enum DataFileKind {
  case lines
  case table(TableFile)
  /// CSV or TSV.
  case separated(UInt8)

  public init(path: String) throws(DataError) {
    self = .lines
    guard path != "-" else { return }
    // Only what can be read twice is looked into: a pipe's bytes would be gone.
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      let head = try? FileHandle(forReadingAtPath: path)?.read(upToCount: TableFile.headLength),
      let table = TableFile(head: head)
    {
      self = .table(table)
    } else if let separator = Self.separator(path) {
      let isJSON = status.st_mode & S_IFMT == S_IFREG ? try Self.beginsAsJSON(path) : false
      if !isJSON { self = .separated(separator) }
    }
  }

  /// What a file's name says of how it is read, beside its bytes.
  public static func nameSetting(_ path: String) -> String { separator(path).map { "separator \($0)" } ?? "" }

  /// What places in a file are counted in: "row" in a file of columns, otherwise "line".
  public static func unit(of path: String) -> String {
    if case .table? = try? DataFileKind(path: path) { "row" } else { "line" }
  }

  /// The kind of a file's rows by its name, compression taken off; nil for all but CSV and TSV.
  static func separator(_ path: String) -> UInt8? {
    let name = path.lowercased()
    let plain = [".gz", ".zst"].first(where: name.hasSuffix).map { name.dropLast($0.count) } ?? name[...]
    if plain.hasSuffix(".csv") { return UInt8(ascii: ",") }
    return plain.hasSuffix(".tsv") ? 0x09 : nil
  }

  private static func beginsAsJSON(_ path: String) throws(DataError) -> Bool {
    var chunk = [UInt8](repeating: 0, count: 4096)
    let count = try ByteSource(path: path).read(into: &chunk, rows: 0)
    let text = chunk[..<count]
    if let kind = DataError.ForeignKind.recognise(text) { throw .notJSON(path: path, kind: kind) }
    let first = text.first { !$0.isASCIISpace }
    return first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
  }
}

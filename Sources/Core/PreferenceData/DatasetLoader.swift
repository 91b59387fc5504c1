import JSON

/// Turns files into records, one after another, accounting for each row once. Holds no record but those of unpaired
/// feedback, which must wait for the end of their file.
struct DatasetLoader {
  /// Rows looked at before a file is given up as of no known format.
  static let recognitionRows = 100

  private let paths: [String]
  private let requested: DataFormat?
  /// Those that files are recognised as.
  private let known: [DataFormat]
  private let columns: ColumnMap?
  private let maxBadRows: Double
  private let keepsUnpaired: Bool
  private(set) var emitted = 0
  private(set) var report: DataReport
  private(set) var formats: [DataFormat] = []
  private var seen: Set<UInt64> = []
  private var merged = RowMerger()

  init(
    paths: [String], requested: DataFormat?, among known: [DataFormat], columns: ColumnMap?, maxBadRows: Double,
    keepsUnpaired: Bool = false
  ) {
    self.known = known
    self.paths = paths
    // With columns, a file is read once a row has them all.
    self.requested = columns == nil ? requested : nil
    self.columns = columns
    self.maxBadRows = maxBadRows
    self.keepsUnpaired = keepsUnpaired
    report = DataReport(files: paths)
  }

  mutating func load(file: Int, progress: (Double) -> Void, emit: (PreferenceRecord) throws -> Void) throws {
    let path = paths[file]
    var source = try RowSource(path: path, columns: columns)
    report.countsRows = paths.count == 1 && source.unit == "row"
    let before = report
    var format = requested
    var waiting: [(JSONObject, Int)] = []
    var bytes = 0
    while let next = try source.next() {
      report.rowsRead += 1
      bytes += source.rowSize
      if bytes >= ByteSource.chunkSize {
        bytes = 0
        progress(source.progress)
      }
      guard let row = object(in: next, file: file) else { continue }
      if let format {
        try add(row, as: rowFormat(format), file: file, line: next.line, emit: emit)
        continue
      }
      waiting.append((row, next.line))
      format = recognise(row)
      if let format, let (recognised, _) = waiting.last {
        if columns == nil, let choice = format.reader.question(recognised) {
          throw DataError.needsChoice(path: path, choices: choice.formats, why: choice.why)
        }
        try flush(&waiting, as: rowFormat(format), file: file, emit: emit)
      } else if waiting.count >= DatasetLoader.recognitionRows {
        break
      }
    }
    guard report.rowsRead > before.rowsRead else { throw DataError.empty(path: path) }
    if format == nil, let (row, line) = waiting.first {
      if let column = columns?.names.first(where: { row[$0] == nil }) {
        throw DataError.missingColumn(path: path, place: "\(source.unit) \(line)", column: column, keys: row.keys)
      }
      throw DataError.unrecognisedFormat(path: path, place: "\(source.unit) \(line)", keys: row.keys)
    }
    try checkBadRows(path: path, before: before)
    guard let format else { throw DataError.nothingUsable(path: path, details: report.lines().joined(separator: "; ")) }
    formats.append(format)
    report.formats = formats
    for list in merged.takeAll() { try keep(list.raw, rows: list.rows, file: file, line: list.line, emit: emit) }
  }

  private func recognise(_ row: JSONObject) -> DataFormat? {
    guard let columns else { return DataFormat.recognise(row, among: known) }
    return columns.names.allSatisfy(row.contains) ? .scored : nil
  }

  private func rowFormat(_ format: DataFormat) -> any RowFormat {
    columns.map { ScoredFormat(columns: $0) } ?? format.reader
  }

  // MARK: rows

  /// The row as a JSON object; nil where it is none, which is then counted.
  private mutating func object(in row: RowSource.Row, file: Int) -> JSONObject? {
    do throws(DropReason) {
      guard let object = try row.value.get().object else { throw .wrongType }
      return object
    } catch {
      report.drop(error, file: file, line: row.line)
      return nil
    }
  }

  private mutating func flush(
    _ waiting: inout [(JSONObject, Int)], as format: any RowFormat, file: Int,
    emit: (PreferenceRecord) throws -> Void
  ) throws {
    for (row, line) in waiting { try add(row, as: format, file: file, line: line, emit: emit) }
    waiting = []
  }

  private mutating func add(
    _ row: JSONObject, as format: any RowFormat, file: Int, line: Int, emit: (PreferenceRecord) throws -> Void
  ) throws {
    let raw: RawPreference
    do throws(DropReason) {
      raw = try format.read(row)
      if raw.joinsByPrompt { try merged.add(raw, line: line) }
    } catch {
      return report.drop(error, file: file, line: line)
    }
    if !raw.joinsByPrompt { try keep(raw, rows: [line], file: file, line: line, emit: emit) }
  }

  /// Checks a list and keeps it, or drops every row it was made of.
  private mutating func keep(
    _ raw: RawPreference, rows: [Int], file: Int, line: Int, emit: (PreferenceRecord) throws -> Void
  ) throws {
    var record: PreferenceRecord
    do throws(DropReason) {
      let notes: [DataNote]
      (record, notes) = try raw.record(file: file, line: line, keepsUnpaired: keepsUnpaired)
      for note in notes { report.note(note, file: file, line: line) }
    } catch {
      for row in rows { report.drop(error, file: file, line: row) }
      return
    }
    record.rows = rows.count
    if !seen.insert(record.textHash).inserted { report.note(.duplicateRow, file: file, line: line) }
    emitted += 1
    report.kept += rows.count
    try emit(record)
  }

  private func checkBadRows(path: String, before: DataReport) throws(DataError) {
    let rows = report.rowsRead - before.rowsRead
    let bad = report.badRows - before.badRows
    guard Double(bad) > maxBadRows * Double(rows) else { return }
    let details = DropReason.allCases.filter(\.isBad).compactMap { reason -> String? in
      guard let tally = report.dropped[reason] else { return nil }
      let earlier = before.dropped[reason]?.count ?? 0
      guard tally.count > earlier else { return nil }
      return "\(grouped(tally.count - earlier)) × \(reason.phrase) (\(report.places(of: tally)))"
    }
    throw .tooManyBadRows(path: path, bad: bad, of: rows, limit: maxBadRows, details: details.joined(separator: "; "))
  }
}

/// Joins rows of unpaired feedback that have the same prompt into one list, in the file's order.
struct RowMerger {
  struct List {
    var raw: RawPreference
    var line: Int
    var rows: [Int]
  }

  private var lists: [List] = []
  private var index: [TextOrMessages: Int] = [:]

  mutating func add(_ raw: RawPreference, line: Int) throws(DropReason) {
    guard raw.rewards.allSatisfy(\.isFinite) else { throw .rewardNotFinite }
    guard let at = index[raw.prompt] else {
      index[raw.prompt] = lists.count
      lists.append(List(raw: raw, line: line, rows: [line]))
      return
    }
    lists[at].raw.responses += raw.responses
    lists[at].raw.rewards += raw.rewards
    lists[at].rows.append(line)
  }

  mutating func takeAll() -> [List] {
    defer { self = RowMerger() }
    return lists
  }
}

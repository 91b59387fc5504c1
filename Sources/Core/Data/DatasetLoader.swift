/// Turns files into records, one after another, accounting for each row once. Holds no record but those of unpaired
/// feedback, which must wait for the end of their file.
struct DatasetLoader {
  /// Rows looked at before a file is given up as of no known format.
  static let recognitionRows = 100

  private let paths: [String]
  private let requested: DataFormat?
  private let columns: ColumnMap?
  private let maxBadRows: Double
  private let keepsUnpaired: Bool
  private(set) var emitted = 0
  private(set) var report: DataReport
  private(set) var formats: [DataFormat] = []
  private var seen: Set<UInt64> = []
  private var merged = RowMerger()

  init(
    paths: [String], requested: DataFormat?, columns: ColumnMap?, maxBadRows: Double, keepsUnpaired: Bool = false
  ) {
    self.paths = paths
    self.requested = columns == nil ? requested : .scored
    self.columns = columns
    self.maxBadRows = maxBadRows
    self.keepsUnpaired = keepsUnpaired
    report = DataReport(files: paths)
  }

  mutating func load(file: Int, progress: (Double) -> Void, emit: (PreferenceRecord) -> Void) throws(DataError) {
    let path = paths[file]
    var reader = RowReader(try ByteSource(path: path))
    let before = report
    var format = requested
    var waiting: [(JSONObject, Int)] = []
    var bytes = 0
    while try reader.next() {
      report.rowsRead += 1
      bytes += reader.row.count
      if bytes >= ByteSource.chunkSize {
        bytes = 0
        progress(reader.progress)
      }
      do throws(DropReason) {
        guard !reader.isTooLong else { throw .rowTooLong }
        guard let row = try JSONParser.parse(reader.row).object else { throw .wrongType }
        if let format {
          try add(row, as: rowFormat(format), file: file, line: reader.line, emit: emit)
          continue
        }
        waiting.append((row, reader.line))
        format = DataFormat.recognise(row)
      } catch {
        report.drop(error, file: file, line: reader.line)
      }
      if let format, let (recognised, _) = waiting.last {
        if let choice = format.reader.question(recognised) {
          throw .needsChoice(path: path, choices: choice.formats, why: choice.why)
        }
        flush(&waiting, as: rowFormat(format), file: file, emit: emit)
      } else if waiting.count >= DatasetLoader.recognitionRows {
        break
      }
    }
    guard report.rowsRead > before.rowsRead else { throw .empty(path: path) }
    if format == nil, let (row, line) = waiting.first {
      throw .unrecognisedFormat(path: path, line: line, keys: row.members.map(\.key))
    }
    try checkBadRows(path: path, before: before)
    guard let format else { throw .nothingUsable(path: path, details: report.lines().joined(separator: "; ")) }
    formats.append(format)
    report.formats = formats
    for list in merged.takeAll() { keep(list.raw, rows: list.rows, file: file, line: list.line, emit: emit) }
  }

  private func rowFormat(_ format: DataFormat) -> any RowFormat {
    columns.map { ScoredFormat(columns: $0) } ?? format.reader
  }

  // MARK: rows

  private mutating func flush(
    _ waiting: inout [(JSONObject, Int)], as format: any RowFormat, file: Int, emit: (PreferenceRecord) -> Void
  ) {
    for (row, line) in waiting {
      do throws(DropReason) {
        try add(row, as: format, file: file, line: line, emit: emit)
      } catch {
        report.drop(error, file: file, line: line)
      }
    }
    waiting = []
  }

  private mutating func add(
    _ row: JSONObject, as format: any RowFormat, file: Int, line: Int, emit: (PreferenceRecord) -> Void
  ) throws(DropReason) {
    let raw = try format.read(row)
    if raw.joinsByPrompt {
      try merged.add(raw, line: line)
    } else {
      keep(raw, rows: [line], file: file, line: line, emit: emit)
    }
  }

  /// Checks a list and keeps it, or drops every row it was made of.
  private mutating func keep(
    _ raw: RawPreference, rows: [Int], file: Int, line: Int, emit: (PreferenceRecord) -> Void
  ) {
    do throws(DropReason) {
      var (record, notes) = try raw.record(file: file, line: line, keepsUnpaired: keepsUnpaired)
      record.rows = rows.count
      for note in notes { report.note(note, file: file, line: line) }
      if !seen.insert(record.textHash).inserted { report.note(.duplicateRow, file: file, line: line) }
      emit(record)
      emitted += 1
      report.kept += rows.count
    } catch {
      for row in rows { report.drop(error, file: file, line: row) }
    }
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

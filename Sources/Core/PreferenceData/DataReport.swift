/// What became of every row that was read: rowsRead = kept + dropped, always.
public struct DataReport: Sendable, Equatable {
  /// How many rows, and where the first of them are.
  public struct Tally: Sendable, Equatable {
    public static let listed = 3

    public var count = 0
    /// Lines (from 1) of the first three.
    public var firstLines: [Int] = []
    /// For each of `firstLines` the file it is in, as an index into `DataReport.files`.
    public var firstFiles: [Int] = []

    mutating func add(file: Int, line: Int, count added: Int = 1) {
      count += added
      guard firstLines.count < Tally.listed else { return }
      firstLines.append(line)
      firstFiles.append(file)
    }

    /// Both counts, and the first three places of both.
    func merged(_ other: Tally) -> Tally {
      let places = zip(firstFiles + other.firstFiles, firstLines + other.firstLines).sorted(by: <).prefix(Tally.listed)
      return Tally(count: count + other.count, firstLines: places.map(\.1), firstFiles: places.map(\.0))
    }
  }

  /// How the best response's length compares with the mean of those below it, over the encoded prompts.
  public struct Lengths: Sendable, Equatable {
    public var longer = 0
    public var shorter = 0
    public var equal = 0

    mutating func add(_ responses: [[Int32]], candidates: Range<Int>) {
      guard let best = responses.first, !candidates.isEmpty else { return }
      // best against the mean, without dividing
      let (left, right) = (best.count * candidates.count, candidates.reduce(0) { $0 + responses[$1].count })
      if left > right { longer += 1 } else if left < right { shorter += 1 } else { equal += 1 }
    }

    /// A warning where at least 20 prompts lean one way in four of five cases.
    var warning: String? {
      let all = longer + shorter + equal
      guard all >= 20 else { return nil }
      for (count, word) in [(longer, "longer"), (shorter, "shorter")] where count * 5 >= all * 4 {
        return
          "note: the best response is the \(word) one for \(count * 100 / all) % of the prompts; a model can learn length "
          + "instead of quality"
      }
      return nil
    }
  }

  /// Paths as the user wrote them.
  public var files: [String]
  /// The format each file was read as.
  public var formats: [DataFormat]
  public var rowsRead = 0
  /// Places are numbers of rows: the only file is one of columns and has no lines.
  public var countsRows = false
  /// Rows that are trained on. Formats that spread one list over several rows (unpaired feedback) merge them into
  /// fewer records, so this can be more than the number of records.
  public var kept = 0
  public var dropped: [DropReason: Tally] = [:]
  public var notes: [DataNote: Tally] = [:]
  public var lengths = Lengths()
  /// The first sentence with which the model's chat template refused a row.
  public var templateRefusal: String?

  public init(files: [String] = [], formats: [DataFormat] = []) {
    self.files = files
    self.formats = formats
  }

  public var droppedRows: Int { dropped.values.reduce(0) { $0 + $1.count } }

  /// Rows that could not be read, which `data.max_bad_rows` limits.
  public var badRows: Int { dropped.reduce(0) { $0 + ($1.key.isBad ? $1.value.count : 0) } }

  public mutating func drop(_ reason: DropReason, file: Int, line: Int, rows: Int = 1) {
    dropped[reason, default: Tally()].add(file: file, line: line, count: rows)
  }

  public mutating func note(_ note: DataNote, file: Int, line: Int) {
    notes[note, default: Tally()].add(file: file, line: line)
  }

  /// Adds what became of these rows later on; `other` has no rows of its own.
  mutating func merge(_ other: DataReport) {
    kept += other.kept
    dropped.merge(other.dropped) { $0.merged($1) }
    notes.merge(other.notes) { $0.merged($1) }
    lengths.longer += other.lengths.longer
    lengths.shorter += other.lengths.shorter
    lengths.equal += other.lengths.equal
    templateRefusal = templateRefusal ?? other.templateRefusal
  }

  /// The report for printing, one line an entry, in a fixed order.
  public func lines() -> [String] {
    let names = Set(formats).sorted { $0.rawValue < $1.rawValue }.map(\.rawValue).joined(separator: ", ")
    var result = [
      "\(grouped(rowsRead)) \(rowsRead == 1 ? "row" : "rows") read\(names.isEmpty ? "" : " as \(names)"), \(grouped(kept)) kept, "
        + "\(grouped(droppedRows)) dropped"
    ]
    for reason in DropReason.allCases {
      guard let tally = dropped[reason] else { continue }
      result.append("dropped \(grouped(tally.count)): \(reason.phrase) (\(places(of: tally)))")
    }
    for note in DataNote.allCases {
      guard let tally = notes[note] else { continue }
      result.append("note: \(grouped(tally.count)) \(note.phrase) (\(places(of: tally)))")
    }
    if let warning = lengths.warning { result.append(warning) }
    if let templateRefusal { result.append("the chat template says: \(templateRefusal)") }
    return result
  }

  /// "line 4", "lines 4, 9, 12, …", with the file's name before each where there are several files.
  func places(of tally: Tally) -> String {
    var parts: [String] = []
    for (line, file) in zip(tally.firstLines, tally.firstFiles) {
      parts.append(files.count > 1 && files.indices.contains(file) ? "\(files[file]):\(line)" : "\(line)")
    }
    let more = tally.count > parts.count ? ", …" : ""
    let lead = files.count > 1 ? "" : (countsRows ? "row" : "line") + (tally.count == 1 ? " " : "s ")
    return lead + parts.joined(separator: ", ") + more
  }
}

/// 12345 as "12,345".
func grouped(_ number: Int) -> String {
  var digits = Array(String(number.magnitude))
  var index = digits.count - 3
  while index > 0 {
    digits.insert(",", at: index)
    index -= 3
  }
  return (number < 0 ? "-" : "") + String(digits)
}

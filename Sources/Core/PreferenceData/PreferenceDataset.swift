/// Preference data in memory, with the account of every row that was read.
public struct PreferenceDataset: Sendable {
  public var records: [PreferenceRecord]
  public var report: DataReport
  /// The format of each path.
  public var formats: [DataFormat]
  /// The first path's format.
  public var format: DataFormat

  public init(records: [PreferenceRecord], report: DataReport, formats: [DataFormat], format: DataFormat) {
    self.records = records
    self.report = report
    self.formats = formats
    self.format = format
  }

  /// What `body` of `stream` throws when it has enough: the reading ends there, and nothing is wrong.
  public struct EnoughRows: Error {
    public init() {}
  }

  /// Reads `paths` (what `RowSource` reads).
  ///
  /// - Parameters:
  ///   - format: how to read every file; nil recognises each by its content.
  ///   - formats: those that files are recognised as.
  ///   - columns: the file's own names for prompt, responses and rewards; overrides `format`.
  ///   - maxBadRows: share of a file's rows, 0 … 1, that may be unreadable (`DropReason.isBad`).
  ///   - keepsUnpaired: keep prompts whose responses are not ordered, a single one among them: for losses that judge each
  ///     response on its own.
  ///   - progress: called with the share read so far, 0 … 1, about once a megabyte.
  /// - Throws: `DataError`, one sentence.
  public static func load(
    paths: [String], format: DataFormat? = nil, among formats: [DataFormat] = DataFormat.allCases,
    columns: ColumnMap? = nil, maxBadRows: Double = 0.01, keepsUnpaired: Bool = false,
    progress: ((Double) -> Void)? = nil
  ) throws -> PreferenceDataset {
    var records: [PreferenceRecord] = []
    let report = try stream(
      paths: paths, format: format, among: formats, columns: columns, maxBadRows: maxBadRows,
      keepsUnpaired: keepsUnpaired,
      progress: progress
    ) { records.append($0) }
    guard let first = report.formats.first else { throw DataError.noFiles }
    return PreferenceDataset(records: records, report: report, formats: report.formats, format: first)
  }

  /// As `load`, but hands each record to `body` as soon as it is read, so that memory stays flat however large the file is.
  /// When the bad rows of a file turn out too many, its records have been handed over already. What `body` throws ends
  /// the reading.
  public static func stream(
    paths: [String], format: DataFormat? = nil, among formats: [DataFormat] = DataFormat.allCases,
    columns: ColumnMap? = nil, maxBadRows: Double = 0.01, keepsUnpaired: Bool = false,
    progress: ((Double) -> Void)? = nil, body: (PreferenceRecord) throws -> Void
  ) throws -> DataReport {
    guard !paths.isEmpty else { throw DataError.noFiles }
    if let problem = columns?.problem { throw DataError.badColumns(why: problem) }
    var loader = DatasetLoader(
      paths: paths, requested: format, among: formats, columns: columns, maxBadRows: maxBadRows,
      keepsUnpaired: keepsUnpaired)
    for index in paths.indices {
      do {
        try loader.load(
          file: index, progress: { progress?((Double(index) + $0) / Double(paths.count)) }, emit: body)
      } catch is EnoughRows {
        return loader.report
      }
    }
    progress?(1)
    let report = loader.report
    guard loader.emitted > 0 else {
      throw DataError.nothingUsable(
        path: paths.joined(separator: ", "), details: report.lines().joined(separator: "; "))
    }
    return report
  }
}

import Dispatch
import Foundation
import Synchronization

/// Reads data files and tokenises their records, some thousand rows in memory at a time, into an `ExampleStore`.
public struct DatasetEncoder: Sendable {
  /// How the files are read (`PreferenceDataset.stream`).
  public struct Source: Sendable, Equatable {
    public var paths: [String]
    public var format: DataFormat?
    /// Those that files are recognised as.
    public var formats: [DataFormat]
    public var columns: ColumnMap?
    public var maxBadRows: Double
    public var keepsUnpaired: Bool

    public init(
      paths: [String], format: DataFormat? = nil, among formats: [DataFormat] = DataFormat.allCases,
      columns: ColumnMap? = nil, maxBadRows: Double = 0.01,
      keepsUnpaired: Bool = false
    ) {
      self.paths = paths
      self.format = format
      self.formats = formats
      self.columns = columns
      self.maxBadRows = maxBadRows
      self.keepsUnpaired = keepsUnpaired
    }
  }

  /// Records tokenised together, by all threads.
  private static let batch = 512

  private let encoder: ExampleEncoder
  private let threads: Int

  public init(encoder: ExampleEncoder, threads: Int) {
    self.encoder = encoder
    self.threads = max(1, threads)
  }

  /// - Parameters:
  ///   - cache: where a large store goes; nil keeps it in memory.
  ///   - check: called with every example; what it throws ends the reading.
  ///   - progress: the share read so far, 0 … 1.
  /// - Throws: `DataError`, and what `check` throws.
  public func encode(
    _ source: Source, cache: ExampleCache.Entry?, check: (EncodedExample) throws -> Void,
    progress: ((Double) -> Void)? = nil
  ) throws -> (store: ExampleStore, report: DataReport) {
    do {
      return try encodeAll(source, cache: cache, check: check, progress: progress)
    } catch {
      cache?.abandon()
      throw error
    }
  }

  private func encodeAll(
    _ source: Source, cache: ExampleCache.Entry?, check: (EncodedExample) throws -> Void,
    progress: ((Double) -> Void)?
  ) throws -> (store: ExampleStore, report: DataReport) {
    let writer = ExampleStoreWriter(
      key: cache?.key ?? [UInt8](repeating: 0, count: 32), makeFile: cache.map { cache in { try cache.makeFile() } })
    var outcome = DataReport()
    var waiting: [PreferenceRecord] = []
    var count = 0
    func flush() throws {
      for (record, (result, payload)) in zip(waiting, encode(waiting)) {
        outcome.account(for: record, as: result)
        guard case .success(let example) = result else { continue }
        try check(example)
        try writer.append(example, payload: payload)
      }
      count += waiting.count
      waiting.removeAll(keepingCapacity: true)
    }
    var report = try PreferenceDataset.stream(
      paths: source.paths, format: source.format, among: source.formats, columns: source.columns,
      maxBadRows: source.maxBadRows,
      keepsUnpaired: source.keepsUnpaired, progress: progress
    ) { record in
      if let why = encoder.conflict(with: record) {
        let path = source.paths[record.file]
        throw DataError.contradiction(path: path, why: "\(DataFileKind.unit(of: path)) \(record.line): \(why)")
      }
      waiting.append(record)
      if waiting.count == Self.batch { try flush() }
    }
    try flush()
    report.merge(outcome)
    let store = try writer.finish(report: report)
    try cache?.keep(store)
    return (store, report)
  }

  /// The same results in the same order for any number of threads.
  private func encode(_ records: [PreferenceRecord]) -> [(Result<EncodedExample, EncodingRefusal>, payload: [UInt8])] {
    let parts = min(threads, (records.count + 31) / 32)
    @Sendable func encode(_ record: PreferenceRecord) -> (Result<EncodedExample, EncodingRefusal>, payload: [UInt8]) {
      let result = Result { () throws(EncodingRefusal) in try encoder.encode(record, index: 0) }
      guard case .success(let example) = result else { return (result, []) }
      return (result, ExampleBlock.pack(example, ExampleTexts(record)))
    }
    guard parts > 1 else { return records.map(encode) }
    let results = Mutex([[(Result<EncodedExample, EncodingRefusal>, payload: [UInt8])]](repeating: [], count: parts))
    DispatchQueue.concurrentPerform(iterations: parts) { part in
      let range = records.count * part / parts..<records.count * (part + 1) / parts
      let encoded = records[range].map(encode)
      results.withLock { $0[part] = encoded }
    }
    return results.withLock { $0 }.flatMap { $0 }
  }
}

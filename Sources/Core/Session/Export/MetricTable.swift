import Control
import Foundation

/// A session's numbers by step, under the names of the headless output: what CSV, TensorBoard and comparisons are made
/// of. Steps and the evaluation after a step share a row.
public struct MetricTable: Sendable {
  public struct Row: Sendable {
    public var step: Int
    public var time: Date
    /// nil where the row has no such number.
    public var values: [String: Double]
  }

  public private(set) var rows: [Row] = []

  public init(_ reader: SessionReader) throws {
    try reader.forEach(visits: false) { recorded in
      switch recorded.event {
      case .step(let record): rows.append(Row(step: record.step, time: recorded.time, values: record.numbers))
      case .evaluation(let record):
        if rows.last?.step == record.step {
          rows[rows.count - 1].values.merge(record.numbers) { _, new in new }
        } else {
          rows.append(Row(step: record.step, time: recorded.time, values: record.numbers))
        }
      default: break
      }
    }
  }

  /// The columns that the rows have in tables: those of steps, then those of evaluations.
  public var columns: [String] { Self.columns(of: [self]) }

  /// The catalogue's metrics, and whatever else one of the tables holds.
  static func columns(of tables: [MetricTable]) -> [String] {
    let known = [Self.epoch] + Metric.catalogue.map(\.key)
    let others = Set(tables.flatMap { $0.rows.flatMap(\.values.keys) }).subtracting(known).sorted()
    func moment(_ key: String) -> Metric.Moment { Metric.named(key).moment }
    return [Self.epoch] + Metric.stepMetrics.map(\.key) + others.filter { moment($0) == .step }
      + Metric.evaluationMetrics.map(\.key) + others.filter { moment($0) == .evaluation }
  }

  fileprivate static let epoch = "epoch"

  /// RFC 4180 with a header; empty where there is no number, and for one that is not finite.
  public func csv() -> String {
    let columns = columns
    var text = (["step", "time"] + columns).joined(separator: ",") + "\r\n"
    for row in rows {
      let numbers = columns.map { name in row.values[name].map(Self.text) ?? "" }
      text += ([String(row.step), Self.text(row.time.timeIntervalSince1970)] + numbers).joined(separator: ",") + "\r\n"
    }
    return text
  }

  static func text(_ value: Double) -> String { value.isFinite ? "\(value)" : "" }
}

extension SessionReader {
  /// Every event of the run's line, in order.
  public func forEach(visits: Bool = true, _ body: (RecordedEvent) throws -> Void) throws {
    var cursor: Int64 = 0
    while case let page = try events(after: cursor, visits: visits), page.cursor != cursor {
      for event in page.events { try body(event) }
      cursor = page.cursor
    }
  }
}

extension StepRecord {
  fileprivate var numbers: [String: Double] {
    var numbers = values.byKey
    numbers[MetricTable.epoch] = epoch
    return numbers
  }
}

extension EvaluationRecord {
  fileprivate var numbers: [String: Double] { values.byKey }
}

extension MetricValues {
  fileprivate var byKey: [String: Double] {
    Dictionary(entries.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
  }
}

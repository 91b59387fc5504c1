import Control
import GRDB

/// Where the numbers of a record lie in the database: those that the first schema knew in columns of `step` and in fields
/// of an evaluation's JSON, where everybody's queries find them, and all others in the table `metric`.
enum StoredMetrics {
  /// Metrics with a column of `step`, named as the metric with `_` for `/`.
  static let stepColumns: [Metric] = [
    .loss, .learningRate, .gradientNorm, .chosenReward, .rejectedReward, .margin, .accuracy, .chosenLogProb,
    .rejectedLogProb, .gamma, .ess, .saturatedShare, .tokens, .stepTime, .beta, .kl,
  ]

  /// Metrics with a column that is NULL where the step has no such number; in any other, NULL is a NaN.
  private static let optional: Set<Metric> = [.gamma, .ess, .saturatedShare, .kl]

  static func column(_ metric: Metric) -> String { metric.key.replacing("/", with: "_") }

  static let insertStep: String = {
    let columns = ["seq", "segment", "step", "time", "epoch"] + stepColumns.map(column)
    let places = Array(repeating: "?", count: columns.count)
    return "INSERT INTO step (\(columns.joined(separator: ", "))) VALUES (\(places.joined(separator: ", ")))"
  }()

  /// The values of `stepColumns`.
  static func arguments(_ record: StepRecord) -> [(any DatabaseValueConvertible)?] {
    stepColumns.map { metric in
      guard metric.isCount else { return record.values[metric] }
      return record.values.count(metric)
    }
  }

  /// In the catalogue's order.
  static func values(_ step: DatabaseRow) throws -> MetricValues {
    var values = MetricValues()
    for metric in Metric.stepMetrics where stepColumns.contains(metric) {
      let name = column(metric)
      if metric.isCount {
        // Above that a double counts no more.
        values[metric] = Double(try step.whole(name, in: 0...1 << 53))
      } else if optional.contains(metric) {
        values[metric] = try step.optionalNumber(name)
      } else {
        values[metric] = try step.number(name)
      }
    }
    return values
  }

  // MARK: The table `metric`

  static func insert(_ keys: [String], of values: MetricValues, sequence: Int64, _ db: Database) throws {
    for key in keys {
      try db.cachedStatement(sql: "INSERT INTO metric VALUES (?, ?, ?)").execute(
        arguments: [sequence, key, values[key]])
    }
  }

  /// By sequence number, sorted by key. Sessions before schema 3 have no such table.
  static func read(
    _ db: Database, after first: Int64, through last: Int64
  ) throws -> [Int64: [MetricValues.Entry]] {
    // Asked anew each time: a process that resumes the session makes the table while others have it open.
    let exists = try db.cachedStatement(sql: "SELECT count(*) FROM sqlite_schema WHERE name = 'metric'")
    guard try Int.fetchOne(exists) ?? 0 > 0 else { return [:] }
    var found: [Int64: [MetricValues.Entry]] = [:]
    let statement = try db.cachedStatement(sql: "SELECT * FROM metric WHERE seq > ? AND seq <= ? ORDER BY seq, key")
    let rows = try Row.fetchCursor(statement, arguments: [first, last])
    while let row = try rows.next() {
      let values = DatabaseRow(row: row, table: "metric")
      let key = try values.text("key")
      guard !Metric.reserved.contains(key) else { throw values.problem("key") }
      found[try values.whole("seq"), default: []].append(
        MetricValues.Entry(key: key, value: try values.number("value")))
    }
    return found
  }
}

extension MetricValues {
  /// - Throws: `DatabaseRow.Problem` where a number is in the record already.
  mutating func add(_ entries: [Entry]) throws {
    for entry in entries {
      guard self[entry.key] == nil else {
        throw DatabaseRow.Problem(description: "metric.key holds no value of its kind")
      }
      self[entry.key] = entry.value
    }
  }
}

/// An evaluation's JSON in `event.body`.
extension EventBody {
  struct Evaluation: Codable {
    var step: Int
    var epoch: Double
    var loss: Double
    var chosenReward: Double
    var rejectedReward: Double
    var margin: Double
    var accuracy: Double
    var chosenLogProb: Double
    var rejectedLogProb: Double
    var hardestMargin: Double
    var meanMargin: Double
    var prompts: Int
    var runtime: Double
    var diagnostics: EvaluationDiagnostics?

    init(_ record: EvaluationRecord) {
      step = record.step
      epoch = record.epoch
      loss = record.loss
      chosenReward = record.chosenReward
      rejectedReward = record.rejectedReward
      margin = record.margin
      accuracy = record.accuracy
      chosenLogProb = record.chosenLogProb
      rejectedLogProb = record.rejectedLogProb
      hardestMargin = record.hardestMargin
      meanMargin = record.meanMargin
      prompts = record.prompts
      runtime = record.runtime
      diagnostics = record.diagnostics
    }

    var record: EvaluationRecord {
      EvaluationRecord(
        step: step, epoch: epoch, loss: loss, chosenReward: chosenReward, rejectedReward: rejectedReward,
        margin: margin, accuracy: accuracy, chosenLogProb: chosenLogProb, rejectedLogProb: rejectedLogProb,
        hardestMargin: hardestMargin, meanMargin: meanMargin, prompts: prompts, runtime: runtime,
        diagnostics: diagnostics)
    }
  }
}

extension EvaluationRecord {
  /// Keys of the numbers that its JSON has no field for.
  var keysBesideBody: [String] {
    let kept = EventBody.Evaluation(self).record.values.entries.map { Metric.named($0.key) }
    return values.keys(beside: kept)
  }
}

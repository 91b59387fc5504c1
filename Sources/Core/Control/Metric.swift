/// A number that a run measures: of every optimizer step, or of every evaluation on held-out prompts.
///
/// `Metric.catalogue` is the one list of them. Headless lines, CSV, TensorBoard, the session database, comparisons,
/// `training.metric_for_best_model` and the tables of docs/commands.md are made from it.
public struct Metric: Sendable, Hashable {
  public enum Moment: Sendable { case step, evaluation }

  /// Which direction is progress.
  public enum Better: String, Sendable { case lower, higher, neither }

  /// What a headless line shows for a record that has no such number.
  public enum Absence: Sendable {
    /// `null`.
    case null
    /// Nothing: the key is left out.
    case omitted
  }

  /// The chart that shows it; a hint, which a screen may follow.
  public enum Chart: String, Sendable, CaseIterable {
    case loss, rewards, margin, accuracy, logProbs, gradient, learningRate, beta, gamma, sampling, speed
    /// One of its own.
    case own
  }

  /// The name in headless lines, in CSV and in the database: TRL's where TRL has one. Those of evaluations begin with
  /// `eval_`.
  public var key: String
  public var moment: Moment
  /// "nats", "seconds", "tokens"; nil for plain numbers.
  public var unit: String?
  public var better: Better
  /// What it is, for the documentation: a phrase without a full stop, in Markdown.
  public var meaning: String
  public var chart: Chart
  /// Whole numbers, printed without a decimal point.
  public var isCount: Bool
  public var absence: Absence
  /// Comes after all others in a headless line.
  public var isLast: Bool

  public init(
    _ key: String, _ meaning: String, unit: String? = nil, better: Better = .neither, chart: Chart = .own,
    isCount: Bool = false, absence: Absence = .omitted, isLast: Bool = false
  ) {
    self.key = key
    self.meaning = meaning
    self.unit = unit
    self.better = better
    self.chart = chart
    self.isCount = isCount
    self.absence = absence
    self.isLast = isLast
    moment = key.hasPrefix(Self.evaluationPrefix) ? .evaluation : .step
  }

  /// What names of evaluations begin with.
  public static let evaluationPrefix = "eval_"

  /// Keys that lines and tables have beside those of metrics.
  public static let reserved: Set = ["step", "epoch", "time", "event"]

  /// The catalogue's entry; for a key that is not in it, such as that of a metric which another program has recorded,
  /// an entry that says nothing but the key.
  public static func named(_ key: String) -> Metric { byKey[key] ?? Metric(key, "") }

  private static let byKey = Dictionary(uniqueKeysWithValues: catalogue.map { ($0.key, $0) })

  /// Metrics are the same if their keys are.
  public static func == (one: Metric, other: Metric) -> Bool { one.key == other.key }
  public func hash(into hasher: inout Hasher) { hasher.combine(key) }
}

/// A number of a run that may be changed while it trains.
///
/// `Setting.table` is the one list of them. Control lines, records, acknowledgements, undo, resume and branch speak of a
/// setting and a `Change` only.
public struct Setting: Sendable, Hashable {
  /// The name in control lines and in records.
  public struct Key: RawRepresentable, Hashable, Sendable, ExpressibleByStringLiteral {
    public var rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public init(stringLiteral value: String) { rawValue = value }
  }

  /// The values that the trainer takes.
  public enum Range: Sendable {
    case finite
    /// Finite, zero or more.
    case notNegative
    /// Finite, above zero.
    case positive
  }

  /// How a value is written for people.
  public enum Format: Sendable {
    /// "+1.20"
    case signed
    /// "3.2e-04"
    case scientific
    /// "0.125"
    case plain(decimals: Int)
  }

  /// A small and a large step of somebody who tries values out.
  public enum Increment: Sendable {
    /// - Parameter decimals: what sums are rounded to, so that ten small steps are exactly a large one; nil: not at all.
    case add(small: Double, large: Double, decimals: Int? = nil)
    /// Times the factor, or divided by it.
    case multiply(small: Double, large: Double)
  }

  public var key: Key
  /// In a sentence: "γ", "the learning rate".
  public var name: String
  /// Where there is little room: "γ", "lr".
  public var symbol: String
  /// In the run file, dotted.
  public var path: String
  public var range: Range
  /// What may be done to it.
  public var changes: Set<Change.Kind>
  public var format: Format
  public var increment: Increment
  /// How far increments lead.
  public var reach: ClosedRange<Double>
  /// What a person may type, where that is less than what the trainer takes.
  public var typed: ClosedRange<Double>?

  public init(
    _ key: Key, name: String, symbol: String, path: String, range: Range, changes: Set<Change.Kind> = [.hold],
    format: Format = .plain(decimals: 3), increment: Increment, reach: ClosedRange<Double>,
    typed: ClosedRange<Double>? = nil
  ) {
    self.key = key
    self.name = name
    self.symbol = symbol
    self.path = path
    self.range = range
    self.changes = changes
    self.format = format
    self.increment = increment
    self.reach = reach
    self.typed = typed
  }

  /// Settings are the same if their keys are.
  public static func == (one: Setting, other: Setting) -> Bool { one.key == other.key }
  public func hash(into hasher: inout Hasher) { hasher.combine(key) }

  /// One sentence where the trainer does not take `value`.
  public func refusal(of value: Double) -> String? {
    switch range {
    case .finite: value.isFinite ? nil : "\(key.rawValue) is \(value), but must be a finite number"
    case .notNegative:
      value.isFinite && value >= 0 ? nil : "\(name) must be a finite number, zero or more"
    case .positive: value.isFinite && value > 0 ? nil : "\(name) must be a finite number above zero"
    }
  }

  // MARK: A person's hand

  /// One sentence where a person may not type `value`.
  public func refusal(ofTyped value: Double) -> String? {
    if let typed, !typed.contains(value) {
      return "\(name) must lie between \(Self.short(typed.lowerBound)) and \(Self.short(typed.upperBound))"
    }
    switch range {
    case .positive where value <= 0: return "\(name) must be greater than 0"
    case .notNegative where value < 0: return "\(name) must not be less than 0"
    default: return nil
    }
  }

  private static func short(_ bound: Double) -> String { Int(exactly: bound).map(String.init) ?? "\(bound)" }

  /// `value` one increment further.
  /// - Parameter direction: 1 or −1.
  public func moved(_ value: Double, _ direction: Int, large: Bool) -> Double {
    switch increment {
    case .add(let small, let big, let decimals):
      let sum = within(value + Double(direction) * (large ? big : small))
      guard let decimals else { return sum }
      let scale = (0..<decimals).reduce(1.0) { product, _ in product * 10 }
      return (sum * scale).rounded() / scale
    case .multiply(let small, let big):
      let factor = large ? big : small
      return within(value * (direction > 0 ? factor : 1 / factor))
    }
  }

  private func within(_ value: Double) -> Double {
    Swift.max(reach.lowerBound, Swift.min(reach.upperBound, value))
  }

  /// The change that takes another one back.
  /// - Parameters:
  ///   - old: the value in force before it.
  ///   - last: the change that was in force before it; nil for none.
  /// - Returns: nil where it is not known what was before.
  public func inverse(old: Double?, last: Change?) -> Change? {
    guard changes.contains(.schedule) else { return old.map { .hold($0) } }
    switch last {
    case nil, .schedule: return .schedule
    case .hold(let value): return .hold(value)
    // A ramp under way, or a value that was still to come, is held where it stood.
    case .ramp, .at: return old.map { .hold($0) } ?? .schedule
    }
  }
}

// MARK: - The table

extension Setting.Key {
  public static let gamma: Setting.Key = "gamma"
  public static let learningRate: Setting.Key = "learning_rate"
  public static let beta: Setting.Key = "beta"
}

extension Setting {
  /// The hardness of the sampled negatives (HPS Eq. 7), which has a schedule of its own. At 1000 q is long 0 or 1.
  public static let gamma = Setting(
    .gamma, name: "γ", symbol: "γ", path: "preference.gamma", range: .finite, changes: Set(Change.Kind.allCases),
    format: .signed, increment: .add(small: 0.1, large: 1, decimals: 2), reach: -1000...1000, typed: -1000...1000)
  /// The peak; the shape of the schedule stays.
  public static let learningRate = Setting(
    .learningRate, name: "the learning rate", symbol: "lr", path: "training.learning_rate", range: .notNegative,
    format: .scientific, increment: .multiply(small: 1.1, large: 2), reach: 0...1, typed: 0...1)
  public static let beta = Setting(
    .beta, name: "β", symbol: "β", path: "preference.beta", range: .positive,
    increment: .add(small: 0.01, large: 0.1), reach: 0.001...100)

  /// Every run's.
  public static let table: [Setting] = [gamma, learningRate, beta]

  /// nil for a key that is not in the table.
  public static func named(_ key: Key) -> Setting? { table.first { $0.key == key } }
}

extension Setting {
  /// The sentence for a key that is none of `settings`.
  public static func unknown(_ key: Key, among settings: [Setting]) -> String {
    let keys = settings.map(\.key.rawValue).joined(separator: ", ")
    return "\"\(key.rawValue)\" cannot be set during a run; these can: \(keys)"
  }
}

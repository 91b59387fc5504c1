import Control

/// How the screen speaks of a setting of `Setting.table`: its words, its key, and where the value in force is read. What
/// it may be, how it is written and how far an arrow moves it is the table's.
struct SteerableSetting: Sendable {
  let setting: Setting
  /// "learning rate" in an event; "peak learning rate" where the value itself is meant; "lr " before the value on a
  /// chart.
  let name: String
  let valueName: String
  let mark: String
  /// What its key says in the hint line and in help, and where in the hint line. Nil: it has no key.
  var keyOnScreen: Character?
  var hint = ""
  var help = ""
  var rank: Int?
  /// The value as short as a mark on a chart has to be.
  let markFormat: @Sendable (Double) -> String
  /// What applying it means, after "Enter: from about step N on".
  var consequence = ""
  /// A value as an example for a branch.
  var example = "1"
  /// The value in force; nil where the run has none.
  var present: @Sendable (ObservedRun) -> Double? = { _ in nil }
  /// Why this run does not have it; nil if it does.
  var obstacle: @Sendable (ObservedRun) -> String? = { _ in nil }

  static let all: [SteerableSetting] = [gamma, learningRate, beta]

  /// A setting that the screen has no words of its own for speaks for itself.
  static func of(_ key: Setting.Key) -> SteerableSetting {
    if let known = all.first(where: { $0.key == key }) { return known }
    let setting =
      Setting.named(key)
      ?? Setting(
        key, name: key.rawValue, symbol: key.rawValue, path: key.rawValue, range: .finite,
        increment: .add(small: 0.1, large: 1), reach: -1e9...1e9)
    return SteerableSetting(
      setting: setting, name: setting.name, valueName: setting.name, mark: setting.symbol + " ",
      markFormat: { setting.format.text($0) })
  }

  private static let gamma = SteerableSetting(
    setting: .gamma, name: "γ", valueName: "γ", mark: "γ", keyOnScreen: "g", hint: "gamma",
    help: "Edit γ; its effect is shown before Enter applies it", rank: 2,
    markFormat: { NumberText.signed($0, decimals: 1) },
    consequence: ", until changed or returned to the schedule", example: "2.5", present: { $0.presentGamma },
    obstacle: { $0.obstacleToGamma })

  private static let learningRate = SteerableSetting(
    setting: .learningRate, name: "learning rate", valueName: "peak learning rate", mark: "lr ", keyOnScreen: "l",
    hint: "rate", help: "Edit the learning rate: the peak of its schedule", rank: 9,
    markFormat: { NumberText.scientific($0) }, consequence: ", as the schedule's peak; its shape stays",
    example: "1e-4", present: { $0.peakLearningRate })

  private static let beta = SteerableSetting(
    setting: .beta, name: "β", valueName: "β", mark: "β", keyOnScreen: "b", hint: "beta", help: "Edit β",
    markFormat: { NumberText.plain($0) }, consequence: "; margins before and after are on different scales",
    example: "0.2", present: { $0.presentBeta })
}

extension SteerableSetting {
  var key: Setting.Key { setting.key }
  var path: String { setting.path }
  /// "the learning rate".
  var title: String { setting.name }
  /// It can be ramped, set at a given step and given back to the run's schedule.
  var isScheduled: Bool { setting.changes.contains(.schedule) }

  /// The value in full.
  func format(_ value: Double) -> String { setting.format.text(value) }
}

extension Setting.Format {
  func text(_ value: Double) -> String {
    switch self {
    case .signed: NumberText.signed(value)
    case .scientific: NumberText.scientific(value)
    case .plain(let decimals): NumberText.plain(value, decimals: decimals)
    }
  }
}

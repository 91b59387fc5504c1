import CMeasure
import Foundation
import DeviceCPU
import SpeedMeasurement
import Training

/// One line of the table: a quantity with all its readings.
struct Row: Sendable {
  var name: String
  var unit: String
  var readings: Readings
  /// What the project asks of it, and whether the median keeps to it.
  var bar: Bar?
  var note = ""

  enum Bar: Sendable {
    case atLeast(Double), atMost(Double)

    func holds(_ value: Double) -> Bool {
      switch self {
      case .atLeast(let limit): value >= limit
      case .atMost(let limit): value <= limit
      }
    }

    var text: String {
      switch self {
      case .atLeast(let limit): "≥ \(Row.format(limit))"
      case .atMost(let limit): "≤ \(Row.format(limit))"
      }
    }
  }

  init(_ name: String, _ values: [Double], _ unit: String, bar: Bar? = nil, note: String = "") {
    self.name = name
    self.unit = unit
    self.bar = bar
    self.note = note
    readings = Readings(values)
  }

  /// Three significant digits or so.
  static func format(_ value: Double) -> String {
    let size = abs(value)
    if !value.isFinite { return "–" }
    let isWhole = size >= 100 || value == value.rounded()
    return String(format: isWhole ? "%.0f" : size >= 10 ? "%.1f" : size >= 0.1 ? "%.2f" : "%.4f", value)
  }
}

/// The table on standard output, and the same as JSON.
struct Report {
  let setting: Setting
  private let begin = Date()
  private var results: [(measure: String, rows: [Row])] = []
  private(set) var failures: [(measure: String, why: String)] = []

  init(setting: Setting) { self.setting = setting }

  func printHeader() {
    for (name, value) in facts { print(name.padded(to: 11) + "\(value)") }
    if setting.quick { print("--quick: these numbers only show that the suite works") }
    print("")
    print(
      "measure".padded(to: 66) + "median".padded(to: 11) + "quartiles".padded(to: 18) + "unit".padded(to: 11) + "bar")
  }

  mutating func add(_ measure: String, _ rows: [Row]) {
    results.append((measure, rows))
    for row in rows {
      let quartiles = row.readings.quartiles
      let spread =
        row.readings.values.count > 1 ? "\(Row.format(quartiles.low)) – \(Row.format(quartiles.high))" : ""
      let bar =
        row.bar.map { bar in
          setting.quick ? bar.text : "\(bar.text) \(bar.holds(row.readings.median) ? "met" : "MISSED")"
        } ?? ""
      print(
        "\(measure): \(row.name)".padded(to: 66) + Row.format(row.readings.median).padded(to: 11)
          + spread.padded(to: 18) + row.unit.padded(to: 11)
          + [bar, row.note].filter { !$0.isEmpty }.joined(separator: "; "))
    }
    fflush(nil)
  }

  mutating func fail(_ measure: String, _ why: String) {
    failures.append((measure, why))
    print("\(measure):".padded(to: 66) + "not measured: \(why)")
  }

  private var facts: [(String, String)] {
    [
      ("processor", Machine.processorName),
      ("engine", setting.runtime(.bf16).summary),
      ("memory", "\((Machine.availableMemory ?? 0) / 1_000_000) MB available"),
      ("system", Self.systemName),
      ("date", begin.ISO8601Format()),
    ]
  }

  private static var systemName: String {
    let text = (try? String(contentsOfFile: "/etc/os-release", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("PRETTY_NAME=") }
    return line?.split(separator: "=").last.map { $0.trimmingCharacters(in: ["\""]) } ?? "unknown"
  }

  /// - Throws: a file system error.
  func write(to path: String) throws {
    var object: [String: Any] = Dictionary(uniqueKeysWithValues: facts.map { ($0.0, $0.1 as Any) })
    object["quick"] = setting.quick
    object["threads"] = setting.threads
    object["model"] = setting.modelName
    object["data"] = setting.data ?? "synthetic"
    object["seconds"] = Date().timeIntervalSince(begin)
    object["failures"] = failures.map { ["measure": $0.measure, "why": $0.why] }
    object["results"] = results.flatMap { measure, rows in
      rows.map { row -> [String: Any] in
        let quartiles = row.readings.quartiles
        var line: [String: Any] = [
          "measure": measure, "name": row.name, "unit": row.unit, "median": Self.number(row.readings.median),
          "quartiles": [Self.number(quartiles.low), Self.number(quartiles.high)],
          "readings": row.readings.values.map(Self.number), "note": row.note,
        ]
        if let bar = row.bar {
          line["bar"] = bar.text
          line["met"] = bar.holds(row.readings.median)
        }
        return line
      }
    }
    let data = try JSONSerialization.data(withJSONObject: object, options: [.prettyPrinted, .sortedKeys])
    let url = URL(fileURLWithPath: path)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: url)
    print("\nwrote \(path)")
  }

  /// JSON has no NaN.
  private static func number(_ value: Double) -> Any { value.isFinite ? value : NSNull() }
}

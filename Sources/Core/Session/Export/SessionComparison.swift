import Control
import Foundation

/// Several sessions side by side, and a paired test over the prompts that two of them visited.
public struct SessionComparison: Sendable {
  public struct Side: Sendable {
    public var name: String
    public var table: MetricTable
  }

  public let sides: [Side]
  /// For each session the steps over which it is compared with the first one, where one of both is the other's branch:
  /// those after the fork that both have run. nil: each at its prompts' last visits.
  public let commonSteps: [Range<Int>?]
  private let tests: [PairedTest?]

  public init(_ readers: [SessionReader]) throws {
    let sides = try readers.map { Side(name: $0.description.name, table: try MetricTable($0)) }
    let last = sides.map { $0.table.rows.last?.step ?? 0 }
    let steps = readers.indices.map { index in
      readers[0].fork(with: readers[index]).map { fork in
        fork + 1..<max(fork, min(last[0], last[index])) + 1
      }
    }
    let base = try readers.first.map { try Self.lastMargins($0, steps: nil) } ?? [:]
    tests = try readers.indices.map { index in
      let other = try Self.lastMargins(readers[index], steps: steps[index])
      let first = steps[index] == nil ? base : try Self.lastMargins(readers[0], steps: steps[index])
      return PairedTest(other.keys.sorted().compactMap { key in first[key].map { (other[key] ?? .nan) - $0 } })
    }
    self.sides = sides
    commonSteps = steps
  }

  /// By prompt text, the reward margin at its last visit: prompts are matched by what they say, so that two runs on
  /// parts of one data set can be compared.
  private static func lastMargins(_ reader: SessionReader, steps: Range<Int>?) throws -> [String: Double] {
    var margins: [Int: Double] = [:]
    try reader.forEach { recorded in
      guard case .step(let record) = recorded.event, steps?.contains(record.step) ?? true else { return }
      for visit in record.visits where visit.margin.isFinite { margins[visit.prompt] = visit.margin }
    }
    let catalogue = reader.description.catalogue
    return Dictionary(
      margins.map { (catalogue.prompt($0.key).text, $0.value) }, uniquingKeysWith: { first, _ in first })
  }

  /// Steps down, and for each session the columns of both tables, headed `name:column`.
  public func csv() -> String {
    let columns = MetricTable.columns(of: sides.map(\.table))
    // Two sessions of one name in different folders are told apart by their place.
    let heads = sides.enumerated().flatMap { index, side in
      let name = sides.filter { $0.name == side.name }.count > 1 ? "\(side.name)#\(index + 1)" : side.name
      return columns.map { Self.quoted("\(name):\($0)") }
    }
    var text = (["step"] + heads).joined(separator: ",") + "\r\n"
    let byStep = sides.map { side in
      Dictionary(side.table.rows.map { ($0.step, $0.values) }, uniquingKeysWith: { $0.merging($1) { _, new in new } })
    }
    for step in Set(byStep.flatMap(\.keys)).sorted() {
      let cells = byStep.flatMap { rows in columns.map { rows[step]?[$0].map(MetricTable.text) ?? "" } }
      text += ([String(step)] + cells).joined(separator: ",") + "\r\n"
    }
    return text
  }

  private static func quoted(_ text: String) -> String {
    text.contains { ",\"\r\n".contains($0) } ? "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\"" : text
  }

  /// Margins of `sides[index]` minus those of the first session, over the prompts that both visited.
  public func test(_ index: Int) -> PairedTest? { tests[index] }
}

extension SessionReader {
  /// The step at which one of both sessions branched off the other; nil where neither did.
  public func fork(with other: SessionReader) -> Int? {
    for (child, parent) in [(self, other), (other, self)] {
      if let origin = child.description.parent, origin.lies(at: parent.folder, branch: child.folder) {
        return origin.step
      }
    }
    return nil
  }
}

extension ParentRun {
  /// Whether `folder` is that session. One that was moved together with its branch is found by its name beside it.
  public func lies(at folder: String, branch: String) -> Bool {
    let (parent, child) = (URL(fileURLWithPath: folder), URL(fileURLWithPath: branch))
    let recorded = URL(fileURLWithPath: session)
    if parent.standardizedFileURL.path == recorded.standardizedFileURL.path { return true }
    return parent.lastPathComponent == recorded.lastPathComponent
      && parent.standardizedFileURL.deletingLastPathComponent().path
        == child.standardizedFileURL.deletingLastPathComponent().path
      && parent.standardizedFileURL.path != child.standardizedFileURL.path
  }
}

/// Student's t-test on paired differences.
public struct PairedTest: Sendable, Equatable {
  public var count: Int
  public var mean: Double
  /// Standard error of the mean.
  public var error: Double
  public var t: Double
  /// Two-sided.
  public var p: Double

  /// nil for fewer than two differences.
  public init?(_ differences: [Double]) {
    guard differences.count >= 2 else { return nil }
    count = differences.count
    let n = Double(count)
    let mean = differences.reduce(0, +) / n
    let variance = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (n - 1)
    self.mean = mean
    error = (variance / n).squareRoot()
    guard error > 0 else {
      (t, p) = mean == 0 ? (0, 1) : (.infinity, 0)
      return
    }
    t = mean / error
    // P(|T| > t) = I_x(ν/2, 1/2) with x = ν / (ν + t²).
    p = Self.incompleteBeta(a: (n - 1) / 2, b: 0.5, x: (n - 1) / (n - 1 + t * t))
  }

  /// The regularised incomplete beta function by Lentz's continued fraction (Numerical Recipes, 6.4).
  static func incompleteBeta(a: Double, b: Double, x: Double) -> Double {
    if x <= 0 { return 0 }
    if x >= 1 { return 1 }
    if x > (a + 1) / (a + b + 2) { return 1 - incompleteBeta(a: b, b: a, x: 1 - x) }
    let logBeta: Double = lgamma(a) + lgamma(b) - lgamma(a + b)
    let logFront: Double = a * log(x) + b * log(1 - x) - logBeta
    let front = exp(logFront) / a
    let tiny = 1e-300
    var c = 1.0
    let first: Double = 1 - (a + b) * x / (a + 1)
    var d = 1 / (abs(first) < tiny ? tiny : first)
    var value = d
    for m in 1...300 {
      let m = Double(m)
      let a2m = a + 2 * m
      let even: Double = m * (b - m) * x / ((a2m - 1) * a2m)
      let odd: Double = -(a + m) * (a + b + m) * x / (a2m * (a2m + 1))
      for numerator in [even, odd] {
        d = 1 + numerator * d
        d = 1 / (abs(d) < tiny ? tiny : d)
        c = 1 + numerator / c
        if abs(c) < tiny { c = tiny }
        value *= c * d
      }
      if abs(c * d - 1) < 1e-15 { break }
    }
    return front * value
  }
}

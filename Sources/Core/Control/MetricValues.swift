/// The numbers of one record by metric: a small dictionary that keeps its order. A number that was measured and is not
/// finite is there as it is; one that was not measured is absent.
public struct MetricValues: Sendable {
  public struct Entry: Sendable, Equatable {
    public var key: String
    public var value: Double

    public init(key: String, value: Double) {
      self.key = key
      self.value = value
    }
  }

  /// In the order in which they were first set.
  public private(set) var entries: [Entry] = []

  public init() {}

  /// Setting nil removes the number.
  public subscript(key: String) -> Double? {
    get { entries.first { $0.key == key }?.value }
    set {
      let index = entries.firstIndex { $0.key == key }
      switch (index, newValue) {
      case (let index?, let value?): entries[index].value = value
      case (let index?, nil): entries.remove(at: index)
      case (nil, let value?): entries.append(Entry(key: key, value: value))
      case (nil, nil): break
      }
    }
  }

  public subscript(metric: Metric) -> Double? {
    get { self[metric.key] }
    set { self[metric.key] = newValue }
  }

  /// NaN where it is absent.
  public func number(_ metric: Metric) -> Double { self[metric] ?? .nan }

  /// 0 where it is absent or no count.
  public func count(_ metric: Metric) -> Int { self[metric].flatMap { Int(exactly: $0.rounded()) } ?? 0 }

  /// Keys that `metrics` does not have, sorted.
  public func keys(beside metrics: [Metric]) -> [String] {
    let known = Set(metrics.map(\.key))
    return entries.map(\.key).filter { !known.contains($0) }.sorted()
  }
}

extension MetricValues: Equatable {
  /// Whatever their order; a NaN equals nothing, as everywhere.
  public static func == (one: MetricValues, other: MetricValues) -> Bool {
    // Not by the arrays' own equality, which takes one storage for equal whatever is in it.
    one.entries.count == other.entries.count && one.entries.allSatisfy { other[$0.key] == $0.value }
  }
}

extension MetricValues: CustomStringConvertible {
  public var description: String { entries.map { "\($0.key): \($0.value)" }.joined(separator: ", ") }
}

import Control

/// Something that happened at a step, shown on every chart.
struct Mark: Equatable, Sendable {
  enum Kind: Sendable { case override, evaluation, checkpoint }
  var step: Int
  var label: String
  var kind: Kind
}

struct EventLine: Equatable, Sendable {
  var step: Int
  var text: String
  var style: Style
}

/// A line of the log pane.
public struct LogEntry: Equatable, Sendable {
  public enum Source: String, Sendable {
    case run, stdout, stderr
  }
  public var source: Source
  public var line: LogLine

  public init(source: Source, line: LogLine) {
    self.source = source
    self.line = line
  }
}

/// A list that forgets its oldest entries.
struct Bounded<Element: Sendable>: Sendable {
  let capacity: Int
  private(set) var elements: [Element] = []
  /// All entries ever appended.
  private(set) var total = 0

  init(capacity: Int) { self.capacity = capacity }

  mutating func append(_ element: Element) {
    elements.append(element)
    total += 1
    // Dropped in bulk, so that appending stays constant time.
    if elements.count >= capacity + capacity / 4 { elements.removeFirst(elements.count - capacity) }
  }
}

/// Policy beside reference on held-out prompts, by prompt in the order they first came.
struct GenerationBook: Sendable {
  static let kept = 64
  private(set) var prompts: [String] = []
  private(set) var records: [String: [GenerationRecord]] = [:]

  mutating func add(_ record: GenerationRecord) {
    if records[record.prompt] == nil {
      // A run that samples ever new prompts must not grow without end.
      if prompts.count == 256 { records[prompts.removeFirst()] = nil }
      prompts.append(record.prompt)
    }
    var list = records[record.prompt] ?? []
    // The first answer stays: it is what the newest is compared with.
    if list.count == Self.kept { list.remove(at: 1) }
    list.append(record)
    records[record.prompt] = list
  }
}

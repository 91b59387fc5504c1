/// The members of a JSON object in their order, each key once. Keys are equal where their code points are.
public struct JSONObject: Sendable, Equatable {
  public private(set) var members: [(key: String, value: JSONValue)] = []
  /// Positions in `members`; kept from `indexedCount` members on, below which a scan is faster.
  private var positions: [Key: Int]?

  private static let indexedCount = 16

  public init() {}

  /// Of two members with the same key the later one counts, in the place of the first.
  public init(_ members: [(key: String, value: JSONValue)]) {
    for (key, value) in members { set(key, value) }
  }

  /// Members whose keys the caller knows to differ, as those of a table's rows do: nothing is compared, and no index is
  /// kept, which would cost more than the few look-ups that a row sees.
  public init(distinct members: [(key: String, value: JSONValue)]) { self.members = members }

  public var keys: [String] { members.map(\.key) }

  /// The value of `key`, which may be `.null`; nil where the key is absent.
  public subscript(key: String) -> JSONValue? {
    position(of: key).map { members[$0].value }
  }

  /// The value of `key`; nil where the key is absent or its value is null.
  public func nonNull(_ key: String) -> JSONValue? {
    guard let value = self[key], !value.isNull else { return nil }
    return value
  }

  public func contains(_ key: String) -> Bool { position(of: key) != nil }

  /// Adds a member. Returns false, and changes nothing, where the key is already there.
  @discardableResult
  public mutating func insert(_ key: String, _ value: JSONValue) -> Bool {
    guard position(of: key) == nil else { return false }
    append(key, value)
    return true
  }

  /// Adds a member, or replaces its value where the key is already there.
  public mutating func set(_ key: String, _ value: JSONValue) {
    if let position = position(of: key) {
      members[position].value = value
    } else {
      append(key, value)
    }
  }

  public static func == (left: JSONObject, right: JSONObject) -> Bool {
    left.members.elementsEqual(right.members) { $0.key.hasSameCodePoints(as: $1.key) && $0.value == $1.value }
  }

  private func position(of key: String) -> Int? {
    if let positions { return positions[Key(text: key)] }
    return members.firstIndex { $0.key.hasSameCodePoints(as: key) }
  }

  private mutating func append(_ key: String, _ value: JSONValue) {
    positions?[Key(text: key)] = members.count
    members.append((key, value))
    guard positions == nil, members.count == Self.indexedCount else { return }
    var index: [Key: Int] = [:]
    for (position, member) in members.enumerated() { index[Key(text: member.key)] = position }
    positions = index
  }

  private struct Key: Hashable {
    let text: String

    static func == (left: Key, right: Key) -> Bool { left.text.hasSameCodePoints(as: right.text) }

    func hash(into hasher: inout Hasher) { hasher.combine(text) }
  }
}

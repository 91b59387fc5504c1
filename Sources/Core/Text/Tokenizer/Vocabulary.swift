/// The model's tokens: text to id by an open-addressing table over one byte arena, id to text by offset.
struct Vocabulary: Sendable {
  /// How far the largest id may lie beyond the number of tokens: the id → token table has an entry for each id.
  static let holesAllowed = 1 << 20

  private var arena: [UInt8] = []
  /// Entry e's text is `arena[starts[e]..<starts[e + 1]]`.
  private var starts: [Int] = [0]
  private var ids: [Int32] = []
  /// Entry numbers by hash, −1 where free; the count is a power of two.
  private var slots: [Int32] = []
  /// Entry numbers by id, −1 where no token has the id.
  private var entries: [Int32] = []
  private let hash = ByteHash()

  /// The number of tokens.
  var count: Int { ids.count }

  /// One more than the largest id.
  var idLimit: Int { entries.count }

  // MARK: Building

  /// Adds a token; a text met twice keeps its last id, as HF's reader does.
  mutating func add(_ text: [UInt8], id: Int32) {
    if (ids.count + 1) * 2 > slots.count { grow() }
    let slot = self.slot(text, 0..<text.count)
    if slots[slot] >= 0 {
      ids[Int(slots[slot])] = id
      return
    }
    slots[slot] = Int32(truncatingIfNeeded: ids.count)
    arena.append(contentsOf: text)
    starts.append(arena.count)
    ids.append(id)
  }

  /// Makes the id → token table. Returns the clause of what is wrong with the ids, if anything is.
  mutating func index() -> String? {
    let largest = Int(ids.max() ?? -1)
    guard largest < ids.count + Self.holesAllowed else {
      return "the vocabulary has \(ids.count) tokens but an id of \(largest)"
    }
    entries = [Int32](repeating: -1, count: largest + 1)
    for (entry, id) in ids.enumerated() {
      let other = entries[Int(id)]
      guard other < 0 else {
        return
          "the tokens \(quoted(text(ofEntry: other))) and \(quoted(text(ofEntry: Int32(entry)))) share the id \(id)"
      }
      entries[Int(id)] = Int32(truncatingIfNeeded: entry)
    }
    return nil
  }

  private mutating func grow() {
    slots = [Int32](repeating: -1, count: max(1024, slots.count * 2))
    for entry in ids.indices {
      let slot = self.slot(arena, starts[entry]..<starts[entry + 1])
      slots[slot] = Int32(truncatingIfNeeded: entry)
    }
  }

  // MARK: Looking up

  /// The id of the token whose text is `bytes[range]`.
  func id(_ bytes: [UInt8], _ range: Range<Int>) -> Int32? {
    guard !slots.isEmpty else { return nil }
    let entry = slots[slot(bytes, range)]
    return entry < 0 ? nil : ids[Int(entry)]
  }

  func id(_ text: [UInt8]) -> Int32? { id(text, 0..<text.count) }

  func id(_ text: String) -> Int32? { id(Array(text.utf8)) }

  /// The token's text in UTF-8.
  func text(_ id: Int32) -> ArraySlice<UInt8>? {
    guard id >= 0, Int(id) < entries.count, entries[Int(id)] >= 0 else { return nil }
    return text(ofEntry: entries[Int(id)])
  }

  private func text(ofEntry entry: Int32) -> ArraySlice<UInt8> { arena[starts[Int(entry)]..<starts[Int(entry) + 1]] }

  /// The slot that holds `bytes[range]`, or the free one where it would go.
  private func slot(_ bytes: [UInt8], _ range: Range<Int>) -> Int {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash(bytes, range)) & mask
    while slots[slot] >= 0 {
      let start = starts[Int(slots[slot])]
      let length = starts[Int(slots[slot]) + 1] - start
      if length == range.count {
        var index = 0
        while index < length, arena[start + index] == bytes[range.lowerBound + index] { index += 1 }
        if index == length { return slot }
      }
      slot = (slot + 1) & mask
    }
    return slot
  }
}

/// `text` in quotes for an error's sentence, cut where it is long.
func quoted(_ text: some Sequence<UInt8>) -> String {
  let shown = Array(text.prefix(61))
  let cut = shown.count > 60
  return "\"\(String(decoding: cut ? shown.dropLast() : shown[...], as: UTF8.self))\(cut ? "…" : "")\""
}

func quoted(_ text: String) -> String { quoted(text.utf8) }

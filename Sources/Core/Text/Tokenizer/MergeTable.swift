/// Byte-pair merges: (left id, right id) → (rank, merged id), in an open-addressing table.
struct MergeTable: Sendable {
  /// What a pair of symbols becomes. Lower ranks merge first.
  struct Merge: Equatable {
    var rank: UInt32
    var id: Int32
  }

  /// A pair's key and value side by side, so that a look-up touches one cache line.
  private struct Slot {
    var pair: UInt64
    /// rank << 32 | id
    var merge: UInt64
  }

  private static let free = UInt64.max
  private var slots: [Slot] = []
  private var used = 0
  private let hash = ByteHash()

  var count: Int { used }

  /// Adds a merge; a pair met twice keeps its last rank, as HF's reader does.
  mutating func add(_ left: Int32, _ right: Int32, rank: UInt32, id: Int32) {
    if (used + 1) * 2 > slots.count { grow() }
    let pair = Self.key(left, right)
    let slot = self.slot(pair)
    if slots[slot].pair == Self.free { used += 1 }
    slots[slot] = Slot(pair: pair, merge: UInt64(rank) << 32 | UInt64(UInt32(bitPattern: id)))
  }

  @inline(__always)
  func merge(_ left: Int32, _ right: Int32) -> Merge? {
    if slots.isEmpty { return nil }
    let slot = slots[slot(Self.key(left, right))]
    guard slot.pair != Self.free else { return nil }
    return Merge(
      rank: UInt32(truncatingIfNeeded: slot.merge >> 32),
      id: Int32(bitPattern: UInt32(truncatingIfNeeded: slot.merge)))
  }

  /// Ids are not negative, so no pair equals `free`.
  @inline(__always)
  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  @inline(__always)
  private func slot(_ pair: UInt64) -> Int {
    let mask = slots.count &- 1
    var slot = Int(truncatingIfNeeded: hash(pair, 0)) & mask
    while slots[slot].pair != pair, slots[slot].pair != Self.free { slot = (slot &+ 1) & mask }
    return slot
  }

  private mutating func grow() {
    let old = slots
    slots = [Slot](repeating: Slot(pair: Self.free, merge: 0), count: max(1024, old.count * 2))
    for slot in old where slot.pair != Self.free { slots[self.slot(slot.pair)] = slot }
  }
}

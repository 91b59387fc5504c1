/// The ids of words met before. Text repeats its words, so most of them cost one look-up instead of a merge.
///
/// Direct-mapped: a word's hash names the one slot it may lie in, and a new word drives out the old one. Words of more
/// than 15 bytes or 4 ids are rare and not kept, so a slot is half a cache line and the whole cache half a megabyte.
struct WordCache: Sendable {
  static let slotCount = 1 << 14

  /// A word's bytes and length in two integers.
  struct Key: Equatable {
    /// Bytes 0–7, the first in the lowest bits.
    var low: UInt64 = 0
    /// Bytes 8–14, and the length in the top byte.
    var high: UInt64

    /// Nil where the word does not fit.
    @inline(__always)
    init?(_ bytes: [UInt8], _ range: Range<Int>) {
      let count = range.count
      guard count <= 15 else { return nil }
      high = UInt64(truncatingIfNeeded: count) << 56
      let middle = range.lowerBound + min(count, 8)
      var shift: UInt64 = 0
      for index in range.lowerBound..<middle {
        low |= UInt64(bytes[index]) &<< shift
        shift &+= 8
      }
      shift = 0
      for index in middle..<range.upperBound {
        high |= UInt64(bytes[index]) &<< shift
        shift &+= 8
      }
    }
  }

  private struct Slot {
    var low: UInt64 = 0
    /// As the key's, with the number of ids in bits 60–63; 0 where the slot is free.
    var high: UInt64 = 0
    var ids: (UInt64, UInt64) = (0, 0)
  }

  private var slots = [Slot](repeating: Slot(), count: slotCount)
  private let hash = ByteHash()

  /// Appends the word's ids; false where it is not cached.
  @inline(__always)
  func append(_ key: Key, to ids: inout [Int32]) -> Bool {
    let slot = slots[index(key)]
    guard slot.low == key.low, slot.high & 0x0FFF_FFFF_FFFF_FFFF == key.high else { return false }
    let count = slot.high >> 60
    guard count > 0 else { return false }
    ids.append(Int32(truncatingIfNeeded: slot.ids.0))
    if count > 1 { ids.append(Int32(truncatingIfNeeded: slot.ids.0 >> 32)) }
    if count > 2 { ids.append(Int32(truncatingIfNeeded: slot.ids.1)) }
    if count > 3 { ids.append(Int32(truncatingIfNeeded: slot.ids.1 >> 32)) }
    return true
  }

  /// Keeps `ids[first...]` for the word.
  mutating func insert(_ key: Key, _ ids: [Int32], from first: Int) {
    let count = ids.count - first
    guard count >= 1, count <= 4 else { return }
    func id(_ offset: Int) -> UInt64 { offset < count ? UInt64(UInt32(bitPattern: ids[first + offset])) : 0 }
    slots[index(key)] = Slot(
      low: key.low, high: key.high | UInt64(truncatingIfNeeded: count) << 60,
      ids: (id(0) | id(1) << 32, id(2) | id(3) << 32))
  }

  @inline(__always)
  private func index(_ key: Key) -> Int { Int(truncatingIfNeeded: hash(key.low, key.high)) & (Self.slotCount - 1) }
}

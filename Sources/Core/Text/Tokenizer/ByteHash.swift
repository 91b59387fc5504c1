/// A seeded hash of byte strings and of integer pairs, by folded 64 × 64 → 128-bit products (as wyhash has it).
///
/// The seed is drawn once per table, so no file can be written in advance whose keys all collide.
struct ByteHash: Sendable {
  private let seed: UInt64

  init() {
    seed = UInt64.random(in: .min ... .max) | 1
  }

  @inline(__always)
  static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return product.high ^ product.low
  }

  @inline(__always)
  func callAsFunction(_ a: UInt64, _ b: UInt64) -> UInt64 {
    Self.fold(Self.fold(a ^ seed, 0x9E37_79B9_7F4A_7C15) ^ b, seed ^ 0xD6E8_FEB8_6659_FD93)
  }

  func callAsFunction(_ bytes: [UInt8], _ range: Range<Int>) -> UInt64 {
    var hash = seed ^ UInt64(truncatingIfNeeded: range.count)
    var word: UInt64 = 0
    var shift: UInt64 = 0
    for index in range {
      word |= UInt64(bytes[index]) &<< shift
      shift &+= 8
      if shift == 64 {
        hash = Self.fold(hash ^ word, seed ^ 0x9E37_79B9_7F4A_7C15)
        word = 0
        shift = 0
      }
    }
    return Self.fold(hash ^ word, seed ^ 0xD6E8_FEB8_6659_FD93)
  }
}

/// Conversions between fp32 and the two 16-bit formats, by bits: Swift's `Float16` is missing on some platforms.
/// Narrowing rounds to nearest, ties to even, as PyTorch's casts do.
package enum HalfPrecision {
  package static func float(bfloat16 bits: UInt16) -> Float {
    Float(bitPattern: UInt32(bits) << 16)
  }

  package static func bfloat16(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    // A NaN whose payload sits in the low half would become an infinity.
    if value.isNaN { return UInt16(truncatingIfNeeded: bits >> 16) | 0x0040 }
    return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
  }

  package static func float(float16 bits: UInt16) -> Float {
    let sign = UInt32(bits & 0x8000) << 16
    let magnitude = UInt32(bits & 0x7FFF) << 13
    if magnitude >= 0x0F80_0000 {  // infinity or NaN: exponent 31 becomes 255
      return Float(bitPattern: sign | 0x7F80_0000 | (magnitude & 0x007F_FFFF))
    }
    // Read as fp32, the bits are the value times 2^(15-127), subnormals included; the product is exact.
    let scaled = Float(bitPattern: magnitude) * 0x1p112
    return Float(bitPattern: sign | scaled.bitPattern)
  }

  package static func float16(_ value: Float) -> UInt16 {
    let sign = UInt16(truncatingIfNeeded: value.bitPattern >> 16) & 0x8000
    let magnitude = value.bitPattern & 0x7FFF_FFFF
    if magnitude > 0x7F80_0000 { return sign | 0x7E00 }
    if magnitude >= 0x4780_0000 { return sign | 0x7C00 }  // 2^16 and above: infinity
    if magnitude < 0x3880_0000 {
      // Below 2^-14 the result is a multiple of 2^-24; adding 0.5, whose last place is 2^-24, rounds to one.
      let rounded = Float(bitPattern: magnitude) + 0.5
      return sign | UInt16(truncatingIfNeeded: rounded.bitPattern &- Float(0.5).bitPattern)
    }
    let rebased = magnitude &- 0x3800_0000  // exponent bias 127 becomes 15
    return sign | UInt16(truncatingIfNeeded: (rebased &+ 0x0FFF &+ (rebased >> 13 & 1)) >> 13)
  }
}

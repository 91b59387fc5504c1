/// Blocks of 256 elements, in 8 groups of 32 or 16 of 16, whose scales are small whole numbers times one or two of the
/// whole block.
extension Dequantization {
  /// 16 bytes of (minimum << 4 | scale), 64 bytes of 2-bit elements, d, dmin: w = d·scale·q − dmin·minimum.
  static func q2_k(_ bytes: [UInt8], _ at: Int, _ output: inout [Float], _ to: Int) {
    let (scale, minimum) = (half(bytes, at + 80), half(bytes, at + 82))
    for part in 0..<16 {
      let packed = bytes[at + part]
      let (d, m) = (scale * Float(packed & 15), minimum * Float(packed >> 4))
      for index in 0..<16 {
        let element = part * 16 + index
        output[to + element] = d * Float(twoBits(bytes, at + 16, element)) - m
      }
    }
  }

  /// 32 bytes of inverted third bits, 64 bytes of 2-bit elements, 12 bytes of 6-bit scales, d:
  /// w = d·(scale − 32)·(q − (bit ? 0 : 4)).
  static func q3_k(_ bytes: [UInt8], _ at: Int, _ output: inout [Float], _ to: Int) {
    let scale = half(bytes, at + 108)
    for part in 0..<16 {
      let low = part < 8 ? bytes[at + 96 + part] & 15 : bytes[at + 96 + part - 8] >> 4
      let high = bytes[at + 104 + part % 4] >> UInt8(part / 4 * 2) & 3
      let d = scale * Float(Int(low | high << 4) - 32)
      for index in 0..<16 {
        let element = part * 16 + index
        let hasBit = bytes[at + element % 32] >> UInt8(element / 32) & 1 == 1
        output[to + element] = d * Float(Int(twoBits(bytes, at + 32, element)) - (hasBit ? 0 : 4))
      }
    }
  }

  /// d, dmin, 12 bytes of 6-bit scales and minima, 128 bytes of nibbles: w = d·scale·q − dmin·minimum.
  static func q4_k(_ bytes: [UInt8], _ at: Int, _ output: inout [Float], _ to: Int) {
    for group in 0..<8 {
      let (d, m) = scaleAndMinimum(bytes, at, group)
      for index in 0..<32 {
        output[to + group * 32 + index] = d * Float(nibble(bytes, at + 16, group, index)) - m
      }
    }
  }

  /// As Q4_K, with 32 bytes of fifth bits before the nibbles: bit g of byte i is element i of group g.
  static func q5_k(_ bytes: [UInt8], _ at: Int, _ output: inout [Float], _ to: Int) {
    for group in 0..<8 {
      let (d, m) = scaleAndMinimum(bytes, at, group)
      for index in 0..<32 {
        let high = bytes[at + 16 + index] >> UInt8(group) & 1
        output[to + group * 32 + index] = d * Float(nibble(bytes, at + 48, group, index) | high << 4) - m
      }
    }
  }

  /// 128 bytes of low nibbles, 64 bytes of upper 2 bits, 16 signed scales, d: w = d·scale·(q − 32).
  static func q6_k(_ bytes: [UInt8], _ at: Int, _ output: inout [Float], _ to: Int) {
    let scale = half(bytes, at + 208)
    for part in 0..<16 {
      let d = scale * signed(bytes[at + 192 + part])
      for index in 0..<16 {
        let element = part * 16 + index
        // Each half of 128 elements takes 64 bytes: their low nibbles first, then their high ones.
        let (side, inside) = (element / 128, element % 128)
        let byte = bytes[at + side * 64 + inside % 64]
        let low = inside < 64 ? byte & 15 : byte >> 4
        output[to + element] = d * Float(Int(low | twoBits(bytes, at + 128, element) << 4) - 32)
      }
    }
  }

  /// d, 16 bits and 4 bytes of 6-bit scales, 128 bytes of nibbles that choose one of 16 values: w = d·(scale − 32)·v.
  static func iq4_xs(_ bytes: [UInt8], _ at: Int, _ output: inout [Float], _ to: Int) {
    let scale = half(bytes, at)
    let upper = UInt16(bytes[at + 2]) | UInt16(bytes[at + 3]) << 8
    for group in 0..<8 {
      let low = bytes[at + 4 + group / 2] >> UInt8(group % 2 * 4) & 15
      let high = UInt8(truncatingIfNeeded: upper >> UInt16(2 * group)) & 3
      let d = scale * Float(Int(low | high << 4) - 32)
      for index in 0..<16 {
        let byte = bytes[at + 8 + group * 16 + index]
        output[to + group * 32 + index] = d * nonLinear[Int(byte & 15)]
        output[to + group * 32 + 16 + index] = d * nonLinear[Int(byte >> 4)]
      }
    }
  }

  // MARK: Parts

  /// Element `element` of 256 that lie in 64 bytes: 32 bytes hold 128 elements, in four layers of 2 bits.
  private static func twoBits(_ bytes: [UInt8], _ at: Int, _ element: Int) -> UInt8 {
    bytes[at + element / 128 * 32 + element % 32] >> UInt8(element % 128 / 32 * 2) & 3
  }

  /// Element `index` of a group of 32: groups 2j and 2j + 1 are the low and the high nibbles of the same 32 bytes.
  private static func nibble(_ bytes: [UInt8], _ at: Int, _ group: Int, _ index: Int) -> UInt8 {
    let byte = bytes[at + group / 2 * 32 + index]
    return group % 2 == 0 ? byte & 15 : byte >> 4
  }

  /// d·scale and dmin·minimum of a group. The 12 bytes hold 8 scales and 8 minima of 6 bits: those of groups 0 to 3 whole,
  /// of the others the upper 2 bits above these and the lower 4 bits in the last 4 bytes.
  private static func scaleAndMinimum(_ bytes: [UInt8], _ at: Int, _ group: Int) -> (Float, Float) {
    let packed = at + 4
    let scale: UInt8
    let minimum: UInt8
    if group < 4 {
      scale = bytes[packed + group] & 63
      minimum = bytes[packed + 4 + group] & 63
    } else {
      let low = bytes[packed + 4 + group]
      scale = low & 15 | bytes[packed + group - 4] >> 2 & 0x30
      minimum = low >> 4 | bytes[packed + group] >> 2 & 0x30
    }
    return (half(bytes, at) * Float(scale), half(bytes, at + 2) * Float(minimum))
  }
}

import Testing

@testable import Checkpoint

@Suite struct HalfPrecisionTests {
  #if !(os(macOS) && arch(x86_64))
    @Test func everyHalfWidensAsTheHardwareTypeDoes() {
      for bits in UInt16.min...UInt16.max {
        let expected = Float(Float16(bitPattern: bits))
        let found = HalfPrecision.float(float16: bits)
        #expect(expected.isNaN ? found.isNaN : expected.bitPattern == found.bitPattern, "bits \(bits)")
      }
    }

    @Test func narrowingRoundsAsTheHardwareTypeDoes() {
      // Every half, the midpoint to the next, and one unit in the last place beside each midpoint.
      for bits in UInt16(0)...0x7C00 {
        let low = Float(Float16(bitPattern: bits))
        let high = bits < 0x7BFF ? Float(Float16(bitPattern: bits + 1)) : 65536
        let middle = low + (high - low) / 2
        for value in [low, middle, middle.nextUp, middle.nextDown, -low, -middle] where !value.isNaN {
          #expect(HalfPrecision.float16(value) == Float16(value).bitPattern, "value \(value)")
        }
      }
    }
  #endif

  @Test func bfloat16RoundsToNearestEven() {
    // 1 + 2^-8 is halfway between 1 (0x3F80) and 1 + 2^-7 (0x3F81): to the even one; 1 + 3·2^-8 is halfway to 0x3F82.
    #expect(HalfPrecision.bfloat16(1 + 0x1p-8) == 0x3F80)
    #expect(HalfPrecision.bfloat16((1 + 0x1p-8 as Float).nextUp) == 0x3F81)
    #expect(HalfPrecision.bfloat16(1 + 0x3p-8) == 0x3F82)
    #expect(HalfPrecision.bfloat16(-.infinity) == 0xFF80)
    #expect(HalfPrecision.bfloat16(.greatestFiniteMagnitude) == 0x7F80)
    #expect(HalfPrecision.float(bfloat16: HalfPrecision.bfloat16(Float(bitPattern: 0x7F80_0001))).isNaN)
    for bits in UInt16.min...UInt16.max where !HalfPrecision.float(bfloat16: bits).isNaN {
      #expect(HalfPrecision.bfloat16(HalfPrecision.float(bfloat16: bits)) == bits)
    }
  }

  @Test func halfNaNsStayNaN() {
    #expect(HalfPrecision.float(float16: HalfPrecision.float16(.nan)).isNaN)
    #expect(HalfPrecision.float(float16: 0x7E00).isNaN)
  }
}

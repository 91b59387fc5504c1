import Foundation
import JSON
import Testing

@testable import GGUF

/// Llama 3's scaling from its divisors, for the published constants and for others.
@Suite struct RopeDivisorsTests {
  private func divisors(
    count: Int, theta: Double, factor: Double, low: Double, high: Double, original: Double
  ) -> [Double] {
    (0..<count).map { index in
      let wavelength = 2 * Double.pi * pow(theta, Double(index) / Double(count))
      if wavelength < original / high { return 1 }
      if wavelength > original / low { return factor }
      let smooth = (original / wavelength - low) / (high - low)
      return Double(Float(1 / ((1 - smooth) / factor + smooth)))
    }
  }

  @Test(arguments: [8.0, 32.0]) func published(factor: Double) throws {
    let values = divisors(count: 64, theta: 500_000, factor: factor, low: 1, high: 4, original: 8192)
    let scaling = try #require(RopeDivisors(values, theta: 500_000).scaling(original: nil))
    #expect(scaling["rope_type"] == .string("llama3") && scaling["factor"] == .number(factor))
    #expect(scaling["low_freq_factor"] == .number(1) && scaling["high_freq_factor"] == .number(4))
    #expect(scaling["original_max_position_embeddings"] == .integer(8192))
  }

  /// Constants that nobody has published are solved for: they give the same divisors, whatever their scale.
  @Test func others() throws {
    let values = divisors(count: 64, theta: 10_000, factor: 5, low: 2, high: 7, original: 4000)
    let scaling = try #require(RopeDivisors(values, theta: 10_000).scaling(original: nil))
    let (low, high) = (scaling["low_freq_factor"]?.number ?? 0, scaling["high_freq_factor"]?.number ?? 0)
    let original = scaling["original_max_position_embeddings"]?.number ?? 0
    let again = divisors(count: 64, theta: 10_000, factor: 5, low: low, high: high, original: original)
    #expect(zip(values, again).allSatisfy { abs($0 - $1) < 2e-4 * $0 })
  }

  @Test func plainAndStrange() {
    #expect(RopeDivisors([1, 1, 1, 1], theta: 10_000).scaling(original: nil) == nil)
    let linear = RopeDivisors([4, 4, 4, 4], theta: 10_000).scaling(original: nil)
    #expect(linear?["rope_type"] == .string("linear") && linear?["factor"] == .number(4))
    #expect(RopeDivisors([3, 1, 2, 5], theta: 10_000).scaling(original: nil) == nil)
    #expect(RopeDivisors([.nan, 1, 2, .infinity], theta: 10_000).scaling(original: nil) == nil)
  }
}

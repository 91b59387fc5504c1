import Base
import Testing

@Suite struct QuantileTests {
  /// `numpy.quantile` of the same sample.
  @Test(arguments: [(0.0, 1.0), (0.1, 1.3), (0.5, 3.0), (0.9, 6.8), (1.0, 8.0)])
  func agreesWithNumPy(share: Double, value: Double) {
    #expect(abs(Quantile.ofSorted([1, 2, 4, 8], share: share) - value) < 1e-12)
  }

  @Test func smallSamples() {
    #expect(Quantile.ofSorted([], share: 0.5).isNaN)
    #expect(Quantile.ofSorted([7], share: 0) == 7)
    #expect(Quantile.ofSorted([7], share: 1) == 7)
  }
}

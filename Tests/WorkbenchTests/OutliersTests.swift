import Testing

@testable import WorkbenchScreen

struct OutliersTests {
  /// 16 values 1…16: median 8.5, deviations 0.5, 0.5, 1.5, 1.5 … 7.5, 7.5, their median 4; 1.4826 · 4 = 5.9304.
  /// 8.5 + 6 · 5.9304 = 44.0824 is the limit.
  @Test func robustScore() {
    var outliers = Outliers()
    let usual = (1...16).map { outliers.add(Double($0)) }
    #expect(!usual.contains(true))
    #expect(abs((outliers.score(44.0824) ?? 0) - 6) < 1e-9)
    let far = outliers.add(44.1)
    #expect(far)
    // Where nothing varies, 1 % of the median takes the place of the spread: the limit is 1 ± 0.06.
    var calm = Outliers()
    let flat = (1...20).map { _ in calm.add(1) } + [calm.add(1.05)]
    #expect(!flat.contains(true))
    let strange = [calm.add(1.07), calm.add(.nan)]
    #expect(strange == [true, true])
  }
}

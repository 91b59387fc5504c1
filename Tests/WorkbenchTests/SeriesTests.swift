import Testing

@testable import WorkbenchScreen

struct SeriesTests {
  /// Every range of a series of 300 points against a plain loop; some points are NaN.
  @Test func pyramidEqualsPlainLoop() {
    var series = Series()
    var numbers = SampleRun.Numbers(state: 3)
    var values: [Double] = []
    for step in 1...300 {
      let value = step % 37 == 0 ? .nan : numbers.uniform() * 10 - 5
      values.append(value)
      series.append(step: step, value)
    }
    for from in stride(from: 0, to: 300, by: 7) {
      for to in stride(from: from, through: 300, by: 11) {
        let part = values[from..<to]
        let extent = series.extent(from..<to)
        let finite = part.filter(\.isFinite)
        #expect(extent.minimum == finite.min() ?? .infinity)
        #expect(extent.maximum == finite.max() ?? -.infinity)
        #expect(extent.invalid == part.count - finite.count)
        #expect(extent.count == part.count)
      }
    }
  }

  @Test func stepsMayHaveGapsAndNeverGoBack() {
    var series = Series()
    for step in [500, 501, 510] { series.append(step: step, Double(step)) }
    series.append(step: 510, 9)
    series.append(step: 1, 9)
    #expect(series.count == 3)
    #expect(series.extent(from: 502, to: 510).isEmpty)
    #expect(series.extent(from: 501, to: 511).maximum == 510)
    #expect(series.value(at: 505) == 501)
    #expect(series.value(at: 499) == nil)
    #expect(series.lastValue(from: 500, to: 505) == 501)
  }

  /// ema .6 of 1, 2 with Adam's correction: m1 = 0.4·1 = 0.4, /(1 − 0.6) = 1; m2 = 0.6·0.4 + 0.4·2 = 1.04,
  /// /(1 − 0.36) = 1.625.
  @Test func movingAverageIsBiasCorrected() throws {
    var series = SmoothedSeries()
    series.append(step: 1, 1)
    series.append(step: 2, 2)
    let light = series.smoothed(.light)
    #expect(abs(light.values[0] - 1) < 1e-12)
    #expect(abs(light.values[1] - 1.625) < 1e-12)
    // A NaN is a gap; after it the average goes on as if it had not been: m3 = 0.6·1.04 + 0.4·3 = 1.824,
    // /(1 − 0.216) = 2.3265…
    series.append(step: 3, .nan)
    series.append(step: 4, 3)
    #expect(series.smoothed(.light).values[2].isNaN)
    #expect(abs(series.smoothed(.light).values[3] - 1.824 / 0.784) < 1e-12)
    #expect(series.smoothed(.off).values[1] == 2)
  }

  @Test func smoothingGoesRound() {
    #expect(Smoothing.medium.next == .heavy)
    #expect(Smoothing.heavy.next == .off)
    #expect(Smoothing.off.next == .light)
  }

  /// Worked by hand: γ = ln 2 and rewards 3, 2, 1, 1: weights 2², 2¹, 2¹ → q = 4/8, 2/8, 2/8;
  /// ESS = 1/(1/4 + 1/16 + 1/16) = 8/3. Gap = 3 − (2·½ + 1·½) = 1.5.
  @Test func whatIfSummary() throws {
    let gamma = 0.693147180559945309
    let rewards = [3.0, 2, 1, 1]
    let q = NegativeDistribution.probabilities(rewards: rewards, gamma: gamma)
    for (value, expected) in zip(q, [0, 0.5, 0.25, 0.25]) { #expect(abs(value - expected) < 1e-12) }
    // The second prompt has one candidate (ESS 1, saturated, gap 1), the third none.
    let summary = try #require(NegativeDistribution.summary([rewards, [2, 1], [1, 1]], gamma: gamma))
    #expect(summary.prompts == 2)
    #expect(abs(summary.medianEffectiveSampleSize - (8.0 / 3 + 1) / 2) < 1e-12)
    #expect(summary.saturatedShare == 0.5)
    #expect(abs(summary.meanRewardGap - 1.25) < 1e-12)
    let byRank = NegativeDistribution.byRank([rewards, [2, 1], [1, 1]], gamma: gamma)
    for (value, expected) in zip(byRank, [0, 0.75, 0.125, 0.125]) { #expect(abs(value - expected) < 1e-12) }
    #expect(NegativeDistribution.summary([[1], []], gamma: 1) == nil)
  }

  /// Appendix E: with two preferred responses only those below both are drawn; here 1 and 1, each with q = ½.
  @Test func whatIfKnowsWhichResponsesArePreferred() throws {
    let rewards = [3.0, 2, 1, 1]
    #expect(NegativeDistribution.probabilities(rewards: rewards, gamma: 2, preferred: 2) == [0, 0, 0.5, 0.5])
    #expect(NegativeDistribution.byRank([rewards, [2, 1]], gamma: 2, preferred: 2) == [0, 0, 0.5, 0.5])
    let summary = try #require(NegativeDistribution.summary([rewards, [2, 1]], gamma: 2, preferred: 2))
    #expect(summary.prompts == 1)
    #expect(abs(summary.medianEffectiveSampleSize - 2) < 1e-12)
  }

  @Test func samplingWindowForgetsTheOldest() {
    var window = SamplingWindow()
    for _ in 0..<SamplingWindow.capacity { window.add(rank: 1, q: [0, 1, 0]) }
    for _ in 0..<64 { window.add(rank: 2, q: [0, 0.25, 0.75]) }
    // 192 old and 64 new visits: drawn 1: 192/256, 2: 64/256; expected 1: (192 + 16)/256, 2: 48/256.
    #expect(window.visits == 256)
    #expect(window.drawnShares == [0, 0.75, 0.25])
    #expect(window.expectedShares == [0, 0.8125, 0.1875])
    // χ² = (192 − 208)²/208 + (64 − 48)²/48 = 1.2308 + 5.3333.
    #expect(abs((window.chiSquare?.value ?? 0) - (256.0 / 208 + 256.0 / 48)) < 1e-9)
    #expect(window.chiSquare?.degrees == 1)
  }

  @Test func windowTakesAnything() {
    var window = SamplingWindow()
    window.add(rank: -1, q: [])
    window.add(rank: .max, q: [.nan])
    window.add(rank: nil, q: [])
    #expect(window.visits == 3)
    #expect(window.drawCount == 0)
  }

  /// 0.5, 0.3, 0.2 of 7 columns: 3.5, 2.1, 1.4 → 3, 2, 1 and the missing one to the largest remainder.
  @Test func stackedBarFillsExactly() {
    #expect(StackedBar.columns([0.5, 0.3, 0.2], columns: 7) == [4, 2, 1])
    #expect(StackedBar.columns([.nan, -1, 0], columns: 7) == [0, 0, 0])
    for width in 0..<50 {
      #expect(StackedBar.columns([0.14, 0.2, 0.14, 0.3, 0.22], columns: width).reduce(0, +) == width)
    }
  }

  @Test func sparklineShowsGapsAndFlatLines() {
    #expect(Sparkline.text([1, 2, 3], columns: 3, tier: .ascii) == "_=#")
    #expect(Sparkline.text([1, .nan], columns: 4, tier: .ascii) == "  =x")
    #expect(Sparkline.text([], columns: 2, tier: .braille) == "  ")
  }
}

struct AxisTests {
  @Test func scaleIsOneTwoFive() {
    #expect(StepDomain.scale(steps: 1, dots: 80) == 1)
    #expect(StepDomain.scale(steps: 80, dots: 80) == 1)
    #expect(StepDomain.scale(steps: 81, dots: 80) == 2)
    #expect(StepDomain.scale(steps: 161, dots: 80) == 5)
    #expect(StepDomain.scale(steps: 401, dots: 80) == 10)
    #expect(StepDomain.scale(steps: 5, dots: 0) == 1)
  }

  @Test func newestStepIsAlwaysInView() {
    for last in stride(from: 1, through: 20_000, by: 37) {
      for mode in [DomainMode.all, .follow] {
        let domain = StepDomain(mode, first: 1, last: last, dots: 76)
        let dot = domain.dot(ofStep: last)
        #expect(dot >= 0 && dot < 76, "step \(last), \(mode.title)")
      }
    }
  }

  @Test func frozenStays() {
    let early = StepDomain(.frozen(end: 50), first: 1, last: 60, dots: 76)
    let late = StepDomain(.frozen(end: 50), first: 1, last: 9_000, dots: 76)
    #expect(early == late)
  }

  @Test func valueRangeIsRound() {
    var extent = Series.Extent()
    extent.add(0.31)
    extent.add(0.69)
    let range = ValueRange(extent)
    // Span 0.38, a quarter is 0.095, the next of 1-2-5 is 0.1.
    #expect(abs(range.low - 0.3) < 1e-12)
    #expect(abs(range.high - 0.7) < 1e-12)
    #expect(range.label(range.low) == "0.3")
    #expect(range.row(of: 0.7, height: 9) == 0)
    #expect(range.row(of: 0.3, height: 9) == 8)
    #expect(range.row(of: 99, height: 9) == 0)
    #expect((0..<9).contains(range.row(of: .nan, height: 9)))
  }

  @Test func valueRangeTakesAnything() {
    for (low, high) in [(0.0, 0.0), (1e300, 1e300), (-1e308, 1e308), (1e-300, 2e-300), (5.0, 5.0)] {
      var extent = Series.Extent()
      extent.add(low)
      extent.add(high)
      let range = ValueRange(extent)
      #expect((0..<8).contains(range.row(of: low, height: 8)))
      #expect((0..<8).contains(range.row(of: high, height: 8)))
    }
    #expect(ValueRange(Series.Extent()).high == 1)
  }
}

struct NumberTextTests {
  @Test func numbers() {
    #expect(NumberText.signed(1.2) == "+1.20")
    #expect(NumberText.signed(-0.001) == "+0.00")
    #expect(NumberText.plain(.nan) == "nan")
    #expect(NumberText.plain(-.infinity) == "-inf")
    #expect(NumberText.plain(1_234.5) == "1234" || NumberText.plain(1_234.5) == "1235")
    #expect(NumberText.percent(0.144) == "14 %")
    #expect(NumberText.scientific(0.00005) == "5e-05")
    #expect(NumberText.scientific(0.00032) == "3.2e-04")
    #expect(NumberText.duration(224) == "3m44s")
    #expect(NumberText.duration(7_500) == "2h05m")
    #expect(NumberText.duration(-1) == "–")
    #expect(NumberText.duration(1e300) != "")
    #expect(NumberText.count(312_448) == "312.4 k")
  }
}

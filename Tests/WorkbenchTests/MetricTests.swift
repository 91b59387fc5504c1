import Control
import Testing

@testable import WorkbenchScreen

/// Metrics by key: the table, and what is drawn of a key that is not in it.
struct MetricTests {
  @Test func everyForeseenMetricHasAPane() {
    for metric in ChartedMetric.table {
      #expect(PaneRegistry.standard[metric.pane] != nil, "\(metric.key) is drawn in \(metric.pane)")
    }
  }

  @Test func seriesHoldWhatTheRecordsSay() {
    var run = SampleRun()
    var metrics = Metrics()
    let records = (1...5).map { run.step($0) }
    for record in records { metrics.add(record) }
    #expect(metrics[.loss].raw.values == records.map(\.loss) && metrics[.loss].raw.steps == [1, 2, 3, 4, 5])
    #expect(metrics[.gamma].raw.values == records.compactMap(\.gamma))
    #expect(metrics[.saturatedShare].raw.values == records.compactMap(\.saturatedShare))
    #expect(metrics[.evaluationLoss].raw.count == 0 && metrics["never heard of"].raw.count == 0)
    #expect(metrics.others.isEmpty)
    // What is not smoothed is the same at every smoothing.
    #expect(metrics[.learningRate].smoothed(.heavy).values == records.map(\.learningRate))
  }

  /// A number that only the record knows, of a step and of an evaluation.
  @Test func whatARecordCarriesBesideTheCatalogueIsKept() {
    var run = SampleRun()
    var metrics = Metrics()
    for step in 1...3 {
      var record = run.step(step)
      record.values["demo/extra"] = Double(step) * 2
      metrics.add(record)
    }
    #expect(metrics["demo/extra"].raw.values == [2, 4, 6] && metrics.others.map(\.name) == ["demo/extra"])
  }

  private func state(_ size: Size, keys: [ChartedMetric.Key]) -> ScreenState {
    var state = ScreenDriver.running(size, steps: 30).0.state
    state.view.smoothing = .off
    for (place, key) in keys.enumerated() {
      for step in 1...30 { state.run.metrics.append(key, step: step, Double(step) / 10 + Double(place)) }
    }
    return state
  }

  @Test func aMetricThatNobodyForesawHasAChart() {
    #expect(!state(Size(160, 48), keys: []).panes(on: .charts).contains("otherMetrics"))
    let state = state(Size(160, 48), keys: ["reward_hacking"])
    let frame = Renderer.frame(state)
    #expect(frame.text.contains("reward_hacking 3.0000"))
    guard let box = Renderer.layout(of: state).panes.first(where: { $0.pane == "otherMetrics" }) else {
      Issue.record("the pane has no place")
      return
    }
    // A rising line: dots of its style from the lower left to the upper right.
    let inside = box.rect.inside
    let dots = (inside.y..<inside.bottom).map { y in
      (inside.x..<inside.right).filter { frame[$0, y]?.style.role == .smooth }
    }
    #expect(dots.filter { !$0.isEmpty }.count >= inside.height / 2)
    #expect((dots.first { !$0.isEmpty }?.max() ?? 0) > (dots.last { !$0.isEmpty }?.min() ?? .max))
  }

  @Test func severalOfThemShareThePane() {
    var state = state(Size(80, 24), keys: ["one", "two", "three"])
    state.view.focus = "otherMetrics"
    #expect(Renderer.frame(state).text.contains("one 3.0000"))
    #expect(!Renderer.frame(state).text.contains("two 4.0000"))
    _ = Reducer.reduce(&state, .key(.down), now: 0)
    #expect(Renderer.frame(state).text.contains("two 4.0000"))
    // With the page to itself there is a chart for each.
    _ = Reducer.reduce(&state, .key(.enter), now: 0)
    let zoomed = Renderer.frame(state).text
    #expect(zoomed.contains("two 4.0000") && zoomed.contains("three 5.0000"))
  }

  /// A record may come from anybody, keys included.
  @Test func aHostileKeyIsHarmless() {
    let state = state(Size(160, 48), keys: ["\u{1b}[2Jevil\u{7}\n"])
    for scalar in Renderer.frame(state).text.unicodeScalars where scalar != "\n" {
      #expect(scalar.value >= 0x20 && !(0x7F...0x9F).contains(scalar.value))
    }
  }
}

import Control
import Testing

@testable import WorkbenchScreen

/// Alarms in plain words.
struct AlarmTests {
  /// A run of which each step's numbers are given by its number.
  private func driver(
    steps: Int, method: String = "HPS-DPO", _ change: (Int, inout StepRecord) -> Void
  ) -> ScreenDriver {
    var run = SampleRun()
    var driver = ScreenDriver(size: Size(160, 48))
    for event in run.beginning {
      if case .started(var description) = event {
        description.method = method
        driver.post(.started(description))
      } else {
        driver.post(event)
      }
    }
    for step in 1...steps {
      var record = run.step(step)
      // Nothing out of the ordinary by itself.
      (record.loss, record.gradientNorm, record.ess) = (0.5, 1, 3)
      (record.chosenReward, record.rejectedReward, record.margin) = (0.5, -0.5, 1)
      for index in record.visits.indices { record.visits[index].margin = 1 }
      change(step, &record)
      driver.post(.step(record))
    }
    return driver
  }

  private func kinds(_ driver: ScreenDriver) -> [Alarm.Kind] { driver.state.run.alarms.map(\.kind) }

  @Test func aQuietRunRaisesNone() {
    var quiet = driver(steps: 60) { _, _ in }
    #expect(kinds(quiet).isEmpty)
    quiet.press("!")
    #expect(quiet.isWarned && quiet.state.view.overlay == nil)
  }

  /// Chosen 0 → −1, rejected 0 → −3, margin 0 → 2 over 60 steps: windows of 25 differ by 25/60 of that.
  @Test func displacement() {
    var fallen = driver(steps: 60) { step, record in
      let share = Double(step) / 60
      (record.chosenReward, record.rejectedReward, record.margin) = (-share, -3 * share, 2 * share)
    }
    #expect(kinds(fallen) == [.displacement])
    #expect(fallen.frame().contains("! both rewards fall"))
    fallen.press("!")
    // Steps 11 to 35 have the mean 23/60, steps 36 to 60 48/60.
    #expect(fallen.frame().contains("chosen -0.38 → -0.80, rejected -1.15 → -2.40, margin +0.77 → +1.60 in 25 steps"))
    fallen.press("m")
    #expect(fallen.frame().contains("muted") && !fallen.frame().contains("! both rewards fall"))
    fallen.press("m", "Esc")
    #expect(fallen.frame().contains("! both rewards fall"))
    fallen.press("6")
    #expect(fallen.frame().contains("alarm: Both rewards fall while the margin grows"))
    // A preferred answer that is still likelier than at the start is no displacement.
    let likelier = driver(steps: 60) { step, record in
      let share = Double(step) / 60
      (record.chosenReward, record.rejectedReward, record.margin) = (2 - share, -3 * share, 2 + 2 * share)
    }
    #expect(kinds(likelier).isEmpty)
    // Nor are rewards that fall without a growing margin.
    let both = driver(steps: 60) { step, record in
      (record.chosenReward, record.rejectedReward) = (-Double(step) / 60, -1 - Double(step) / 60)
    }
    #expect(kinds(both).isEmpty)
  }

  @Test func spikesAndWhatIsNoNumber() {
    let spike = driver(steps: 50) { step, record in if step == 40 { record.gradientNorm = 50 } }
    #expect(kinds(spike) == [.spike])
    #expect(kinds(driver(steps: 60) { step, record in if step == 40 { record.gradientNorm = 50 } }).isEmpty)
    let broken = driver(steps: 30) { step, record in if step == 30 { record.loss = .nan } }
    #expect(kinds(broken) == [.notANumber])
  }

  @Test func saturation() {
    // σ(4.7) = 0.991.
    func certain(_ method: String) -> [Alarm.Kind] {
      kinds(
        driver(steps: 20, method: method) { _, record in
          for index in record.visits.indices { record.visits[index].margin = 4.7 }
        })
    }
    for method in ["HPS-DPO", "PL-DPO", "BT-CDPO", "BT-RDPO"] { #expect(certain(method) == [.saturatedLoss]) }
    // A margin of dpop leaves out its penalty, which may be all of the loss.
    for method in ["BT-DPOP", "HPS-SPPO", "BT-ROBUST"] { #expect(certain(method).isEmpty) }
    var one = driver(steps: 30) { _, record in record.ess = 1.1 }
    #expect(kinds(one) == [.drawsOne])
    one.press("!")
    #expect(one.frame().contains("mean ESS of the last 20 steps 1.10"))
  }

  @Test func whatAnEvaluationFinds() {
    func evaluation(_ correlation: Double, _ kl: Double) -> RunEvent {
      .evaluation(
        EvaluationRecord(
          step: 10, epoch: 1, loss: 0.5, chosenReward: 1, rejectedReward: -1, margin: 2, accuracy: 0.75,
          chosenLogProb: -1, rejectedLogProb: -2, hardestMargin: 0.25, meanMargin: 0.5, prompts: 4, runtime: 1,
          diagnostics: EvaluationDiagnostics(
            lengthHardestMargin: 0.75, lengthMeanMargin: 1.5, rankingAccuracy: 0.625, lengthCorrelation: correlation,
            policyKL: kl)))
    }
    var run = driver(steps: 10) { _, _ in }
    run.post(evaluation(0.4, 19))
    #expect(kinds(run).isEmpty)
    run.press("5")
    for text in [
      "hardest +0.75, mean +1.50", "63 % of all pairs as annotated", "correlation +0.40", "19.00 nats an answer",
    ] {
      #expect(run.frame().contains(text), "\(text)")
    }
    run.post(evaluation(-0.6, 21))
    #expect(kinds(run) == [.length, .divergence])
    #expect(run.frame().contains("! length rewarded +1"))
    run.press("!", "j", "m")
    #expect(run.frame().contains("shorter answers are preferred as such"))
    #expect(run.frame().contains("KL 21.0 nats an answer, step 10"))
    #expect(run.state.audibleAlarms.map(\.kind) == [.length])
  }

  /// docs/screen.md has a row for every alarm.
  @Test func thePageNamesThem() throws {
    let text = try ScreenPageTests.text()
    for kind in Alarm.Kind.allCases { #expect(text.contains("| \(kind.title) |"), "\(kind.title)") }
  }
}

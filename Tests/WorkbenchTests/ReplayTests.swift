import Control
import Foundation
import Testing

@testable import WorkbenchScreen

/// Looking back: a record played into the same screen as a live run.
struct ReplayTests {
  /// The sample run's record: 60 steps, 0.05 s apart, one of them an outlier.
  struct Record: RunHistory {
    var past: [RecordedEvent]

    init(_ events: [RunEvent], gaps: [Int: Double] = [:]) {
      var time = Date(timeIntervalSince1970: 1_000_000)
      past = []
      for event in events {
        if case .step(let record) = event { time += 0.05 + (gaps[record.step] ?? 0) }
        past.append(RecordedEvent(time: time, event: event))
      }
    }

    init(steps: Int = 60, gaps: [Int: Double] = [:]) { self.init(SampleRun.record(steps: steps), gaps: gaps) }

    func events(after cursor: Int64, limit: Int) throws -> (events: [RecordedEvent], cursor: Int64) {
      let rest = past.dropFirst(Int(cursor)).prefix(limit)
      return (Array(rest), cursor + Int64(rest.count))
    }
  }

  /// The frame of a run that was live and has come to `step`, to compare with.
  private func live(_ step: Int) -> ScreenState {
    var state = ScreenState(size: Size(120, 36))
    for past in Record().past {
      if case .step(let record) = past.event, record.step > step { break }
      _ = Reducer.reduce(&state, .run(past.event), now: past.time.timeIntervalSince1970 - 1_000_000)
    }
    state.sortPrompts()
    return state
  }

  @Test func everyStepIsShownAsItWas() throws {
    var driver = try ScreenDriver(recording: Record(), size: Size(120, 36))
    // Forwards, backwards, over kept states and between them.
    for step in [60, 59, 1, 33, 32, 16, 48, 0, 60] {
      driver.press("Home")
      driver.press(Array(repeating: "Shift-Right", count: step / 10) + Array(repeating: "Right", count: step % 10))
      let shown = driver.state
      let expected = live(step)
      #expect(shown.completedSteps == step && shown.replay?.step == step)
      #expect(shown.metrics.loss.raw.values == expected.metrics.loss.raw.values)
      #expect(shown.prompts.order == expected.prompts.order && shown.prompts.listed == expected.prompts.listed)
      #expect(shown.sampling.drawn == expected.sampling.drawn)
      #expect(shown.shares == expected.shares && shown.events.elements == expected.events.elements)
      #expect(shown.generations.prompts == expected.generations.prompts)
    }
  }

  @Test func aLongRecordSaysHowFarItIsRead() throws {
    var run = SampleRun(totalSteps: 3_000)
    let record = Record(run.beginning + (1...3_000).map { .step(run.step($0)) })
    let blank = ScreenState(size: Size(80, 24))
    var frames: [String] = []
    _ = try Stage(recording: record, state: blank) { past in
      frames.append(Renderer.frame(LoadingView.record(blank, read: Double(past.completedSteps) / 3_000)).text)
    }
    // Every 512 events: five times in 3,003.
    #expect(frames.count == 5)
    #expect(frames.allSatisfy { $0.contains("opening the record") && $0.contains("reading the record") })
    #expect(frames[0].contains("17 %") && frames[4].contains("85 %"))
  }

  @Test func longRecordsKeepFewStatesAndReachEveryStep() throws {
    var run = SampleRun(totalSteps: 3_000)
    let record = Record(run.beginning + (1...3_000).map { .step(run.step($0)) })
    var driver = try ScreenDriver(recording: record, size: Size(80, 24))
    driver.press("End")
    for expected in stride(from: 2_990, through: 2_500, by: -10) {
      driver.press("Shift-Left")
      #expect(driver.state.completedSteps == expected)
      #expect(driver.state.metrics.loss.raw.count == expected)
    }
  }

  @Test func statusSaysReplayAndSteeringSaysWhyNot() throws {
    var driver = try ScreenDriver(recording: Record(), size: Size(160, 36))
    driver.press("End", "Left")
    #expect(driver.frame().contains("REPLAY") && driver.frame().contains("step 59/100"))
    #expect(driver.frame().contains("recorded to 60"))
    for key in ["g", "l", "b", "P", ">", "i"] {
      driver.press(key)
      #expect(driver.frame().contains("this is a recording, nothing is training"), "\(key)")
    }
    #expect(driver.sentCommands.isEmpty)
    driver.press("q")
    #expect(driver.exit == .finished("recording"))
  }

  @Test func playsAtRecordedTimeAndSpeed() throws {
    // The clock begins with `started`; step 3 comes 10 s late.
    var driver = try ScreenDriver(recording: Record(steps: 60, gaps: [3: 10]), size: Size(120, 36))
    #expect(driver.state.replay?.speed == 1)
    driver.press("Space")
    #expect(driver.frame().contains("REPLAY 1×"))
    driver.advance(seconds: 0.12)
    #expect(driver.state.completedSteps == 2)
    // A silence of 10.05 s is played as one of 2 s, 0.02 s of which are over.
    driver.advance(seconds: 1.9)
    #expect(driver.state.completedSteps == 2)
    driver.advance(seconds: 0.1)
    #expect(driver.state.completedSteps == 3)
    driver.press("+", "+", "+")
    #expect(driver.state.replay?.speed == 10)
    driver.advance(seconds: 0.1)
    // 10 × 0.1 s are 20 steps of 0.05 s.
    #expect((22...23).contains(driver.state.completedSteps))
    driver.press("Space")
    let stopped = driver.state.completedSteps
    driver.advance(seconds: 5)
    #expect(driver.state.completedSteps == stopped)
    #expect(driver.state.replay?.playing == false)
    driver.press("Space")
    driver.advance(seconds: 50)
    driver.advance(seconds: 1)
    #expect(driver.state.completedSteps == 60)
    #expect(driver.state.replay?.playing == false)
    // From the end, playing begins anew.
    driver.press("Space")
    driver.advance(seconds: 0.01)
    #expect(driver.state.completedSteps < 5)
  }

  @Test func speedsGoFromOneToAThousand() {
    var position = ReplayPosition()
    var seen = [position.speed]
    for _ in 0..<12 {
      position.changeSpeed(1)
      seen.append(position.speed)
    }
    #expect(seen.first == 1 && seen.last == 1_000 && Set(seen).count == 10)
    for _ in 0..<20 { position.changeSpeed(-1) }
    #expect(position.speed == 1)
    #expect(ReplayPosition.speed(forRecordOf: 3) == 1)
    #expect(ReplayPosition.speed(forRecordOf: 2_000) == 100)
  }

  @Test func jumpsToEventsAndAnomalies() throws {
    var run = SampleRun()
    var events = run.beginning
    for step in 1...60 {
      events.append(.step(run.step(step, loss: step == 41 ? 30 : nil)))
      if step == 20 || step == 50 { events.append(.checkpoint(step: step, path: "checkpoint-\(step)")) }
    }
    var driver = try ScreenDriver(recording: Record(events), size: Size(120, 36))
    driver.press(".")
    #expect(driver.state.completedSteps == 20)
    // An alarm is an event too: the spike at step 41.
    driver.press(".")
    #expect(driver.state.completedSteps == 41)
    driver.press(".")
    #expect(driver.state.completedSteps == 50)
    driver.press(".")
    #expect(driver.frame().contains("no event after step 50"))
    driver.press(",", ",")
    #expect(driver.state.completedSteps == 20)
    driver.press("n")
    #expect(driver.state.completedSteps == 41)
    driver.press("n")
    #expect(driver.frame().contains("no anomaly after step 41"))
    driver.press("End", "N")
    #expect(driver.state.completedSteps == 41)
  }

  // MARK: A run that goes on

  /// A live run of 30 steps whose record holds the same.
  private func liveDriver() -> (ScreenDriver, SampleRun) {
    var run = SampleRun()
    var driver = ScreenDriver(size: Size(120, 36), history: Record(steps: 40))
    for event in run.beginning { driver.post(event) }
    for step in 1...30 { driver.post(.step(run.step(step))) }
    return (driver, run)
  }

  @Test func theRunGoesOnBehindTheReplay() {
    var (driver, run) = liveDriver()
    driver.press("R")
    #expect(driver.state.completedSteps == 30 && driver.state.replay != nil)
    driver.press("Shift-Left")
    #expect(driver.state.completedSteps == 20)
    for step in 31...35 { driver.post(.step(run.step(step))) }
    #expect(driver.state.completedSteps == 20)
    #expect(driver.frame().contains("the run is at 35"))
    driver.press("g")
    #expect(driver.frame().contains("you look at the past; R goes back to the run"))
    driver.press("R")
    #expect(driver.state.replay == nil && driver.state.completedSteps == 35)
    #expect(driver.frame().contains("RUNNING"))
    driver.press("g")
    #expect(driver.state.context == .gammaEditor)
  }

  @Test func theViewStaysThroughReplay() {
    var (driver, _) = liveDriver()
    driver.press("3", "j")
    let selected = driver.state.selectedPrompt
    driver.press("R", "Shift-Left")
    #expect(driver.state.page == .prompts && driver.state.selectedPrompt == selected)
    driver.press("6", "R")
    #expect(driver.state.page == .events)
  }

  @Test func crosshairShowsWholeCurvesAndThePanelsOfItsStep() {
    var (driver, _) = liveDriver()
    driver.press("v", "Shift-Left")
    #expect(driver.frame().contains("CROSSHAIR"))
    #expect(driver.state.completedSteps == 20)
    #expect(driver.state.metrics.loss.raw.count == 30)
    let smoothed = driver.state.metrics.loss.smoothed(.medium).value(at: 20)
    #expect(driver.frame().contains(NumberText.plain(smoothed ?? .nan, decimals: 4)))
    // The prompts are those of step 20.
    #expect(driver.state.prompts.entries.values.allSatisfy { $0.lastStep <= 20 })
    driver.press("v")
    #expect(driver.state.metrics.loss.raw.count == 20)
    driver.press("Esc")
    #expect(driver.state.replay == nil)
  }

  @Test func aSignalEndsTheReplayAndSavesTheRun() {
    var (driver, _) = liveDriver()
    driver.press("R", "Left")
    driver.signal(15)
    #expect(driver.state.replay == nil)
    #expect(driver.sentCommands.last?.command == .stop)
  }

  @Test func withoutARecordThereIsNoReplay() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 3)
    driver.press("R")
    #expect(driver.frame().contains("this run keeps no record to look back into"))
  }

  @Test func aRecordThatCannotBeReadIsSaid() {
    struct Broken: RunHistory {
      struct Problem: Error, CustomStringConvertible { var description = "the disk is gone" }
      func events(after: Int64, limit: Int) throws -> (events: [RecordedEvent], cursor: Int64) { throw Problem() }
    }
    var run = SampleRun()
    var driver = ScreenDriver(size: Size(120, 36), history: Broken())
    for event in run.beginning { driver.post(event) }
    driver.post(.step(run.step(1)))
    driver.press("R")
    #expect(driver.frame().contains("the record cannot be read: the disk is gone"))
    #expect(driver.state.completedSteps == 1)
    #expect(throws: Broken.Problem.self) { try ScreenDriver(recording: Broken(), size: Size(80, 24)) }
  }

  /// A record may come from anybody: nothing of it reaches the terminal as a control character.
  @Test func aForeignRecordIsHarmless() throws {
    let evil = "\u{1b}[2J\u{1b}]52;c;AAAA\u{7}\u{9b}H\r\n\u{202E}abc\u{0}"
    var run = SampleRun().description
    run.name = evil
    run.modelName = evil
    run.method = evil
    run.notice = evil
    run.catalogue = SampleRun.Catalogue(
      prompts: (0..<40).map { _ in CataloguedPrompt(text: evil, responses: [evil, evil], rewards: [2, 1]) })
    var sample = SampleRun()
    let record = Record(
      [.started(run), .stateChanged(.running)] + (1...9).map { .step(sample.step($0)) } + [
        .log(LogLine(level: .error, text: evil)), .checkpoint(step: 9, path: evil),
        .stateChanged(.failed(evil)),
      ])
    var driver = try ScreenDriver(recording: record, size: Size(120, 36))
    for key in ["End", "1", "2", "3", "4", "5", "6", "7", "8", "1", "Enter", "Esc", "v", ",", "."] {
      driver.press(key)
      for scalar in driver.frame().unicodeScalars where scalar != "\n" {
        #expect(scalar.value >= 0x20 && !(0x7F...0x9F).contains(scalar.value) && scalar.value != 0x202E)
      }
    }
  }

  @Test(arguments: [(80, 24), (160, 48)]) func frames(_ width: Int, _ height: Int) throws {
    var driver = try ScreenDriver(recording: Record(), size: Size(width, height), monochrome: true)
    driver.press("End", "Shift-Left", "Shift-Left")
    let replay = Golden.difference(driver.frame(), "replay-\(width)x\(height)")
    #expect(replay == nil, "\(replay ?? "")")
    driver.press("v")
    let crosshair = Golden.difference(driver.frame(), "crosshair-\(width)x\(height)")
    #expect(crosshair == nil, "\(crosshair ?? "")")
  }
}

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

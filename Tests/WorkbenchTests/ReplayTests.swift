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
    state.run.sortPrompts(now: 0)
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
      #expect(shown.run.completedSteps == step && shown.view.replay?.step == step)
      #expect(shown.run.metrics[.loss].raw.values == expected.run.metrics[.loss].raw.values)
      #expect(
        shown.run.prompts.order == expected.run.prompts.order && shown.run.prompts.listed == expected.run.prompts.listed
      )
      #expect(shown.run.sampling.drawn == expected.run.sampling.drawn)
      #expect(shown.run.shares == expected.run.shares && shown.run.events.elements == expected.run.events.elements)
      #expect(shown.run.generations.prompts == expected.run.generations.prompts)
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
      #expect(driver.state.run.completedSteps == expected)
      #expect(driver.state.run.metrics[.loss].raw.count == expected)
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
    #expect(driver.state.view.replay?.speed == 1)
    driver.press("Space")
    #expect(driver.state.view.replay?.playing == true && driver.frame().contains("REPLAY 1×"))
    driver.advance(seconds: 0.12)
    #expect(driver.state.run.completedSteps == 2)
    // A silence of 10.05 s is played as one of 2 s, 0.02 s of which are over.
    driver.advance(seconds: 1.9)
    #expect(driver.state.run.completedSteps == 2)
    driver.advance(seconds: 0.1)
    #expect(driver.state.run.completedSteps == 3)
    driver.press("+", "+", "+")
    #expect(driver.state.view.replay?.speed == 10)
    driver.advance(seconds: 0.1)
    // 10 × 0.1 s are 20 steps of 0.05 s.
    #expect((22...23).contains(driver.state.run.completedSteps))
    driver.press("Space")
    let stopped = driver.state.run.completedSteps
    driver.advance(seconds: 5)
    #expect(driver.state.run.completedSteps == stopped)
    #expect(driver.state.view.replay?.playing == false)
    driver.press("Space")
    driver.advance(seconds: 50)
    driver.advance(seconds: 1)
    #expect(driver.state.run.completedSteps == 60)
    #expect(driver.state.view.replay?.playing == false)
    // From the end, playing begins anew.
    driver.press("Space")
    driver.advance(seconds: 0.01)
    #expect(driver.state.run.completedSteps < 5)
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
    #expect(driver.state.run.completedSteps == 20)
    // An alarm is an event too: the spike at step 41.
    driver.press(".")
    #expect(driver.state.run.completedSteps == 41)
    driver.press(".")
    #expect(driver.state.run.completedSteps == 50)
    driver.press(".")
    #expect(driver.isWarned && driver.state.run.completedSteps == 50)
    driver.press(",", ",")
    #expect(driver.state.run.completedSteps == 20)
    driver.press("n")
    #expect(driver.state.run.completedSteps == 41)
    driver.press("n")
    #expect(driver.isWarned && driver.state.run.completedSteps == 41)
    driver.press("End", "N")
    #expect(driver.state.run.completedSteps == 41)
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

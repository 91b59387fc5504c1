import Control
import Testing

@testable import WorkbenchScreen

/// Undo, the palette, the filter, samples behind a step, themes.
struct SteeringTests {
  // MARK: Taking an edit back

  private func edit(_ driver: inout ScreenDriver, _ keys: [String], _ text: String, old: Double, new: Double) {
    driver.press(keys)
    driver.type(text)
    driver.press("Enter")
    driver.acknowledge(step: 31, old: old, new: new)
  }

  @Test func undoAsksAndSendsTheInverse() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 30)
    driver.press("u")
    #expect(driver.frame().contains("nothing has been edited yet"))
    edit(&driver, ["l"], "3e-4", old: 0.002, new: 3e-4)
    driver.press("u")
    #expect(driver.frame().contains("the peak learning rate goes back to 2e-03"))
    let sent = driver.sentCommands.count
    driver.press("Esc")
    #expect(driver.sentCommands.count == sent && driver.state.overlay == nil)
    driver.press("u", "Enter")
    #expect(driver.commands.last == .learningRate(0.002))
    driver.acknowledge(step: 33, old: 3e-4, new: 0.002)
    // The inverse is an edit of its own, with an inverse of its own.
    driver.press("u", "Enter")
    #expect(driver.commands.last == .learningRate(3e-4))
  }

  @Test func undoOfAGammaGoesToWhatRuledBefore() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 30)
    edit(&driver, ["g"], "1", old: -2.5, new: 1)
    driver.press("u")
    #expect(driver.frame().contains("γ goes back to the run's schedule"))
    driver.press("Esc")
    edit(&driver, ["g"], "2", old: 1, new: 2)
    driver.press("u", "Enter")
    #expect(driver.commands.last == .gamma(.hold(1)))
  }

  @Test func thePeakIsEditedNotThePresentRate() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 50)
    // The schedule has halved the rate by now; Enter as it stands changes nothing.
    #expect(driver.state.lastStep?.learningRate == 0.001)
    driver.press("l")
    #expect(driver.frame().contains("peak learning rate 2e-03"))
    #expect(driver.frame().contains("as the schedule's peak"))
    driver.press("Enter")
    #expect(driver.commands.last == .learningRate(0.002))
  }

  @Test func spaceRightAfterASingleStepPauses() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 10)
    driver.post(.stateChanged(.paused(atStep: 10)))
    driver.press(">")
    let sent = driver.sentCommands.count
    driver.press("Space")
    #expect(driver.sentCommands.count == sent)
    #expect(driver.frame().contains("the run pauses after this step"))
    driver.post(.stateChanged(.running))
    driver.press("Space")
    #expect(driver.sentCommands.count == sent)
    driver.post(.stateChanged(.paused(atStep: 11)))
    driver.press("Space")
    #expect(driver.commands.last == .resume)
  }

  @Test func anInspectionThatAnotherReplacedIsNotWaitedFor() {
    var (driver, run) = ScreenDriver.running(Size(120, 36), steps: 30)
    driver.press("j")
    #expect(driver.state.inspecting != nil)
    // Another screen's request came after ours; the trainer answers that one only.
    driver.post(.inspected(run.inspection(0, step: 30)))
    #expect(driver.state.inspecting == nil)
    let sent = driver.sentCommands.count
    driver.press("j")
    #expect(driver.sentCommands.count == sent + 1)
  }

  // MARK: The palette

  @Test func paletteFindsByWordsAndRuns() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 30)
    driver.press(":")
    driver.type("write checkp")
    #expect(driver.frame().contains("Pause and write a checkpoint"))
    driver.press("Enter")
    #expect(driver.commands.suffix(2) == [.pause, .checkpoint])
    driver.press(":")
    driver.type("zzz")
    #expect(driver.frame().contains("nothing is called that"))
    driver.press("Enter")
    #expect(driver.state.context == .palette)
    driver.press("Esc")
    #expect(driver.state.overlay == nil)
  }

  @Test func paletteSaysWhyNot() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 30)
    let sent = driver.sentCommands.count
    driver.press(":")
    driver.type("one optimizer step")
    driver.press("Enter")
    #expect(driver.frame().contains("pause first, with Space"))
    #expect(driver.sentCommands.count == sent)
  }

  @Test func paletteRunsStepsOfAPausedRun() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 30)
    for text in ["run 50", "run 0"] {
      driver.press(":")
      driver.type(text)
      driver.press("Enter")
    }
    #expect(!driver.commands.contains(.step(50)))
    driver.post(.stateChanged(.paused(atStep: 30)))
    driver.press(":")
    driver.type("run 50")
    driver.press("Enter")
    #expect(driver.commands.last == .step(50))
  }

  @Test func paletteGoesToAStep() throws {
    var driver = try ScreenDriver(recording: ReplayTests.Record(), size: Size(120, 36))
    driver.press(":")
    driver.type("42")
    #expect(driver.frame().contains("Enter: go to step 42"))
    driver.press("Enter")
    #expect(driver.state.completedSteps == 42)
    driver.press(":")
    driver.type("100000")
    driver.press("Enter")
    #expect(driver.state.completedSteps == 60)
  }

  // MARK: The filter

  @Test func filterByTextNumberAndTag() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 30)
    let all = driver.state.listedPrompts
    driver.press("/")
    driver.type("cactus")
    let cacti = driver.state.listedPrompts
    #expect(!cacti.isEmpty && cacti.count < all.count)
    #expect(cacti.allSatisfy { driver.state.catalogued($0)?.text.contains("cactus") ?? false })
    #expect(cacti == all.filter { cacti.contains($0) })
    #expect(driver.frame().contains("cactus_"))
    #expect(driver.state.selectedPrompt.map { cacti.contains($0) } ?? false)
    driver.press("Enter")
    #expect(driver.frame().contains("cactus") && driver.state.overlay == nil)
    driver.press("j")
    #expect(driver.state.selectedPrompt.map { cacti.contains($0) } ?? false)
    driver.press("/")
    driver.press(Array(repeating: "Backspace", count: 6))
    driver.type("17")
    #expect(driver.state.listedPrompts == [17])
    driver.type("x")
    #expect(driver.state.listedPrompts.isEmpty)
    #expect(driver.frame().contains("no prompt matches"))
    driver.press("Esc")
    #expect(driver.state.listedPrompts == all)
  }

  @Test func tagsTellHistories() {
    func entry(_ margins: [Double], best: Double = -20, other: Double = -20, reference: Double = -20)
      -> PromptBook.Entry
    {
      let visit = PromptVisit(
        prompt: 1, drawn: 2, drawnProbability: 1, ess: 1, scored: [], margin: margins.last ?? 0, loss: 1)
      func score(_ response: Int, _ value: Double, _ reference: Double) -> PromptBook.Score {
        PromptBook.Score(
          response: ScoredResponse(response: response, logProb: value, referenceLogProb: reference, tokens: 3),
          step: 1, inspected: false)
      }
      return PromptBook.Entry(
        visits: margins.count, margins: margins, lastVisit: visit, lastStep: 1,
        scores: [0: score(0, best, -40), 2: score(2, other, reference)])
    }
    #expect(PromptTag.of(entry([0, -1, -2, -1])) == .never)
    #expect(PromptTag.of(entry([0, -1, -2])) == nil)
    #expect(PromptTag.of(entry([0, 1, -1])) == .forgotten)
    #expect(PromptTag.of(entry([-1, 1, 2])) == .flipped)
    #expect(PromptTag.of(entry([-1, 1])) == nil)
    #expect(PromptTag.of(entry([1, 2, 3])) == nil)
    // Both find the rejected response more than 10 nats likelier.
    #expect(PromptTag.of(entry([-1], best: -35, other: -20, reference: -25)) == .suspect)
    #expect(PromptTag.of(entry([-1], best: -35, other: -20, reference: -35)) == nil)
    #expect(PromptTag.of(entry([])) == nil)
  }

  // MARK: Samples behind a step

  @Test func samplesOfTheCrosshairsStep() throws {
    var driver = try ScreenDriver(recording: ReplayTests.Record(), size: Size(120, 36))
    driver.press("End", "v", "Left", "Enter")
    let frame = driver.frame()
    #expect(frame.contains("samples of step 59") && frame.contains("8 prompts"))
    let samples = driver.state.samplesByLoss
    #expect(abs(samples.reduce(0) { $0 + $1.share } - 1) < 1e-12)
    #expect(zip(samples, samples.dropFirst()).allSatisfy { $0.share >= $1.share })
    driver.press("j", "Enter")
    #expect(driver.state.page == .prompts && driver.state.focus == .responses)
    #expect(driver.state.selectedPrompt == samples[1].visit.prompt)
    #expect(driver.state.completedSteps == 59)
  }

  // MARK: Themes

  @Test func themesGoRound() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 3)
    driver.press("T")
    #expect(driver.frame().contains("there is no other theme"))
  }

  @Test func everyContextCanBeRepainted() {
    for context in KeyContext.allCases { #expect(Binding.find(.control("l"), in: context)?.action == .repaint) }
  }

  // MARK: Controls

  @Test func aFollowerAsksForTheControls() {
    var driver = ScreenDriver(following: Size(120, 36), origin: "screen 9")
    var run = SampleRun()
    for event in run.beginning { driver.post(event) }
    driver.post(.step(run.step(1)))
    driver.press("Space", "g", "P", "j", "Enter")
    #expect(driver.sentCommands.isEmpty)
    driver.press("Space")
    #expect(driver.frame().contains("you follow this run; L takes the controls"))
    driver.post(.elsewhere("the training screen"))
    driver.press("g")
    #expect(driver.frame().contains("the training screen holds the controls; L asks for them"))
    driver.press("L")
    #expect(driver.controlsRequests == [.ask])
    driver.press("L")
    #expect(driver.controlsRequests == [.ask])
    driver.post(.kept(by: "the training screen"))
    #expect(driver.frame().contains("the training screen keeps the controls"))
    driver.press("L")
    driver.post(ControlsNews.here)
    driver.press("Space")
    #expect(driver.commands.last == .pause)
    #expect(driver.sentCommands.last?.origin == .other("screen 9"))
    driver.press("q")
    #expect(driver.exit == .finished("left"))
  }

  @Test func theHolderGivesOrKeeps() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 3)
    driver.press("L")
    #expect(driver.frame().contains("you hold the controls and nobody asks for them"))
    driver.post(.asked(by: "screen 9", seconds: 10))
    let question = "screen 9 asks for the controls: y gives, n keeps them; given in 10s"
    #expect(driver.frame().contains(question))
    // It stays until it is answered, whatever is done meanwhile.
    driver.press("j", "2", "1")
    #expect(driver.frame().contains(question))
    driver.press("g")
    #expect(driver.frame().contains("Esc, then y or n; given in 10s"))
    driver.press("Esc", "n")
    #expect(driver.controlsRequests == [.keep])
    driver.press("n")
    #expect(driver.controlsRequests == [.keep] && driver.frame().contains("nobody asks for the controls"))
    driver.post(.asked(by: "screen 9", seconds: 10))
    driver.press("y")
    #expect(driver.controlsRequests == [.keep, .give])
    driver.press("l")
    driver.post(.elsewhere("screen 9"))
    #expect(driver.state.overlay == nil)
    let sent = driver.sentCommands.count
    driver.press("Space")
    #expect(driver.sentCommands.count == sent)
    #expect(driver.frame().contains("screen 9 holds the controls; L asks for them"))
    #expect(driver.frame().contains("READ ONLY screen 9 steers"))
  }

  @Test func whatNobodyAnswersIsNotWaitedFor() {
    var driver = ScreenDriver(following: Size(120, 36), origin: "screen 9")
    var run = SampleRun()
    for event in run.beginning { driver.post(event) }
    driver.post(.step(run.step(1)))
    #expect(driver.frame().contains("READ ONLY"))
    driver.post(ControlsNews.here)
    #expect(driver.frame().contains("you steer"))
    driver.press("Space")
    #expect(driver.frame().contains("PAUSE REQUESTED"))
    driver.post(.unreachable("another screen holds the controls"))
    #expect(!driver.frame().contains("PAUSE REQUESTED"))
    #expect(driver.frame().contains("another screen holds the controls"))
  }

  @Test func aRestartedRecordIsShownAnew() {
    var driver = ScreenDriver(following: Size(120, 36), origin: "screen 9")
    var run = SampleRun()
    for event in run.beginning { driver.post(event) }
    for step in 1...9 { driver.post(.step(run.step(step))) }
    driver.press("3")
    driver.apply(.restarted)
    #expect(driver.state.completedSteps == 0 && driver.state.page == .prompts)
    var again = SampleRun()
    for event in again.beginning { driver.post(event) }
    for step in 1...4 { driver.post(.step(again.step(step))) }
    #expect(driver.state.metrics.loss.raw.steps == [1, 2, 3, 4])
  }
}

struct StartScreenTests {
  private let entries = [
    StartEntry(path: "s/live", name: "live", status: .live, detail: "HPS-DPO, step 12 of 200", age: "now"),
    StartEntry(path: "s/done", name: "done", status: .finished, detail: "HPS-DPO, step 200 of 200", age: "2 hours ago"),
    StartEntry(path: "s/dead", name: "dead", status: .crashed, detail: "BT-DPO, step 9 of 200", age: "3 days ago"),
    StartEntry(path: "s/bad", name: "bad", status: .unreadable, detail: "s/bad: damaged", age: ""),
  ]

  private func press(_ state: inout StartState, _ names: String..., check: (NewRun) -> String? = { _ in nil }) {
    for name in names {
      if let key = Key(named: name) { StartReducer.reduce(&state, key, check: check) }
    }
  }

  private func frame(_ state: StartState) -> String { StartView.frame(state, tier: .braille, monochrome: true).text }

  @Test func enterFollowsOrReplays() {
    for (moves, choice) in [(0, StartChoice.attach("s/live")), (1, .replay("s/done")), (2, .replay("s/dead"))] {
      var state = StartState(size: Size(80, 24), entries: entries)
      for _ in 0..<moves { press(&state, "j") }
      press(&state, "Enter")
      #expect(state.choice == choice)
    }
    var state = StartState(size: Size(80, 24), entries: entries)
    press(&state, "End", "Enter")
    #expect(state.choice == nil && frame(state).contains("s/bad: damaged"))
    press(&state, "k", "r")
    #expect(state.choice == .resume("s/dead"))
  }

  @Test func resumeSaysWhyNot() {
    var state = StartState(size: Size(80, 24), entries: entries)
    press(&state, "r")
    #expect(frame(state).contains("live is training already; Enter follows it"))
    press(&state, "j", "r")
    #expect(frame(state).contains("done ran to its end; there is nothing to resume"))
    #expect(state.choice == nil)
  }

  @Test func withoutSessionsTheDemoIsNear() {
    var state = StartState(size: Size(80, 24), entries: [])
    #expect(frame(state).contains("no sessions yet"))
    press(&state, "j", "k", "p", "r", "PgDn")
    #expect(state.choice == nil)
    press(&state, "Enter")
    #expect(state.choice == .demo)
  }

  @Test func aNewRunIsAskedForAndChecked() {
    var state = StartState(size: Size(80, 24), entries: entries)
    press(&state, "n")
    for character in "models/m" { StartReducer.reduce(&state, .character(character)) { _ in nil } }
    press(&state, "Enter")
    for character in "d.jsonl" { StartReducer.reduce(&state, .character(character)) { _ in nil } }
    press(&state, "Tab", "Right")
    press(&state, "Enter", check: { "\($0.data): no such file" })
    #expect(state.choice == nil)
    #expect(frame(state).contains("d.jsonl: no such file") && frame(state).contains("bt-dpo"))
    press(&state, "Enter")
    var wanted = NewRun()
    wanted.model = "models/m"
    wanted.data = "d.jsonl"
    wanted.method = "bt-dpo"
    #expect(state.choice == .new(wanted))
  }

  @Test func escapeLeavesTheFormThenTheScreen() {
    var state = StartState(size: Size(80, 24), entries: entries)
    press(&state, "n", "Esc")
    #expect(state.choice == nil && state.form == nil)
    press(&state, "?")
    #expect(frame(state).contains("resume a stopped or crashed one"))
    press(&state, "x", "q")
    #expect(state.choice == .quit)
  }

  @Test func everySizeDraws() {
    for (width, height) in [(1, 1), (3, 2), (20, 6), (60, 18), (80, 24), (200, 60), (0, 0)] {
      for keys in [["k"], ["n"], ["?"]] {
        var state = StartState(size: Size(width, height), entries: entries)
        for key in keys { press(&state, key) }
        for tier in GlyphTier.allCases {
          let grid = StartView.frame(state, tier: tier, monochrome: false)
          #expect(grid.size == Size(width, height))
          let strange = grid.text.filter { !$0.isASCII }
          #expect(tier != .ascii || strange.isEmpty, "\(strange)")
        }
      }
    }
  }

  @Test(arguments: [(80, 24), (120, 36)]) func frames(_ width: Int, _ height: Int) {
    var state = StartState(size: Size(width, height), entries: entries)
    let list = Golden.difference(frame(state), "start-\(width)x\(height)")
    #expect(list == nil, "\(list ?? "")")
    press(&state, "n")
    let form = Golden.difference(frame(state), "start-form-\(width)x\(height)")
    #expect(form == nil, "\(form ?? "")")
  }
}

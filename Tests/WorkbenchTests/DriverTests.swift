import Control
import Testing

@testable import WorkbenchScreen

/// A person at the keyboard, played by a script. No clock, no terminal, no waiting.
struct DriverTests {
  @Test func pauseSaysWhatIsAskedForAndWhatIsTrue() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 12)
    driver.press("Space")
    #expect(driver.commands.last == .pause)
    #expect(driver.frame().contains("PAUSE REQUESTED"))
    driver.acknowledge(step: 13)
    driver.post(.stateChanged(.pausing(afterStep: 13)))
    #expect(driver.frame().contains("pausing after step 13"))
    #expect(driver.frame().contains("Space resume"))
    driver.post(.stateChanged(.paused(atStep: 13)))
    #expect(driver.frame().contains("PAUSED at 13"))
    driver.press(">")
    #expect(driver.commands.last == .step(1))
    #expect(driver.frame().contains("STEP REQUESTED"))
    driver.acknowledge(step: 14)
    driver.post(.stateChanged(.paused(atStep: 14)))
    driver.press("Space")
    #expect(driver.commands.last == .resume)
    driver.acknowledge(step: 14)
    driver.post(.stateChanged(.running))
    #expect(driver.frame().contains("● RUNNING"))
  }

  @Test func disabledKeysSayWhy() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 3)
    let sent = driver.sentCommands.count
    driver.press(">")
    #expect(driver.frame().contains("pause first, with Space"))
    var loading = ScreenDriver(size: Size(120, 36))
    loading.press("Space", "g", "l", "P")
    #expect(loading.sentCommands.isEmpty)
    #expect(loading.frame().contains("the run is still loading"))
    var (bt, _) = ScreenDriver.running(Size(120, 36), steps: 3, run: SampleRun(isHPS: false))
    bt.press("g")
    #expect(bt.state.overlay == nil)
    #expect(bt.frame().contains("BT-DPO draws no hard negatives, so it has no γ"))
    #expect(driver.sentCommands.count == sent)
  }

  @Test func gammaIsEditedWithItsEffectInView() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 30)
    driver.press("g")
    driver.type("1.5")
    let frame = driver.frame()
    #expect(frame.contains("edit γ") && frame.contains("1.5_") && frame.contains("what-if"))
    #expect(frame.contains("saturated") && frame.contains("over 40 prompts"))
    driver.press("Enter")
    #expect(driver.commands.last == .gamma(.hold(1.5)))
    #expect(driver.sentCommands.last?.origin == .you)
    driver.acknowledge(step: 31, old: -2.5, new: 1.5)
    #expect(driver.frame().contains("γ -2.50 → +1.50 from step 31 (you)"))
    #expect(driver.state.marks == [Mark(step: 31, label: "γ+1.5", kind: .override)])
    driver.press("6")
    #expect(driver.frame().contains("γ -2.50 → +1.50 from step 31 (you)"))
  }

  @Test func arrowsMoveByTenthsAndOnes() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 30)
    driver.press("g", "Up", "Up", "Right", "Shift-Right", "Down", "Enter")
    // −2.5 + 0.1·3 + 1 − 0.1
    #expect(driver.commands.last == .gamma(.hold(-1.3)))
  }

  @Test func ramp() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 30)
    driver.press("g")
    driver.type("1")
    driver.press("t")
    #expect(driver.frame().contains("over  50_  steps"))
    driver.type("20")
    driver.press("Enter")
    #expect(driver.commands.last == .gamma(.ramp(target: 1, steps: 20)))
  }

  @Test func atAStepThatIsToCome() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 30)
    driver.press("g")
    driver.type("0.5")
    driver.press("@")
    driver.type("12")
    driver.press("Enter")
    #expect(driver.frame().contains("step 12 is over; the next one is 31"))
    driver.press("Backspace", "Backspace")
    driver.type("900")
    driver.press("Enter")
    #expect(driver.frame().contains("step 900 is beyond the run's last step, 100"))
    driver.press("Backspace", "Backspace", "Backspace")
    driver.type("40")
    driver.press("Enter")
    #expect(driver.commands.last == .gamma(.at(step: 40, value: 0.5)))
  }

  @Test func backToTheScheduleAndEscape() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 30)
    let sent = driver.sentCommands.count
    driver.press("g", "Up", "Esc")
    #expect(driver.state.overlay == nil)
    #expect(driver.sentCommands.count == sent)
    driver.press("g", "r")
    #expect(driver.commands.last == .gamma(.schedule))
  }

  @Test(arguments: [
    ("nan", "γ cannot be NaN (not a number)"), ("inf", "γ cannot be infinite"), ("1e999", "γ cannot be infinite"),
    ("", "type a number for γ"), ("2,5", "\"2,5\" is not a number; write a point, not a comma"),
    ("hello", "\"hello\" is not a number"), ("5000", "γ must lie between -1000 and 1000"),
  ])
  func nonsenseIsRefusedInWords(_ text: String, _ words: String) {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 30)
    let sent = driver.sentCommands.count
    driver.press("g")
    if text.isEmpty { driver.press(Array(repeating: "Backspace", count: 9)) } else { driver.type(text) }
    driver.press("Enter")
    #expect(driver.frame().contains(words))
    #expect(driver.sentCommands.count == sent)
    #expect(driver.state.context == .gammaEditor)
  }

  @Test func saturationIsAskedAboutOnce() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 30)
    driver.press("g")
    driver.type("60")
    let sent = driver.sentCommands.count
    driver.press("Enter")
    #expect(driver.sentCommands.count == sent)
    #expect(driver.frame().contains("Enter again to apply"))
    // An edit is a new question.
    driver.press("Up", "Enter")
    #expect(driver.sentCommands.count == sent)
    driver.press("Enter")
    #expect(driver.commands.last == .gamma(.hold(60.1)))
  }

  @Test func learningRateAndBeta() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 30)
    driver.press("l")
    driver.type("3e-4")
    driver.press("Enter")
    #expect(driver.commands.last == .learningRate(3e-4))
    driver.press("b")
    driver.type("0")
    driver.press("Enter")
    #expect(driver.frame().contains("β must be greater than 0"))
    driver.press("Backspace")
    driver.type("0.25")
    driver.press("Enter")
    #expect(driver.commands.last == .beta(0.25))
  }

  @Test func refusalsOfTheTrainerAreShown() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 30)
    driver.press("l")
    driver.type("0.5")
    driver.press("Enter")
    driver.acknowledge(step: 31, refusal: "learning rate 0.5 is above the limit of 0.1")
    #expect(driver.frame().contains("learning rate 0.5 is above the limit of 0.1"))
    #expect(!driver.state.pending.values.contains { $0.command == .learningRate(0.5) })
    #expect(driver.state.marks.isEmpty)
  }

  @Test func messagesDisappear() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 3)
    driver.press(">")
    #expect(driver.state.nextDeadline != nil)
    driver.advance(seconds: ScreenState.messageTime + 0.1)
    #expect(driver.state.message == nil)
    #expect(driver.state.nextDeadline == nil)
    #expect(driver.frame().contains("Space pause"))
  }

  // MARK: Prompts and responses

  @Test func movingTheSelectionAsksForNumbersOneAtATime() throws {
    var (driver, run) = ScreenDriver.running(Size(120, 36), steps: 30)
    let order = driver.state.prompts.order
    let selected = try #require(driver.state.selectedPrompt)
    let start = try #require(order.firstIndex(of: selected))
    let sent = driver.sentCommands.count
    driver.press("j", "j", "j")
    let ahead = (1...3).map { order[min(order.count - 1, start + $0)] }
    // One is under way; of the others only the last is wanted.
    #expect(driver.commands[sent...].elementsEqual([.inspect(prompt: ahead[0])]))
    driver.post(.inspected(run.inspection(ahead[0], step: 30)))
    #expect(driver.commands[sent...].elementsEqual([.inspect(prompt: ahead[0]), .inspect(prompt: ahead[2])]))
    driver.post(.inspected(run.inspection(ahead[2], step: 30)))
    #expect(driver.sentCommands.count == sent + 2)
    driver.press("3")
    let frame = driver.frame()
    #expect(frame.contains("prompt \(ahead[2])") && frame.contains("scored at step 30"))
    // s of rank 8: 0.1·(−30.5 + 27) = −0.35; best: 0; margin +0.35.
    #expect(frame.contains("-0.35") && frame.contains("+0.35"))
  }

  @Test func selectionStaysWithThePromptWhenTheListIsSorted() {
    var (driver, run) = ScreenDriver.running(Size(120, 36), steps: 10)
    driver.press("j", "j")
    let selected = driver.state.selectedPrompt
    driver.advance(seconds: 5)
    driver.post(.step(run.step(11)))
    #expect(driver.state.selectedPrompt == selected)
  }

  @Test func enterZoomsAndInspects() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 10)
    driver.press("Enter")
    #expect(driver.state.zoomed)
    #expect(!driver.frame().contains("prompts"))
    driver.press("Esc")
    #expect(!driver.state.zoomed)
    for _ in 0..<6 { driver.press("Tab") }
    #expect(driver.state.focus == .prompts)
    driver.press("Enter")
    #expect(driver.state.page == .prompts)
    #expect(driver.state.focus == .responses)
    driver.press("j", "j")
    #expect(driver.state.selectedResponse == 2)
    #expect(driver.frame().contains("response #3"))
    driver.press("Esc", "Esc")
    #expect(driver.state.page == .charts)
  }

  @Test func tabsAndPanesGoRound() {
    var (driver, _) = ScreenDriver.running(Size(80, 24), steps: 10)
    for page in Page.allCases {
      driver.press("\(page.rawValue)")
      #expect(driver.state.page == page)
      let panes = PageLayout.order(page, driver.state)
      let first = driver.state.focus
      for _ in panes { driver.press("Tab") }
      #expect(driver.state.focus == first)
      driver.press("Shift-Tab", "Tab")
      #expect(driver.state.focus == first)
    }
  }

  @Test func viewKeys() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 10)
    driver.press("s")
    #expect(driver.frame().contains("ema .99"))
    driver.press("f", "f")
    #expect(driver.state.domain == .frozen(end: 10))
    driver.press("f", "G")
    #expect(driver.state.tier == .halfBlock)
    driver.press("Ctrl-L")
    #expect(driver.repaints == 1)
  }

  // MARK: Leaving

  @Test func quitAndStop() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 10)
    driver.press("q")
    #expect(driver.frame().contains("leave the workbench?"))
    driver.press("c")
    #expect(driver.state.overlay == nil)
    driver.press("q", "s")
    #expect(driver.commands.last == .stop)
    #expect(driver.frame().contains("STOP REQUESTED"))
    driver.acknowledge(step: 11)
    driver.post(.stateChanged(.stopping))
    #expect(driver.frame().contains("STOPPING"))
    #expect(driver.exit == nil)
    driver.post(.stateChanged(.finished))
    #expect(driver.exit == nil)
    driver.post(.finished(summary(.stopped)))
    #expect(driver.exit == .quit(.stopped))
  }

  @Test func quitAndSave() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 10)
    driver.press("q", "p")
    #expect(driver.commands.suffix(2).elementsEqual([.pause, .checkpoint]))
    driver.post(.stateChanged(.paused(atStep: 11)))
    #expect(driver.exit == nil)
    driver.acknowledge(step: 11, path: "sessions/demo-1/checkpoint-11")
    #expect(driver.exit == .quit(.pausedAndSaved))
  }

  @Test func quitAndDetach() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 10)
    driver.press("q", "d")
    #expect(driver.frame().contains("no other process could go on with this run"))
    driver.canDetach = true
    driver.press("d")
    #expect(driver.commands.last == .stop)
    driver.post(.finished(summary(.stopped)))
    #expect(driver.exit == .quit(.detached))
  }

  @Test func aFailedSaveKeepsTheScreen() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 10)
    driver.press("q", "p")
    driver.acknowledge(step: 11, refusal: "the disk is full")
    #expect(driver.exit == nil)
    #expect(driver.state.leaving == nil)
    #expect(driver.frame().contains("the disk is full"))
  }

  @Test func afterTheRunQuitLeavesAtOnce() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 10)
    driver.post(.finished(summary(.completed)))
    #expect(driver.frame().contains("COMPLETED"))
    #expect(driver.frame().contains("q leaves"))
    driver.press("Space")
    #expect(driver.frame().contains("the run has ended"))
    driver.press("q")
    #expect(driver.exit == .finished("completed"))
  }

  @Test func aFailedRunSaysWhy() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 10)
    driver.post(.stateChanged(.failed("the loss is not a number")))
    #expect(driver.frame().contains("FAILED"))
    #expect(driver.frame().contains("failed: the loss is not a number"))
    driver.press("q")
    #expect(driver.exit == .finished("the loss is not a number"))
  }

  @Test func aSignalStopsAndSaves() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 10)
    driver.signal(15)
    #expect(driver.sentCommands.last?.command == .stop)
    #expect(driver.sentCommands.last?.origin == .signal)
    #expect(driver.exit == nil)
    // A second one is the signal handler's affair.
    driver.signal(15)
    #expect(driver.commands.filter { $0 == .stop }.count == 1)
    driver.press("j")
    #expect(driver.frame().contains("once more ends at once"))
    driver.post(.finished(summary(.interrupted)))
    #expect(driver.exit == .signal(15))
  }

  @Test func aSignalWhileLoadingEndsAtOnce() {
    var driver = ScreenDriver(size: Size(80, 24))
    driver.post(.loading(LoadingProgress(what: "mapping model.safetensors", fraction: 0.4)))
    driver.signal(2)
    #expect(driver.exit == .signal(2))
    #expect(driver.commands == [.stop])
  }

  private func summary(_ reason: RunSummary.Reason) -> RunSummary {
    RunSummary(
      steps: 11, trainRuntime: 1, trainLoss: 0.6, pairsPerSecond: 80, checkpointPath: "sessions/demo-1/checkpoint-11",
      reason: reason)
  }
}

extension ScreenDriver {
  mutating func press(_ names: [String]) { for name in names { press(name) } }
}

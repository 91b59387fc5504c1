import Control
import Testing

@testable import WorkbenchScreen

/// Who steers a run that several screens show.
struct ControlsTests {
  @Test func aFollowerAsksForTheControls() {
    var driver = ScreenDriver(following: Size(120, 36), origin: "screen 9")
    var run = SampleRun()
    for event in run.beginning { driver.post(event) }
    driver.post(.step(run.step(1)))
    driver.press("Space", "g", "P", "j", "Enter")
    #expect(driver.sentCommands.isEmpty)
    #expect(driver.isWarned && driver.state.steering.controls.holder == .elsewhere(nil))
    driver.post(.elsewhere("the training screen"))
    driver.press("g")
    #expect(driver.editor == nil)
    #expect(driver.frame().contains("the training screen holds the controls; L asks for them"))
    driver.press("L")
    #expect(driver.controlsRequests == [.ask])
    driver.press("L")
    #expect(driver.controlsRequests == [.ask])
    driver.post(.kept(by: "the training screen"))
    #expect(!driver.state.steering.controls.asks)
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
    #expect(driver.isWarned && driver.controlsRequests.isEmpty)
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
    #expect(driver.controlsRequests == [.keep] && driver.state.steering.controls.askedBy == nil)
    driver.post(.asked(by: "screen 9", seconds: 10))
    driver.press("y")
    #expect(driver.controlsRequests == [.keep, .give])
    driver.press("l")
    driver.post(.elsewhere("screen 9"))
    #expect(driver.state.view.overlay == nil)
    let sent = driver.sentCommands.count
    driver.press("Space")
    #expect(driver.sentCommands.count == sent)
    #expect(driver.state.steering.controls.holder == .elsewhere("screen 9"))
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
    #expect(driver.awaited == [.pause])
    driver.post(.unreachable("another screen holds the controls"))
    #expect(driver.awaited.isEmpty && driver.isWarned)
  }

  @Test func aRestartedRecordIsShownAnew() {
    var driver = ScreenDriver(following: Size(120, 36), origin: "screen 9")
    var run = SampleRun()
    for event in run.beginning { driver.post(event) }
    for step in 1...9 { driver.post(.step(run.step(step))) }
    driver.press("3")
    driver.apply(.restarted)
    #expect(driver.state.run.completedSteps == 0 && driver.state.view.page == .prompts)
    var again = SampleRun()
    for event in again.beginning { driver.post(event) }
    for step in 1...4 { driver.post(.step(again.step(step))) }
    #expect(driver.state.run.metrics[.loss].raw.steps == [1, 2, 3, 4])
  }
}

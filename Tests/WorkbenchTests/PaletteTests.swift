import Control
import Testing

@testable import WorkbenchScreen

/// The command palette.
struct PaletteTests {
  @Test func paletteFindsByWordsAndRuns() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 30)
    driver.press(":")
    driver.type("write checkp")
    #expect(CommandPalette(text: "write checkp").entries(driver.state).map(\.name) == ["checkpoint"])
    #expect(driver.frame().contains("Pause and write a checkpoint"))
    driver.press("Enter")
    #expect(driver.commands.suffix(2) == [.pause, .checkpoint])
    driver.press(":")
    driver.type("zzz")
    #expect(CommandPalette(text: "zzz").entries(driver.state).isEmpty)
    driver.press("Enter")
    #expect(driver.state.context == .palette)
    driver.press("Esc")
    #expect(driver.state.view.overlay == nil)
  }

  @Test func paletteSaysWhyNot() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 30)
    let sent = driver.sentCommands.count
    driver.press(":")
    driver.type("one optimizer step")
    driver.press("Enter")
    #expect(driver.isWarned && driver.state.view.overlay == nil)
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
    driver.press("Enter")
    #expect(driver.state.run.completedSteps == 42)
    driver.press(":")
    driver.type("100000")
    driver.press("Enter")
    #expect(driver.state.run.completedSteps == 60)
  }
}

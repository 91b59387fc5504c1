import Control
import Testing

@testable import WorkbenchScreen

/// Looking back into a run that goes on.
struct LiveReplayTests {
  /// A live run of 30 steps whose record holds the same.
  private func liveDriver() -> (ScreenDriver, SampleRun) {
    var run = SampleRun()
    var driver = ScreenDriver(size: Size(120, 36), history: ReplayTests.Record(steps: 40))
    for event in run.beginning { driver.post(event) }
    for step in 1...30 { driver.post(.step(run.step(step))) }
    return (driver, run)
  }

  @Test func theRunGoesOnBehindTheReplay() {
    var (driver, run) = liveDriver()
    driver.press("R")
    #expect(driver.state.run.completedSteps == 30 && driver.state.view.replay != nil)
    driver.press("Shift-Left")
    #expect(driver.state.run.completedSteps == 20)
    for step in 31...35 { driver.post(.step(run.step(step))) }
    #expect(driver.state.run.completedSteps == 20)
    #expect(driver.state.view.replay?.lastStep == 35 && driver.frame().contains("the run is at 35"))
    driver.press("g")
    #expect(driver.editor == nil && driver.isWarned)
    driver.press("R")
    #expect(driver.state.view.replay == nil && driver.state.run.completedSteps == 35)
    #expect(driver.state.run.phase == .running)
    driver.press("g")
    #expect(driver.state.context == .gammaEditor)
  }

  @Test func theViewStaysThroughReplay() {
    var (driver, _) = liveDriver()
    driver.press("3", "j")
    let selected = driver.state.view.selectedPrompt
    driver.press("R", "Shift-Left")
    #expect(driver.state.view.page == .prompts && driver.state.view.selectedPrompt == selected)
    driver.press("6", "R")
    #expect(driver.state.view.page == .events)
  }

  @Test func crosshairShowsWholeCurvesAndThePanelsOfItsStep() {
    var (driver, _) = liveDriver()
    driver.press("v", "Shift-Left")
    #expect(driver.state.view.replay?.showsWhole == true)
    #expect(driver.state.run.completedSteps == 20)
    #expect(driver.state.run.metrics[.loss].raw.count == 30)
    let smoothed = driver.state.run.metrics[.loss].smoothed(.medium).value(at: 20)
    #expect(driver.frame().contains(NumberText.plain(smoothed ?? .nan, decimals: 4)))
    // The prompts are those of step 20.
    #expect(driver.state.run.prompts.entries.values.allSatisfy { $0.lastStep <= 20 })
    driver.press("v")
    #expect(driver.state.run.metrics[.loss].raw.count == 20)
    driver.press("Esc")
    #expect(driver.state.view.replay == nil)
  }

  @Test func aSignalEndsTheReplayAndSavesTheRun() {
    var (driver, _) = liveDriver()
    driver.press("R", "Left")
    driver.signal(15)
    #expect(driver.state.view.replay == nil)
    #expect(driver.sentCommands.last?.command == .stop)
  }

  @Test func withoutARecordThereIsNoReplay() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 3)
    driver.press("R")
    #expect(driver.isWarned && driver.state.view.replay == nil)
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
    #expect(driver.state.run.completedSteps == 1)
    #expect(throws: Broken.Problem.self) { try ScreenDriver(recording: Broken(), size: Size(80, 24)) }
  }
}

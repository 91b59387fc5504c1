import Control
import Testing

@testable import WorkbenchScreen

/// Leaving the screen, and what ends it.
struct LeavingTests {
  @Test func quitAndStop() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 10)
    driver.press("q")
    #expect(driver.state.view.overlay == .quit)
    driver.press("c")
    #expect(driver.state.view.overlay == nil)
    driver.press("q", "s")
    #expect(driver.commands.last == .stop)
    #expect(driver.awaited.contains(.stop))
    driver.acknowledge(step: 11)
    driver.post(.stateChanged(.stopping))
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
    #expect(driver.isWarned && driver.state.steering.leaving == nil)
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
    #expect(driver.state.steering.leaving == nil)
    #expect(driver.state.view.message?.text == "the disk is full")
  }

  @Test func afterTheRunQuitLeavesAtOnce() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 10)
    let sent = driver.sentCommands.count
    driver.post(.finished(summary(.completed)))
    #expect(driver.state.run.phase == .finished && driver.frame().contains("q leaves"))
    driver.press("Space")
    #expect(driver.isWarned && driver.sentCommands.count == sent)
    driver.press("q")
    #expect(driver.exit == .finished("completed"))
  }

  @Test func aFailedRunSaysWhy() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 10)
    driver.post(.stateChanged(.failed("the loss is not a number")))
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
    #expect(driver.isWarned && driver.state.view.message?.expires == nil)
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

import Control
import Testing

@testable import WorkbenchScreen

/// Pausing, going on, and what keys say that cannot do that now.
struct PauseTests {
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

  @Test func spaceRightAfterASingleStepPauses() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 10)
    driver.post(.stateChanged(.paused(atStep: 10)))
    driver.press(">")
    let sent = driver.sentCommands.count
    driver.press("Space")
    #expect(driver.sentCommands.count == sent)
    #expect(driver.state.steering.isStepping)
    driver.post(.stateChanged(.running))
    driver.press("Space")
    #expect(driver.sentCommands.count == sent)
    driver.post(.stateChanged(.paused(atStep: 11)))
    driver.press("Space")
    #expect(driver.commands.last == .resume)
  }

  @Test func disabledKeysSayWhy() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 3)
    let sent = driver.sentCommands.count
    driver.press(">")
    #expect(driver.isWarned && !driver.state.steering.isStepping)
    var loading = ScreenDriver(size: Size(120, 36))
    loading.press("Space", "g", "l", "P")
    #expect(loading.sentCommands.isEmpty)
    #expect(loading.isWarned)
    var (bt, _) = ScreenDriver.running(Size(120, 36), steps: 3, run: SampleRun(isHPS: false))
    bt.press("g")
    #expect(bt.state.view.overlay == nil)
    #expect(bt.frame().contains("BT-DPO draws no hard negatives, so it has no γ"))
    #expect(driver.sentCommands.count == sent)
  }

  @Test func messagesDisappear() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 3)
    driver.press(">")
    #expect(driver.state.nextDeadline != nil)
    driver.advance(seconds: ScreenState.messageTime + 0.1)
    #expect(driver.state.view.message == nil)
    #expect(driver.state.nextDeadline == nil)
  }
}

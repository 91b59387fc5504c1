import Control
import Testing

@testable import WorkbenchScreen

/// Taking an edit back.
struct UndoTests {
  private func edit(_ driver: inout ScreenDriver, _ keys: [String], _ text: String, old: Double, new: Double) {
    driver.press(keys)
    driver.type(text)
    driver.press("Enter")
    driver.acknowledge(step: 31, old: old, new: new)
  }

  @Test func undoAsksAndSendsTheInverse() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 30)
    driver.press("u")
    #expect(driver.isWarned && driver.state.view.overlay == nil)
    edit(&driver, ["l"], "3e-4", old: 0.002, new: 3e-4)
    driver.press("u")
    #expect(driver.frame().contains("the peak learning rate goes back to 2e-03"))
    let sent = driver.sentCommands.count
    driver.press("Esc")
    #expect(driver.sentCommands.count == sent && driver.state.view.overlay == nil)
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
    #expect(driver.state.steering.lastEdit?.inverse == SettingChange(.gamma, .schedule))
    driver.press("Esc")
    edit(&driver, ["g"], "2", old: 1, new: 2)
    driver.press("u", "Enter")
    #expect(driver.commands.last == .gamma(.hold(1)))
  }
}

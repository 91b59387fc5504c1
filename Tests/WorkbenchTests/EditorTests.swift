import Control
import Testing

@testable import WorkbenchScreen

/// The strip that edits γ, the learning rate and β.
struct EditorTests {
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
    #expect(driver.state.run.marks == [Mark(step: 31, label: "γ+1.5", kind: .override)])
    #expect(driver.state.run.events.elements.last?.step == 31)
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
    #expect(driver.editor?.mode == .ramp && driver.editor?.field == .steps && driver.editor?.stepsText == "50")
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
    #expect(driver.editor?.problem == "step 12 is over; the next one is 31")
    driver.press("Backspace", "Backspace")
    driver.type("900")
    driver.press("Enter")
    #expect(driver.editor?.problem == "step 900 is beyond the run's last step, 100")
    driver.press("Backspace", "Backspace", "Backspace")
    driver.type("40")
    driver.press("Enter")
    #expect(driver.commands.last == .gamma(.at(step: 40, value: 0.5)))
  }

  @Test func backToTheScheduleAndEscape() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 30)
    let sent = driver.sentCommands.count
    driver.press("g", "Up", "Esc")
    #expect(driver.state.view.overlay == nil)
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
    #expect(driver.editor?.problem == words && driver.frame().contains(words))
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
    #expect(driver.editor?.confirming == true)
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
    #expect(driver.editor?.problem != nil && !driver.commands.contains(.beta(0)))
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
    #expect(driver.isWarned && driver.state.view.message?.text == "learning rate 0.5 is above the limit of 0.1")
    #expect(!driver.state.steering.pending.values.contains { $0.command == .learningRate(0.5) })
    #expect(driver.state.run.marks.isEmpty)
  }

  @Test func thePeakIsEditedNotThePresentRate() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 50)
    // The schedule has halved the rate by now; Enter as it stands changes nothing.
    #expect(driver.state.run.lastStep?.learningRate == 0.001)
    driver.press("l")
    #expect(driver.frame().contains("peak learning rate 2e-03"))
    driver.press("Enter")
    #expect(driver.commands.last == .learningRate(0.002))
  }
}

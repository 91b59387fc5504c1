import Control
import Testing

@testable import WorkbenchScreen

/// The table of steerable settings.
struct SettingTests {
  @Test func changesAreCommandsAndBack() {
    let commands: [RunCommand] = [
      .gamma(.hold(1.5)), .gamma(.ramp(target: -2, steps: 20)), .gamma(.at(step: 7, value: 0.5)), .gamma(.schedule),
      .learningRate(3e-4), .beta(0.2),
    ]
    for command in commands { #expect(SettingChange(command)?.command == command) }
    for command in [RunCommand.pause, .resume, .step(2), .checkpoint, .stop, .inspect(prompt: 1)] {
      #expect(SettingChange(command) == nil)
    }
    #expect(SettingChange(.beta, .schedule).command == nil)
  }

  @Test func everySettingCanBeEditedAndExplained() throws {
    #expect(SteerableSetting.all.map(\.key) == Setting.table.map(\.key))
    for setting in SteerableSetting.all {
      #expect(SteerableSetting.of(setting.key).key == setting.key)
      let key = try #require(setting.keyOnScreen)
      let binding = Binding.find(.character(key), in: .main)
      #expect(binding?.help == setting.help, "\(setting.key)")
      #expect(BranchForm.short[setting.key.rawValue] == setting.path)
      #expect(setting.setting.refusal(ofTyped: setting.setting.reach.upperBound) == nil)
      var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 30)
      driver.press(String(key))
      #expect(driver.editor?.target == setting.key)
      // As it stands, it asks for what is in force already.
      driver.press("Enter")
      let present = setting.present(driver.state.run) ?? .nan
      #expect(driver.commands.last == SettingChange(setting.key, .hold(present)).command)
    }
  }

  /// Worked by hand: −2.45 + 0.1 is −2.35; ten small steps of γ are one large one; the rate goes up by a tenth or twice.
  @Test func arrowsMoveByTheTablesSteps() {
    let gamma = Setting.gamma
    #expect(gamma.moved(-2.45, 1, large: false) == -2.35)
    #expect(
      (0..<10).reduce(0.3) { value, _ in gamma.moved(value, 1, large: false) } == gamma.moved(0.3, 1, large: true))
    #expect(gamma.moved(999.95, 1, large: true) == 1_000)
    let rate = Setting.learningRate
    #expect(rate.moved(0.002, 1, large: true) == 0.004 && rate.moved(0.8, 1, large: true) == 1)
    #expect(Setting.beta.moved(0.005, -1, large: false) == 0.001)
  }

  /// A setting that the screen has no words for is told of, marked and taken back all the same.
  @Test func aSettingThatNobodyForesaw() {
    var (driver, _) = ScreenDriver.running(Size(120, 36), steps: 30)
    driver.post(
      .acknowledged(
        CommandAcknowledgement(
          id: 77, command: .set("demo_scale", .hold(4)), origin: .control, requestStep: 30, effectStep: 31, oldValue: 1,
          newValue: 4)))
    #expect(driver.state.run.marks.last?.label.hasPrefix("demo_scale ") == true)
    #expect(driver.state.run.events.elements.last?.text.contains("demo_scale") == true)
    #expect(driver.state.steering.lastEdit?.inverse == SettingChange("demo_scale", .hold(1)))
  }
}

/// Keys in the strip that edits a value.
extension Binding {
  private static let both: [KeyContext] = [.gammaEditor, .valueEditor]

  static let editors: [Binding] = [
    Binding(
      "editor apply", [.enter], in: both, hint: "apply", help: "Apply from the next step on", rank: 1,
      perform: { $0.applyEdit() }),
    Binding(
      "editor cancel", [.escape], in: both, hint: "leave as it is", help: "Change nothing", rank: 2,
      change: { $0.view.overlay = nil }),
    Binding(
      "more", [.up, .right], in: both, hint: "more", help: "A little more", rank: 3,
      change: { $0.view.changeEditor { $0.nudge(1, large: false) } }),
    Binding(
      "less", [.down, .left], in: both, hint: "less", help: "A little less", rank: 4,
      change: { $0.view.changeEditor { $0.nudge(-1, large: false) } }),
    Binding(
      "much more", [.shiftRight, .pageUp], in: both, hint: "much more", help: "Much more",
      change: { $0.view.changeEditor { $0.nudge(1, large: true) } }),
    Binding(
      "much less", [.shiftLeft, .pageDown], in: both, hint: "much less", help: "Much less",
      change: { $0.view.changeEditor { $0.nudge(-1, large: true) } }),
    Binding(
      "ramp", [.character("t")], in: [.gammaEditor], hint: "ramp", help: "Move to γ over a number of steps", rank: 5,
      change: { $0.view.changeEditor { $0.toggle(.ramp, suggestion: 50) } }),
    Binding(
      "at a step", [.character("@")], in: [.gammaEditor], hint: "at a step", help: "Change γ at a given step", rank: 6,
      change: { state in
        let later = state.run.completedSteps + 50
        state.view.changeEditor { $0.toggle(.at, suggestion: later) }
      }),
    Binding(
      "schedule", [.character("r")], in: [.gammaEditor], hint: "schedule", help: "Return to the run's schedule",
      rank: 7, perform: { $0.returnToSchedule() }),
    Binding(
      "editor field", [.tab, .backTab], in: both, hint: "field", help: "Between the value and the steps",
      change: { $0.view.changeEditor { $0.nextField() } }),
    Binding(
      "editor erase", [.backspace, .delete], in: both, hint: "erase", help: "Delete the last character",
      change: { $0.view.changeEditor { $0.erase() } }),
  ]
}

extension ViewState {
  mutating func changeEditor(_ change: (inout ValueEditor) -> Void) {
    guard case .editor(var editor) = overlay else { return }
    change(&editor)
    overlay = .editor(editor)
  }

  /// The γ that is typed and could be applied, for what-ifs.
  var editedGamma: Double? {
    guard case .editor(let editor) = overlay, editor.target == .gamma, case .success(let value) = editor.value else {
      return nil
    }
    return value
  }
}

extension ScreenState {
  mutating func returnToSchedule() -> [ScreenEffect] {
    guard case .editor(let editor) = view.overlay else { return [] }
    view.overlay = nil
    return steering.request(SettingChange(editor.target, .schedule))
  }

  /// Sends what was typed, or says in the strip what is wrong with it.
  mutating func applyEdit() -> [ScreenEffect] {
    guard case .editor(let editor) = view.overlay else { return [] }
    switch change(by: editor) {
    case .failure(let refusal):
      view.changeEditor { $0.problem = refusal.description }
      return []
    case .success(let change):
      if !editor.confirming, let doubt = doubt(about: change) {
        view.changeEditor {
          $0.confirming = true
          $0.problem = doubt
        }
        return []
      }
      view.overlay = nil
      return steering.request(change)
    }
  }

  private func change(by editor: ValueEditor) -> Result<SettingChange, ValueEditor.Refusal> {
    editor.value.flatMap { value in
      guard editor.mode != .hold else { return .success(SettingChange(editor.target, .hold(value))) }
      return editor.steps(after: run.completedSteps, total: run.description?.totalSteps ?? .max).map { steps in
        SettingChange(
          editor.target, editor.mode == .ramp ? .ramp(target: value, steps: steps) : .at(step: steps, value: value))
      }
    }
  }

  /// What is asked about before a γ that leaves nothing to draw is applied; nil where nothing is.
  private func doubt(about change: SettingChange) -> String? {
    guard change.setting == .gamma, let value = change.value,
      let summary = NegativeDistribution.summary(run.rewardSample, gamma: value, preferred: run.preferred),
      summary.saturatedShare > 0.5
    else { return nil }
    return "at γ \(NumberText.signed(value)) \(NumberText.percent(summary.saturatedShare)) of the prompts would draw "
      + "nearly always the same negative (ESS < 1.5): Enter again to apply, Esc to leave it"
  }
}

extension SteeringState {
  mutating func request(_ change: SettingChange) -> [ScreenEffect] { change.command.map { [request($0)] } ?? [] }
}

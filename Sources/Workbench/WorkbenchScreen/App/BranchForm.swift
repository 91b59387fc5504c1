/// What a person types to branch off: the checkpoint, and the settings that are to be different.
struct BranchForm: Equatable, Sendable {
  /// Steps of the checkpoints there are, ascending.
  var checkpoints: [Int]
  /// Among `checkpoints`.
  var selected: Int
  var text = ""
  var problem: String?

  /// - Parameter step: the last checkpoint that is not after it is offered first.
  init?(checkpoints: [Int], step: Int) {
    guard !checkpoints.isEmpty else { return nil }
    self.checkpoints = checkpoints
    selected = checkpoints.lastIndex { $0 <= step } ?? 0
  }

  var step: Int { checkpoints[max(0, min(checkpoints.count - 1, selected))] }

  /// Names that are short for keys of the run file.
  static let short = [
    "gamma": "preference.gamma", "beta": "preference.beta", "learning_rate": "training.learning_rate",
    "seed": "training.seed", "max_steps": "training.max_steps",
  ]

  struct Refusal: Error, Equatable, CustomStringConvertible {
    var description: String
  }

  /// `key.path=value` each, or why there are none.
  var settings: Result<[String], Refusal> {
    let words = text.split(separator: " ")
    guard !words.isEmpty else {
      return .failure(Refusal(description: "name what is to be different, such as gamma=2.5"))
    }
    var settings: [String] = []
    for word in words {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
        return .failure(Refusal(description: "\(word): expected key=value, such as learning_rate=1e-4"))
      }
      settings.append("\(Self.short[String(parts[0])] ?? String(parts[0]))=\(parts[1])")
    }
    return .success(settings)
  }
}

extension Reducer {
  static func branch(_ state: inout ScreenState, _ action: Action) -> [ScreenEffect] {
    if action == .openBranch {
      state.overlay = BranchForm(checkpoints: state.checkpoints, step: state.completedSteps).map { .branch($0) }
      return []
    }
    guard case .branch(var form) = state.overlay else { return [] }
    switch action {
    case .branchNext: form.selected = min(form.checkpoints.count - 1, form.selected + 1)
    case .branchPrevious: form.selected = max(0, form.selected - 1)
    case .branchStart:
      switch form.settings {
      case .failure(let refusal): form.problem = refusal.description
      case .success(let settings):
        state.overlay = nil
        state.say("starting a branch from step \(form.step): \(form.text)", .text, forever: true)
        return [.peers(.branch(step: form.step, settings: settings))]
      }
    default: break
    }
    state.overlay = .branch(form)
    return []
  }
}

extension ScreenState {
  /// Why no branch can begin here; nil if one can.
  var obstacleToBranching: String? {
    if run?.sessionPath == nil { return "this run keeps no session to branch from" }
    if !checkpoints.isEmpty { return nil }
    return place == .recording
      ? "this recording has no checkpoint up to here" : "there is no checkpoint yet; P writes one"
  }
}

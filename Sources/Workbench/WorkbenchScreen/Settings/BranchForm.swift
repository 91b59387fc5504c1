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
  static let short: [String: String] = {
    let settings = SteerableSetting.all.map { ($0.key.rawValue, $0.path) }
    let others = ["seed", "max_steps"].map { ($0, "training.\($0)") }
    return Dictionary(uniqueKeysWithValues: settings + others)
  }()

  /// One of each, as it may be typed.
  static let examples =
    SteerableSetting.all.map { "\($0.key.rawValue)=\($0.example)" } + ["seed=7", "max_steps=400"]

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

extension BranchForm {
  mutating func move(_ by: Int) { selected = max(0, min(checkpoints.count - 1, selected + by)) }

  mutating func type(_ character: Character) {
    guard text.count < 200 else { return }
    text.append(character)
    problem = nil
  }

  mutating func erase() {
    text = String(text.dropLast())
    problem = nil
  }
}

extension ViewState {
  mutating func changeBranchForm(_ change: (inout BranchForm) -> Void) {
    guard case .branch(var form) = overlay else { return }
    change(&form)
    overlay = .branch(form)
  }
}

extension ScreenState {
  mutating func openBranchForm() {
    view.overlay = BranchForm(checkpoints: run.checkpoints, step: run.completedSteps).map { .branch($0) }
  }

  mutating func startBranch() -> [ScreenEffect] {
    guard case .branch(let form) = view.overlay else { return [] }
    switch form.settings {
    case .failure(let refusal):
      view.changeBranchForm { $0.problem = refusal.description }
      return []
    case .success(let settings):
      view.overlay = nil
      say("starting a branch from step \(form.step): \(form.text)", .text, forever: true)
      return [.peers(.branch(step: form.step, settings: settings))]
    }
  }

  /// Why no branch can begin here; nil if one can.
  var obstacleToBranching: String? {
    if run.description?.sessionPath == nil { return "this run keeps no session to branch from" }
    if !run.checkpoints.isEmpty { return nil }
    return steering.place == .recording
      ? "this recording has no checkpoint up to here" : "there is no checkpoint yet; P writes one"
  }
}

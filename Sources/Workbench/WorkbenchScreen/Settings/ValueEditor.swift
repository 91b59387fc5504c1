import Control
import Foundation

/// The strip that edits a steerable setting. It holds text until Enter, so nothing is applied by accident.
struct ValueEditor: Equatable, Sendable {
  /// How a value is to be applied.
  enum Mode: Sendable { case hold, ramp, at }
  enum Field: Sendable { case value, steps }

  let target: Setting.Key
  var text: String
  var mode = Mode.hold
  /// Steps to ramp over, or the step to begin at.
  var stepsText = ""
  var field = Field.value
  /// The next typed character replaces the field rather than extending it.
  var fresh = true
  /// What is wrong with the input, in a sentence; or what is asked again.
  var problem: String?
  /// The same input was asked about and Enter confirms it.
  var confirming = false

  init(target: Setting.Key, present: Double) {
    self.target = target
    text = SteerableSetting.of(target).format(present)
  }

  var setting: SteerableSetting { SteerableSetting.of(target) }

  static let textLimit = 24

  // MARK: Typing

  mutating func type(_ character: Character) {
    guard !character.isNewline else { return }
    let replaces = fresh
    edit { fieldText in
      if replaces { fieldText = "" }
      if fieldText.count < Self.textLimit { fieldText.append(character) }
    }
  }

  mutating func erase() {
    edit { fieldText in
      if !fieldText.isEmpty { fieldText.removeLast() }
    }
  }

  private mutating func edit(_ change: (inout String) -> Void) {
    if field == .value { change(&text) } else { change(&stepsText) }
    fresh = false
    problem = nil
    confirming = false
  }

  mutating func nextField() {
    guard mode != .hold else { return }
    field = field == .value ? .steps : .value
    fresh = true
  }

  /// Turns a way of applying on, or back to an immediate change.
  mutating func toggle(_ mode: Mode, suggestion: Int) {
    self.mode = self.mode == mode ? .hold : mode
    field = self.mode == .hold ? .value : .steps
    stepsText = self.mode == .hold ? "" : String(suggestion)
    fresh = true
    problem = nil
    confirming = false
  }

  /// Arrow keys: ±1 small or large unit of the field in hand.
  mutating func nudge(_ direction: Int, large: Bool) {
    problem = nil
    confirming = false
    fresh = true
    if field == .steps {
      let present = Int(stepsText.trimmingCharacters(in: .whitespaces)) ?? 0
      let unit = large ? 100 : 10
      stepsText = String(max(1, min(1_000_000_000, present) + direction * unit))
      return
    }
    guard let present = Double(text.trimmingCharacters(in: .whitespaces)), present.isFinite else {
      problem = "\"\(text)\" is not a number; type one, or Esc to leave"
      return
    }
    text = setting.format(setting.setting.moved(present, direction, large: large))
  }

  // MARK: Reading

  /// A sentence that says what is wrong with what was typed.
  struct Refusal: Error, Equatable, CustomStringConvertible {
    var description: String
  }

  /// The value as typed, checked for its setting.
  var value: Result<Double, Refusal> {
    let trimmed = text.trimmingCharacters(in: .whitespaces)
    let name = setting.title
    guard !trimmed.isEmpty else { return .failure(Refusal(description: "type a number for \(name)")) }
    guard let value = Double(trimmed) else {
      let hint = trimmed.contains(",") ? "; write a point, not a comma" : ""
      return .failure(Refusal(description: "\"\(trimmed)\" is not a number\(hint)"))
    }
    guard value.isFinite else {
      let word = value.isNaN ? "NaN (not a number)" : "infinite"
      return .failure(Refusal(description: "\(name) cannot be \(word)"))
    }
    if let refusal = setting.setting.refusal(ofTyped: value) { return .failure(Refusal(description: refusal)) }
    return .success(value)
  }

  /// Steps of a ramp, or the step to begin at.
  func steps(after completed: Int, total: Int) -> Result<Int, Refusal> {
    let trimmed = stepsText.trimmingCharacters(in: .whitespaces)
    guard let steps = Int(trimmed) else {
      return .failure(Refusal(description: "\"\(trimmed)\" is not a whole number of steps"))
    }
    if mode == .at {
      guard steps > completed else {
        return .failure(Refusal(description: "step \(steps) is over; the next one is \(completed + 1)"))
      }
      guard steps <= total else {
        return .failure(Refusal(description: "step \(steps) is beyond the run's last step, \(total)"))
      }
    } else {
      guard steps >= 1 else { return .failure(Refusal(description: "a ramp takes at least 1 step")) }
      guard steps <= 1_000_000_000 else {
        return .failure(Refusal(description: "a ramp of \(steps) steps is too long"))
      }
    }
    return .success(steps)
  }
}

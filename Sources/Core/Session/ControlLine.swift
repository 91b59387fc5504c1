import Control
import JSON

/// Reads the JSON commands of `--control`, one a line:
///
///     {"command": "pause"}   resume, checkpoint, stop
///     {"command": "step", "count": 5}
///     {"command": "set", "key": "gamma", "value": 2.5}            hold from the next step
///     {"command": "set", "key": "gamma", "value": 2.5, "ramp": 20}  linearly over 20 steps
///     {"command": "set", "key": "gamma", "value": 2.5, "at": 300}   from step 300
///     {"command": "set", "key": "gamma", "value": "schedule"}       back to the schedule
///     {"command": "set", "key": "learning_rate", "value": 1e-4}   beta likewise
///
/// Every command may carry `id` (a whole number, sent back) and `reason` (text, recorded).
public enum ControlLine {
  public struct Refusal: Error, CustomStringConvertible, Equatable {
    public var description: String

    init(description: String) { self.description = description.printable }
  }

  static let commands = ["pause", "resume", "step", "checkpoint", "stop", "set"]
  static let settable = ["gamma", "learning_rate", "beta"]

  /// - Parameter fallbackID: the id of a command that names none.
  public static func parse(_ line: String, fallbackID: Int) throws -> CommandRequest {
    guard let object = try? JSONValue(parsing: Array(line.utf8), JSONOptions(duplicateKeys: .lastWins)).object else {
      throw Refusal(description: "not a JSON object")
    }
    guard let name = object["command"]?.string else { throw Refusal(description: "\"command\" is missing") }

    var allowed: Set = ["command", "id", "reason"]
    let command: RunCommand
    switch name {
    case "pause": command = .pause
    case "resume": command = .resume
    case "checkpoint": command = .checkpoint
    case "stop": command = .stop
    case "step":
      allowed.insert("count")
      let count = try whole(object["count"], "count") ?? 1
      guard count >= 1 else { throw Refusal(description: "count: \(count) is less than 1") }
      command = .step(count)
    case "set":
      allowed.formUnion(["key", "value", "ramp", "at"])
      command = try setting(object)
    default:
      throw Refusal(
        description: "\"\(name)\" is not a command; the commands are \(commands.joined(separator: ", "))")
    }
    if let extra = object.keys.sorted().first(where: { !allowed.contains($0) }) {
      throw Refusal(description: "\"\(extra)\" is not a key of \"\(name)\"")
    }
    if let reason = object["reason"], reason.string == nil { throw Refusal(description: "reason: not a text") }
    return CommandRequest(
      id: try whole(object["id"], "id") ?? fallbackID, command: command, origin: "control",
      reason: object["reason"]?.string)
  }

  private static func setting(_ object: JSONObject) throws -> RunCommand {
    guard let key = object["key"]?.string else { throw Refusal(description: "\"key\" is missing") }
    guard settable.contains(key) else {
      throw Refusal(
        description: "\"\(key)\" cannot be set during a run; these can: \(settable.joined(separator: ", "))")
    }
    let ramp = try whole(object["ramp"], "ramp")
    let at = try whole(object["at"], "at")
    if key != "gamma", ramp != nil || at != nil {
      throw Refusal(description: "\"ramp\" and \"at\" go with the key gamma only")
    }
    if key == "gamma", object["value"]?.string == "schedule" {
      guard ramp == nil, at == nil else {
        throw Refusal(description: "\"ramp\" and \"at\" need a number as the value")
      }
      return .gamma(.schedule)
    }
    guard let value = object["value"]?.number, value.isFinite else {
      throw Refusal(description: "value: not a number")
    }
    switch key {
    case "learning_rate": return .learningRate(value)
    case "beta": return .beta(value)
    default: break
    }
    switch (ramp, at) {
    case (nil, nil): return .gamma(.hold(value))
    case (let steps?, nil): return .gamma(.ramp(target: value, steps: steps))
    case (nil, let step?): return .gamma(.at(step: step, value: value))
    default: throw Refusal(description: "\"ramp\" and \"at\" exclude each other")
    }
  }

  private static func whole(_ value: JSONValue?, _ key: String) throws -> Int? {
    guard let value else { return nil }
    guard let whole = value.wholeNumber else { throw Refusal(description: "\(key): not a whole number") }
    return whole
  }
}

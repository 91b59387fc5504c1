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
///     {"command": "inspect", "prompt": 12}                        score all responses of a training prompt
///
/// Every command may carry `id` (a whole number, sent back) and `reason` (text, recorded).
public enum ControlLine {
  public struct Refusal: Error, CustomStringConvertible, Equatable {
    public var description: String

    init(description: String) { self.description = description.printable }
  }

  /// Bytes that a line may have; a command is a hundred or two.
  public static let maximumLength = 16_384

  static let commands = ["pause", "resume", "step", "checkpoint", "stop", "set", "inspect"]
  static let settable = ["gamma", "learning_rate", "beta"]

  /// The line that `parse` reads as this request.
  public static func line(_ request: CommandRequest) -> String {
    var json = JSONLine()
    json.add("command", request.command.name)
    switch request.command {
    case .pause, .resume, .checkpoint, .stop: break
    case .step(let count): json.add("count", count)
    case .inspect(let prompt): json.add("prompt", prompt)
    case .learningRate(let value), .beta(let value):
      json.add("key", request.command.key)
      json.add("value", value)
    case .gamma(let override):
      json.add("key", request.command.key)
      switch override {
      case .schedule: json.add("value", "schedule")
      case .hold(let value): json.add("value", value)
      case .ramp(let target, let steps):
        json.add("value", target)
        json.add("ramp", steps)
      case .at(let step, let value):
        json.add("value", value)
        json.add("at", step)
      }
    }
    json.add("id", request.id)
    if let reason = request.reason { json.add("reason", reason) }
    return json.text
  }

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
    case "inspect":
      allowed.insert("prompt")
      guard let prompt = try whole(object["prompt"], "prompt") else {
        throw Refusal(description: "\"prompt\" is missing")
      }
      guard prompt >= 0 else { throw Refusal(description: "prompt: \(prompt) is less than 0") }
      command = .inspect(prompt: prompt)
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

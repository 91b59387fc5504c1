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

  /// The line that `parse` reads as this request.
  public static func line(_ request: CommandRequest) -> String {
    var json = JSONLine()
    json.add("command", request.command.name)
    switch request.command {
    case .pause, .resume, .checkpoint, .stop: break
    case .step(let count): json.add("count", count)
    case .inspect(let prompt): json.add("prompt", prompt)
    case .set(let key, let change):
      json.add("key", key.rawValue)
      switch change {
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

  /// - Parameters:
  ///   - fallbackID: the id of a command that names none.
  ///   - settings: what `set` may change.
  public static func parse(
    _ line: String, fallbackID: Int, settings: [Setting] = Setting.table
  ) throws -> CommandRequest {
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
      command = try set(object, settings)
    default:
      throw Refusal(
        description: "\"\(name)\" is not a command; the commands are \(commands.joined(separator: ", "))")
    }
    if let extra = object.keys.sorted().first(where: { !allowed.contains($0) }) {
      throw Refusal(description: "\"\(extra)\" is not a key of \"\(name)\"")
    }
    if let reason = object["reason"], reason.string == nil { throw Refusal(description: "reason: not a text") }
    return CommandRequest(
      id: try whole(object["id"], "id") ?? fallbackID, command: command, origin: .control,
      reason: object["reason"]?.string)
  }

  private static func set(_ object: JSONObject, _ settings: [Setting]) throws -> RunCommand {
    guard let key = object["key"]?.string.map(Setting.Key.init(rawValue:)) else {
      throw Refusal(description: "\"key\" is missing")
    }
    guard let setting = settings.first(where: { $0.key == key }) else {
      throw Refusal(description: Setting.unknown(key, among: settings))
    }
    let ramp = try whole(object["ramp"], "ramp")
    let at = try whole(object["at"], "at")
    let takes = { setting.changes.contains($0) }
    if ramp != nil && !takes(.ramp) || at != nil && !takes(.at) {
      let keys = settings.filter { !$0.changes.isDisjoint(with: [.ramp, .at]) }.map(\.key.rawValue)
      throw Refusal(
        description: "\"ramp\" and \"at\" go with the key \(keys.joined(separator: " or ")) only")
    }
    if takes(.schedule), object["value"]?.string == "schedule" {
      guard ramp == nil, at == nil else {
        throw Refusal(description: "\"ramp\" and \"at\" need a number as the value")
      }
      return .set(key, .schedule)
    }
    guard let value = object["value"]?.number, value.isFinite else {
      throw Refusal(description: "value: not a number")
    }
    switch (ramp, at) {
    case (nil, nil): return .set(key, .hold(value))
    case (let steps?, nil): return .set(key, .ramp(target: value, steps: steps))
    case (nil, let step?): return .set(key, .at(step: step, value: value))
    default: throw Refusal(description: "\"ramp\" and \"at\" exclude each other")
    }
  }

  private static func whole(_ value: JSONValue?, _ key: String) throws -> Int? {
    guard let value else { return nil }
    guard let whole = value.wholeNumber else { throw Refusal(description: "\(key): not a whole number") }
    return whole
  }
}

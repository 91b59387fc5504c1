import Control
import Testing

@testable import Session

struct ControlLineTests {
  @Test(arguments: [
    (#"{"command": "pause"}"#, RunCommand.pause),
    (#"{"command": "resume"}"#, .resume),
    (#"{"command": "checkpoint"}"#, .checkpoint),
    (#"{"command": "stop"}"#, .stop),
    (#"{"command": "step"}"#, .step(1)),
    (#"{"command": "step", "count": 5}"#, .step(5)),
    (#"{"command": "set", "key": "gamma", "value": 2.5}"#, .gamma(.hold(2.5))),
    (#"{"command": "set", "key": "gamma", "value": -1, "ramp": 20}"#, .gamma(.ramp(target: -1, steps: 20))),
    (#"{"command": "set", "key": "gamma", "value": 0, "at": 300}"#, .gamma(.at(step: 300, value: 0))),
    (#"{"command": "set", "key": "gamma", "value": "schedule"}"#, .gamma(.schedule)),
    (#"{"command": "set", "key": "learning_rate", "value": 1e-4}"#, .learningRate(1e-4)),
    (#"{"command": "set", "key": "beta", "value": 0.2}"#, .beta(0.2)),
    (#"{"command": "inspect", "prompt": 12}"#, .inspect(prompt: 12)),
  ])
  func reads(_ line: String, _ command: RunCommand) throws {
    let request = try ControlLine.parse(line, fallbackID: 7)
    #expect(request == CommandRequest(id: 7, command: command, origin: .control))
    // What is written for another process is read as the same.
    let written = CommandRequest(id: 9, command: command, origin: .control, reason: "because \"so\"")
    #expect(try ControlLine.parse(ControlLine.line(written), fallbackID: 1) == written)
  }

  @Test func keepsIDAndReason() throws {
    let request = try ControlLine.parse(#"{"command": "pause", "id": 31, "reason": "lunch"}"#, fallbackID: 1)
    #expect(request == CommandRequest(id: 31, command: .pause, origin: .control, reason: "lunch"))
  }

  @Test(arguments: [
    ("pause", "not a JSON object"),
    ("[1]", "not a JSON object"),
    ("{}", "\"command\" is missing"),
    (
      #"{"command": "puase"}"#,
      "\"puase\" is not a command; the commands are pause, resume, step, checkpoint, stop, set, inspect"
    ),
    (#"{"command": "step", "count": 0}"#, "count: 0 is less than 1"),
    (#"{"command": "step", "count": 1.5}"#, "count: not a whole number"),
    (#"{"command": "step", "count": true}"#, "count: not a whole number"),
    (#"{"command": "inspect"}"#, "\"prompt\" is missing"),
    (#"{"command": "inspect", "prompt": -1}"#, "prompt: -1 is less than 0"),
    (#"{"command": "pause", "count": 2}"#, "\"count\" is not a key of \"pause\""),
    (#"{"command": "set", "value": 2}"#, "\"key\" is missing"),
    (
      #"{"command": "set", "key": "seed", "value": 2}"#,
      "\"seed\" cannot be set during a run; these can: gamma, learning_rate, beta"
    ),
    (#"{"command": "set", "key": "gamma", "value": "two"}"#, "value: not a number"),
    (#"{"command": "set", "key": "gamma", "value": true}"#, "value: not a number"),
    (#"{"command": "set", "key": "beta", "value": 1, "ramp": 2}"#, "\"ramp\" and \"at\" go with the key gamma only"),
    (#"{"command": "set", "key": "gamma", "value": 1, "ramp": 2, "at": 3}"#, "\"ramp\" and \"at\" exclude each other"),
    (#"{"command": "pause", "reason": 3}"#, "reason: not a text"),
  ])
  func refuses(_ line: String, _ sentence: String) {
    #expect(throws: ControlLine.Refusal(description: sentence)) { try ControlLine.parse(line, fallbackID: 1) }
  }
}

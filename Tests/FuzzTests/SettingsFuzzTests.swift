import Foundation
import Session
import Testing
import WorkbenchScreen

@testable import RunFile
@testable import Training

/// Run files, themes and control commands.
@Suite struct SettingsFuzzTests {
  @Test func runFile() throws {
    let seeds = [
      RunFile(model: "m", train: ["d.jsonl"]).yaml(),
      """
      model: m
      adapter: {r: 4, target_modules: [q_proj, v_proj]}
      data:
        train: [a.jsonl, "b.jsonl.gz"]
        eval_fraction: 0.05
        columns: {prompt: q, responses: [a, b], rewards: [c, d]}
      preference: {model: bt, parameterization: simpo, gamma_beta_ratio: 0.3, gamma: {schedule: piecewise, points: [[0, -5], [1, 5]]}}
      training: {max_steps: 10, threads: auto, learning_rate: 5e-5, eval_steps: null}
      session: 's/1'
      """,
    ]
    let words = RunFileKeys.root + RunFileKeys.data + RunFileKeys.preference + RunFileKeys.training + RunFileKeys.gamma
    let syntax = [
      "\n  ", "\n", "? ", "- ", "|\n", ">-\n", "!!binary ", "---\n", "...\n", "# ", ": ", "{a: ", "[a, ", "!!int ", "~",
    ]
    try FuzzCampaign.run("run.yaml", seeds: seeds, words: words.map { $0 + ": " } + syntax) { bytes in
      let file = try RunFile.decode(
        yaml: String(decoding: bytes, as: UTF8.self), name: "run.yaml", overrides: ["training.seed=7"])
      // What is accepted reads back from what is written.
      #expect(try RunFile.decode(yaml: file.yaml(), name: "again") == file)
    }
  }

  @Test func theme() throws {
    let seeds = try ["dark", "light", "colour-blind"].map { try FuzzCampaign.file("themes/\($0).yaml") }
    try FuzzCampaign.run(
      "theme.yaml", seeds: seeds, words: ["colours: ", "ground: ", "background: ", "name: ", "dark", "\n  "]
    ) {
      _ = try ThemeFile.parse(String(decoding: $0, as: UTF8.self), file: "theme.yaml")
    }
  }

  @Test func controlCommand() throws {
    let seeds = [
      #"{"command": "pause", "id": 7, "reason": "lunch"}"#, #"{"command": "step", "count": 5}"#,
      #"{"command": "set", "key": "gamma", "value": 2.5, "ramp": 20}"#,
      #"{"command": "set", "key": "gamma", "value": "schedule"}"#,
      #"{"command": "set", "key": "learning_rate", "value": 1e-4}"#,
    ]
    let words = ["\"command\": ", "\"key\": ", "\"value\": ", "\"ramp\": ", "\"at\": ", "\"count\": ", "\"id\": "]
    try FuzzCampaign.run("control command", seeds: seeds, words: words) { bytes in
      _ = try ControlLine.parse(String(decoding: bytes, as: UTF8.self), fallbackID: 1)
    }
  }
}

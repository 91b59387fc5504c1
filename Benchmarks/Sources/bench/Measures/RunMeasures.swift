import Foundation
import SpeedMeasurement

/// A folder with data and a run file, for measures that run the program.
private struct RunFolder {
  let url: URL
  let runFile: String
  let steps: Int
  let modelFolder: String

  /// 16 prompts a step, the shape of HH-RLHF's pairs unless there is a data file.
  init(_ setting: Setting, steps: Int) throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("workbench-run-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    self.steps = steps
    modelFolder = try setting.modelFolder()
    let model = URL(fileURLWithPath: modelFolder).path
    var train = setting.data.map { URL(fileURLWithPath: $0).path }
    if train == nil {
      // Letters: the random checkpoint's tokens are bytes.
      let rows = SyntheticPrompts().groups(steps * 16, vocabulary: 26).map { group -> String in
        func text(_ tokens: [Int32]) -> String {
          String(String.UnicodeScalarView(tokens.map { Unicode.Scalar(UInt8(97 + $0 % 26)) }))
        }
        return """
          {"prompt": "\(text(group.prompt))", "chosen": "\(text(group.responses[0]))", \
          "rejected": "\(text(group.responses[1]))b"}
          """
      }
      let path = url.appendingPathComponent("pairs.jsonl").path
      try (rows.joined(separator: "\n") + "\n").write(toFile: path, atomically: true, encoding: .utf8)
      train = path
    }
    runFile = url.appendingPathComponent("run.yaml").path
    let yaml = """
      model: '\(model)'
      data: {train: '\(train ?? "")', max_prompt_length: 1000, max_length: 1024}
      preference: {model: hps}
      training: {max_steps: \(steps), prompts_per_step: 16, threads: \(setting.threads), precision: bf16}

      """
    try yaml.write(toFile: runFile, atomically: true, encoding: .utf8)
  }

  var session: String { url.appendingPathComponent("session-\(UUID().uuidString)").path }

  func remove() { try? FileManager.default.removeItem(at: url) }
}

extension Catalogue {
  static let startup = Measure(
    name: "startup", summary: "`workbench train`: from the process's start to the first optimizer step"
  ) { setting in
    let folder = try RunFolder(setting, steps: 1)
    defer { folder.remove() }
    var toStarted: [Double] = []
    var toStep: [Double] = []
    for _ in 0..<setting.rounds(7) {
      let run = try ChildRun.headless(
        setting.workbench, ["train", folder.runFile, "--headless", "--session", folder.session], folder: folder.url.path
      )
      guard let started = run.lines.first(where: { $0.object["event"] as? String == "started" }),
        let step = run.lines.first(where: { $0.object["step_time"] != nil }),
        let stepTime = step.object["step_time"] as? Double
      else { throw Refusal("the run printed no step") }
      toStarted.append(started.time)
      // A step's line comes at its end. The reference pass is a part of the first step's time.
      toStep.append(step.time - stepTime)
    }
    return [
      Row("to the run's first event", toStarted, "s"),
      Row("to the first step begun", toStep, "s", bar: .atMost(0.5)),
    ]
  }

  static let memory = Measure(
    name: "memory", summary: "`workbench train`: peak resident memory at 16 prompts a step, beside the weights' file"
  ) { setting in
    let folder = try RunFolder(setting, steps: setting.quick ? 2 : 4)
    defer { folder.remove() }
    let attributes = try FileManager.default.attributesOfItem(atPath: folder.modelFolder + "/model.safetensors")
    let weights = Double(attributes[.size] as? Int ?? 0) * 1e-6
    let peaks = try (0..<setting.rounds(3)).map { _ in
      Double(
        try ChildRun.headless(
          setting.workbench, ["train", folder.runFile, "--headless", "--session", folder.session],
          folder: folder.url.path
        ).peakMemory) * 1e-6
    }
    return [
      Row("of a run, peak", peaks, "MB", note: String(format: "the weights' file has %.0f MB", weights)),
      Row("beside the weights", peaks.map { $0 - weights }, "MB", bar: .atMost(600)),
    ]
  }

  static let screen = Measure(
    name: "screen", summary: "pairs a second with the screen open against headless, in turn", isLarge: true
  ) { setting in
    let folder = try RunFolder(setting, steps: setting.quick ? 20 : 12)
    defer { folder.remove() }
    return try compare(setting, folder: folder.url.path, rounds: 3) { session in
      ["train", folder.runFile, "--session", session]
    }
  }

  static let screenDemo = Measure(
    name: "screen-demo", summary: "the same for the demo, whose many small steps give the screen the most to do",
    isLarge: true
  ) { setting in
    let folder = FileManager.default.temporaryDirectory
    return try compare(setting, folder: folder.path, rounds: 5) { session in
      [
        "demo", "--session", session, "--set", "training.max_steps=\(setting.quick ? 20 : 200)",
        "--set", "training.threads=\(setting.threads)",
      ]
    }
  }

  private static func compare(
    _ setting: Setting, folder: String, rounds: Int, arguments: (String) -> [String]
  ) throws -> [Row] {
    var ratios: [Double] = []
    var shown: [Double] = []
    for _ in 0..<setting.rounds(rounds) {
      func session() -> String { folder + "/workbench-screen-\(UUID().uuidString)" }
      let (first, second) = (session(), session())
      defer { [first, second].forEach { try? FileManager.default.removeItem(atPath: $0) } }
      let headless = try ChildRun.recorded(
        setting.workbench, arguments(first) + ["--headless"], folder: folder, session: first)
      let screen = try ChildRun.onScreen(
        setting.workbench, arguments(second), folder: folder, session: second)
      ratios.append(headless / screen)
      shown.append(screen)
    }
    return [
      Row("pairs/s with the screen to pairs/s without", ratios, "×", bar: .atLeast(0.99)),
      Row("run with the screen, first step to end", shown, "s"),
    ]
  }
}

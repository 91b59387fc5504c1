import Foundation
import SpeedMeasurement

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
      // Each in a folder of its own: the second would take over the first one's reference log-probs.
      let parents = (0..<2).map { _ in folder + "/workbench-screen-\(UUID().uuidString)" }
      let (first, second) = (parents[0] + "/session", parents[1] + "/session")
      defer { parents.forEach { try? FileManager.default.removeItem(atPath: $0) } }
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

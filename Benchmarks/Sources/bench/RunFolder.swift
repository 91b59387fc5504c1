import Foundation
import SpeedMeasurement

/// A folder with data and a run file, for measures that run the program.
struct RunFolder {
  let url: URL
  let runFile: String
  let steps: Int
  let modelFolder: String

  /// 16 prompts a step, the shape of HH-RLHF's pairs unless there is a data file.
  ///
  /// - Parameter randomModel: this random model and synthetic data, whatever the setting names.
  init(_ setting: Setting, steps: Int, randomModel: LlamaShape? = nil) throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("workbench-run-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    self.steps = steps
    modelFolder = try randomModel.map(setting.folder) ?? setting.modelFolder()
    let model = URL(fileURLWithPath: modelFolder).path
    var train = randomModel != nil ? nil : setting.data.map { URL(fileURLWithPath: $0).path }
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

  /// A new session in a folder of its own: beside others of the same model it would take over their reference log-probs.
  var session: String { url.appendingPathComponent("\(UUID().uuidString)/session").path }

  func remove() { try? FileManager.default.removeItem(at: url) }
}

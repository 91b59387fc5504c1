import CMeasure
import Checkpoint
import Foundation
import Model
import DeviceCPU
import PreferenceData
import SpeedMeasurement
import Text
import Training

/// What all measures share: the machine, the model, the work.
struct Setting: Sendable {
  let quick: Bool
  private let givenRounds: Int?
  let threads: Int
  private let givenModel: String?
  let data: String?
  let scratch: String
  let workbench: String

  init(
    quick: Bool, rounds: Int?, threads: Int?, model: String?, data: String?, scratch: String, workbench: String
  ) {
    self.quick = quick
    givenRounds = rounds
    self.threads = threads ?? Machine.cores
    givenModel = model
    self.data = data
    self.scratch = scratch
    self.workbench = workbench
  }

  /// `full` rounds, unless asked for otherwise.
  func rounds(_ full: Int) -> Int { givenRounds ?? (quick ? 2 : full) }

  func runtime(_ precision: Precision = .bf16, threads: Int? = nil) -> CPUDevice {
    CPUDevice(threads: threads ?? self.threads, precision: precision)
  }

  // MARK: Model

  private var shape: LlamaShape { quick ? .tiny : .smolLM2_135M }

  var modelName: String { givenModel ?? "random weights, \(shape.name)'s shape" }

  /// The model's folder, written first where it is a random one.
  func modelFolder() throws -> String { try givenModel ?? folder(of: shape) }

  func folder(of shape: LlamaShape) throws -> String {
    let folder = URL(fileURLWithPath: scratch).appendingPathComponent(shape.name)
    try RandomCheckpoint.write(shape, to: folder)
    return folder.path
  }

  func languageModel(threads: Int? = nil, precision: Precision = .bf16) throws -> LanguageModel {
    try LanguageModel(
      checkpoint: CheckpointFolder(path: modelFolder()), runtime: runtime(precision, threads: threads))
  }

  // MARK: Work

  /// Prompts with two responses: of the data file where there is one.
  func pairs(_ count: Int, vocabulary: Int) throws -> [PromptGroup] {
    guard let data, let givenModel else { return SyntheticPrompts().groups(count, vocabulary: vocabulary) }
    let loaded = try PreferenceDataset.load(paths: [data])
    let encoder = ExampleEncoder(text: try TextFolder(path: givenModel), maxPromptLength: 1000, maxLength: 1024)
    let examples = encoder.encode(Array(loaded.records.prefix(2 * count)), report: loaded.report).examples
    guard examples.count >= count else { throw Refusal("\(data) has fewer than \(count) usable rows") }
    return examples.prefix(count).map {
      PromptGroup(prompt: $0.prompt, responses: [$0.responses[0], $0.responses[$0.responses.count - 1]])
    }
  }
}

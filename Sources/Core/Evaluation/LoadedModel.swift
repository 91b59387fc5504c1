import Checkpoint
import Device
import DeviceCPU
import GGUF
import Model
import PreferenceData
import Text

/// A model that is ready to score and to answer: checkpoint, tokenizer, and an adapter where there is one.
public struct LoadedModel {
  public let folder: CheckpointFolder
  public let text: TextFolder
  public let model: LanguageModel
  public let adapter: LoRAAdapter?
  /// The adapter's folder.
  public let adapterPath: String?

  /// - Parameters:
  ///   - path: a Hugging Face checkpoint folder, or a GGUF file, which is imported on the way.
  ///   - adapterPath: a PEFT folder to use with it.
  /// - Throws: `CheckpointError`, `TokenizerError`, `ChatTemplateError` or `ModelError`.
  public init(path: String, adapterPath: String? = nil, threads: Int, precision: Precision) throws {
    let opened = try ModelSource.folder(for: path)
    folder = try CheckpointFolder(path: opened)
    text = try TextFolder(path: opened)
    model = try LanguageModel(checkpoint: folder, device: CPUDevice(threads: threads, precision: precision))
    let configuration = folder.configuration
    adapter = try adapterPath.map {
      let folder = try AdapterFolder.read(path: $0, model: configuration)
      try folder.requireLanguageModel()
      return try LoRAAdapter(folder: folder, model: configuration)
    }
    self.adapterPath = adapterPath
  }

  /// What ends an answer.
  public var stopTokens: [Int32] { folder.configuration.stopTokens(with: text) }

  /// The policy is the model with its adapter, the reference the model alone.
  public var scorer: GroupScorer { GroupScorer(model: model, adapter: adapter) }

  /// What `compute` returns. Where its numbers are not finite, the weights are searched for the reason.
  public func finite<Result>(_ compute: () throws -> Result) throws -> Result {
    do {
      return try compute()
    } catch ModelError.notFinite {
      throw folder.whyNotFinite(adapter: adapterPath)
    }
  }

  /// Refuses a line that the model cannot read, by the line's place, before it delays or spoils the others.
  /// - Throws: `LineInput.Problem`.
  public func check(prompt: [Int32], response: [Int32] = []) throws {
    guard !prompt.isEmpty else {
      throw LineInput.Problem("the prompt has no token, so nothing can predict what follows")
    }
    let length = prompt.count + response.count
    guard length <= model.longestSequence else {
      throw LineInput.Problem("\(length) tokens are more than the model's context of \(model.longestSequence)")
    }
    let vocabulary = folder.configuration.vocabularySize
    if let id = (prompt + response).first(where: { Int($0) >= vocabulary }) {
      throw LineInput.Problem("token id \(id) lies outside the model's vocabulary of \(vocabulary)")
    }
  }
}

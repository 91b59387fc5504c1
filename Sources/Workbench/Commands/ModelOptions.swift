import ArgumentParser
import Checkpoint
import Model
import DeviceCPU
import RunFile
import Text
import Training

/// Where a command's model comes from.
struct ModelOptions: ParsableArguments {
  @Option(help: ArgumentHelp("A Hugging Face checkpoint folder.", valueName: "dir"))
  var model: String

  @Option(help: ArgumentHelp("A PEFT adapter folder to use with it.", valueName: "dir"))
  var adapter: String?

  @Option(help: "bf16 (weights as stored, fp32 sums) or fp32.")
  var precision: Precision = .bf16

  @Option(help: ArgumentHelp("Threads; all cores by default.", valueName: "n"))
  var threads: Int?

  func validate() throws {
    if let refusal = threads.flatMap(ThreadCount.refusal) { throw ValidationError("--threads: \(refusal)") }
  }

  func load() throws -> LoadedModel {
    if let warning = ThreadCount.warning(threads, name: "--threads") { ExitStatus.write("warning: \(warning)") }
    let folder = try CheckpointFolder(path: model)
    let text = try TextFolder(path: model)
    let runtime = CPUDevice(threads: threads ?? Machine.cores, precision: precision)
    let language = try LanguageModel(checkpoint: folder, device: runtime)
    let loaded = try adapter.map {
      try LoRAAdapter(folder: AdapterFolder.read(path: $0, model: folder.configuration), model: folder.configuration)
    }
    return LoadedModel(folder: folder, text: text, model: language, adapter: loaded, adapterPath: adapter)
  }
}

extension Precision: ExpressibleByArgument {}

struct LoadedModel {
  let folder: CheckpointFolder
  let text: TextFolder
  let model: LanguageModel
  let adapter: LoRAAdapter?
  let adapterPath: String?

  var stopTokens: [Int32] { folder.configuration.stopTokens(with: text) }

  /// What `compute` returns. Where its numbers are not finite, the weights are searched for the reason.
  func finite<Result>(_ compute: () throws -> Result) throws -> Result {
    do {
      return try compute()
    } catch ModelError.notFinite {
      throw folder.whyNotFinite(adapter: adapterPath)
    }
  }

  /// Refuses a line that the model cannot read, by the line's place, before it delays or spoils the others.
  func check(prompt: [Int32], response: [Int32] = []) throws {
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

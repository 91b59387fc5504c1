import ArgumentParser
import Device
import Evaluation
import RunFile
import Training

/// Where a command's model comes from.
struct ModelOptions: ParsableArguments {
  @Option(help: ArgumentHelp("A Hugging Face checkpoint folder, or a GGUF file.", valueName: "dir"))
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
    return try LoadedModel(
      path: ModelImport.folder(model), adapterPath: adapter, threads: threads ?? Machine.cores, precision: precision)
  }
}

extension Precision: ExpressibleByArgument {}

import ArgumentParser
import Checkpoint
import Device
import Foundation
import GGUF
import JSON
import Job

struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Turn a GGUF file into a Hugging Face folder.",
    discussion: """
      Weights are dequantized; configuration, tokenizer and chat template come from the file. A run file or --model takes \
      the .gguf file itself as well: it is then imported once, into a cache.
      """)

  @Argument(help: ArgumentHelp("The GGUF file.", valueName: "file.gguf"))
  var file: String

  @Option(help: ArgumentHelp("The folder to write; it must not exist or be empty.", valueName: "dir"))
  var to: String

  @Option(help: "The type in which weights are written: bf16 or fp32.")
  var precision: Precision = .bf16

  func run() throws {
    guard let source = ModelSource.ggufFile(at: file) else {
      throw UsageError("\(file): is not a GGUF file, nor a folder with one")
    }
    try ThreadSupply.require(pool: 0)
    let cancellation = JobCancellation()
    let signals = SignalWatch { _ in cancellation.cancel() }
    defer { withExtendedLifetime(signals) {} }
    let plan = try GGUFImport(path: source, precision: precision == .bf16 ? .bf16 : .fp32)
    if let warning = plan.warning { ExitStatus.write("warning: \(warning)") }
    if !plan.isWritten(to: to) { try requireFree() }
    let report = ImportReport("importing \(source)")
    defer { report.end() }
    let isNew = try plan.write(to: to) { share in
      try cancellation.check()
      report.show(share)
    }
    report.end()
    var line = JSONLine()
    line.add("folder", to)
    line.add("source", source)
    line.add("model_type", plan.modelType)
    line.add("layers", plan.layerCount)
    line.add("parameters", plan.parameterCount)
    line.add("stored", plan.storedTypes)
    line.add("precision", precision.rawValue)
    line.add("written", isNew)
    try StandardOutput.shared.write(line.text)
  }

  private func requireFree() throws {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: to, isDirectory: &isFolder), !isFolder.boolValue {
      throw UsageError("--to \(to): is a file, not a folder")
    }
    let contents = (try? FileManager.default.contentsOfDirectory(atPath: to)) ?? []
    guard contents.isEmpty else { throw UsageError("--to \(to): the folder is not empty") }
  }
}

import ArgumentParser
import Checkpoint
import Foundation
import Model
import Session
import Training

struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write an adapter as a PEFT folder or a GGUF file, or merged into its model.",
    discussion: "Where --to ends in .gguf, the adapter is written as one file for llama.cpp (--lora FILE).")

  @Argument(help: "A session folder, or one of its checkpoints; with --model, an adapter's folder.")
  var session: String

  @Option(
    help: ArgumentHelp("The model that an adapter's folder belongs to; a session knows its own.", valueName: "dir"))
  var model: String?

  @Option(
    help: ArgumentHelp("The folder to write, which must not exist or be empty; or a new FILE.gguf.", valueName: "dir"))
  var to: String

  @Flag(help: "Write the whole model with the adapter added to its weights.")
  var merge = false

  func run() throws {
    let session = SessionChoice.existing(session)
    // Read before anything is said of the target, so that the first thing wrong is what is named.
    let adapter = try model.map { try AdapterExport(adapter: session, model: $0) }
    let export = adapter == nil ? try SessionExport(session: session) : nil
    if to.lowercased().hasSuffix(".gguf") {
      guard let export else { throw UsageError("--to \(to): a GGUF file is written of a session's adapter alone") }
      return try writeGGUF(export)
    }
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: to, isDirectory: &isFolder), !isFolder.boolValue {
      throw UsageError("--to \(to): is a file, not a folder")
    }
    try ThreadSupply.require(pool: 0)
    let contents = (try? FileManager.default.contentsOfDirectory(atPath: to)) ?? []
    guard contents.isEmpty else { throw UsageError("--to \(to): the folder is not empty") }
    if let export { _ = try ModelImport.folder(export.model) }
    let source = export.map { "step \($0.step)" } ?? session
    if merge {
      try adapter?.writeMerged(to: to)
      try export?.writeMerged(to: to)
      try StandardOutput.shared.write("merged model of \(source): \(to)")
    } else {
      try adapter?.writeAdapter(to: to)
      try export?.writeAdapter(to: to)
      try StandardOutput.shared.write("PEFT adapter of \(source): \(to)")
    }
  }
  private func writeGGUF(_ export: SessionExport) throws {
    guard !merge else {
      throw UsageError(
        "--to \(to): --merge writes a Hugging Face folder; name one, or leave --merge out for the adapter")
    }
    guard !FileManager.default.fileExists(atPath: to) else { throw UsageError("--to \(to): is there already") }
    try ThreadSupply.require(pool: 0)
    _ = try ModelImport.folder(export.model)
    try export.writeGGUFAdapter(to: to)
    try StandardOutput.shared.write("GGUF adapter of step \(export.step): \(to)")
  }
}

import ArgumentParser
import Checkpoint
import Foundation
import Model
import Session
import Training

struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a session's adapter as a PEFT folder or a GGUF file, or merged into its model.",
    discussion: "Where --to ends in .gguf, the adapter is written as one file for llama.cpp (--lora FILE).")

  @Argument(help: "A session folder, or one of its checkpoints.")
  var session: String

  @Option(
    help: ArgumentHelp("The folder to write, which must not exist or be empty; or a new FILE.gguf.", valueName: "dir"))
  var to: String

  @Flag(help: "Write the whole model with the adapter added to its weights.")
  var merge = false

  func run() throws {
    let export = try SessionExport(session: SessionChoice.existing(session))
    if to.lowercased().hasSuffix(".gguf") { return try writeGGUF(export) }
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: to, isDirectory: &isFolder), !isFolder.boolValue {
      throw UsageError("--to \(to): is a file, not a folder")
    }
    try ThreadSupply.require(pool: 0)
    let contents = (try? FileManager.default.contentsOfDirectory(atPath: to)) ?? []
    guard contents.isEmpty else { throw UsageError("--to \(to): the folder is not empty") }
    _ = try ModelImport.folder(export.model)
    if merge {
      try export.writeMerged(to: to)
      try StandardOutput.shared.write("merged model of step \(export.step): \(to)")
    } else {
      try export.writeAdapter(to: to)
      try StandardOutput.shared.write("PEFT adapter of step \(export.step): \(to)")
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

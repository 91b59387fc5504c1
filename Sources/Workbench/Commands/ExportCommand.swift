import ArgumentParser
import Checkpoint
import Foundation
import Model
import Session
import Training

struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write a session's adapter as a PEFT folder, or merged into its model.")

  @Argument(help: "A session folder, or one of its checkpoints.")
  var session: String

  @Option(help: ArgumentHelp("The folder to write; it must not exist or be empty.", valueName: "dir"))
  var to: String

  @Flag(help: "Write the whole model with the adapter added to its weights.")
  var merge = false

  func run() throws {
    let export = try SessionExport(session: SessionChoice.existing(session))
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: to, isDirectory: &isFolder), !isFolder.boolValue {
      throw UsageError("--to \(to): is a file, not a folder")
    }
    try ThreadSupply.require(pool: 0)
    let contents = (try? FileManager.default.contentsOfDirectory(atPath: to)) ?? []
    guard contents.isEmpty else { throw UsageError("--to \(to): the folder is not empty") }
    if merge {
      let note = try export.writeMerged(to: to)
      try StandardOutput.shared.write("merged model of step \(export.step): \(to)")
      if let note { try StandardOutput.shared.write(note) }
    } else {
      try export.writeAdapter(to: to)
      try StandardOutput.shared.write("PEFT adapter of step \(export.step): \(to)")
    }
  }
}

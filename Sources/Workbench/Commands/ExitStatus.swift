import ArgumentParser
import Checkpoint
import DemoWorld
import Foundation
import Model
import Numerics
import Preference
import PreferenceData
import Session
import Text
import Training
import WorkbenchScreen

/// The documented exit codes (docs/commands.md), and the one place where an error becomes a line and a code.
enum ExitStatus: Int32 {
  case done = 0
  case usage = 2
  case data = 3
  case model = 4
  case doesNotFit = 5
  case stoppedByItself = 6
  case interrupted = 130

  init(_ error: any Error) {
    switch error {
    case is RunFileError, is PreferenceError, is UsageError, is SessionExport.Problem: self = .usage
    case CheckpointError.unwritable, DataError.unwritable: self = .doesNotFit
    case is DataError, is InputError: self = .data
    case is MemoryError, is UnwritableOutput: self = .doesNotFit
    case is CheckpointError, is ModelError, is TokenizerError, is ChatTemplateError, is WorldFileError: self = .model
    case let error as SessionError:
      if case .unwritable = error { self = .doesNotFit } else { self = .usage }
    case let error as TrainingError:
      switch error {
      case .notFinite: self = .stoppedByItself
      case .nothingToTrainOn: self = .data
      case .doesNotFit, .cannotWrite, .diskRefuses, .occupied, .folderLost: self = .doesNotFit
      case .sessionExists, .foreignCheckpoint, .resumeChanged, .setting: self = .usage
      case .vocabulary, .slidingWindow, .sequenceTooLong, .badCheckpoint: self = .model
      }
    default: self = .usage
    }
  }

  /// Prints what a person needs on the right stream and ends the process.
  static func leave(_ error: any Error) -> Never {
    let status = Workbench.exitCode(for: error)
    if status == .success {
      // --help and --version
      print(Workbench.fullMessage(for: error))
      Foundation.exit(0)
    }
    if status == .validationFailure {
      complain(Workbench.message(for: error))
      write("see 'workbench --help', or --help after a command's name")
      Foundation.exit(ExitStatus.usage.rawValue)
    }
    if let status = error as? ExitCode { Foundation.exit(status.rawValue) }
    complain("\(error)")
    Foundation.exit(ExitStatus(error).rawValue)
  }

  /// One line on standard error.
  static func complain(_ sentence: String) {
    write("error: " + sentence.split(whereSeparator: \.isNewline).joined(separator: " "))
  }

  static func write(_ line: String) {
    try? FileHandle.standardError.write(contentsOf: Data((line + "\n").utf8))
  }
}

/// A wrong use of a command that its declaration cannot rule out.
struct UsageError: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }
}

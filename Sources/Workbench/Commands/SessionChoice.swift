import Foundation
import RunFile
import Training

/// Which folder a session is in: where a run that names none keeps itself, and what a name on the command line means.
enum SessionChoice {
  /// A run file's run, as `train` and `check` both see it.
  /// - Parameters:
  ///   - path: the run file's.
  ///   - session: a folder to use in place of the run file's.
  static func plan(_ file: RunFile, at path: String, session: String?) -> RunPlan {
    RunPlan(runFile: file, sessionPath: session ?? file.session ?? free(name: name(ofRunFile: path)))
  }

  /// `sessions/NAME`, or `sessions/NAME-2`, `-3`, … where that holds a run already; relative to the current folder.
  static func free(name: String) -> String { free(path: "sessions/" + name) }

  /// `PARENT-branch`, `PARENT-branch-2`, … beside the parent, where its tab of runs finds it.
  static func free(branchOf parent: String) -> String {
    var stem = parent
    while stem.count > 1, stem.hasSuffix("/") { stem.removeLast() }
    return free(path: stem + "-branch")
  }

  private static func free(path stem: String) -> String {
    func path(_ number: Int) -> String { stem + (number == 1 ? "" : "-\(number)") }
    var number = 1
    while !RunPlan.isFree(path(number)) { number += 1 }
    return path(number)
  }

  /// A folder as it was named, or the one of that name in `sessions`, whichever there is.
  static func existing(_ named: String) -> String {
    let files = FileManager.default
    let inside = "sessions/" + named
    return !files.fileExists(atPath: named) && !named.hasPrefix("/") && files.fileExists(atPath: inside)
      ? inside : named
  }

  /// "prefs/my-run.yaml" as "my-run"; standard input as "run".
  static func name(ofRunFile path: String) -> String {
    let stem = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
    return path == "-" || stem.isEmpty ? "run" : stem
  }
}

import Foundation

/// Where a run that names no session folder keeps itself.
enum SessionChoice {
  /// `sessions/NAME`, or `sessions/NAME-2`, `-3`, … where that holds a run already; relative to the current folder.
  static func free(name: String) -> String {
    func path(_ number: Int) -> String { "sessions/\(name)" + (number == 1 ? "" : "-\(number)") }
    var number = 1
    while FileManager.default.fileExists(atPath: path(number) + "/run.yaml") { number += 1 }
    return path(number)
  }

  /// "prefs/my-run.yaml" as "my-run"; standard input as "run".
  static func name(ofRunFile path: String) -> String {
    let stem = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
    return path == "-" || stem.isEmpty ? "run" : stem
  }
}

import Foundation

/// Files of the checkout that tests give to the program.
enum Project {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The demo's small model and data: a real checkpoint that every checkout has.
  enum Demo {
    static let folder = root.appendingPathComponent("Sources/DemoWorld/Resources")
    static let model = folder.appendingPathComponent("model").path
    static let train = folder.appendingPathComponent("train.jsonl.gz").path
    static let heldOut = folder.appendingPathComponent("heldout.jsonl.gz").path
  }
}

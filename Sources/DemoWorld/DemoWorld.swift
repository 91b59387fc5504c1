import Foundation

/// Where the bundled files of `workbench demo` are.
public struct DemoResources: Sendable, Equatable {
  /// A Hugging Face folder: the small base model.
  public let modelPath: String
  /// Canonical ranked rows to train on, gzip.
  public let trainPath: String
  /// Rows of prompts that occur in no training text, gzip.
  public let heldOutPath: String
  /// The run file; the program fills in its paths.
  public let runFilePath: String
}

/// The teaching world behind `workbench demo`: its rubric, its generator and its bundled files.
public enum DemoWorld {
  /// For the screen and the README.
  public static let notice = "teaching world: made-up household answers graded by a rubric; not a real assistant"

  /// The bundled files. Throws `WorldFileError` where the bundle or a file of it is missing.
  ///
  /// SwiftPM's own `Bundle.module` stops the process when the bundle is not found, so it is looked up here: beside the
  /// executable, where SwiftPM puts it and where an installation has to keep it.
  public static func resources() throws -> DemoResources {
    let folders = bundleFolders()
    guard let root = folders.first(where: { exists($0.appendingPathComponent("run.yaml")) }) else {
      let places = folders.map(\.path).joined(separator: " and ")
      throw WorldFileError(description: "the demo's files are missing: they belong in \(places)")
    }
    func path(_ name: String) throws -> String {
      let url = root.appendingPathComponent(name)
      guard exists(url) else { throw WorldFileError(description: "the demo's files are incomplete: no \(url.path)") }
      return url.path
    }
    _ = try ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"].map {
      try path("model/\($0)")
    }
    return DemoResources(
      modelPath: try path("model"), trainPath: try path("train.jsonl.gz"), heldOutPath: try path("heldout.jsonl.gz"),
      runFilePath: try path("run.yaml"))
  }

  private static func exists(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }

  /// Beside the program, and beside what a link to the program points to.
  private static func bundleFolders() -> [URL] {
    var homes = [Bundle.main.bundleURL]
    if let executable = Bundle.main.executableURL {
      homes.append(executable.resolvingSymlinksInPath().deletingLastPathComponent())
    }
    let folders = homes.map { $0.appendingPathComponent("workbench_DemoWorld.resources/Resources").standardizedFileURL }
    return folders.enumerated().filter { !folders[..<$0.offset].contains($0.element) }.map(\.element)
  }
}

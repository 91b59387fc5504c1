import Foundation
import JSON
import Text

/// From what a run file says, a file, a folder or a pattern, to the files that are read, in the order in which they are.
///
/// A folder is one that `datasets` saved, or holds the files of one or more splits as on a hub: train.jsonl,
/// test/0000.parquet, data/train-00000-of-00002.parquet. Where more than one split could be meant, nothing is guessed.
public struct DataPaths: Sendable, Equatable {
  /// What the rows are for, which decides between splits.
  public enum Use: Sendable {
    case training, evaluation
  }

  public var use: Use
  /// The split to take from folders; nil where the folder's files leave no choice.
  public var split: String?
  /// How an error names what chooses a split: `data.split`.
  public var key: String

  public init(use: Use, split: String? = nil, key: String? = nil) {
    self.use = use
    self.split = split
    self.key = key ?? (use == .training ? "data.split" : "data.eval_split")
  }

  /// The files of all `paths`. One that is neither a folder nor a pattern stays as it is, whether it is there or not.
  /// - Throws: `DataError`.
  public func files(of paths: [String]) throws(DataError) -> [String] {
    var files: [String] = []
    var hasFolder = false
    for path in paths {
      if path == "-" {
        files.append(path)
      } else if Self.isFolder(path) {
        hasFolder = true
        files += try folder(path)
      } else if !FileManager.default.fileExists(atPath: path), path.contains(where: { "*?[".contains($0) }) {
        files += try FilePattern(path).files()
      } else {
        files.append(path)
      }
    }
    if split != nil, !hasFolder {
      throw .contradiction(path: paths.joined(separator: ", "), why: "is no folder that \(key) could choose a split of")
    }
    return files
  }

  private func folder(_ path: String) throws(DataError) -> [String] {
    if let saved = try SavedDataset(path) { return try saved.files(self) }
    return try SplitFolder(path).files(self)
  }

  /// The split that is meant, among those of a folder; "" is the name of files whose name says nothing of a split.
  func choose(among splits: [String], of path: String) throws(DataError) -> String {
    if let split {
      if splits.contains(split) { return split }
      throw .contradiction(
        path: path,
        why:
          "has no split \(JSONValue.quoted(split)), which \(key) names\(NameSuggestion.hint(for: split, among: splits)); "
          + Self.list(splits))
    }
    if splits.count == 1, use == .training || !SplitName.isTraining(splits[0]) { return splits[0] }
    let fitting = splits.filter { use == .training ? SplitName.isTraining($0) : SplitName.isEvaluation($0) }
    if use == .training, fitting.contains("train") { return "train" }
    if fitting.count == 1 { return fitting[0] }
    throw .contradiction(path: path, why: "\(Self.list(splits)); choose one with \(key)")
  }

  private static func list(_ splits: [String]) -> String {
    let names = splits.map { $0.isEmpty ? "files whose names tell no split" : $0 }
    return "it has the split\(names.count == 1 ? "" : "s") \(names.joined(separator: ", "))"
  }

  static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }
}

/// The words by which people and `datasets` name splits.
enum SplitName {
  private static let training: Set = ["train", "training"]
  private static let evaluation: Set = [
    "test", "testing", "validation", "valid", "val", "dev", "eval", "evaluation", "heldout",
  ]

  static func isTraining(_ name: String) -> Bool { words(name).contains(where: training.contains) }
  static func isEvaluation(_ name: String) -> Bool { words(name).contains(where: evaluation.contains) }

  /// The split that a file's name tells: "train" for train-00000-of-00002, train.1 and json-train-00000-of-00001, and
  /// "train_prefs" for train_prefs; nil where there is none of these words, and no number of a shard.
  static func of(file stem: String) -> String? {
    if let match = stem.wholeMatch(of: /(.+?)-\d{5}-of-\d{5}(-[0-9a-f]+)?/) {
      return match.1.split(separator: "-").last.map(String.init) ?? String(match.1)
    }
    let name = String(stem.replacing(/[-_.]\d+$/, with: ""))
    return isTraining(name) || isEvaluation(name) ? name : nil
  }

  private static func words(_ name: String) -> [String] {
    name.lowercased().split { !$0.isLetter }.map(String.init)
  }
}

/// A pattern of file names: `*`, `?` and `[…]` in any part of a path, as a shell has them.
struct FilePattern {
  private let pattern: String

  init(_ pattern: String) { self.pattern = pattern }

  /// The files that match, in the order of their names.
  func files() throws(DataError) -> [String] {
    var found = [pattern.hasPrefix("/") ? "/" : ""]
    for part in pattern.split(separator: "/").map(String.init) {
      found = found.flatMap { folder in Self.matches(part, in: folder) }
    }
    let files = found.filter { !DataPaths.isFolder($0) }
    guard !files.isEmpty else { throw .contradiction(path: pattern, why: "no file matches this pattern") }
    return files
  }

  private static func matches(_ part: String, in folder: String) -> [String] {
    let lead = folder.isEmpty || folder.hasSuffix("/") ? folder : folder + "/"
    guard part.contains(where: { "*?[".contains($0) }) else {
      return FileManager.default.fileExists(atPath: lead + part) ? [lead + part] : []
    }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: lead.isEmpty ? "." : lead)) ?? []
    return names.filter { fnmatch(part, $0, FNM_PERIOD) == 0 }.sorted().map { lead + $0 }
  }
}

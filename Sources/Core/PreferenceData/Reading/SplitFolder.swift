import Foundation

/// A folder with files of rows in it, in `data/`, or in folders named after splits.
struct SplitFolder {
  private let path: String
  /// Files in the order of their names, by split, splits in the order of their first files.
  private var splits: [(name: String, files: [String])] = []
  /// Folders that were not looked into.
  private var others: [String] = []

  init(_ path: String) {
    self.path = path
    collect(path, split: nil)
    for folder in Self.folders(path) {
      let split = SplitName.isTraining(folder) || SplitName.isEvaluation(folder) ? folder : nil
      guard split != nil || folder == "data" else {
        others.append(folder)
        continue
      }
      collect(path + "/" + folder, split: split)
      guard folder == "data" else { continue }
      for inner in Self.folders(path + "/data") where SplitName.isTraining(inner) || SplitName.isEvaluation(inner) {
        collect(path + "/data/" + inner, split: inner)
      }
    }
  }

  func files(_ paths: DataPaths) throws(DataError) -> [String] {
    guard !splits.isEmpty else {
      let cure =
        others.isEmpty
        ? "name a folder with .jsonl, .parquet, .arrow or .csv files"
        : "name one of the folders in it: \(others.prefix(8).joined(separator: ", "))"
      throw .contradiction(path: path, why: "is a folder without data files; \(cure)")
    }
    let name = try paths.choose(among: splits.map(\.name), of: path)
    let files = splits.first { $0.name == name }?.files ?? []
    let kinds = Set(files.compactMap(Self.kind))
    guard kinds.count == 1 else {
      throw .contradiction(
        path: path,
        why: "holds \(kinds.sorted().joined(separator: " and ")) files, maybe of the same rows; name the ones that are "
          + "meant by a pattern, such as \(path)/*.\(kinds.sorted().last ?? "parquet")")
    }
    return files
  }

  private mutating func collect(_ folder: String, split: String?) {
    for name in Self.names(folder) {
      guard Self.kind(name) != nil, !DataPaths.isFolder(folder + "/" + name) else { continue }
      let stem = String(Self.withoutCompression(name).prefix { $0 != "." })
      let own = SplitName.of(file: stem) ?? split ?? ""
      if let at = splits.firstIndex(where: { $0.name == own }) {
        splits[at].files.append(folder + "/" + name)
      } else {
        splits.append((own, [folder + "/" + name]))
      }
    }
  }

  // MARK: names

  private static func names(_ folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
  }

  private static func folders(_ folder: String) -> [String] {
    names(folder).filter { !$0.hasPrefix(".") && DataPaths.isFolder(folder + "/" + $0) }
  }

  private static func withoutCompression(_ name: String) -> Substring {
    [".gz", ".zst"].first(where: name.lowercased().hasSuffix).map { name.dropLast($0.count) } ?? name[...]
  }

  /// What kind of rows a file has by its name; nil for files that hold none, such as what `datasets` says of a dataset.
  private static func kind(_ path: String) -> String? {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let notes = ["dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json"]
    guard !name.hasPrefix("."), !name.hasPrefix("cache-"), !notes.contains(name) else { return nil }
    switch withoutCompression(name).split(separator: ".").dropFirst().last?.lowercased() {
    case "jsonl", "json", "ndjson": return "jsonl"
    case "parquet": return "parquet"
    case "arrow", "feather": return "arrow"
    case "csv", "tsv": return "csv"
    default: return nil
    }
  }
}

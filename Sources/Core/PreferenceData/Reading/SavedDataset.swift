import Foundation
import JSON

/// A folder that `datasets` wrote with `save_to_disk`: `state.json` names the files of a dataset, `dataset_dict.json` the
/// folders of several splits.
struct SavedDataset {
  private let path: String
  private let splits: [String]?

  /// Nil where the folder is no such one.
  init?(_ path: String) throws(DataError) {
    self.path = path
    if let dictionary = try Self.json(path, "dataset_dict.json") {
      splits = try Self.names(dictionary["splits"], of: path)
    } else if try Self.json(path, "state.json")?["_data_files"] != nil {
      splits = nil
    } else {
      return nil
    }
  }

  func files(_ paths: DataPaths) throws(DataError) -> [String] {
    guard let splits else {
      if let split = paths.split {
        let own = try Self.json(path, "state.json")?["_split"]?.string
        guard own == split else {
          throw .contradiction(
            path: path,
            why: "is one split\(own.map { ", \($0)" } ?? ""), and \(paths.key) names \(JSONValue.quoted(split))")
        }
      }
      return try Self.files(path)
    }
    return try Self.files(path + "/" + paths.choose(among: splits, of: path))
  }

  private static func files(_ folder: String) throws(DataError) -> [String] {
    guard let state = try json(folder, "state.json"), let list = state["_data_files"]?.array, !list.isEmpty else {
      throw .contradiction(path: folder, why: "has no state.json that names its files; save the dataset anew")
    }
    for key in ["_indices_files", "_indices_data_files"] where state[key]?.array?.isEmpty == false {
      throw .contradiction(
        path: folder, why: "keeps its rows' order in a file of its own; call flatten_indices() before save_to_disk")
    }
    return try names(.array(list.map { $0.object?["filename"] ?? .null }), of: folder).map { folder + "/" + $0 }
  }

  /// Names in a folder, none of which leads out of it.
  private static func names(_ value: JSONValue?, of folder: String) throws(DataError) -> [String] {
    let names = value?.array?.compactMap(\.string) ?? []
    guard !names.isEmpty, names.count == value?.array?.count,
      names.allSatisfy({ !$0.isEmpty && !$0.contains("/") && $0 != "." && $0 != ".." })
    else { throw .contradiction(path: folder, why: "its dataset_dict.json or state.json does not name files in it") }
    return names
  }

  private static func json(_ folder: String, _ name: String) throws(DataError) -> JSONObject? {
    let path = folder + "/" + name
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    guard let handle = FileHandle(forReadingAtPath: path), let data = try? handle.read(upToCount: 16 << 20),
      let object = (try? JSONValue(parsing: [UInt8](data)))?.object
    else { throw .unreadable(path: path, why: "it is not a JSON object") }
    return object
  }
}

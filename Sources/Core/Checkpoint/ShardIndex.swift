import Foundation
import JSON

/// Where a checkpoint's weights lie: `model.safetensors`, or else the shards named by `model.safetensors.index.json`.
struct ShardIndex {
  static let singleName = "model.safetensors"
  static let indexName = "model.safetensors.index.json"

  let index: URL?
  /// Each once, by name.
  let files: [URL]
  /// Tensor name to file name, as the index says; empty for a single file.
  let owners: [String: String]

  static func locate(in folder: URL) throws -> ShardIndex {
    let single = folder.appendingPathComponent(singleName)
    if FileManager.default.fileExists(atPath: single.path) {
      return ShardIndex(index: nil, files: [single], owners: [:])
    }
    let index = folder.appendingPathComponent(indexName)
    guard FileManager.default.fileExists(atPath: index.path) else {
      throw CheckpointError.notACheckpoint(
        folder: folder.path,
        reason: CheckpointFolder.explainMissing("\(singleName) or \(indexName)", in: folder.path, isWeights: true))
    }
    let object = try JSONObject(parsing: try SmallFile.read(index.path), file: index.path)
    guard case .object(let map)? = object["weight_map"], !map.members.isEmpty else {
      throw CheckpointError.malformed(file: index.path, problem: "it has no weight_map")
    }
    var owners: [String: String] = [:]
    for (tensor, value) in map.members {
      guard let name = value.string else {
        throw CheckpointError.malformed(
          file: index.path, problem: "the file of tensor \(CheckpointError.quoted(tensor)) is not a string")
      }
      // A name that could leave the folder is refused. (The file itself may be a link: hub caches are made of them.)
      guard name.hasSuffix(".safetensors"), name.unicodeScalars.allSatisfy(isPlain) else {
        throw CheckpointError.malformed(
          file: index.path,
          problem: "the shard \(CheckpointError.quoted(name)) is not the plain name of a .safetensors file")
      }
      owners[tensor] = name
    }
    let names = Set(owners.values).sorted()
    guard names.count <= 4096 else {
      throw CheckpointError.malformed(file: index.path, problem: "it names \(names.count) shards")
    }
    return ShardIndex(index: index, files: names.map { folder.appendingPathComponent($0) }, owners: owners)
  }

  private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "-", " ": true
    default: false
    }
  }
}

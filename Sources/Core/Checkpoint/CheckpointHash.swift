import Base
import Foundation

extension CheckpointFolder {
  /// A name for exactly these weights and this configuration, wherever the folder lies: 64 hexadecimal digits.
  ///
  /// A SHA-256 tree, so that all cores share the work: the hash of (file name, length, hashes of the file's 1 MiB
  /// leaves), for config.json and every weight file. It reads every byte; keep the result.
  /// - Throws: `CheckpointError` where a file has been cut short since it was opened.
  public func contentHash() throws -> String {
    let configurationPath = files[0].path
    var root = SHA256()
    root.update(Array("config.json\0".utf8) + SHA256.hash(try SmallFile.read(configurationPath)))
    for weights in weightFiles {
      let name = URL(fileURLWithPath: weights.path).lastPathComponent
      root.update(Array("\(name)\0\(weights.file.count)\0".utf8))
      root.update(try FileHash.leaves(of: weights.file))
    }
    return root.finish().map { byte in
      String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
    }.joined()
  }
}

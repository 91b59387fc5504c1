import Dispatch
import Foundation
import Numerics
import Synchronization

extension CheckpointFolder {
  /// Bytes hashed as one leaf.
  private static let leafSize = 1 << 20

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
      root.update(try Self.leaves(of: weights.file))
    }
    return root.finish().map { byte in
      String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
    }.joined()
  }

  /// The hashes of a file's leaves in order; the last leaf may be short.
  private static func leaves(of file: MappedFile) throws -> [UInt8] {
    let count = (file.count + leafSize - 1) / leafSize
    let results = Mutex<[Result<[UInt8], any Error>?]>(Array(repeating: nil, count: count))
    DispatchQueue.concurrentPerform(iterations: count) { index in
      let range = index * leafSize..<min((index + 1) * leafSize, file.count)
      let leaf = Result { SHA256.hash(try file.slice(range).integers(UInt8.self)) }
      results.withLock { $0[index] = leaf }
    }
    do {
      return try results.withLock { $0 }.compactMap { try $0?.get() }.flatMap { $0 }
    } catch let error as MappedFileError {
      throw CheckpointError.unreadable(file: error.path, reason: error.reason)
    }
  }
}

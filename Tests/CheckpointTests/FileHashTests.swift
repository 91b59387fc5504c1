import Base
import Checkpoint
import Foundation
import Testing

@Suite struct FileHashTests {
  /// Leaves go through the processor two at a time; the tree is that of every leaf hashed alone.
  @Test(arguments: [1, 63, 1 << 20, 1 << 20 | 5, 1 << 21, 1 << 21 | 1, 3 << 20, 5 << 20 | 64])
  func contentIsATreeOfLeaves(length: Int) throws {
    let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ ($0 >> 9)) }
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("leaves-\(UUID().uuidString)")
    try Data(bytes).write(to: url)
    defer { try? FileManager.default.removeItem(at: url) }
    let leaves = stride(from: 0, to: length, by: 1 << 20).flatMap { start in
      SHA256.hash(bytes[start..<min(start + (1 << 20), length)])
    }
    #expect(try FileHash.plain(of: url.path) == SHA256.hexadecimal(bytes))
    #expect(try FileHash.content(of: url.path) == SHA256.hash(Array("\(length)\0".utf8) + leaves))
  }
}

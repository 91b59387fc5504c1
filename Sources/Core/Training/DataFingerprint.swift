import Checkpoint

/// The first 16 bytes of a SHA-256 over a prompt's and one response's token ids.
public struct TokenHash: Sendable, Hashable {
  public var bytes: [UInt8]

  public init(bytes: [UInt8]) { self.bytes = bytes }

  init(prompt: [Int32], response: [Int32]) {
    var hash = SHA256()
    hash.update(Self.bytes(prompt))
    hash.update(Self.bytes(response))
    bytes = Array(hash.finish().prefix(16))
  }

  /// The length first, so that no other split of the same ids has the same bytes.
  private static func bytes(_ ids: [Int32]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(4 * ids.count + 4)
    for value in CollectionOfOne(Int32(ids.count)) + ids {
      for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: value >> Int32(shift))) }
    }
    return bytes
  }
}

/// What a training set is, in 64 hexadecimal digits: every token id and reward, in order.
struct DataFingerprint {
  let responses: [[TokenHash]]
  let root: String

  /// - Throws: `DataError.damagedCache`.
  init(_ set: TrainingSet) throws {
    var hash = SHA256()
    var all: [[TokenHash]] = []
    for index in set.items.indices {
      let item = try set.items[index]
      let hashes = item.responses.map { TokenHash(prompt: item.prompt, response: $0) }
      hash.update([UInt8(0xFF)])
      for (reward, token) in zip(item.rewards, hashes) {
        hash.update(token.bytes)
        hash.update((0..<8).map { UInt8(truncatingIfNeeded: reward.bitPattern >> (8 * UInt64($0))) })
      }
      all.append(hashes)
    }
    responses = all
    root = SHA256.hexadecimal(digest: hash.finish())
  }
}

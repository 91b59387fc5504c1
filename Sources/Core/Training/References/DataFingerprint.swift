import Base
import Checkpoint
import Dispatch
import Synchronization

/// The first 16 bytes of a SHA-256 over a prompt's and one response's token ids.
public struct TokenHash: Sendable, Hashable {
  private let high: UInt64
  private let low: UInt64

  /// - Parameter bytes: 16 of them; what lies behind them is left out, what is missing is 0.
  public init(bytes: [UInt8]) {
    func word(_ start: Int) -> UInt64 {
      (start..<start + 8).reduce(0) { $0 << 8 | ($1 < bytes.count ? UInt64(bytes[$1]) : 0) }
    }
    high = word(0)
    low = word(8)
  }

  init(prompt: [Int32], response: [Int32]) {
    var hash = SHA256()
    hash.update(Self.bytes(prompt))
    hash.update(Self.bytes(response))
    self.init(bytes: hash.finish())
  }

  public var bytes: [UInt8] {
    [high, low].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * UInt64($0))) } }
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

/// The hashes of every prompt's responses, best first, in one array: 16 bytes a response.
public struct TokenHashes: Sendable, Equatable {
  private var hashes: [TokenHash] = []
  private var starts: [Int] = [0]

  public init(_ prompts: [[TokenHash]] = []) { append(prompts) }

  /// Prompts.
  public var count: Int { starts.count - 1 }

  public subscript(prompt: Int) -> ArraySlice<TokenHash> { hashes[starts[prompt]..<starts[prompt + 1]] }

  mutating func append(_ prompts: [[TokenHash]]) {
    for prompt in prompts {
      hashes += prompt
      starts.append(hashes.count)
    }
  }
}

/// What a training set is, in 64 hexadecimal digits: every token id and reward, in order.
struct DataFingerprint {
  let responses: TokenHashes
  let root: String

  /// Prompts that one thread hashes at a time.
  private static let chunk = 512

  /// - Throws: `DataError.damagedCache`.
  init(_ set: TrainingSet) throws {
    let count = set.items.indices.count
    let chunks = (count + Self.chunk - 1) / Self.chunk
    let results = Mutex<[Result<[[TokenHash]], any Error>?]>(Array(repeating: nil, count: chunks))
    DispatchQueue.concurrentPerform(iterations: chunks) { index in
      let hashes = Result {
        try (index * Self.chunk..<min((index + 1) * Self.chunk, count)).map { prompt in
          let item = try set.items[prompt]
          return item.responses.map { TokenHash(prompt: item.prompt, response: $0) }
        }
      }
      results.withLock { $0[index] = hashes }
    }
    var all = TokenHashes()
    for index in 0..<chunks {
      // One chunk after another, so that only one array of arrays is held beside the flat one.
      let hashes = results.withLock { $0[index].take() }
      if let hashes { all.append(try hashes.get()) }
    }
    var hash = SHA256()
    for prompt in 0..<count {
      hash.update([UInt8(0xFF)])
      for (reward, token) in zip(set.rewards(prompt), all[prompt]) {
        hash.update(token.bytes)
        hash.update((0..<8).map { UInt8(truncatingIfNeeded: reward.bitPattern >> (8 * UInt64($0))) })
      }
    }
    responses = all
    root = SHA256.hexadecimal(digest: hash.finish())
  }
}

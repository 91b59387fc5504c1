/// A counter-based random stream: Philox-4x32-10 (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", 2011).
///
/// The whole state is (key, counter), so a draw depends only on what it is for, never on what was drawn before it: a
/// paused, resumed, branched or replayed run draws the same numbers on any number of threads.
public struct RandomStream: RandomNumberGenerator, Sendable {
  /// What a stream is for; streams of different purposes never share a number.
  public enum Purpose: UInt32, Sendable {
    case negativeSampling = 1
    case shuffle = 2
    case generation = 3
    case adapterInitialisation = 4
    case split = 5
    case world = 6
    case test = 7
    case evaluation = 8
  }

  private let key: (UInt32, UInt32)
  private var counter: (UInt32, UInt32, UInt32, UInt32)
  private var block: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
  private var used = 4

  /// - Parameters:
  ///   - seed: the run's seed.
  ///   - epoch: up to 2^28 − 1.
  ///   - index: the prompt, sample or parameter that the stream belongs to, up to 2^32 − 1.
  public init(seed: UInt64, purpose: Purpose, epoch: Int = 0, index: Int = 0) {
    key = (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    counter = (0, UInt32(truncatingIfNeeded: index), UInt32(truncatingIfNeeded: epoch), purpose.rawValue)
  }

  public mutating func nextUInt32() -> UInt32 {
    if used == 4 {
      block = Self.philox(counter, key)
      counter.0 &+= 1
      used = 0
    }
    used += 1
    switch used {
    case 1: return block.0
    case 2: return block.1
    case 3: return block.2
    default: return block.3
    }
  }

  public mutating func next() -> UInt64 {
    let low = UInt64(nextUInt32())
    return low | UInt64(nextUInt32()) << 32
  }

  /// Uniform in [0, 1), 53 bits.
  public mutating func nextUniform() -> Double {
    Double(next() >> 11) * 0x1p-53
  }

  /// Ten Philox rounds of one counter.
  static func philox(
    _ counter: (UInt32, UInt32, UInt32, UInt32), _ key: (UInt32, UInt32)
  ) -> (UInt32, UInt32, UInt32, UInt32) {
    var c = counter
    var k = key
    for _ in 0..<10 {
      let p0 = UInt64(0xD251_1F53) * UInt64(c.0)
      let p1 = UInt64(0xCD9E_8D57) * UInt64(c.2)
      c = (
        UInt32(truncatingIfNeeded: p1 >> 32) ^ c.1 ^ k.0, UInt32(truncatingIfNeeded: p1),
        UInt32(truncatingIfNeeded: p0 >> 32) ^ c.3 ^ k.1, UInt32(truncatingIfNeeded: p0)
      )
      k.0 &+= 0x9E37_79B9
      k.1 &+= 0xBB67_AE85
    }
    return c
  }
}

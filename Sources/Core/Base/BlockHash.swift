import CHash

/// SHA-256's compression function (FIPS 180-4, 6.2.2), with the processor's own instructions where it has them.
public enum BlockHash {
  /// Takes the whole 64-byte blocks of `bytes` from `start` on into `state`; returns where the rest begins.
  ///
  /// - Parameter naive: the definition in plain C instead, for the tests.
  public static func sha256(
    _ state: inout SIMD8<UInt32>, _ bytes: [UInt8], from start: Int, naive: Bool = false
  ) -> Int {
    precondition(start >= 0 && start <= bytes.count, "inside the bytes")
    let blocks = (bytes.count - start) / 64
    guard blocks > 0 else { return start }
    // SIMD8<UInt32> is its eight words in order; the bytes reach at least 64 · blocks beyond `start`.
    withUnsafeMutableBytes(of: &state) { words in
      bytes.withUnsafeBufferPointer { source in
        guard let base = source.baseAddress, let words = words.baseAddress?.assumingMemoryBound(to: UInt32.self) else {
          return
        }
        if naive {
          wb_sha256_blocks_naive(words, base + start, Int64(blocks))
        } else {
          wb_sha256_blocks(words, base + start, Int64(blocks))
        }
      }
    }
    return start + 64 * blocks
  }

  /// The same for whole parts of files, two of one length side by side or one alone; returns where the rests begin.
  public static func sha256(_ states: inout [SIMD8<UInt32>], _ parts: [MappedBytes]) -> Int {
    precondition((1...2).contains(parts.count) && states.count == parts.count, "one part or two")
    precondition(parts.allSatisfy { $0.count == parts[0].count }, "parts of one length")
    let blocks = parts[0].count / 64
    guard blocks > 0 else { return 0 }
    // Eight words a state; the parts hold at least 64 · blocks bytes each, and `parts` keeps them mapped.
    withExtendedLifetime(parts) {
      states.withUnsafeMutableBytes { states in
        guard let words = states.baseAddress?.assumingMemoryBound(to: UInt32.self) else { return }
        let bytes = parts.map { $0.unsafeBytes.baseAddress?.assumingMemoryBound(to: UInt8.self) }
        if bytes.count == 2 {
          wb_sha256_pair([words, words + 8], bytes, Int64(blocks))
        } else {
          wb_sha256_blocks(words, bytes[0], Int64(blocks))
        }
      }
    }
    return 64 * blocks
  }
}

import Base
import Testing

@Suite struct BlockHashTests {
  /// The processor's own instructions, where it has them, against the definition; SHA256Tests has the known digests.
  @Test func agreesWithItsTwin() {
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ $0 >> 3) }
    for start in [0, 1, 37, 64, 959, 1000] {
      var fast: SIMD8<UInt32> = [1, 2, 0xffff_ffff, 4, 0x8000_0000, 6, 7, 0x1234_5678]
      var naive = fast
      let end = BlockHash.sha256(&fast, bytes, from: start)
      #expect(BlockHash.sha256(&naive, bytes, from: start, naive: true) == end)
      #expect(end == start + (1000 - start) / 64 * 64)
      #expect(fast == naive, "from \(start)")
      #expect((fast == [1, 2, 0xffff_ffff, 4, 0x8000_0000, 6, 7, 0x1234_5678]) == (end == start))
    }
  }
}

import Testing

@testable import Tables

@Suite struct PageCodecTests {
  private func snappy(_ input: [UInt8], size: Int) -> String? {
    var output = [UInt8](repeating: 0, count: size)
    return Snappy.unpack(input, from: 0, into: &output) ? String(decoding: output, as: UTF8.self) : nil
  }

  private func lz4(_ input: [UInt8], size: Int) -> String? {
    var output = [UInt8](repeating: 0, count: size)
    return LZ4.unpack(input, 0..<input.count, into: &output, at: 0..<size)
      ? String(decoding: output, as: UTF8.self) : nil
  }

  private let abc = Array("abc".utf8)

  @Test func snappyCopies() {
    // Three literal bytes, then eight from three before: a repetition, as every copy whose distance is below its length.
    #expect(snappy([11, 2 << 2] + abc + [4 << 2 | 1, 3], size: 11) == "abcabcabcab")
    #expect(snappy([11, 2 << 2] + abc + [7 << 2 | 2, 3, 0], size: 11) == "abcabcabcab")
    #expect(snappy([11, 2 << 2] + abc + [7 << 2 | 3, 3, 0, 0, 0], size: 11) == "abcabcabcab")
    // Lengths of 60 and more stand behind the tag.
    let long = [UInt8](repeating: 0x78, count: 300)
    #expect(snappy([0xAC, 2, 61 << 2, 43, 1] + long, size: 300) == String(repeating: "x", count: 300))
    #expect(snappy([65, 0, 0x78, 63 << 2 | 2, 1, 0], size: 65) == String(repeating: "x", count: 65))
    #expect(snappy([0], size: 0) == "")
  }

  @Test func snappyDamage() {
    #expect(snappy([], size: 0) == nil)
    #expect(snappy([4, 2 << 2] + abc, size: 4) == nil)
    #expect(snappy([3, 2 << 2] + abc, size: 4) == nil)
    #expect(snappy([3, 3 << 2] + abc, size: 3) == nil)
    #expect(snappy([2, 2 << 2] + abc, size: 2) == nil)
    for distance: UInt8 in [0, 4] { #expect(snappy([11, 2 << 2] + abc + [4 << 2 | 1, distance], size: 11) == nil) }
    #expect(snappy([10, 2 << 2] + abc + [4 << 2 | 1, 3], size: 10) == nil)
    for count in 0..<4 {
      #expect(snappy([11, 2 << 2] + abc + [UInt8](repeating: 0xFF, count: count), size: 11) == nil)
    }
    #expect(snappy([11, 63 << 2, 0xFF, 0xFF, 0xFF, 0xFF] + abc, size: 11) == nil)
    #expect(snappy([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], size: 11) == nil)
  }

  @Test func lz4Copies() {
    #expect(lz4([0x34] + abc + [3, 0], size: 11) == "abcabcabcab")
    #expect(lz4([0x3F] + abc + [3, 0, 0], size: 22) == "abcabcabcabcabcabcabca")
    #expect(
      lz4([0xF0, 255, 0] + [UInt8](repeating: 0x78, count: 270), size: 270) == String(repeating: "x", count: 270))
  }

  @Test func lz4Damage() {
    #expect(lz4([0x34] + abc, size: 11) == nil)
    for distance: UInt8 in [0, 4] { #expect(lz4([0x34] + abc + [distance, 0], size: 11) == nil) }
    #expect(lz4([0x34] + abc + [3], size: 11) == nil)
    #expect(lz4([0x34] + abc + [3, 0], size: 10) == nil)
    #expect(lz4([0x34] + abc + [3, 0], size: 12) == nil)
    #expect(lz4([0xF0, 255], size: 12) == nil)
    #expect(lz4([0x3F] + abc + [3, 0], size: 12) == nil)
  }

  /// Hadoop's frames, several of them, and the bare block that some writers put there.
  @Test func hadoopLZ4() throws {
    let block: [UInt8] = [0x34] + abc + [3, 0]
    let frame: [UInt8] = [0, 0, 0, 11, 0, 0, 0, 6] + block
    let codec = try PageCodec(code: 5)
    #expect(try codec.unpack([9] + frame + frame, from: 1, size: 22) == Array("abcabcabcababcabcabcab".utf8))
    #expect(try codec.unpack(block, from: 0, size: 11) == Array("abcabcabcab".utf8))
    #expect(throws: ParquetFault.self) { try codec.unpack(frame + frame.dropLast(), from: 0, size: 22) }
    #expect(throws: ParquetFault.self) {
      try codec.unpack([255, 255, 255, 255, 0, 0, 0, 6] + block, from: 0, size: 11)
    }
  }

  /// Two members of gzip, as a writer that compresses a page in parts leaves them.
  @Test func gzipMembers() throws {
    // gzip of "abc" without a name: python3 -c 'import gzip; print(list(gzip.compress(b"abc", mtime=0)))'.
    let member: [UInt8] = [
      31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 75, 76, 74, 6, 0, 194, 65, 36, 53, 3, 0, 0, 0,
    ]
    let codec = try PageCodec(code: 2)
    #expect(try codec.unpack(member + member, from: 0, size: 6) == abc + abc)
    for (input, size) in [(member + member, 5), (member + member, 7), (Array(member.dropLast()), 3), (member + [1], 3)]
    {
      #expect(throws: ParquetFault.self) { try codec.unpack(input, from: 0, size: size) }
    }
  }
}

/// LZ4 frames of a known length (lz4's doc/lz4_Frame_format.md and lz4_Block_format.md): what Feather files are packed
/// with. Checksums are passed over.
enum LZ4Frame {
  static let magic: [UInt8] = [0x04, 0x22, 0x4D, 0x18]
  static let damage = ArrowFault.damaged("a column's LZ4 bytes cannot be unpacked")

  /// Unpacks a frame into exactly `count` bytes.
  static func unpack(_ packed: [UInt8], count: Int) throws(ArrowFault) -> [UInt8] {
    // A byte can stand for 255 at most, so no more is ever taken than a multiple of what is there.
    guard packed.count >= 7, packed.starts(with: magic), count / 255 <= packed.count else { throw damage }
    let flags = packed[4]
    guard flags >> 6 == 1, flags & 1 == 0 else { throw damage }
    var position = 7 + (flags & 8 != 0 ? 8 : 0)
    var output = [UInt8](repeating: 0, count: count)
    var written = 0
    while true {
      guard position + 4 <= packed.count else { throw damage }
      let word = (0..<4).reduce(UInt32(0)) { $0 | UInt32(packed[position + $1]) << (8 * UInt32($1)) }
      position += 4
      if word == 0 { break }
      let size = Int(word & 0x7FFF_FFFF)
      guard size <= packed.count - position else { throw damage }
      let block = position..<position + size
      if word >> 31 == 1 {
        guard size <= count - written else { throw damage }
        output.replaceSubrange(written..<written + size, with: packed[block])
        written += size
      } else {
        try unpackBlock(packed, block, into: &output, at: &written)
      }
      position += size + (flags & 16 != 0 ? 4 : 0)
    }
    guard written == count else { throw damage }
    return output
  }

  /// Unpacks a block behind the `written` bytes of `output`, to which its matches may point.
  static func unpackBlock(
    _ packed: [UInt8], _ block: Range<Int>, into output: inout [UInt8], at written: inout Int
  ) throws(ArrowFault) {
    var position = block.lowerBound
    /// A length of 15 goes on in the bytes that follow, up to the first below 255.
    func length(_ nibble: UInt8) throws(ArrowFault) -> Int {
      var length = Int(nibble)
      guard nibble == 15 else { return length }
      while true {
        guard position < block.upperBound else { throw damage }
        let byte = packed[position]
        position += 1
        length += Int(byte)
        if byte < 255 { return length }
      }
    }
    while position < block.upperBound {
      let token = packed[position]
      position += 1
      let literals = try length(token >> 4)
      guard literals <= block.upperBound - position, literals <= output.count - written else { throw damage }
      for index in 0..<literals { output[written + index] = packed[position + index] }
      position += literals
      written += literals
      // The last sequence has literals only.
      if position == block.upperBound { return }
      guard position + 2 <= block.upperBound else { throw damage }
      let offset = Int(packed[position]) | Int(packed[position + 1]) << 8
      position += 2
      let match = try length(token & 15) + 4
      guard offset > 0, offset <= written, match <= output.count - written else { throw damage }
      // One byte after another: a match may overlap what it writes.
      for index in written..<written + match { output[index] = output[index - offset] }
      written += match
    }
  }
}

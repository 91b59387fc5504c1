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
        guard
          let end = LZ4.decode(packed, block, into: &output, at: written..<count, copyingFrom: 0)
        else { throw damage }
        written = end
      }
      position += size + (flags & 16 != 0 ? 4 : 0)
    }
    guard written == count else { throw damage }
    return output
  }
}

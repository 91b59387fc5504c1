/// Small numbers of one width in bits, in runs: one number many times over, or groups of eight packed bit by bit
/// (parquet-format, Encodings.md, "RLE / Bit-Packing Hybrid"). Levels, indices of dictionaries and truth values.
///
/// Nothing is unpacked ahead: a run of a thousand million nulls takes no memory.
final class RunLengthDecoder {
  private let bytes: [UInt8]
  private var position: Int
  private let end: Int
  private let width: Int
  private var left = 0
  private var isPacked = false
  /// The number of a repeated run.
  private var repeated = 0
  /// Where the next number of a packed run starts, in bits.
  private var bit = 0

  /// - Parameters:
  ///   - range: inside `bytes`.
  ///   - width: bits of a number, 0 … 32.
  init(_ bytes: [UInt8], _ range: Range<Int>, width: Int) {
    self.bytes = bytes
    (position, end, self.width) = (range.lowerBound, range.upperBound, width)
  }

  static func width(ofNumbersUpTo largest: Int) -> Int { Int.bitWidth - largest.leadingZeroBitCount }

  func next() throws(ParquetFault) -> Int {
    if left == 0 {
      // Where there is but one number, some writers store no runs at all.
      if width == 0 { return 0 }
      try startRun()
    }
    left -= 1
    guard isPacked else { return repeated }
    let first = bit >> 3
    let shift = bit & 7
    bit += width
    let value = bytes.littleEndian(at: first, width: (shift + width + 7) >> 3) >> UInt64(shift)
    return Int(value & ((1 << UInt64(width)) - 1))
  }

  private func startRun() throws(ParquetFault) {
    while left == 0 {
      let head = try varint()
      isPacked = head & 1 == 1
      if isPacked {
        // Writers may leave out the end of the last group.
        let size = (head >> 1) * width
        let present = min(size, end - position)
        left = present == size ? (head >> 1) * 8 : present * 8 / width
        bit = position * 8
        position += present
      } else {
        left = head >> 1
        let size = (width + 7) / 8
        guard size <= end - position else { throw Self.cutOff }
        repeated = Int(bytes.littleEndian(at: position, width: size))
        position += size
        guard repeated >> width == 0 else { throw .damaged("a run repeats a number that is too large") }
      }
    }
  }

  /// At most 32 bits, so that a run's length fits many times over.
  private func varint() throws(ParquetFault) -> Int {
    var value = 0
    for shift in stride(from: 0, to: 35, by: 7) {
      guard position < end else { throw Self.cutOff }
      let byte = bytes[position]
      position += 1
      value |= Int(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    throw .damaged("a run has a length without an end")
  }

  private static let cutOff = ParquetFault.damaged("a page ends within its runs")
}

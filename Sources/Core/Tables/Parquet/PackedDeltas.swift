/// DELTA_BINARY_PACKED: a first number, then blocks of differences. A block has its least difference and some miniblocks,
/// each of which packs what its differences are more than that into bits of a width of its own.
final class PackedDeltas: NumberSource {
  private var reader: Blocks
  private var value: Int64
  private var isFirst = true
  /// Numbers that are still to come.
  private var left: Int
  private let isNarrow: Bool

  // The miniblock that is being read.
  private var miniblockLeft = 0
  private var bit = 0
  private var width = 0

  /// - Parameter isNarrow: whether the numbers have 32 bits, in which their sums wrap.
  init(_ bytes: [UInt8], from start: Int, isNarrow: Bool = false) throws(ParquetFault) {
    reader = try Blocks(bytes, from: start)
    (value, left, self.isNarrow) = (reader.first, reader.count, isNarrow)
  }

  override func next() throws(ParquetFault) -> Int64 {
    guard left > 0 else { throw Self.cutOff }
    left -= 1
    if isFirst {
      isFirst = false
    } else {
      value = value &+ (try difference())
    }
    return isNarrow ? Int64(Int32(truncatingIfNeeded: value)) : value
  }

  private func difference() throws(ParquetFault) -> Int64 {
    if miniblockLeft == 0 {
      (bit, width) = try reader.nextMiniblock()
      miniblockLeft = reader.miniblockSize
    }
    miniblockLeft -= 1
    let packed = try reader.bits(at: bit, width: width)
    bit += width
    return reader.least &+ Int64(bitPattern: packed)
  }

  /// Where the bytes behind these numbers begin. Only the blocks' heads are read, not the numbers: a block may claim
  /// any number of differences of no bits.
  static func end(_ bytes: [UInt8], from start: Int) throws(ParquetFault) -> Int {
    var reader = try Blocks(bytes, from: start)
    var left = reader.count - 1
    while left > 0 {
      let (bit, width) = try reader.nextMiniblock()
      guard (bit + reader.miniblockSize * width) / 8 <= bytes.count else { throw cutOff }
      left -= reader.miniblockSize
    }
    return reader.position
  }

  private struct Blocks {
    private let bytes: [UInt8]
    /// Where the next block or miniblock begins.
    private(set) var position: Int
    private let miniblockCount: Int
    /// Differences in a miniblock.
    let miniblockSize: Int
    /// Numbers in all.
    let count: Int
    let first: Int64
    /// The least difference of this block.
    private(set) var least: Int64 = 0
    private var widths: Range<Int>

    init(_ bytes: [UInt8], from start: Int) throws(ParquetFault) {
      self.bytes = bytes
      var position = start
      let blockSize = try Self.varint(bytes, &position)
      let miniblocks = try Self.varint(bytes, &position)
      let count = try Self.varint(bytes, &position)
      first = Self.signed(try Self.varint(bytes, &position))
      let limit = UInt64(Int32.max)
      guard blockSize > 0, blockSize <= limit, miniblocks > 0, miniblocks <= blockSize, count <= limit,
        blockSize % miniblocks == 0, blockSize / miniblocks % 8 == 0
      else { throw .damaged("a page has impossible blocks of differences") }
      (miniblockCount, miniblockSize, self.count) = (Int(miniblocks), Int(blockSize / miniblocks), Int(count))
      self.position = position
      widths = position..<position
    }

    /// Where the next miniblock starts, in bits, and how wide its differences are.
    mutating func nextMiniblock() throws(ParquetFault) -> (bit: Int, width: Int) {
      if widths.isEmpty {
        least = Self.signed(try Self.varint(bytes, &position))
        guard miniblockCount <= bytes.count - position else { throw cutOff }
        widths = position..<position + miniblockCount
        position += miniblockCount
      }
      let width = Int(bytes[widths.lowerBound])
      widths = widths.dropFirst()
      guard width <= 64 else { throw .damaged("a page has differences of \(width) bits") }
      let start = position
      // The end may lie outside: the last miniblock need not be full. Whoever reads a difference looks.
      position = min(bytes.count, position + miniblockSize * width / 8)
      return (start * 8, width)
    }

    func bits(at bit: Int, width: Int) throws(ParquetFault) -> UInt64 {
      guard width > 0 else { return 0 }
      guard bit + width <= bytes.count * 8 else { throw cutOff }
      let (first, shift) = (bit >> 3, bit & 7)
      let size = (shift + width + 7) >> 3
      var value = bytes.littleEndian(at: first, width: min(size, 8)) >> UInt64(shift)
      if size > 8 { value |= UInt64(bytes[first + 8]) << UInt64(64 - shift) }
      return width == 64 ? value : value & ((1 << UInt64(width)) - 1)
    }

    private static func varint(_ bytes: [UInt8], _ position: inout Int) throws(ParquetFault) -> UInt64 {
      var value: UInt64 = 0
      for shift in stride(from: UInt64(0), to: 64, by: 7) {
        guard position < bytes.count else { throw cutOff }
        let byte = bytes[position]
        position += 1
        value |= UInt64(byte & 0x7F) << shift
        if byte < 0x80 { return value }
      }
      throw .damaged("a page has a number without an end")
    }

    private static func signed(_ value: UInt64) -> Int64 {
      Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }
  }
}

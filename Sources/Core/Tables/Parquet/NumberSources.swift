/// The numbers of one page, one after another: whole numbers with their sign, of floating-point ones the bits.
class NumberSource {
  func next() throws(ParquetFault) -> Int64 { throw .damaged("a page has no values") }

  static let cutOff = ParquetFault.damaged("a page ends within its values")
}

/// PLAIN: four or eight bytes each.
final class PlainNumbers: NumberSource {
  private let bytes: [UInt8]
  private var position: Int
  private let width: Int

  init(_ bytes: [UInt8], from start: Int, width: Int) {
    (self.bytes, position, self.width) = (bytes, start, width)
  }

  override func next() throws(ParquetFault) -> Int64 {
    guard width <= bytes.count - position else { throw Self.cutOff }
    defer { position += width }
    if width == 4 {
      return Int64(Int32(truncatingIfNeeded: bytes.littleEndian(at: position, width: 4)))
    }
    return Int64(bitPattern: bytes.littleEndian(at: position, width: 8))
  }
}

/// BYTE_STREAM_SPLIT: the lowest bytes of all numbers, then their second bytes, and so on.
final class SplitNumbers: NumberSource {
  private let bytes: [UInt8]
  private var position: Int
  private let count: Int
  private let width: Int
  private let end: Int

  init(_ bytes: [UInt8], from start: Int, width: Int) {
    (self.bytes, position, self.width) = (bytes, start, width)
    count = (bytes.count - start) / width
    end = start + count
  }

  override func next() throws(ParquetFault) -> Int64 {
    guard position < end else { throw Self.cutOff }
    var value: UInt64 = 0
    for index in 0..<width { value |= UInt64(bytes[position + index * count]) << UInt64(8 * index) }
    position += 1
    return width == 4 ? Int64(Int32(truncatingIfNeeded: value)) : Int64(bitPattern: value)
  }
}

/// PLAIN truth values: a bit each, the lowest first.
final class PlainBits: NumberSource {
  private let bytes: [UInt8]
  private var bit: Int

  init(_ bytes: [UInt8], from start: Int) { (self.bytes, bit) = (bytes, start * 8) }

  override func next() throws(ParquetFault) -> Int64 {
    guard bit >> 3 < bytes.count else { throw Self.cutOff }
    defer { bit += 1 }
    return Int64(bytes[bit >> 3] >> UInt8(bit & 7) & 1)
  }
}

/// RLE truth values, behind their length in four bytes.
final class RunLengthBits: NumberSource {
  private let runs: RunLengthDecoder

  init(_ bytes: [UInt8], from start: Int) throws(ParquetFault) {
    guard bytes.count - start >= 4 else { throw Self.cutOff }
    let size = Int(bytes.littleEndian(at: start, width: 4))
    guard size <= bytes.count - start - 4 else { throw Self.cutOff }
    runs = RunLengthDecoder(bytes, start + 4..<start + 4 + size, width: 1)
  }

  override func next() throws(ParquetFault) -> Int64 { Int64(try runs.next()) }
}

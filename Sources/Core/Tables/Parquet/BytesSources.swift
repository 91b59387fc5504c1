/// The values of one page that are stored as bytes, one after another.
class BytesSource {
  func next() throws(ParquetFault) -> ArraySlice<UInt8> { throw .damaged("a page has no values") }
}

/// PLAIN: each behind its length in four bytes.
final class PlainBytes: BytesSource {
  private let bytes: [UInt8]
  private var position: Int

  init(_ bytes: [UInt8], from start: Int) { (self.bytes, position) = (bytes, start) }

  override func next() throws(ParquetFault) -> ArraySlice<UInt8> {
    guard bytes.count - position >= 4 else { throw NumberSource.cutOff }
    let size = Int(bytes.littleEndian(at: position, width: 4))
    let start = position + 4
    guard size <= bytes.count - start else { throw NumberSource.cutOff }
    position = start + size
    return bytes[start..<position]
  }
}

/// PLAIN of values that are all equally long.
final class FixedBytes: BytesSource {
  private let bytes: [UInt8]
  private var position: Int
  private let width: Int

  init(_ bytes: [UInt8], from start: Int, width: Int) {
    (self.bytes, position, self.width) = (bytes, start, width)
  }

  override func next() throws(ParquetFault) -> ArraySlice<UInt8> {
    guard width <= bytes.count - position else { throw NumberSource.cutOff }
    position += width
    return bytes[position - width..<position]
  }
}

/// BYTE_STREAM_SPLIT of values that are all equally long: their first bytes, then their second ones, and so on.
final class SplitBytes: BytesSource {
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

  override func next() throws(ParquetFault) -> ArraySlice<UInt8> {
    guard position < end else { throw NumberSource.cutOff }
    defer { position += 1 }
    return ArraySlice((0..<width).map { bytes[position + $0 * count] })
  }
}

/// DELTA_LENGTH_BYTE_ARRAY: all lengths, then all bytes.
final class LengthsAndBytes: BytesSource {
  private let bytes: [UInt8]
  private var position: Int
  private let lengths: PackedDeltas

  init(_ bytes: [UInt8], from start: Int) throws(ParquetFault) {
    self.bytes = bytes
    lengths = try PackedDeltas(bytes, from: start)
    position = try PackedDeltas.end(bytes, from: start)
  }

  override func next() throws(ParquetFault) -> ArraySlice<UInt8> {
    let size = Int(try lengths.next())
    guard size >= 0, size <= bytes.count - position else { throw NumberSource.cutOff }
    position += size
    return bytes[position - size..<position]
  }
}

/// DELTA_BYTE_ARRAY: how much of the value before each value begins with, then what follows.
final class PrefixesAndBytes: BytesSource {
  private let prefixes: PackedDeltas
  private let suffixes: LengthsAndBytes
  private var value: [UInt8] = []
  private let budget: MemoryBudget

  init(_ bytes: [UInt8], from start: Int, _ budget: MemoryBudget) throws(ParquetFault) {
    prefixes = try PackedDeltas(bytes, from: start)
    suffixes = try LengthsAndBytes(bytes, from: try PackedDeltas.end(bytes, from: start))
    self.budget = budget
  }

  override func next() throws(ParquetFault) -> ArraySlice<UInt8> {
    let prefix = Int(try prefixes.next())
    guard (0...value.count).contains(prefix) else {
      throw .damaged("a value begins with more than the one before it has")
    }
    // A few bytes of the file may stand for any number of long values.
    try budget.addToRow(prefix)
    value.removeSubrange(prefix...)
    value.append(contentsOf: try suffixes.next())
    return value[...]
  }
}

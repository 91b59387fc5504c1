/// What reads the values of a page, by type and encoding.
enum PageValues {
  case none
  case numbers(NumberSource)
  case bytes(BytesSource)
  /// Positions in the dictionary.
  case indices(NumberSource)

  /// - Parameter start: where in the page the values begin, behind the levels.
  init(
    _ column: LeafColumn, _ page: PageReader.Page, from start: Int, hasDictionary: Bool, _ budget: MemoryBudget
  ) throws(ParquetFault) {
    let (bytes, encoding) = (page.values, page.header.encoding)
    switch (column.physicalType, encoding) {
    case (_, .rleDictionary), (_, .plainDictionary):
      guard hasDictionary else {
        // Pages that hold nulls alone need none.
        self = .none
        return
      }
      self = .indices(try DictionaryIndices(bytes, from: start))
    case (.boolean, .plain): self = .numbers(PlainBits(bytes, from: start))
    case (.boolean, .rle): self = .numbers(try RunLengthBits(bytes, from: start))
    case (.int32, .plain), (.float, .plain): self = .numbers(PlainNumbers(bytes, from: start, width: 4))
    case (.int64, .plain), (.double, .plain): self = .numbers(PlainNumbers(bytes, from: start, width: 8))
    case (.int32, .byteStreamSplit), (.float, .byteStreamSplit):
      self = .numbers(SplitNumbers(bytes, from: start, width: 4))
    case (.int64, .byteStreamSplit), (.double, .byteStreamSplit):
      self = .numbers(SplitNumbers(bytes, from: start, width: 8))
    case (.int32, .deltaBinaryPacked): self = try Self.deltas(bytes, start, isNarrow: true)
    case (.int64, .deltaBinaryPacked): self = try Self.deltas(bytes, start, isNarrow: false)
    case (.byteArray, .plain): self = .bytes(PlainBytes(bytes, from: start))
    case (.fixedLengthByteArray, .plain), (.int96, .plain):
      self = .bytes(FixedBytes(bytes, from: start, width: column.width))
    case (.fixedLengthByteArray, .byteStreamSplit):
      self = .bytes(SplitBytes(bytes, from: start, width: column.width))
    case (.byteArray, .deltaLengthByteArray):
      self = start == bytes.count ? .none : .bytes(try LengthsAndBytes(bytes, from: start))
    case (.byteArray, .deltaByteArray), (.fixedLengthByteArray, .deltaByteArray):
      self = start == bytes.count ? .none : .bytes(try PrefixesAndBytes(bytes, from: start, budget))
    default: throw .damaged("it has values in an encoding that its type does not have")
    }
  }

  /// Pages that hold nulls alone may be without the head that all others have.
  private static func deltas(_ bytes: [UInt8], _ start: Int, isNarrow: Bool) throws(ParquetFault) -> PageValues {
    start == bytes.count ? .none : .numbers(try PackedDeltas(bytes, from: start, isNarrow: isNarrow))
  }
}

/// RLE_DICTIONARY: a byte says how wide the positions are that follow it.
final class DictionaryIndices: NumberSource {
  private let runs: RunLengthDecoder

  init(_ bytes: [UInt8], from start: Int) throws(ParquetFault) {
    let width = start < bytes.count ? Int(bytes[start]) : 0
    guard width <= 32 else { throw .damaged("a page has dictionary positions of \(width) bits") }
    runs = RunLengthDecoder(bytes, min(start + 1, bytes.count)..<bytes.count, width: width)
  }

  override func next() throws(ParquetFault) -> Int64 { Int64(try runs.next()) }
}

/// Reads the pages of a column one after another and unpacks them.
final class PageReader {
  private let file: FileBytes
  private let codec: PageCodec
  private var position: Int
  private let end: Int

  /// Bytes that are read for a header at first. Headers with statistics of long texts take more.
  private static let headerGuess = 256
  private static let maximumHeader = 16 << 20

  init(_ file: FileBytes, _ chunk: FileMetadata.ColumnChunk) throws(ParquetFault) {
    self.file = file
    codec = try PageCodec(code: chunk.codec)
    position = chunk.start
    // Where there are no values, start and size are not checked.
    end = chunk.valueCount > 0 ? chunk.start + chunk.size : chunk.start
  }

  struct Page {
    var header: PageHeader
    /// The levels of version 2, which are never compressed: repetition, then definition.
    var levels: [UInt8] = []
    /// Unpacked; begins with the levels in version 1.
    var values: [UInt8] = []
  }

  /// The next page of values or dictionary; nil behind the last one.
  func next(_ budget: MemoryBudget) throws(ParquetFault) -> Page? {
    while position < end {
      let header = try readHeader()
      guard header.compressedSize <= end - position else { throw .damaged("a page is longer than its column") }
      let start = position
      position += header.compressedSize
      if header.kind == .other { continue }
      return try unpack(header, try file.read(start..<position), budget)
    }
    return nil
  }

  private func readHeader() throws(ParquetFault) -> PageHeader {
    var size = Self.headerGuess
    while true {
      let present = min(size, end - position)
      var thrift = ThriftReader(try file.read(position..<position + present))
      do {
        let header = try PageHeader(&thrift)
        position += thrift.position
        return header
      } catch {
        guard thrift.ranOut, present == size, size < Self.maximumHeader else { throw error }
        size *= 16
      }
    }
  }

  private func unpack(_ header: PageHeader, _ stored: [UInt8], _ budget: MemoryBudget) throws(ParquetFault) -> Page {
    if let checksum = header.checksum, checksum != Checksum.crc32(stored) {
      throw .damaged("a page is not what its checksum says")
    }
    var page = Page(header: header)
    var levelSize = 0
    var isCompressed = true
    if case .dataV2(let repetition, let definition, let compressed) = header.kind {
      guard repetition >= 0, definition >= 0, repetition <= stored.count, definition <= stored.count - repetition else {
        throw .damaged("a page has levels longer than itself")
      }
      levelSize = repetition + definition
      isCompressed = compressed
      page.levels = Array(stored[..<levelSize])
    }
    guard isCompressed, codec != .none else {
      try budget.hold(stored.count - levelSize)
      page.values = levelSize == 0 ? stored : Array(stored[levelSize...])
      return page
    }
    let size = header.uncompressedSize - levelSize
    guard size >= 0 else { throw .damaged("a page has levels longer than itself") }
    // A page of nulls alone has nothing to unpack.
    if size == 0 { return page }
    guard size <= codec.largestSize(of: stored.count - levelSize) else {
      throw .damaged("a page of \(stored.count) bytes cannot hold the \(size) that it claims")
    }
    try budget.hold(size)
    page.values = try codec.unpack(stored, from: levelSize, size: size)
    return page
  }
}

import JSON

/// Walks through the entries of one leaf in one row group: `load` makes the next one's levels known, `take` or `skip`
/// goes past it.
final class ColumnCursor {
  let column: LeafColumn
  /// Levels of the entry that is loaded; 0 at the end, where a row begins that is not there.
  var repetition: Int { entry.repetition }
  var definition: Int { entry.definition }
  var isAtEnd: Bool { entry.isAtEnd }

  /// Private as a whole: what other files can write to, Swift guards against overlapping access each time it is read.
  private var entry = Entry()
  private var isLoaded = false

  private struct Entry {
    var repetition = 0
    var definition = 0
    var isAtEnd = false
  }

  private let pages: PageReader
  private let budget: MemoryBudget
  /// Entries of the column behind this page, and of this page.
  private var entriesLeft: Int
  private var pageLeft = 0
  private var repetitions: RunLengthDecoder
  private var definitions: RunLengthDecoder
  private var values = PageValues.none
  /// Nil for a text that is not UTF-8.
  private var dictionary: [JSONValue?]?
  private var heldByPage = 0
  private var heldByDictionary = 0

  init(
    _ column: LeafColumn, _ chunk: FileMetadata.ColumnChunk, _ file: FileBytes, _ budget: MemoryBudget
  ) throws(ParquetFault) {
    self.column = column
    self.budget = budget
    do throws(ParquetFault) {
      if let type = chunk.type, type != column.physicalType {
        throw .damaged("its type is another than the schema says")
      }
      pages = try PageReader(file, chunk)
    } catch {
      throw error.found(in: "column \(column.path)")
    }
    entriesLeft = chunk.valueCount
    repetitions = RunLengthDecoder([], 0..<0, width: 0)
    definitions = repetitions
  }

  deinit { budget.release(heldByPage + heldByDictionary) }

  /// Makes the levels of the next entry known, if they are not. Only now is its page read: what is wrong with it is not
  /// the fault of the row before.
  func load() throws(ParquetFault) {
    guard !isLoaded else { return }
    do throws(ParquetFault) {
      while pageLeft == 0 {
        guard entriesLeft > 0 else {
          (entry, isLoaded) = (Entry(isAtEnd: true), true)
          return
        }
        try loadPage()
      }
      pageLeft -= 1
      isLoaded = true
      if column.maximumRepetition > 0 { entry.repetition = try repetitions.next() }
      if column.maximumDefinition > 0 { entry.definition = try definitions.next() }
      guard repetition <= column.maximumRepetition, definition <= column.maximumDefinition else {
        throw .damaged("a level is higher than the schema allows")
      }
    } catch {
      throw error.found(in: "column \(column.path)")
    }
  }

  /// Takes the entry that is loaded.
  /// - Parameter parent: the least definition level that an entry of this leaf can have where it stands.
  func take(atLeast parent: Int) throws(ParquetFault) -> JSONValue {
    guard !isAtEnd else { throw fault("it ends before its row group") }
    guard definition >= parent else { throw fault("it does not fit the columns beside it") }
    var value = JSONValue.null
    if definition == column.maximumDefinition {
      do { value = try nextValue() } catch { throw error.found(in: "column \(column.path)") }
    }
    isLoaded = false
    return value
  }

  /// Passes over an entry that stands for nothing: a null or an empty list at a node above.
  /// - Parameter limit: the definition level that the entry must not reach.
  func skip(below limit: Int) throws(ParquetFault) {
    guard !isAtEnd else { throw fault("it ends before its row group") }
    guard definition < limit else { throw fault("it does not fit the columns beside it") }
    isLoaded = false
  }

  func fault(_ problem: String) -> ParquetFault { .damaged(problem).found(in: "column \(column.path)") }

  private func nextValue() throws(ParquetFault) -> JSONValue {
    let value: JSONValue?
    switch values {
    case .none: throw .damaged("a page has no values")
    case .numbers(let source): return column.type.value(of: try source.next())
    case .bytes(let source):
      let bytes = try source.next()
      if column.type == .json { try budget.addToRow(bytes.count * LeafType.memoryOfJSON) }
      value = column.type.value(of: bytes)
    case .indices(let source):
      let index = Int(try source.next())
      guard let dictionary, index < dictionary.count else { throw .damaged("a value is not in its dictionary") }
      value = dictionary[index]
    }
    guard let value else { throw .damaged("a text is not UTF-8") }
    return value
  }

  // MARK: Pages

  private func loadPage() throws(ParquetFault) {
    values = .none
    budget.release(heldByPage)
    heldByPage = 0
    guard let page = try pages.next(budget) else { throw .damaged("its pages end too early") }
    let size = page.values.count
    heldByPage = size
    if page.header.kind == .dictionary { return try loadDictionary(page) }
    guard page.header.count <= entriesLeft else { throw .damaged("its pages hold more than it says") }
    entriesLeft -= page.header.count
    pageLeft = page.header.count
    let start = try readLevels(page)
    values = try PageValues(column, page, from: start, hasDictionary: dictionary != nil, budget)
  }

  /// Prepares the decoders of the levels; returns where in `page.values` the values begin.
  private func readLevels(_ page: PageReader.Page) throws(ParquetFault) -> Int {
    let widths = [column.maximumRepetition, column.maximumDefinition].map(RunLengthDecoder.width(ofNumbersUpTo:))
    if case .dataV2(let repetitionBytes, _, _) = page.header.kind {
      repetitions = RunLengthDecoder(page.levels, 0..<repetitionBytes, width: widths[0])
      definitions = RunLengthDecoder(page.levels, repetitionBytes..<page.levels.count, width: widths[1])
      return 0
    }
    var start = 0
    if widths[0] > 0 {
      repetitions = try Self.levels(page, page.header.repetitionEncoding, &start, width: widths[0])
    }
    if widths[1] > 0 {
      definitions = try Self.levels(page, page.header.definitionEncoding, &start, width: widths[1])
    }
    return start
  }

  /// Levels of version 1: behind their length in four bytes.
  private static func levels(
    _ page: PageReader.Page, _ encoding: Encoding, _ start: inout Int, width: Int
  ) throws(ParquetFault) -> RunLengthDecoder {
    guard encoding == .rle else {
      throw .unsupported(feature: "levels in the encoding BIT_PACKED", cure: "write the file with a newer library")
    }
    let bytes = page.values
    guard bytes.count - start >= 4 else { throw .damaged("a page ends within its levels") }
    let size = Int(bytes.littleEndian(at: start, width: 4))
    start += 4
    guard size <= bytes.count - start else { throw .damaged("a page ends within its levels") }
    defer { start += size }
    return RunLengthDecoder(bytes, start..<start + size, width: width)
  }

  private func loadDictionary(_ page: PageReader.Page) throws(ParquetFault) {
    guard dictionary == nil else { throw .damaged("it has two dictionaries") }
    var page = page
    guard [.plain, .plainDictionary].contains(page.header.encoding) else {
      throw .damaged("its dictionary has an encoding that dictionaries do not have")
    }
    page.header.encoding = .plain
    // Every entry takes a bit or more.
    guard page.header.count <= page.values.count * 8 else { throw .damaged("its dictionary is shorter than it says") }
    let size =
      page.header.count * MemoryLayout<JSONValue?>.stride
      + (column.type == .json ? page.values.count * LeafType.memoryOfJSON : 0)
    try budget.hold(size)
    heldByDictionary = size
    let source = try PageValues(column, page, from: 0, hasDictionary: false, budget)
    var entries: [JSONValue?] = []
    for _ in 0..<page.header.count {
      switch source {
      case .numbers(let source): entries.append(column.type.value(of: try source.next()))
      case .bytes(let source): entries.append(column.type.value(of: try source.next()))
      case .indices, .none: break
      }
    }
    dictionary = entries
    // The texts stay, the page goes.
    heldByDictionary += heldByPage
    heldByPage = 0
  }
}

import CBytes

/// Cuts a file into rows without holding more than one: JSON lines, or the elements of one JSON array (which may be
/// pretty-printed). What follows an array is read as lines again, so that nothing is lost in silence.
struct RowReader {
  /// A row of more bytes than this is passed over and counted.
  static let maximumRow = 64 << 20
  /// A row of more bytes than this is taken for one that never ends, such as a device's behind a pipe.
  static let maximumLine = 256 << 20

  private let source: ByteSource
  private var chunk = [UInt8](repeating: 0, count: ByteSource.chunkSize)
  private var position = 0
  private var end = 0
  private let readsArrays: Bool
  private var inArray = false
  private var started = false
  private var rows = 0
  /// Line that the byte at `position` is on, from 1.
  private var currentLine = 1

  /// The row last read, without its line end, and the line it starts on.
  private(set) var row: [UInt8] = []
  private(set) var line = 0
  /// The row is longer than `maximumRow`; `row` holds its start only.
  private(set) var isTooLong = false
  /// Bytes of the row so far, those left out of `row` too.
  private var length = 0

  init(_ source: ByteSource, readsArrays: Bool = true) {
    self.source = source
    self.readsArrays = readsArrays
  }

  var progress: Double { source.progress }

  /// Moves to the next row that is not blank; false at the end of the file.
  mutating func next() throws(DataError) -> Bool {
    if !started { try start() }
    while true {
      row.removeAll(keepingCapacity: true)
      isTooLong = false
      length = 0
      if inArray {
        guard try nextElement() else { continue }
      } else {
        guard try nextLine() else { return false }
        if row.first?.isASCIISpace ?? true, row.allSatisfy(\.isASCIISpace) { continue }
      }
      rows += 1
      return true
    }
  }

  // MARK: the start of the file

  private mutating func start() throws(DataError) {
    started = true
    end = try source.read(into: &chunk, rows: 0)
    let head = chunk[..<min(end, 16)]
    if let kind = DataError.ForeignKind.recognise(head) { throw .notJSON(path: source.path, kind: kind) }
    if head.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    guard readsArrays else { return }
    try skipSpace()
    if position < end, chunk[position] == UInt8(ascii: "[") {
      position += 1
      inArray = true
    }
  }

  // MARK: lines

  private mutating func nextLine() throws(DataError) -> Bool {
    line = currentLine
    var found = false
    while try fill() {
      let stop = Int(cb_index_of(chunk, Int64(position), Int64(end), 0x0A))
      try keep(position..<stop)
      position = stop
      found = true
      if stop < end {
        position += 1
        currentLine += 1
        break
      }
    }
    if row.last == 0x0D { row.removeLast() }
    return found
  }

  // MARK: elements of an array

  /// Reads up to the comma or bracket that ends an element. False where the array ends instead; lines follow then.
  private mutating func nextElement() throws(DataError) -> Bool {
    try skipSpace()
    line = currentLine
    var depth = 0
    var inString = false
    var escaped = false
    while try fill() {
      let start = position
      while position < end {
        if inString, !escaped { position = Int(cb_json_run_end(chunk, Int64(position), Int64(end))) }
        guard position < end else { break }
        let byte = chunk[position]
        if byte == 0x0A { currentLine += 1 }
        if inString {
          if byte == UInt8(ascii: "\""), !escaped { inString = false }
          escaped = byte == UInt8(ascii: "\\") && !escaped
        } else {
          switch byte {
          case UInt8(ascii: "\""): inString = true
          case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
          case UInt8(ascii: "}"): depth -= 1
          case UInt8(ascii: "]") where depth <= 0, UInt8(ascii: ",") where depth <= 0:
            try keep(start..<position)
            position += 1
            inArray = byte == UInt8(ascii: ",")
            return inArray || !row.allSatisfy(\.isASCIISpace)
          case UInt8(ascii: "]"): depth -= 1
          default: break
          }
        }
        position += 1
      }
      try keep(start..<position)
    }
    throw .unterminatedArray(path: source.path, line: line)
  }

  // MARK: bytes

  /// Whether there is a byte at `position`, reading the next chunk where this one is used up.
  private mutating func fill() throws(DataError) -> Bool {
    if position < end { return true }
    position = 0
    end = try source.read(into: &chunk, rows: rows)
    return end > 0
  }

  private mutating func keep(_ range: Range<Int>) throws(DataError) {
    length += range.count
    guard length <= RowReader.maximumLine else { throw .endlessRow(path: source.path, line: line) }
    guard row.count + range.count <= RowReader.maximumRow else {
      isTooLong = true
      return
    }
    row.append(contentsOf: chunk[range])
  }

  private mutating func skipSpace() throws(DataError) {
    while try fill(), chunk[position].isASCIISpace {
      if chunk[position] == 0x0A { currentLine += 1 }
      position += 1
    }
  }
}

import CBytes

/// Why a record of a CSV file cannot be read.
public enum CSVFault: Error, Sendable, Equatable {
  /// More or fewer cells than the header, or text behind a closing quote.
  case malformed
  case notUTF8
  /// More bytes than `CSVRecords.maximumRecord`.
  case tooLong
}

/// Cuts comma- or tab-separated values into records (RFC 4180): cells in quotes may hold separators, line breaks and
/// doubled quotes, lines end with LF or CRLF, empty lines are passed over. Holds one record at a time.
struct CSVRecords<Failure: Error> {
  /// A record of more bytes is passed over and counted.
  static var maximumRecord: Int { 64 << 20 }

  struct Record {
    /// The cells' bytes, one after another, quotes taken off.
    var bytes: [UInt8] = []
    /// Where each cell ends in `bytes`.
    var ends: [Int] = []
    /// Of each cell, whether it stood in quotes.
    var quoted: [Bool] = []
    /// Line the record starts on, from 1.
    var line = 0
    var fault: CSVFault?
    /// The file ends within a cell in quotes.
    var isOpen = false

    var count: Int { ends.count }

    subscript(cell: Int) -> ArraySlice<UInt8> { bytes[(cell == 0 ? 0 : ends[cell - 1])..<ends[cell]] }
  }

  private enum State {
    case cellStart, plain, inQuotes, quoteInQuotes
  }

  private let separator: UInt8
  private let read: (inout [UInt8]) throws(Failure) -> Int
  private var chunk = [UInt8](repeating: 0, count: 1 << 18)
  private var position = 0
  private var end = 0
  private var line = 1
  /// What is left of a byte order mark.
  private var markLeft: ArraySlice<UInt8> = [0xEF, 0xBB, 0xBF]
  private(set) var record = Record()

  /// - Parameter read: fills the array from its start and returns how many bytes are there, 0 at the end.
  init(separator: UInt8, read: @escaping (inout [UInt8]) throws(Failure) -> Int) {
    self.separator = separator
    self.read = read
  }

  /// Moves to the next record; false at the end of the file.
  mutating func next() throws(Failure) -> Bool {
    while true {
      record.bytes.removeAll(keepingCapacity: true)
      record.ends.removeAll(keepingCapacity: true)
      record.quoted.removeAll(keepingCapacity: true)
      (record.fault, record.line) = (nil, line)
      guard try readRecord() else { return false }
      let isBlank = record.count == 1 && record.bytes.isEmpty && !record.quoted[0]
      if !isBlank { return true }
    }
  }

  /// False where nothing is left.
  private mutating func readRecord() throws(Failure) -> Bool {
    var state = State.cellStart
    var isQuoted = false
    var isEmpty = true
    while try fill() {
      isEmpty = false
      let byte = chunk[position]
      position += 1
      if byte == 0x0A { line += 1 }
      switch state {
      case .inQuotes:
        if byte == UInt8(ascii: "\"") { state = .quoteInQuotes } else { try keepRun(from: position - 1) }
      case .quoteInQuotes where byte == UInt8(ascii: "\""):
        keep(byte)
        state = .inQuotes
      case .cellStart where byte == UInt8(ascii: "\""):
        (state, isQuoted) = (.inQuotes, true)
      default:
        if byte == separator {
          endCell(isQuoted)
          (state, isQuoted) = (.cellStart, false)
        } else if byte == 0x0A {
          endCell(isQuoted)
          return true
        } else if byte == 0x0D, try isLineEnd() {
          continue
        } else {
          if state == .quoteInQuotes { record.fault = record.fault ?? .malformed }
          keep(byte)
          state = .plain
        }
      }
    }
    if isEmpty { return false }
    record.isOpen = state == .inQuotes
    endCell(isQuoted)
    return true
  }

  /// Whether what follows a carriage return is a line feed or the end.
  private mutating func isLineEnd() throws(Failure) -> Bool {
    guard try fill() else { return true }
    return chunk[position] == 0x0A
  }

  private mutating func endCell(_ isQuoted: Bool) {
    record.ends.append(record.bytes.count)
    record.quoted.append(isQuoted)
  }

  private mutating func keep(_ byte: UInt8) {
    guard record.bytes.count < Self.maximumRecord else { return record.fault = .tooLong }
    record.bytes.append(byte)
  }

  /// Keeps the bytes from `start` up to the next quote, or up to the chunk's end.
  private mutating func keepRun(from start: Int) throws(Failure) {
    let stop = Int(cb_index_of(chunk, Int64(start), Int64(end), UInt8(ascii: "\"")))
    for index in position..<max(position, stop) where chunk[index] == 0x0A { line += 1 }
    position = stop
    guard record.bytes.count + stop - start <= Self.maximumRecord else { return record.fault = .tooLong }
    record.bytes.append(contentsOf: chunk[start..<stop])
  }

  /// Whether there is a byte at `position`, reading the next chunk where this one is used up. A byte order mark at the
  /// file's start is passed over.
  private mutating func fill() throws(Failure) -> Bool {
    while true {
      if position == end {
        position = 0
        end = try read(&chunk)
        if end == 0 { return false }
      }
      guard markLeft.first == chunk[position] else {
        markLeft = []
        return true
      }
      markLeft.removeFirst()
      position += 1
    }
  }
}

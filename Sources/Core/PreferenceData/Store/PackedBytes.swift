/// Whole numbers and texts as bytes: numbers below 128 take one byte, below 16,384 two (LEB128).
struct PackedWriter {
  private(set) var bytes: [UInt8] = []

  mutating func add(_ number: Int) {
    var rest = UInt(bitPattern: number)
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  /// A count and the ids; ids are not negative.
  mutating func add(_ ids: [Int32]) {
    add(ids.count)
    for id in ids { add(Int(id)) }
  }

  mutating func add(_ text: String) {
    add(text.utf8.count)
    bytes.append(contentsOf: text.utf8)
  }

  mutating func add(_ texts: [String]) {
    add(texts.count)
    for text in texts { add(text) }
  }

  mutating func add(_ number: Double) { add(fixed: number.bitPattern) }

  /// Eight bytes, the lowest first.
  mutating func add(fixed number: UInt64) {
    for shift in stride(from: UInt64(0), to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: number >> shift)) }
  }

  mutating func add(raw: some Collection<UInt8>) { bytes.append(contentsOf: raw) }

  mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }
}

/// The reverse. What it reads may be damaged or made up: every length is checked against what is there.
struct PackedReader {
  struct Damage: Error {}

  private let bytes: [UInt8]
  private(set) var position: Int
  private let end: Int

  init(_ bytes: [UInt8]) {
    self.init(bytes, 0..<bytes.count)
  }

  /// - Parameter range: lies inside `bytes`.
  init(_ bytes: [UInt8], _ range: Range<Int>) {
    self.bytes = bytes
    position = range.lowerBound
    end = range.upperBound
  }

  var isAtEnd: Bool { position == end }

  /// A number from 0 to `limit`.
  mutating func number(upTo limit: Int = .max) throws -> Int {
    var value: UInt = 0
    var shift: UInt = 0
    while position < end, shift < 63 {
      let byte = bytes[position]
      position += 1
      value |= UInt(byte & 0x7F) << shift
      shift += 7
      if byte < 0x80 {
        guard value <= UInt(limit) else { throw Damage() }
        return Int(value)
      }
    }
    throw Damage()
  }

  mutating func ids() throws -> [Int32] {
    // Each takes at least a byte.
    let count = try number(upTo: end - position)
    var ids: [Int32] = []
    ids.reserveCapacity(count)
    for _ in 0..<count { ids.append(Int32(truncatingIfNeeded: try number(upTo: Int(Int32.max)))) }
    return ids
  }

  mutating func text() throws -> String {
    let range = try span()
    guard let text = String(validating: bytes[range], as: UTF8.self) else { throw Damage() }
    return text
  }

  mutating func texts() throws -> [String] {
    var texts: [String] = []
    for _ in 0..<(try number(upTo: end - position)) { texts.append(try text()) }
    return texts
  }

  /// Where the next length-prefixed bytes lie; they are skipped.
  mutating func span() throws -> Range<Int> {
    let count = try number(upTo: end - position)
    // The length itself has been read meanwhile.
    guard count <= end - position else { throw Damage() }
    defer { position += count }
    return position..<position + count
  }

  mutating func double() throws -> Double { Double(bitPattern: try fixed()) }

  mutating func fixed() throws -> UInt64 {
    guard end - position >= 8 else { throw Damage() }
    var number: UInt64 = 0
    for index in 0..<8 { number |= UInt64(bytes[position + index]) << UInt64(8 * index) }
    position += 8
    return number
  }

  mutating func raw(_ count: Int) throws -> [UInt8] {
    guard count >= 0, end - position >= count else { throw Damage() }
    defer { position += count }
    return Array(bytes[position..<position + count])
  }
}

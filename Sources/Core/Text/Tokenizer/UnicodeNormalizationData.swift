/// `UnicodeNormalizationTables` arranged for looking up: decompositions and combining classes in two stages, compositions
/// by pair. Hangul syllables are computed (Unicode 3.12).
struct UnicodeNormalizationData: Sendable {
  static let shared = UnicodeNormalizationData()

  /// What is known of a code point. Offsets into `mappings`; 0 where there is none.
  private struct Entry {
    var canonical: UInt16 = 0
    var compatible: UInt16 = 0
    var order: UInt8 = 0
  }

  private static let blockSize = 128

  /// Code point / 128 → where its block begins in `entries`. The first block is that of all code points without an entry.
  private var blocks = [Int](repeating: 0, count: 0x110000 / blockSize)
  private var entries = [Entry](repeating: Entry(), count: blockSize)
  /// Each a length and as many code points.
  private var mappings: [UInt32] = [0]
  private var compositions: [UInt64: UInt32] = [:]

  private init() {
    typealias Tables = UnicodeNormalizationTables
    add(Tables.canonical, \.canonical)
    add(Tables.compatible, \.compatible)
    for (first, last, target) in Self.triples(Tables.compatibleRuns) {
      for point in first...last { add([target + point - first][...], of: point, \.compatible) }
    }
    for (first, last, order) in Self.triples(Tables.combiningClasses) {
      for point in first...last { change(point) { $0.order = UInt8(order) } }
    }
    for (first, second, composed) in Self.triples(Tables.compositions) {
      compositions[UInt64(first) << 32 | UInt64(second)] = composed
    }
  }

  private static func triples(_ values: [UInt32]) -> [(UInt32, UInt32, UInt32)] {
    stride(from: 0, to: values.count, by: 3).map { (values[$0], values[$0 + 1], values[$0 + 2]) }
  }

  private mutating func add(_ table: [UInt32], _ kind: WritableKeyPath<Entry, UInt16>) {
    var index = 0
    while index < table.count {
      let (point, count) = (table[index] >> 8, Int(table[index] & 0xFF))
      add(table[index + 1...index + count], of: point, kind)
      index += 1 + count
    }
  }

  private mutating func add(_ mapping: ArraySlice<UInt32>, of point: UInt32, _ kind: WritableKeyPath<Entry, UInt16>) {
    let offset = UInt16(mappings.count)
    mappings.append(UInt32(mapping.count))
    mappings += mapping
    change(point) { $0[keyPath: kind] = offset }
  }

  private mutating func change(_ point: UInt32, _ body: (inout Entry) -> Void) {
    let block = Int(point) / Self.blockSize
    if blocks[block] == 0 {
      blocks[block] = entries.count
      entries += [Entry](repeating: Entry(), count: Self.blockSize)
    }
    body(&entries[blocks[block] + Int(point) % Self.blockSize])
  }

  @inline(__always)
  private func entry(_ point: Int) -> Entry { entries[blocks[point / Self.blockSize] + point % Self.blockSize] }

  // MARK: Asking

  /// Whether the compatibility decomposition is another one than the canonical.
  @inline(__always)
  func hasCompatibleMapping(_ point: Int) -> Bool { entry(point).compatible != 0 }

  /// Whether a decomposing form leaves the character as it is and where it is.
  @inline(__always)
  func isDecomposed(_ point: Int, compatible: Bool) -> Bool {
    let entry = entry(point)
    return entry.canonical == 0 && entry.order == 0 && !(compatible && entry.compatible != 0)
      && !Hangul.syllables.contains(point)
  }

  /// Calls `body` with every code point of the full decomposition and its combining class.
  func decompose(_ point: UInt32, compatible: Bool, _ body: (_ point: UInt32, _ order: UInt8) -> Void) {
    if Hangul.syllables.contains(Int(point)) { return Hangul.decompose(point) { body($0, 0) } }
    let entry = entry(Int(point))
    let offset = Int(compatible && entry.compatible != 0 ? entry.compatible : entry.canonical)
    guard offset != 0 else { return body(point, entry.order) }
    for part in mappings[offset + 1...offset + Int(mappings[offset])] { body(part, self.entry(Int(part)).order) }
  }

  /// The character that two neighbours compose to; nil where they stay apart.
  func composed(_ first: UInt32, _ second: UInt32) -> UInt32? {
    Hangul.composed(first, second) ?? compositions[UInt64(first) << 32 | UInt64(second)]
  }
}

/// Korean syllables are numbered by their consonants and vowels (Unicode 3.12).
private enum Hangul {
  static let syllables = 0xAC00..<0xAC00 + 11_172
  private static let (first, leading, vowel, trailing): (UInt32, UInt32, UInt32, UInt32) = (
    0xAC00, 0x1100, 0x1161, 0x11A7
  )
  private static let (leadingCount, vowelCount, trailingCount): (UInt32, UInt32, UInt32) = (19, 21, 28)

  static func decompose(_ syllable: UInt32, _ body: (UInt32) -> Void) {
    let number = syllable - first
    body(leading + number / (vowelCount * trailingCount))
    body(vowel + number / trailingCount % vowelCount)
    if number % trailingCount != 0 { body(trailing + number % trailingCount) }
  }

  static func composed(_ one: UInt32, _ other: UInt32) -> UInt32? {
    if (leading..<leading + leadingCount).contains(one), (vowel..<vowel + vowelCount).contains(other) {
      return first + ((one - leading) * vowelCount + (other - vowel)) * trailingCount
    }
    if syllables.contains(Int(one)), (one - first) % trailingCount == 0,
      (trailing + 1..<trailing + trailingCount).contains(other)
    {
      return one + other - trailing
    }
    return nil
  }
}

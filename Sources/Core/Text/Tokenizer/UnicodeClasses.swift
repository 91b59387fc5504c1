/// What HF tokenizers takes a code point for, as bits; looked up in two stages.
struct UnicodeClasses: OptionSet, Sendable {
  let rawValue: UInt8

  /// `\p{L}` in a split pattern.
  static let letter = UnicodeClasses(rawValue: 1)
  /// `\p{N}` in a split pattern.
  static let number = UnicodeClasses(rawValue: 2)
  static let whitespace = UnicodeClasses(rawValue: 4)
  /// What the Digits pre-tokenizer splits at.
  static let numeric = UnicodeClasses(rawValue: 8)
  static let punctuation = UnicodeClasses(rawValue: 16)
  /// `\w` for the Whitespace pre-tokenizer and for single-word tokens.
  static let word = UnicodeClasses(rawValue: 32)

  /// What NFC can change.
  static let composing = UnicodeClasses(rawValue: 64)

  private static let blockSize = 256

  /// Code point / 256 → the index of its block, and the distinct blocks one behind the other.
  private static let table: (blocks: [Int], classes: [UInt8]) = {
    var all = [UInt8](repeating: 0, count: 0x110000)
    func mark(_ ranges: [UInt32], _ bit: UnicodeClasses) {
      for index in stride(from: 0, to: ranges.count - 1, by: 2) {
        for point in ranges[index]...ranges[index + 1] { all[Int(point)] |= bit.rawValue }
      }
    }
    mark(UnicodeTables.letters, .letter)
    mark(UnicodeTables.numbers, .number)
    mark(UnicodeTables.whitespace, .whitespace)
    mark(UnicodeTables.numerics, .numeric)
    mark(UnicodeTables.punctuation, .punctuation)
    mark(UnicodeTables.wordCharacters, .word)
    mark(UnicodeTables.composing, .composing)
    var blocks: [Int] = []
    var classes: [UInt8] = []
    var known: [[UInt8]: Int] = [:]
    for start in stride(from: 0, to: all.count, by: blockSize) {
      let block = Array(all[start..<start + blockSize])
      if let offset = known[block] {
        blocks.append(offset)
      } else {
        known[block] = classes.count
        blocks.append(classes.count)
        classes += block
      }
    }
    return (blocks, classes)
  }()

  init(rawValue: UInt8) { self.rawValue = rawValue }

  init(_ scalar: Unicode.Scalar) {
    let point = Int(scalar.value)
    rawValue = Self.table.classes[Self.table.blocks[point / Self.blockSize] + point % Self.blockSize]
  }

  /// A copy of the table for one loop, so that it is not fetched for each character.
  struct Lookup: Sendable {
    private let blocks: [Int]
    private let classes: [UInt8]

    init() { (blocks, classes) = UnicodeClasses.table }

    /// The classes of the character that begins at `index`, and its length in bytes. `bytes` is valid UTF-8.
    @inline(__always)
    func callAsFunction(_ bytes: [UInt8], _ index: Int) -> (classes: UnicodeClasses, length: Int) {
      let first = bytes[index]
      if first < 0x80 { return (UnicodeClasses(rawValue: classes[blocks[0] + Int(first)]), 1) }
      let (point, length) = decodeUTF8(bytes, index)
      return (UnicodeClasses(rawValue: classes[blocks[point >> 8] + (point & 0xFF)]), length)
    }
  }
}

/// The code point that begins at `index` of valid UTF-8, and its length in bytes.
@inline(__always)
func decodeUTF8(_ bytes: [UInt8], _ index: Int) -> (point: Int, length: Int) {
  let first = Int(bytes[index])
  if first < 0x80 { return (first, 1) }
  let second = Int(bytes[index + 1]) & 0x3F
  if first < 0xE0 { return ((first & 0x1F) << 6 | second, 2) }
  let third = Int(bytes[index + 2]) & 0x3F
  if first < 0xF0 { return ((first & 0x0F) << 12 | second << 6 | third, 3) }
  return ((first & 0x07) << 18 | second << 12 | third << 6 | Int(bytes[index + 3]) & 0x3F, 4)
}

/// The start of the character that ends before `index` of valid UTF-8; `index` > `start`.
func startOfCharacter(before index: Int, in bytes: [UInt8], from start: Int) -> Int {
  var index = index - 1
  while index > start, bytes[index] & 0xC0 == 0x80 { index -= 1 }
  return index
}

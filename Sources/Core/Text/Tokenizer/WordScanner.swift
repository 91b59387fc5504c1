/// The split patterns of GPT-2, Llama 3 and Qwen 2 as hand-written scanners over UTF-8. Each pattern matches at every
/// position, so a scan cuts the text into words without gaps. The tests hold them against HF tokenizers, which runs the
/// patterns in Oniguruma.
enum WordScanner: Sendable, Equatable {
  /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
  case gpt2
  /// Llama 3's pattern and those that differ from it only in how many numbers make a word (3; Qwen 2: 1).
  case llama3(numbers: Int)

  static let gpt2Pattern = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

  /// The patterns known by their exact text.
  static let known: [String: WordScanner] = {
    let head = #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"#
    let tail = #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    return [
      gpt2Pattern: .gpt2,
      head + #"\p{N}{1,3}"# + tail: .llama3(numbers: 3),
      head + #"\p{N}"# + tail: .llama3(numbers: 1),
      // cl100k as tiktoken wrote it: possessive where the plain quantifiers never give back, and one newline where
      // `\s*` has taken the others.
      #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"#:
        .llama3(numbers: 3),
    ]
  }()

  /// Appends the words of `piece` to `output`.
  func scan(_ bytes: [UInt8], _ piece: Piece, into output: inout [Piece]) {
    switch self {
    case .gpt2: Self.scanGPT2(bytes, piece, into: &output)
    case .llama3(let numbers): Self.scanLlama3(bytes, piece, numbers: numbers, into: &output)
    }
  }

  // MARK: GPT-2

  private static func scanGPT2(_ bytes: [UInt8], _ piece: Piece, into output: inout [Piece]) {
    let lookup = UnicodeClasses.Lookup()
    let end = piece.end
    var start = piece.start
    while start < end {
      let wordStart = start
      var index = start
      let length = contraction(bytes, index, end, ignoringCase: false)
      if length > 0 {
        start = index + length
      } else {
        var (classes, length) = lookup(bytes, index)
        if bytes[index] == 0x20, index + 1 < end {
          let behind = lookup(bytes, index + 1)
          if !behind.classes.contains(.whitespace) {
            index += 1
            (classes, length) = behind
          }
        }
        if classes.contains(.whitespace) {
          start = endOfSpace(bytes, index, end, lookup)
        } else {
          let kind = classes.intersection(wordKinds)
          index += length
          start = endOfRun(bytes, index, end, kind, lookup)
        }
      }
      output.append(piece.part(wordStart..<start))
    }
  }

  // MARK: Llama 3

  private static func scanLlama3(_ bytes: [UInt8], _ piece: Piece, numbers: Int, into output: inout [Piece]) {
    let lookup = UnicodeClasses.Lookup()
    let end = piece.end
    var start = piece.start
    while start < end {
      let wordStart = start
      start = endOfLlama3Word(bytes, start, end, numbers, lookup)
      output.append(piece.part(wordStart..<start))
    }
  }

  private static func endOfLlama3Word(
    _ bytes: [UInt8], _ start: Int, _ end: Int, _ numbers: Int, _ lookup: UnicodeClasses.Lookup
  ) -> Int {
    let contractionLength = contraction(bytes, start, end, ignoringCase: true)
    if contractionLength > 0 { return start + contractionLength }
    let byte = bytes[start]
    let (classes, length) = lookup(bytes, start)
    var index = start + length
    if classes.contains(.letter) { return endOfRun(bytes, index, end, .letter, lookup) }
    if classes.contains(.number) {
      var count = 1
      while count < numbers, index < end {
        let (classes, length) = lookup(bytes, index)
        guard classes.contains(.number) else { break }
        index += length
        count += 1
      }
      return index
    }
    let behind = index < end ? lookup(bytes, index) : nil
    // One character that is neither a newline nor a letter nor a number may lead a run of letters.
    if byte != 0x0A, byte != 0x0D, let behind, behind.classes.contains(.letter) {
      return endOfRun(bytes, index + behind.length, end, .letter, lookup)
    }
    // A space may lead other characters, and newlines may follow them.
    var isOther = !classes.contains(.whitespace)
    if byte == 0x20, let behind, behind.classes.isDisjoint(with: [.whitespace, .letter, .number]) {
      isOther = true
      index += behind.length
    }
    if isOther {
      index = endOfRun(bytes, index, end, [], lookup)
      while index < end, bytes[index] == 0x0A || bytes[index] == 0x0D { index += 1 }
      return index
    }
    // White space: up to its last newline, if it has one.
    index = start
    var newlineEnd = start
    while index < end {
      let (classes, length) = lookup(bytes, index)
      guard classes.contains(.whitespace) else { break }
      if bytes[index] == 0x0A || bytes[index] == 0x0D { newlineEnd = index + 1 }
      index += length
    }
    return newlineEnd > start ? newlineEnd : endOfSpace(bytes, start, end, lookup)
  }

  // MARK: Shared parts

  private static let wordKinds: UnicodeClasses = [.letter, .number, .whitespace]

  /// The end of the run of characters whose classes among `wordKinds` are exactly `kind`.
  @inline(__always)
  private static func endOfRun(
    _ bytes: [UInt8], _ start: Int, _ end: Int, _ kind: UnicodeClasses, _ lookup: UnicodeClasses.Lookup
  ) -> Int {
    var index = start
    while index < end {
      let (classes, length) = lookup(bytes, index)
      guard classes.rawValue & 7 == kind.rawValue else { break }
      index += length
    }
    return index
  }

  /// `\s+(?!\S)|\s+`: white space without its last character where other text follows it, but never nothing.
  private static func endOfSpace(_ bytes: [UInt8], _ start: Int, _ end: Int, _ lookup: UnicodeClasses.Lookup) -> Int {
    var index = start
    var last = start
    while index < end {
      let (classes, length) = lookup(bytes, index)
      guard classes.contains(.whitespace) else { return last > start ? last : index }
      last = index
      index += length
    }
    return end
  }

  /// The length of `'s|'t|'re|'ve|'m|'ll|'d` at `index`, 0 where none is there.
  @inline(__always)
  private static func contraction(_ bytes: [UInt8], _ index: Int, _ end: Int, ignoringCase: Bool) -> Int {
    guard bytes[index] == UInt8(ascii: "'"), end - index >= 2 else { return 0 }
    let caseBit: UInt8 = ignoringCase ? 0x20 : 0
    let first = bytes[index + 1] | caseBit
    if first == UInt8(ascii: "s") || first == UInt8(ascii: "t") || first == UInt8(ascii: "m")
      || first == UInt8(ascii: "d")
    {
      return 2
    }
    guard end - index >= 3 else { return 0 }
    // U+017F, the long s, is the one character outside ASCII that equals a letter here when case is ignored.
    if ignoringCase, bytes[index + 1] == 0xC5, bytes[index + 2] == 0xBF { return 3 }
    let second = bytes[index + 2] | caseBit
    let isPair =
      first == UInt8(ascii: "r") && second == UInt8(ascii: "e")
      || first == UInt8(ascii: "v") && second == UInt8(ascii: "e")
      || first == UInt8(ascii: "l") && second == UInt8(ascii: "l")
    return isPair ? 3 : 0
  }
}

/// The tokens that are cut out of the text before the model sees it: special ones, and others added to the vocabulary.
///
/// As in HF tokenizers, tokens that are not `normalized` are looked for in the text as given, the others afterwards in
/// what the normalizer made of each remaining part; at each place the longest token wins, from the left.
struct AddedTokens: Sendable {
  typealias Token = TokenizerFile.AddedToken

  /// A part of a text: an added token's id, or text for the model.
  struct Part: Equatable {
    var range: Range<Int>
    var id: Int32?
  }

  private static let contentLimit = 4096

  private let raw: TokenMatcher
  private let normalized: TokenMatcher
  private let tokens: [Int32: Token]
  private let ids: [[UInt8]: Int32]
  /// Texts as decoding writes them; those of normalized tokens are normalized.
  private let texts: [Int32: [UInt8]]

  /// One more than the largest id.
  let idLimit: Int

  /// - Parameters:
  ///   - file: whose added tokens these are, and whose vocabulary they extend.
  ///   - special: texts that are special tokens as well, where they are in the vocabulary (from tokenizer_config.json).
  init(_ file: TokenizerFile, special: [String], normalizers: [Normalizer]) throws {
    var tokens: [Int32: Token] = [:]
    var ids: [[UInt8]: Int32] = [:]
    var nextID = Int32(truncatingIfNeeded: file.vocabulary.count)
    func add(_ token: Token) throws {
      let content = Array(token.content.utf8)
      guard !content.isEmpty else { return }
      guard content.count <= Self.contentLimit else {
        throw file.invalid("the added token \(quoted(content)) is longer than \(Self.contentLimit) bytes")
      }
      // HF's rule for the id, which takes the declared one for granted.
      let id = ids[content] ?? file.vocabulary.id(content) ?? nextID
      guard id == token.id else {
        throw file.invalid(
          "the added token \(quoted(content)) has the id \(token.id), but by the vocabulary it is \(id)")
      }
      if id >= nextID { nextID = id + 1 }
      ids[content] = id
      tokens[id] = token
    }
    for token in file.addedTokens { try add(token) }
    for content in special {
      let bytes = Array(content.utf8)
      guard let id = ids[bytes] ?? file.vocabulary.id(bytes) else { continue }
      if tokens[id] == nil { try add(Token(id: id, content: content)) }
      tokens[id]?.isSpecial = true
    }
    var texts: [Int32: [UInt8]] = [:]
    for (id, token) in tokens {
      let content = Array(token.content.utf8)
      texts[id] = token.isNormalized ? normalizers.reduce(content) { $1.apply($0) } : content
    }
    func matcher(_ isNormalized: Bool) -> TokenMatcher {
      // HF lists special tokens first; of two that normalize to the same text, the first wins.
      let chosen = tokens.values.filter { $0.isNormalized == isNormalized }
        .sorted { ($0.isSpecial ? 0 : 1, $0.id) < ($1.isSpecial ? 0 : 1, $1.id) }
      return TokenMatcher(chosen.map { (texts[$0.id] ?? [], $0.id) })
    }
    self.tokens = tokens
    self.ids = ids
    self.texts = texts
    raw = matcher(false)
    normalized = matcher(true)
    idLimit = Int(tokens.keys.max() ?? -1) + 1
  }

  func id(_ text: [UInt8]) -> Int32? { ids[text] }

  func text(_ id: Int32) -> [UInt8]? { texts[id] }

  func isSpecial(_ id: Int32) -> Bool { tokens[id]?.isSpecial ?? false }

  var specialIDs: [Int32] { tokens.filter { $0.value.isSpecial }.keys.sorted() }

  // MARK: Cutting

  /// The parts of `bytes`, in order; `normalized` looks for the tokens that match normalized text.
  func parts(_ bytes: [UInt8], normalized isNormalized: Bool) -> [Part] {
    let matcher = isNormalized ? normalized : raw
    let whole = bytes.isEmpty ? [] : [Part(range: 0..<bytes.count, id: nil)]
    guard !matcher.isEmpty, var match = matcher.first(in: bytes, from: 0) else { return whole }
    let lookup = UnicodeClasses.Lookup()
    var parts: [Part] = []
    var done = 0
    while true {
      if let token = tokens[match.id], !token.isSingleWord || standsAlone(match.range, bytes, lookup) {
        var (start, end) = (match.range.lowerBound, match.range.upperBound)
        if token.stripsLeft {
          while start > done {
            let last = startOfCharacter(before: start, in: bytes, from: done)
            guard lookup(bytes, last).classes.contains(.whitespace) else { break }
            start = last
          }
        }
        if token.stripsRight {
          while end < bytes.count {
            let (classes, length) = lookup(bytes, end)
            guard classes.contains(.whitespace) else { break }
            end += length
          }
        }
        if start > done { parts.append(Part(range: done..<start, id: nil)) }
        parts.append(Part(range: min(start, end)..<end, id: match.id))
        done = max(done, end)
      }
      guard let next = matcher.first(in: bytes, from: match.range.upperBound) else { break }
      match = next
    }
    if done < bytes.count { parts.append(Part(range: done..<bytes.count, id: nil)) }
    return parts
  }

  /// Whether no word character touches the range.
  private func standsAlone(_ range: Range<Int>, _ bytes: [UInt8], _ lookup: UnicodeClasses.Lookup) -> Bool {
    if range.lowerBound > 0 {
      let before = startOfCharacter(before: range.lowerBound, in: bytes, from: 0)
      if lookup(bytes, before).classes.contains(.word) { return false }
    }
    return range.upperBound >= bytes.count || !lookup(bytes, range.upperBound).classes.contains(.word)
  }
}

/// Finds the leftmost, longest of many texts, by halving their sorted list byte by byte.
struct TokenMatcher: Sendable {
  private let texts: [[UInt8]]
  private let ids: [Int32]
  /// First byte → the range of `texts` that begin with it.
  private let ranges: [Range<Int>]

  var isEmpty: Bool { texts.isEmpty }

  /// - Parameter tokens: of two equal texts, the first counts; empty ones are left out.
  init(_ tokens: [(text: [UInt8], id: Int32)]) {
    var unique: [[UInt8]: Int32] = [:]
    for (text, id) in tokens where !text.isEmpty && unique[text] == nil { unique[text] = id }
    let sorted = unique.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    texts = sorted.map(\.key)
    ids = sorted.map(\.value)
    var ranges = [Range<Int>](repeating: 0..<0, count: 256)
    for (index, text) in texts.enumerated() {
      let byte = Int(text[0])
      ranges[byte] = ranges[byte].isEmpty ? index..<index + 1 : ranges[byte].lowerBound..<index + 1
    }
    self.ranges = ranges
  }

  func first(in bytes: [UInt8], from start: Int) -> (range: Range<Int>, id: Int32)? {
    for index in stride(from: start, to: bytes.count, by: 1) {
      let range = ranges[Int(bytes[index])]
      if !range.isEmpty, let found = longest(range, bytes, index) { return found }
    }
    return nil
  }

  private func longest(_ range: Range<Int>, _ bytes: [UInt8], _ start: Int) -> (range: Range<Int>, id: Int32)? {
    var range = range
    var depth = 1
    var found: (range: Range<Int>, id: Int32)?
    while true {
      // Of the texts with this prefix, the one that ends here comes first.
      if texts[range.lowerBound].count == depth {
        found = (start..<start + depth, ids[range.lowerBound])
        range = range.lowerBound + 1..<range.upperBound
      }
      guard !range.isEmpty, start + depth < bytes.count else { return found }
      let byte = bytes[start + depth]
      let low = partition(range) { texts[$0][depth] >= byte }
      let high = partition(low..<range.upperBound) { texts[$0][depth] > byte }
      guard low < high else { return found }
      range = low..<high
      depth += 1
    }
  }

  /// The first index of `range` for which `isBehind` holds, given that it then holds for all that follow.
  private func partition(_ range: Range<Int>, _ isBehind: (Int) -> Bool) -> Int {
    var (low, high) = (range.lowerBound, range.upperBound)
    while low < high {
      let middle = (low + high) / 2
      if isBehind(middle) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

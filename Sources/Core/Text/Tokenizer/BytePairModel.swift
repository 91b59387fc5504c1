/// Byte-pair encoding of one word (Sennrich et al. 2016, as HF tokenizers does it): the symbols of the word's characters,
/// of which the pair with the lowest rank, leftmost first, is merged until no pair has a merge.
struct BytePairModel: Sendable {
  private let vocabulary: Vocabulary
  private let merges: MergeTable
  private let unknown: Int32?
  private let fusesUnknown: Bool
  private let ignoresMerges: Bool
  /// Byte → id of `<0xNN>`, −1 where there is none; nil without byte fallback.
  private let fallback: [Int32]?
  /// Byte → id of the character that stands for it; with it, words are raw bytes instead of UTF-8 in the alphabet.
  private let byteLevel: [Int32]?
  /// Id of each ASCII character, −1 where it is not a token.
  private let ascii: [Int32]
  /// `▁`, where no merge joins it to a different character before it. Then a word falls into independent parts before
  /// each such `▁`, and a whole SentencePiece text need not be merged as one word.
  let wordBoundary: [UInt8]?

  /// Whether words are given as raw bytes, which `ByteLevelAlphabet` would write as text.
  var takesRawBytes: Bool { byteLevel != nil }

  /// - Parameter rawBytes: the pre-tokenizer ends in ByteLevel, whose alphabet need then not be written out.
  init(_ file: TokenizerFile, rawBytes: Bool) throws {
    vocabulary = file.vocabulary
    merges = file.merges
    fusesUnknown = file.fusesUnknown
    ignoresMerges = file.ignoresMerges
    ascii = (UInt8(0)..<128).map { file.vocabulary.id([$0]) ?? -1 }
    let alphabet = ByteLevelAlphabet.encoded.map { file.vocabulary.id($0) ?? -1 }
    let digits = Array("0123456789ABCDEF")
    fallback =
      file.byteFallback
      ? (0..<256).map { file.vocabulary.id("<0x\(digits[$0 >> 4])\(digits[$0 & 15])>") ?? -1 } : nil
    // Byte fallback sees the alphabet's characters, not the bytes they stand for.
    byteLevel = rawBytes && fallback == nil ? alphabet : nil
    unknown = file.unknownToken.flatMap { file.vocabulary.id($0) }
    if let token = file.unknownToken, unknown == nil {
      let everyByteKnown = (rawBytes && !alphabet.contains(-1)) || (fallback.map { !$0.contains(-1) } ?? false)
      guard everyByteKnown else { throw file.invalid("unk_token \(quoted(token)) is not in the vocabulary") }
    }
    let boundaryHolds =
      !file.mergesAcrossMetaspace && !file.ignoresMerges && !rawBytes && file.vocabulary.id(metaspace) != nil
      && file.unknownToken?.contains("\u{2581}") != true
    wordBoundary = boundaryHolds ? metaspace : nil
  }

  // MARK: Encoding

  /// Appends the ids of the word `bytes[range]`: UTF-8, or raw bytes where `takesRawBytes`.
  func encode(_ bytes: [UInt8], _ range: Range<Int>, _ workspace: inout EncodingWorkspace, into ids: inout [Int32]) {
    guard wordBoundary != nil else { return encodePart(bytes, range, &workspace, into: &ids) }
    var start = range.lowerBound
    var index = start + 1
    while index < range.upperBound {
      if isMetaspace(bytes, index, range.upperBound), !isMetaspace(bytes, max(index - 3, range.lowerBound), index) {
        encodePart(bytes, start..<index, &workspace, into: &ids)
        start = index
      }
      index += 1
    }
    if start < range.upperBound { encodePart(bytes, start..<range.upperBound, &workspace, into: &ids) }
  }

  @inline(__always)
  private func isMetaspace(_ bytes: [UInt8], _ index: Int, _ end: Int) -> Bool {
    bytes[index] == 0xE2 && end - index >= 3 && bytes[index + 1] == 0x96 && bytes[index + 2] == 0x81
  }

  /// Encodes a word that is not split further, from the cache where it was met before.
  private func encodePart(
    _ bytes: [UInt8], _ range: Range<Int>, _ workspace: inout EncodingWorkspace, into ids: inout [Int32]
  ) {
    guard let key = WordCache.Key(bytes, range) else { return encodeAnew(bytes, range, &workspace, into: &ids) }
    if workspace.cache.append(key, to: &ids) { return }
    let first = ids.count
    encodeAnew(bytes, range, &workspace, into: &ids)
    workspace.cache.insert(key, ids, from: first)
  }

  private func encodeAnew(
    _ bytes: [UInt8], _ range: Range<Int>, _ workspace: inout EncodingWorkspace, into ids: inout [Int32]
  ) {
    if ignoresMerges {
      let id =
        byteLevel == nil
        ? vocabulary.id(bytes, range)
        : vocabulary.id(ByteLevelAlphabet.encode(bytes[range]))
      if let id { return ids.append(id) }
    }
    workspace.symbols.removeAll(keepingCapacity: true)
    if let byteLevel {
      appendByteSymbols(bytes, range, byteLevel, &workspace.symbols)
    } else {
      appendCharacterSymbols(bytes, range, &workspace.symbols)
    }
    if workspace.symbols.count <= EncodingWorkspace.shortWord {
      mergeShort(&workspace)
    } else {
      mergeLong(&workspace)
    }
    ids.append(contentsOf: workspace.symbols)
  }

  private func appendByteSymbols(
    _ bytes: [UInt8], _ range: Range<Int>, _ byteLevel: [Int32], _ symbols: inout [Int32]
  ) {
    var isPending = false
    for index in range {
      let id = byteLevel[Int(bytes[index])]
      append(id < 0 ? nil : id, &isPending, &symbols)
    }
    flush(&isPending, &symbols)
  }

  private func appendCharacterSymbols(_ bytes: [UInt8], _ range: Range<Int>, _ symbols: inout [Int32]) {
    var isPending = false
    var index = range.lowerBound
    while index < range.upperBound {
      let byte = bytes[index]
      let length = min(utf8Length(byte), range.upperBound - index)
      let id = length == 1 ? (byte < 128 ? ascii[Int(byte)] : -1) : vocabulary.id(bytes, index..<index + length) ?? -1
      if id < 0, let fallback, (index..<index + length).allSatisfy({ fallback[Int(bytes[$0])] >= 0 }) {
        // A pending unknown symbol stays pending here, and so comes after these bytes: HF's order.
        for offset in index..<index + length { symbols.append(fallback[Int(bytes[offset])]) }
      } else {
        append(id < 0 ? nil : id, &isPending, &symbols)
      }
      index += length
    }
    flush(&isPending, &symbols)
  }

  /// Appends a symbol, or notes an unknown one, which joins its unknown neighbours where `fuse_unk` says so.
  @inline(__always)
  private func append(_ id: Int32?, _ isPending: inout Bool, _ symbols: inout [Int32]) {
    if let id {
      flush(&isPending, &symbols)
      symbols.append(id)
    } else if unknown != nil {
      if !fusesUnknown { flush(&isPending, &symbols) }
      isPending = true
    }
  }

  @inline(__always)
  private func flush(_ isPending: inout Bool, _ symbols: inout [Int32]) {
    guard isPending, let unknown else { return }
    symbols.append(unknown)
    isPending = false
  }

  // MARK: Merging

  /// Merges in O(n²) without a queue: the ranks of all pairs stand in one small array.
  private func mergeShort(_ workspace: inout EncodingWorkspace) {
    let none = UInt64.max
    @inline(__always)
    func pair(_ left: Int32, _ right: Int32) -> UInt64 {
      guard let merge = merges.merge(left, right) else { return none }
      return UInt64(merge.rank) << 32 | UInt64(UInt32(bitPattern: merge.id))
    }
    var count = workspace.symbols.count
    guard count > 1 else { return }
    for index in 0..<count - 1 {
      workspace.pairs[index] = pair(workspace.symbols[index], workspace.symbols[index + 1])
    }
    while count > 1 {
      var best = none
      var at = 0
      for index in 0..<count - 1 where workspace.pairs[index] < best {
        best = workspace.pairs[index]
        at = index
      }
      if best == none { break }
      workspace.symbols[at] = Int32(truncatingIfNeeded: best & 0xFFFF_FFFF)
      count -= 1
      var index = at + 1
      while index < count {
        workspace.symbols[index] = workspace.symbols[index + 1]
        workspace.pairs[index - 1] = workspace.pairs[index]
        index += 1
      }
      if at > 0 { workspace.pairs[at - 1] = pair(workspace.symbols[at - 1], workspace.symbols[at]) }
      if at + 1 < count { workspace.pairs[at] = pair(workspace.symbols[at], workspace.symbols[at + 1]) }
    }
    workspace.symbols.removeSubrange(count...)
  }

  /// Merges in O(n log n): symbols in a doubly linked list, candidate merges in a queue by (rank, position).
  private func mergeLong(_ workspace: inout EncodingWorkspace) {
    let count = workspace.symbols.count
    let removed: Int32 = -1
    workspace.queue.removeAll()
    workspace.next.removeAll(keepingCapacity: true)
    workspace.previous.removeAll(keepingCapacity: true)
    for index in 0..<count {
      workspace.next.append(index + 1)
      workspace.previous.append(index - 1)
    }
    for index in 0..<count - 1 {
      if let merge = merges.merge(workspace.symbols[index], workspace.symbols[index + 1]) {
        workspace.queue.push(rank: merge.rank, position: index)
      }
    }
    while let top = workspace.queue.pop() {
      let position = top.position
      guard workspace.symbols[position] != removed else { continue }
      let next = workspace.next[position]
      guard next < count, let merge = merges.merge(workspace.symbols[position], workspace.symbols[next]),
        merge.rank == top.rank  // else an entry from before its pair changed
      else { continue }
      workspace.symbols[position] = merge.id
      workspace.symbols[next] = removed
      let after = workspace.next[next]
      workspace.next[position] = after
      if after < count {
        workspace.previous[after] = position
        if let merge = merges.merge(merge.id, workspace.symbols[after]) {
          workspace.queue.push(rank: merge.rank, position: position)
        }
      }
      let before = workspace.previous[position]
      if before >= 0, let merge = merges.merge(workspace.symbols[before], merge.id) {
        workspace.queue.push(rank: merge.rank, position: before)
      }
    }
    workspace.symbols.removeAll { $0 == removed }
  }
}

/// The length of the UTF-8 sequence that `byte` begins.
@inline(__always)
func utf8Length(_ byte: UInt8) -> Int { byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4 }

/// The merges of a SentencePiece vocabulary, which keeps none: any two pieces side by side are joined where their text
/// is a piece, the best score first (Kudo and Richardson, "SentencePiece", 2018). As BPE merges these are, for each
/// piece, all its cuts into two pieces, ordered as transformers' converter orders them: by score, then the longer left
/// part, then the longer right part.
struct SentencePieceMerges {
  /// Ids of the two parts, best first.
  let pairs: [(left: Int, right: Int)]

  private struct Merge {
    let score: Double
    let left: Int
    let right: Int
    let leftLength: Int
    let rightLength: Int
  }

  /// - Parameters:
  ///   - tokens: UTF-8, each once.
  ///   - scores: one a token; the higher ones are merged first.
  init(tokens: [[UInt8]], scores: [Double]) {
    var ids: [ArraySlice<UInt8>: Int] = [:]
    ids.reserveCapacity(tokens.count)
    for (id, token) in tokens.enumerated() where !token.isEmpty { ids[token[...]] = id }
    var merges: [Merge] = []
    for (id, token) in tokens.enumerated() where token.count > 1 {
      // Cuts lie before characters only; lengths count characters.
      let starts = token.indices.filter { token[$0] & 0xC0 != 0x80 }
      for (length, cut) in starts.enumerated().dropFirst() {
        guard let left = ids[token[..<cut]], let right = ids[token[cut...]] else { continue }
        merges.append(
          Merge(
            score: scores[id], left: left, right: right, leftLength: length, rightLength: starts.count - length))
      }
    }
    // Swift's sort keeps the order of equals: that of the tokens.
    merges.sort { ($0.score, $0.leftLength, $0.rightLength) > ($1.score, $1.leftLength, $1.rightLength) }
    pairs = merges.map { ($0.left, $0.right) }
  }
}

/// A part of the text on its way through the pre-tokenizer: a range of bytes.
struct Piece: Sendable, Equatable {
  var start: Int
  var end: Int
  /// Whether the piece begins where the text given to `encode` begins (Metaspace's "first").
  var isAtStart: Bool

  var range: Range<Int> { start..<end }

  init(_ range: Range<Int>, isAtStart: Bool) {
    start = range.lowerBound
    end = range.upperBound
    self.isAtStart = isAtStart
  }

  /// A part of this piece.
  func part(_ range: Range<Int>) -> Piece { Piece(range, isAtStart: isAtStart && range.lowerBound == start) }
}

/// What becomes of a pattern's matches when a text is split at them (HF's `SplitDelimiterBehavior`).
enum SplitBehavior: String, Sendable, CaseIterable {
  case removed = "Removed"
  case isolated = "Isolated"
  case mergedWithPrevious = "MergedWithPrevious"
  case mergedWithNext = "MergedWithNext"
  case contiguous = "Contiguous"

  /// Splits `piece` given its matches, which are in order and do not overlap; `inverted` takes the gaps for the matches.
  func split(_ piece: Piece, at matches: [Range<Int>], inverted: Bool, into output: inout [Piece]) {
    var parts: [(range: Range<Int>, isMatch: Bool)] = []
    parts.reserveCapacity(matches.count * 2 + 1)
    var position = piece.start
    for match in matches {
      if match.lowerBound > position { parts.append((position..<match.lowerBound, inverted)) }
      parts.append((match, !inverted))
      position = match.upperBound
    }
    if position < piece.end { parts.append((position..<piece.end, inverted)) }

    var merged: [Range<Int>] = []
    var previousMatched = false
    switch self {
    case .isolated: merged = parts.map(\.range)
    case .removed: merged = parts.filter { !$0.isMatch }.map(\.range)
    case .contiguous:
      for (range, isMatch) in parts {
        if isMatch == previousMatched, let last = merged.popLast() {
          merged.append(last.lowerBound..<range.upperBound)
        } else {
          merged.append(range)
        }
        previousMatched = isMatch
      }
    case .mergedWithPrevious:
      for (range, isMatch) in parts {
        if isMatch, !previousMatched, let last = merged.popLast() {
          merged.append(last.lowerBound..<range.upperBound)
        } else {
          merged.append(range)
        }
        previousMatched = isMatch
      }
    case .mergedWithNext:
      for (range, isMatch) in parts.reversed() {
        if isMatch, !previousMatched, let last = merged.popLast() {
          merged.append(range.lowerBound..<last.upperBound)
        } else {
          merged.append(range)
        }
        previousMatched = isMatch
      }
      merged.reverse()
    }
    for range in merged where !range.isEmpty { output.append(piece.part(range)) }
  }
}

import CKernels
import Device

/// A strip of queries and the keys that any of them sees, as columns of scores: the prefix's, then the segment's own up to
/// the last query. What lies before the first query's window is left out, up to a panel.
///
/// Columns are counted from a multiple of a panel, so that a row's numbers lie in the same lanes wherever its strip begins.
struct StripView {
  /// Keys that lie in one piece.
  struct Run {
    /// Its first key, counted from the group's first row, and its first pair of keys, where they lie by pairs.
    let start, pair: Int
    let count: Int
    /// The column of the strip where it begins.
    let column: Int
    /// Of the run's columns, where what the strip's first row sees begins and ends; each later row sees from one further
    /// on, and up to one more. Nil where that leaves out nothing.
    let seenFrom, seenTo: Int?
  }

  let rows: Range<Int>
  let runs: [Run]
  let columns: Int
  /// The column after the last that the first query sees; each later one sees one more.
  let firstVisible: Int
  /// A column between prefix and own keys that nobody sees.
  let gap: Int?
  /// By row, where what it sees begins; nil where all begin at column 0.
  private let begins: [Int32]?

  /// - Parameters:
  ///   - start: the strip's first query.
  ///   - base: the group's first row.
  ///   - ownPair: where the segment's own pairs begin, if keys lie by pairs: both runs begin at an even column then. Those
  ///     of a prefix begin at 0, as a prompt comes first in its group.
  init(segment: AttentionSegment, start: Int, base: Int, window: Int?, ownPair: Int? = nil) {
    let rows = start..<min(start + AttentionHead.strip, segment.queries.upperBound)
    let prefix = segment.prefix.count
    let alignment = ownPair == nil ? 1 : 2
    func aligned(_ count: Int) -> Int { (count + alignment - 1) / alignment * alignment }
    // Where the own keys' columns begin, in all of the segment's, and the first query's place among its own keys.
    let ownColumn = aligned(prefix)
    let query = start - segment.rows.lowerBound
    let ownCount = rows.upperBound - segment.rows.lowerBound
    // The first query's window begins at this own key, where negative so many keys before them.
    let lowest = window.map { query + 1 - $0 }
    let isLimited = lowest.map { prefix + $0 + rows.count > 1 } ?? false
    func column(_ own: Int) -> Int { own >= 0 ? ownColumn + own : max(0, prefix + own) }
    let first = isLimited ? column(lowest ?? 0) : 0
    let origin = first / Int(WB_PANEL) * Int(WB_PANEL)

    var runs: [Run] = []
    if first < prefix {
      runs.append(
        Run(
          start: segment.prefix.lowerBound - base + origin, pair: origin / 2, count: prefix - origin, column: 0,
          seenFrom: isLimited ? lowest.map { prefix + $0 - origin } : nil, seenTo: nil))
    }
    let skipped = max(0, origin - ownColumn)
    runs.append(
      Run(
        start: segment.rows.lowerBound - base + skipped, pair: (ownPair ?? 0) + skipped / 2,
        count: ownCount - skipped, column: ownColumn + skipped - origin,
        seenFrom: isLimited ? lowest.map { $0 - skipped } : nil, seenTo: query + 1 - skipped))
    self.rows = rows
    self.runs = runs
    columns = aligned(ownColumn + ownCount) - origin
    firstVisible = ownColumn + query + 1 - origin
    gap = first < prefix && ownColumn > prefix ? prefix - origin : nil
    begins = lowest.flatMap { lowest in
      isLimited ? (0..<rows.count).map { Int32(column(lowest + $0) - origin) } : nil
    }
  }

  /// The most columns of a strip's view of so many keys, with room for the last panel of each run.
  static func width(keys: Int, window: Int?) -> Int {
    let seen = window.map { min(keys, min($0, keys) + AttentionHead.strip + Int(WB_PANEL)) } ?? keys
    return AttentionHead.padded(seen) + 2 * Int(WB_PANEL)
  }

  func withSeen(_ body: (wb_seen) -> Void) {
    guard let begins else { return body(wb_seen(visible: Int64(firstVisible), first: nil)) }
    begins.withUnsafeBufferPointer { body(wb_seen(visible: Int64(firstVisible), first: $0.baseAddress)) }
  }
}

extension StripView.Run {
  /// What a product of queries and keys may leave out.
  var scores: wb_causal { wb_causal(first: seenFrom, columns: seenTo) }
  /// What a sum over keys may leave out.
  var overKeys: wb_causal { wb_causal(begin: seenFrom.map { -$0 }, end: seenTo) }
  /// What a sum over queries may leave out.
  var overQueries: wb_causal { wb_causal(begin: seenTo.map { $0 - 1 }, end: seenFrom.map { 1 - $0 }) }
}

extension wb_causal {
  /// Nothing is left out.
  static let none = wb_causal(columns: nil)

  /// nil leaves nothing out.
  init(first: Int? = nil, columns: Int? = nil, begin: Int? = nil, end: Int? = nil) {
    // Room to add a row's number.
    let unlimited = 1 << 40
    self.init(
      first: Int64(first ?? -unlimited), columns: Int64(columns ?? unlimited), begin: Int64(begin ?? unlimited),
      end: Int64(end ?? unlimited))
  }
}

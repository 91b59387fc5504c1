/// What one call of `encode` writes to. Kept between calls for its capacity and its cache of words; used by one call at
/// a time.
struct EncodingWorkspace: Sendable {
  /// Words of up to this many symbols are merged without a queue.
  static let shortWord = 32

  var cache = WordCache()
  /// The symbols of the word at hand, merged in place.
  var symbols: [Int32] = []
  /// For short words: rank << 32 | merged id of the pair (i, i + 1), `UInt64.max` where it has no merge.
  var pairs = [UInt64](repeating: 0, count: shortWord)
  /// For long words: the neighbours of each symbol, and the candidate merges.
  var next: [Int] = []
  var previous: [Int] = []
  var queue = MergeQueue()
  /// The pieces that the pre-tokenizer's steps pass on.
  var pieces: [Piece] = []
  var nextPieces: [Piece] = []

  /// Whether the memory it holds, beside the cache, is that of an ordinary text.
  var isSmall: Bool { max(symbols.capacity, pieces.capacity, nextPieces.capacity) < 1 << 17 }
}

/// A binary min-heap of candidate merges by (rank, position).
struct MergeQueue: Sendable {
  /// rank << 32 | position
  private var heap: [UInt64] = []

  mutating func removeAll() { heap.removeAll(keepingCapacity: true) }

  mutating func push(rank: UInt32, position: Int) {
    let item = UInt64(rank) << 32 | UInt64(UInt32(truncatingIfNeeded: position))
    var index = heap.count
    heap.append(item)
    while index > 0 {
      let parent = (index - 1) / 2
      guard item < heap[parent] else { break }
      heap[index] = heap[parent]
      index = parent
    }
    heap[index] = item
  }

  mutating func pop() -> (rank: UInt32, position: Int)? {
    guard let top = heap.first, let last = heap.popLast() else { return nil }
    let count = heap.count
    if count > 0 {
      var index = 0
      while true {
        var child = 2 * index + 1
        guard child < count else { break }
        if child + 1 < count, heap[child + 1] < heap[child] { child += 1 }
        guard heap[child] < last else { break }
        heap[index] = heap[child]
        index = child
      }
      heap[index] = last
    }
    return (UInt32(truncatingIfNeeded: top >> 32), Int(truncatingIfNeeded: top & 0xFFFF_FFFF))
  }
}

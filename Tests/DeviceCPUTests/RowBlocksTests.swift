import Testing

@testable import DeviceCPU

/// How rows are cut for the threads.
@Suite struct RowBlocksTests {
  /// Every row once, in blocks of whole eights that are enough for all threads.
  @Test(arguments: [1, 2, 16, 64])
  func rowBlocksGiveEveryThreadWork(threads: Int) {
    for rows in [1, 7, 8, 33, 64, 257, 1280] {
      let blocks = RowBlocks(count: rows, longest: 64, threads: threads)
      let pieces = (0..<blocks.count).map { blocks[$0] }
      #expect(pieces.flatMap { Array($0) } == Array(0..<rows))
      #expect(pieces.dropLast().allSatisfy { $0.count % 8 == 0 && $0.count <= 64 })
      // Blocks of 8 are not split further.
      #expect(blocks.size == 8 || 2 * blocks.count >= min(threads, rows / 8))
    }
  }
}

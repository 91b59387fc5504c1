import CZstd
import Foundation
import Synchronization

/// Encoded examples with their texts, any of them reachable by its index: compressed blocks in memory while they are
/// small, in a file beyond that, so that memory stays flat however much data there is.
public final class ExampleStore: Sendable {
  struct Block: Sendable, Equatable {
    /// Of the compressed bytes, in the file or in the blocks laid end to end.
    var range: Range<Int>
    var unpackedSize: Int
    /// Index behind the block's last example.
    var end: Int
  }

  enum Storage: Sendable {
    /// One block that was never packed.
    case open(ExampleBlock)
    case memory([[UInt8]])
    case file(BlockFile)
  }

  private static let openBlocks = 4

  private let blocks: [Block]
  let sizes: ExampleSizes
  private let storage: Storage
  /// The blocks last read, newest first.
  private let recent = Mutex<[(number: Int, block: ExampleBlock)]>([])

  init(blocks: [Block], sizes: ExampleSizes, storage: Storage) {
    self.blocks = blocks
    self.sizes = sizes
    self.storage = storage
  }

  /// Examples that are at hand, with their records; for small sets.
  public convenience init(_ examples: [EncodedExample], _ records: [PreferenceRecord]) {
    var payloads: [[UInt8]] = []
    var sizes = ExampleSizes()
    for example in examples {
      payloads.append(ExampleBlock.pack(example, ExampleTexts(records[example.record])))
      sizes.append(example)
    }
    self.init(blocks: [], sizes: sizes, storage: .open(ExampleBlock(payloads)))
  }

  public var count: Int { sizes.count }

  /// Whether the examples are in a file rather than in memory.
  public var isInFile: Bool { if case .file = storage { true } else { false } }

  // MARK: Known without reading

  /// Annotated rewards, descending.
  public func rewards(_ index: Int) -> [Double] { Array(sizes.rewards[sizes.range(index)]) }

  public func responseCount(_ index: Int) -> Int { sizes.range(index).count }

  /// Tokens of the prompt.
  public func promptTokens(_ index: Int) -> Int { Int(sizes.promptTokens[index]) }

  /// Tokens of all responses.
  public func responseTokens(_ index: Int) -> Int { Int(sizes.responseTokens[index]) }

  /// Tokens of the longest response.
  public func longestResponse(_ index: Int) -> Int { Int(sizes.longestResponse[index]) }

  // MARK: Reading

  /// - Throws: `DataError.damagedCache` where the file behind the store has been changed meanwhile.
  public func example(_ index: Int) throws -> EncodedExample {
    let (block, position) = try block(of: index)
    do {
      let (prompt, responses) = try block.ids(position)
      guard responses.count == responseCount(index) else { throw PackedReader.Damage() }
      return EncodedExample(record: index, prompt: prompt, responses: responses, rewards: rewards(index))
    } catch is PackedReader.Damage {
      throw DataError.damagedCache(path: path)
    }
  }

  public func texts(_ index: Int) throws -> ExampleTexts {
    let (block, position) = try block(of: index)
    do {
      return try block.texts(position)
    } catch is PackedReader.Damage {
      throw DataError.damagedCache(path: path)
    }
  }

  private var path: String { if case .file(let file) = storage { file.path } else { "memory" } }

  private func block(of index: Int) throws -> (ExampleBlock, position: Int) {
    if case .open(let block) = storage { return (block, index) }
    // The first block that ends behind the example.
    var (low, high) = (0, blocks.count)
    while low < high {
      let middle = (low + high) / 2
      if blocks[middle].end > index { high = middle } else { low = middle + 1 }
    }
    let first = low == 0 ? 0 : blocks[low - 1].end
    let known = recent.withLock { recent -> ExampleBlock? in
      guard let at = recent.firstIndex(where: { $0.number == low }) else { return nil }
      recent.insert(recent.remove(at: at), at: 0)
      return recent[0].block
    }
    if let known { return (known, index - first) }
    let block = try readBlock(low)
    recent.withLock { recent in
      recent.insert((low, block), at: 0)
      if recent.count > Self.openBlocks { recent.removeLast() }
    }
    return (block, index - first)
  }

  private func readBlock(_ number: Int) throws -> ExampleBlock {
    let block = blocks[number]
    let bytes: [UInt8]
    switch storage {
    case .open(let block): return block
    case .memory(let frames): bytes = frames[number]
    case .file(let file): bytes = try file.bytes(in: block.range)
    }
    do {
      let result = try ExampleBlock(try Self.unpack(bytes, size: block.unpackedSize))
      guard result.count == block.end - (number == 0 ? 0 : blocks[number - 1].end) else { throw PackedReader.Damage() }
      return result
    } catch is PackedReader.Damage {
      throw DataError.damagedCache(path: path)
    }
  }

  private static func unpack(_ bytes: [UInt8], size: Int) throws -> [UInt8] {
    // zstd's largest ratio is below this, so a size that lies cannot ask for more memory than the bytes could fill.
    guard size >= 0, size <= bytes.count * 32_768 else { throw PackedReader.Damage() }
    var unpacked = [UInt8](repeating: 0, count: size)
    let count = zs_decompress(bytes, 0, Int64(bytes.count), &unpacked, Int64(size))
    guard count == Int64(size) else { throw PackedReader.Damage() }
    return unpacked
  }
}

// MARK: - From a file

extension ExampleStore {
  /// The store in a file that `ExampleStoreWriter` made, with the report that came with it; nil where the file is not
  /// whole, or not of this key. Nothing in it is trusted: every block is unpacked (which compares its checksum), and
  /// every id compared with the vocabulary.
  static func open(_ path: String, key: [UInt8], vocabulary: Int) -> (store: ExampleStore, report: DataReport)? {
    guard let file = BlockFile(opening: path), let opened = try? read(file, key: key) else { return nil }
    let store = opened.store
    let isSound = Mutex(true)
    DispatchQueue.concurrentPerform(iterations: store.blocks.count) { number in
      guard isSound.withLock({ $0 }) else { return }
      if (try? store.check(number, vocabulary: vocabulary)) == nil { isSound.withLock { $0 = false } }
    }
    return isSound.withLock { $0 } ? opened : nil
  }

  private static func read(_ file: BlockFile, key: [UInt8]) throws -> (store: ExampleStore, report: DataReport) {
    let footerSize = ExampleStoreWriter.footerSize
    let total = file.count
    guard total > footerSize else { throw PackedReader.Damage() }
    var footer = PackedReader(try file.bytes(in: total - footerSize..<total))
    func number() throws -> Int {
      guard let value = Int(exactly: try footer.fixed()) else { throw PackedReader.Damage() }
      return value
    }
    let (offset, packedSize, size) = (try number(), try number(), try number())
    guard try footer.raw(32) == key, try footer.raw(8) == ExampleStoreWriter.magic, offset >= 0, packedSize > 0,
      offset <= total, packedSize == total - footerSize - offset
    else { throw PackedReader.Damage() }
    var index = PackedReader(try unpack(try file.bytes(in: offset..<offset + packedSize), size: size))
    var blocks: [Block] = []
    var position = 0
    for _ in 0..<(try index.number(upTo: size)) {
      let length = try index.number(upTo: offset - position)
      blocks.append(
        Block(
          range: position..<position + length, unpackedSize: try index.number(), end: try index.number(upTo: size)))
      position += length
    }
    let sizes = try ExampleSizes(&index)
    let report = try DataReport(&index)
    guard position == offset, index.isAtEnd, sizes.count == blocks.last?.end ?? 0,
      zip(blocks, blocks.dropFirst()).allSatisfy({ $0.end <= $1.end })
    else { throw PackedReader.Damage() }
    return (ExampleStore(blocks: blocks, sizes: sizes, storage: .file(file)), report)
  }

  private func check(_ number: Int, vocabulary: Int) throws {
    let block = try readBlock(number)
    let first = number == 0 ? 0 : blocks[number - 1].end
    for position in 0..<block.count {
      let (prompt, responses) = try block.ids(position)
      let index = first + position
      guard responses.count == responseCount(index), prompt.count == promptTokens(index), !prompt.isEmpty,
        responses.map(\.count).max() == longestResponse(index), !responses.contains([]),
        responses.reduce(0, { $0 + $1.count }) == responseTokens(index),
        ([prompt] + responses).allSatisfy({ $0.allSatisfy { $0 < vocabulary } })
      else { throw PackedReader.Damage() }
    }
  }
}

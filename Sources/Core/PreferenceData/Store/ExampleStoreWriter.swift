import CZstd
import Foundation

/// Collects examples into compressed blocks: in memory up to a size, in a file beyond it.
public final class ExampleStoreWriter {
  /// Compressed bytes that stay in memory.
  public static let memoryLimit = 8 << 20

  static let magic = Array("WBROWS01".utf8)
  /// Offset, compressed and unpacked size of the index, 8 bytes each, the key, the magic bytes again.
  static let footerSize = 24 + 32 + 8

  private let key: [UInt8]
  private let limit: Int
  private let makeFile: (() throws -> BlockFile)?
  private let context: OpaquePointer?
  private var file: BlockFile?
  private var memory: [[UInt8]] = []
  private var blocks: [ExampleStore.Block] = []
  private var position = 0
  private var pending = PackedWriter()
  private var sizes = ExampleSizes()
  private var packed: [UInt8] = []

  /// - Parameters:
  ///   - key: 32 bytes that stand for everything the examples depend on.
  ///   - limit: compressed bytes in memory before a file is made.
  ///   - makeFile: makes that file; nil keeps everything in memory.
  init(key: [UInt8], limit: Int = ExampleStoreWriter.memoryLimit, makeFile: (() throws -> BlockFile)?) {
    self.key = key
    self.limit = limit
    self.makeFile = makeFile
    context = ZSTD_createCCtx()
  }

  deinit { ZSTD_freeCCtx(context) }

  /// - Parameter payload: the example as `ExampleBlock.pack` makes it.
  func append(_ example: EncodedExample, payload: [UInt8]) throws {
    pending.add(payload.count)
    pending.add(raw: payload)
    sizes.append(example)
    if pending.bytes.count >= ExampleBlock.size { try closeBlock() }
  }

  /// The examples so far as a store. A file gets its index, and is then complete.
  func finish(report: DataReport) throws -> ExampleStore {
    if !pending.bytes.isEmpty { try closeBlock() }
    if let file {
      var index = PackedWriter()
      index.add(blocks.count)
      for block in blocks {
        index.add(block.range.count)
        index.add(block.unpackedSize)
        index.add(block.end)
      }
      sizes.write(to: &index)
      report.write(to: &index)
      let frame = try compress(index.bytes)
      var footer = PackedWriter()
      for number in [position, frame.count, index.bytes.count] { footer.add(fixed: UInt64(number)) }
      footer.add(raw: key)
      footer.add(raw: Self.magic)
      try file.append(frame + footer.bytes, at: position)
      try file.synchronize()
    }
    return ExampleStore(blocks: blocks, sizes: sizes, storage: file.map { .file($0) } ?? .memory(memory))
  }

  private func closeBlock() throws {
    let frame = try compress(pending.bytes)
    let block = ExampleStore.Block(
      range: position..<position + frame.count, unpackedSize: pending.bytes.count, end: sizes.count)
    pending.removeAll()
    if file == nil, position + frame.count > limit, let makeFile {
      let made = try makeFile()
      var start = 0
      for stored in memory {
        try made.append(stored, at: start)
        start += stored.count
      }
      memory = []
      file = made
    }
    if let file { try file.append(frame, at: position) } else { memory.append(frame) }
    blocks.append(block)
    position += frame.count
  }

  private func compress(_ bytes: [UInt8]) throws -> [UInt8] {
    let bound = Int(zs_bound(Int64(bytes.count)))
    if packed.count < bound { packed = [UInt8](repeating: 0, count: bound) }
    let count = context.map { zs_compress($0, bytes, Int64(bytes.count), &packed, Int64(packed.count)) } ?? -1
    guard count > 0 else { throw DataError.unwritable(path: file?.path ?? "memory", why: "zstd has no memory left") }
    return Array(packed[..<Int(count)])
  }
}

import Base
import Device

/// Keys and values of every layer and key-value head during generation, in one block of memory.
///
/// `@unchecked Sendable`: everything is constant but the memory, which the queue that generates fills by instructions.
final class DecodeCaches: KeyValueCache, @unchecked Sendable {
  let shape: CacheShape
  /// [layer][key-value head].
  let heads: [[DecodeCache]]

  init(_ shape: CacheShape) throws {
    self.shape = shape
    let count = Self.byteCount(shape) / 4
    let block = try MemoryBlock(checking: count * 4)
    var memory = ScratchMemory(
      Matrix(base: block.base, rows: 1, columns: count, stride: count, type: .fp32, owner: block))
    heads = (0..<shape.layers).map { _ in
      (0..<shape.keyValueHeads).map { _ in DecodeCache(shape, memory: &memory) }
    }
  }

  static func byteCount(_ shape: CacheShape) -> Int {
    4 * DecodeCache.count(shape) * shape.keyValueHeads * shape.layers + 64
  }

  static func of(_ cache: any KeyValueCache) -> DecodeCaches {
    guard let caches = cache as? DecodeCaches else { preconditionFailure("a cache of this device") }
    return caches
  }
}

// MARK: Attention of one new token per sample

extension CPUDevice {
  func run(_ prompt: CachePrompt) {
    let caches = DecodeCaches.of(prompt.cache).heads[prompt.layer]
    let (keys, values) = (Matrix(prompt.keys), Matrix(prompt.values))
    parallel(caches.count) { head, _ in
      let d = caches[head].headDimension
      let columns = head * d..<(head + 1) * d
      store(promptKeys: keys.columns(columns), values: values.columns(columns), in: caches[head])
    }
  }

  func run(_ attention: CachedAttention, _ space: Workspace) {
    let caches = DecodeCaches.of(attention.cache).heads[attention.layer]
    let (q, k, v, o) = (Matrix(attention.q), Matrix(attention.k), Matrix(attention.v), Matrix(attention.o))
    let d = caches[0].headDimension
    for (row, sample) in attention.samples.enumerated() {
      for (head, cache) in caches.enumerated() {
        let columns = head * d..<(head + 1) * d
        store(
          key: k.rows(row..<row + 1).columns(columns), value: v.rows(row..<row + 1).columns(columns), sample: sample,
          position: attention.position, in: cache)
      }
    }
    let tasks = CachedAttentionTask.split(
      samples: attention.samples.count, keyHeads: caches.count, share: q.columns / d / caches.count, threads: threads)
    parallel(tasks.count) { index, worker in
      let task = tasks[index]
      let columns = task.heads.lowerBound * d..<task.heads.upperBound * d
      decodeAttention(
        q: q.rows(task.rows).columns(columns), samples: attention.samples[task.rows],
        ownCount: attention.position + 1, cache: caches[task.keyHead], scale: attention.scale,
        mask: attention.mask, into: o.rows(task.rows).columns(columns), scratch: space.scratch[worker])
    }
  }

  func cachedAttentionCount(_ attention: CachedAttention) -> Int {
    let shape = attention.cache.shape
    return Self.decodeScratchCount(
      samples: CachedAttentionTask.mostRows,
      headsPerKey: attention.q.columns / shape.headDimension / shape.keyValueHeads,
      headDimension: shape.headDimension, promptCount: shape.promptCount, capacity: shape.capacity)
  }
}

/// Some samples' query heads that read one key-value head.
struct CachedAttentionTask: Equatable {
  let rows: Range<Int>
  let keyHead: Int
  let heads: Range<Int>

  /// A few samples a task: the prompt's keys are read once for all of them.
  static let mostRows = 8

  /// Query heads that share a key-value head go together where there are enough tasks for all threads; no number depends
  /// on it.
  static func split(samples: Int, keyHeads: Int, share: Int, threads: Int) -> [CachedAttentionTask] {
    let blocks = (samples + mostRows - 1) / mostRows
    let step = keyHeads * blocks % threads == 0 || keyHeads * blocks >= 4 * threads ? share : 1
    return (0..<keyHeads).flatMap { keyHead in
      (0..<blocks).flatMap { block in
        stride(from: keyHead * share, to: (keyHead + 1) * share, by: step).map { head in
          CachedAttentionTask(
            rows: block * mostRows..<min((block + 1) * mostRows, samples), keyHead: keyHead,
            heads: head..<head + step)
        }
      }
    }
  }
}

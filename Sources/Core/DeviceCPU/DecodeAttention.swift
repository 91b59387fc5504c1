import CKernels

/// Keys and values of one key-value head during generation, fp32, laid out as the products read them: keys transposed.
///
/// One prompt serves all samples; each sample adds its own columns.
struct DecodeCache: Sendable {
  let headDimension: Int
  /// Keys of the prompt, [d, P filled up], and its values [P, d filled up].
  let promptKeys, promptValues: Matrix
  let promptCount: Int
  /// Per sample: keys [samples · d, capacity filled up], values [samples · capacity, d filled up].
  let ownKeys, ownValues: Matrix
  let capacity: Int

  /// Room for `shape.samples` continuations of up to `shape.capacity` tokens after a prompt, out of zeroed memory.
  init(_ shape: CacheShape, memory: inout ScratchMemory) {
    headDimension = shape.headDimension
    promptCount = shape.promptCount
    capacity = max(1, shape.capacity)
    let dimension = Self.padded(headDimension)
    promptKeys = memory.take(headDimension, Self.padded(promptCount))
    promptValues = memory.take(promptCount, dimension)
    ownKeys = memory.take(shape.samples * headDimension, Self.padded(capacity))
    ownValues = memory.take(shape.samples * capacity, dimension)
  }

  /// fp32 numbers for one key-value head of one layer, each part on a cache line of its own.
  static func count(_ shape: CacheShape) -> Int {
    let dimension = padded(shape.headDimension)
    let capacity = max(1, shape.capacity)
    return [
      shape.headDimension * padded(shape.promptCount), shape.promptCount * dimension,
      shape.samples * shape.headDimension * padded(capacity), shape.samples * capacity * dimension,
    ].reduce(0) { $0 + ($1 + 15) / 16 * 16 }
  }

  static func padded(_ count: Int) -> Int { (count + Int(WB_PANEL) - 1) / Int(WB_PANEL) * Int(WB_PANEL) }
}

/// The keys that a new token sees, as columns of scores: the prompt's, then its sample's own. Both begin at whole panels.
struct DecodeView {
  let prompt, own: Range<Int>
  /// Columns before the window.
  let unseen: Int

  init(promptCount: Int, ownCount: Int, window: Int?) {
    let first = max(0, promptCount + ownCount - min(window ?? .max, promptCount + ownCount))
    func panel(_ column: Int) -> Int { column / Int(WB_PANEL) * Int(WB_PANEL) }
    prompt = first < promptCount ? panel(first)..<promptCount : promptCount..<promptCount
    let firstOwn = max(0, first - promptCount)
    own = panel(firstOwn)..<ownCount
    unseen = first < promptCount ? first - prompt.lowerBound : firstOwn - own.lowerBound
  }

  var ownColumn: Int { prompt.count }
  var columns: Int { prompt.count + own.count }
}

extension CPUDevice {
  /// Keeps the prompt's keys and values [P, d], both after RoPE.
  func store(promptKeys k: Matrix, values v: Matrix, in cache: DecodeCache) {
    precondition(k.rows == cache.promptCount && v.rows == cache.promptCount && k.columns == cache.headDimension)
    kernels.transpose(
      Int64(k.rows), Int64(k.columns), k.base, Int64(k.stride), k.type.kernelType, cache.promptKeys.floats,
      Int64(cache.promptKeys.stride))
    convert(v, into: cache.promptValues.columns(0..<cache.headDimension))
  }

  /// Keeps one sample's key and value [1, d] as its token number `position` after the prompt.
  func store(key k: Matrix, value v: Matrix, sample: Int, position: Int, in cache: DecodeCache) {
    precondition(position < cache.capacity && k.rows == 1 && v.rows == 1)
    let d = cache.headDimension
    kernels.transpose(
      1, Int64(d), k.base, Int64(k.stride), k.type.kernelType,
      cache.ownKeys.floats + sample * d * cache.ownKeys.stride + position, Int64(cache.ownKeys.stride))
    let row = sample * cache.capacity + position
    convert(v, into: cache.ownValues.rows(row..<row + 1).columns(0..<d))
  }

  /// Attention of one new token per sample, for the query heads that share this cache's head. Of a window's keys alone is
  /// anything read.
  ///
  /// - Parameters:
  ///   - q: [samples, heads · d], only the columns of these heads; o: the same, fp32 or compute type.
  ///   - samples: the cache's sample number of each row.
  ///   - ownCount: tokens of its own that every sample sees, the new one included.
  ///   - scratch: `decodeScratchCount` numbers.
  func decodeAttention(
    q: Matrix, samples: ArraySlice<Int>, ownCount: Int, cache: DecodeCache, scale: Float, mask: AttentionMask,
    into o: Matrix, scratch: Matrix
  ) {
    precondition(mask.window ?? 1 > 0 && mask.softCap ?? 1 > 0, "a window with a key, a cap above 0")
    let d = cache.headDimension
    let view = DecodeView(promptCount: cache.promptCount, ownCount: ownCount, window: mask.window)
    let heads = q.columns / d
    let m = samples.count * heads
    let width = view.ownColumn + DecodeCache.padded(view.own.count) + Int(WB_PANEL)
    let dimension = DecodeCache.padded(d)
    var memory = ScratchMemory(scratch)
    let queries = memory.take(m, d)
    let scores = memory.take(m, width)
    let output = memory.take(m, dimension)
    let logSums = memory.take(1, m)
    for row in 0..<samples.count {
      for head in 0..<heads {
        let target = row * heads + head
        convert(q.rows(row..<row + 1).columns(head * d..<(head + 1) * d), into: queries.rows(target..<target + 1))
      }
    }
    kernels.gemm(
      Int64(m), Int64(DecodeCache.padded(view.prompt.count)), Int64(d), queries.floats, Int64(d), 1,
      cache.promptKeys.floats + view.prompt.lowerBound, Int64(cache.promptKeys.stride), scores.floats, Int64(width), 0,
      .none)
    for (row, sample) in samples.enumerated() {
      kernels.gemm(
        Int64(heads), Int64(DecodeCache.padded(view.own.count)), Int64(d), queries.floats + row * heads * d, Int64(d),
        1, cache.ownKeys.floats + sample * d * cache.ownKeys.stride + view.own.lowerBound,
        Int64(cache.ownKeys.stride), scores.floats + row * heads * width + view.ownColumn, Int64(width), 0, .none)
    }
    softmax(scores, view, scale: scale, cap: mask.softCap, logSums: logSums)
    kernels.gemm(
      Int64(m), Int64(dimension), Int64(view.prompt.count), scores.floats, Int64(width), 1,
      cache.promptValues.floats + view.prompt.lowerBound * dimension, Int64(dimension), output.floats,
      Int64(dimension), 0, .none)
    for (row, sample) in samples.enumerated() {
      kernels.gemm(
        Int64(heads), Int64(dimension), Int64(view.own.count), scores.floats + row * heads * width + view.ownColumn,
        Int64(width), 1, cache.ownValues.floats + (sample * cache.capacity + view.own.lowerBound) * dimension,
        Int64(dimension), output.floats + row * heads * dimension, Int64(dimension), 1, .none)
    }
    for row in 0..<samples.count {
      for head in 0..<heads {
        let source = row * heads + head
        convert(
          output.rows(source..<source + 1).columns(0..<d),
          into: o.rows(row..<row + 1).columns(head * d..<(head + 1) * d))
      }
    }
  }

  /// In place; every row sees the same, and gets 0 before it.
  private func softmax(_ s: Matrix, _ view: DecodeView, scale: Float, cap: Float?, logSums: Matrix) {
    let begins = [Int32](repeating: Int32(view.unseen), count: s.rows)
    begins.withUnsafeBufferPointer { begins in
      let (m, columns, stride) = (Int64(s.rows), Int64(view.columns), Int64(s.stride))
      let seen = wb_seen(visible: columns, first: begins.baseAddress)
      if let cap { kernels.soft_cap(m, columns, s.floats, stride, scale, cap, seen, WB_F32) }
      kernels.softmax(
        m, columns, s.floats, stride, cap == nil ? scale : 1, seen, logSums.floats, s.floats, stride, WB_F32)
    }
  }

  static func decodeScratchCount(
    samples: Int, headsPerKey: Int, headDimension: Int, promptCount: Int, capacity: Int
  ) -> Int {
    let m = samples * headsPerKey
    let width = promptCount + DecodeCache.padded(max(1, capacity)) + Int(WB_PANEL)
    return m * (headDimension + width + DecodeCache.padded(headDimension) + 1) + 64
  }
}

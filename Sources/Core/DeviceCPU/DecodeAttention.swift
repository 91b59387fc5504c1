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

  /// Attention of one new token per sample, for the query heads that share this cache's head.
  ///
  /// - Parameters:
  ///   - q: [samples, heads · d], only the columns of these heads; o: the same, fp32 or compute type.
  ///   - samples: the cache's sample number of each row.
  ///   - ownCount: tokens of its own that every sample sees, the new one included.
  ///   - scratch: `decodeScratchCount` numbers.
  func decodeAttention(
    q: Matrix, samples: ArraySlice<Int>, ownCount: Int, cache: DecodeCache, scale: Float, into o: Matrix,
    scratch: Matrix
  ) {
    let d = cache.headDimension
    let heads = q.columns / d
    let m = samples.count * heads
    let width = cache.promptCount + DecodeCache.padded(ownCount) + Int(WB_PANEL)
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
      Int64(m), Int64(DecodeCache.padded(cache.promptCount)), Int64(d), queries.floats, Int64(d), 1,
      cache.promptKeys.floats, Int64(cache.promptKeys.stride), scores.floats, Int64(width), 0, .none)
    for (row, sample) in samples.enumerated() {
      kernels.gemm(
        Int64(heads), Int64(DecodeCache.padded(ownCount)), Int64(d), queries.floats + row * heads * d, Int64(d), 1,
        cache.ownKeys.floats + sample * d * cache.ownKeys.stride, Int64(cache.ownKeys.stride),
        scores.floats + row * heads * width + cache.promptCount, Int64(width), 0, .none)
    }
    let columns = cache.promptCount + ownCount
    kernels.softmax(
      Int64(m), Int64(columns), scores.floats, Int64(width), scale, Int64(columns), logSums.floats, scores.floats,
      Int64(width), WB_F32)
    kernels.gemm(
      Int64(m), Int64(dimension), Int64(cache.promptCount), scores.floats, Int64(width), 1, cache.promptValues.floats,
      Int64(dimension), output.floats, Int64(dimension), 0, .none)
    for (row, sample) in samples.enumerated() {
      kernels.gemm(
        Int64(heads), Int64(dimension), Int64(ownCount), scores.floats + row * heads * width + cache.promptCount,
        Int64(width), 1, cache.ownValues.floats + sample * cache.capacity * dimension, Int64(dimension),
        output.floats + row * heads * dimension, Int64(dimension), 1, .none)
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

  static func decodeScratchCount(
    samples: Int, headsPerKey: Int, headDimension: Int, promptCount: Int, capacity: Int
  ) -> Int {
    let m = samples * headsPerKey
    let width = promptCount + DecodeCache.padded(max(1, capacity)) + Int(WB_PANEL)
    return m * (headDimension + width + DecodeCache.padded(headDimension) + 1) + 64
  }
}

import Device

/// Attention over rows and during generation, and the head.
extension InstructionTwins {
  private struct Shape {
    let name: String
    let rows, heads, keyHeads, dimension: Int
    let groups: [AttentionGroup]
    var mask = AttentionMask()
    /// Columns of the rotation's table; 0 where nothing was rotated, nil for a head's.
    var turned: Int?

    var queries: [Range<Int>] { groups.flatMap { $0.segments.map(\.queries) } }
    var keys: [Range<Int>] { groups.map(\.rows) }
    var positions: [Int32] { (0..<Int32(rows)).map { $0 * 5 % 31 } }
  }

  /// A prompt of `prompt` rows from `start` on, and responses of so many.
  private static func group(
    _ start: Int, prompt: Int, _ responses: [Int], shared: Range<Int> = 0..<0, lastQueryOnly: Bool = false
  ) -> AttentionGroup {
    let rows = start..<start + prompt
    var segments = [
      AttentionSegment(
        rows: rows, prefix: start..<start, queries: lastQueryOnly ? rows.upperBound - 1..<rows.upperBound : nil)
    ]
    for count in responses {
      let end = segments[segments.count - 1].rows.upperBound
      segments.append(AttentionSegment(rows: end..<end + count, prefix: rows))
    }
    return AttentionGroup(
      rows: start..<segments[segments.count - 1].rows.upperBound, segments: segments, shared: shared)
  }

  private static let shapes = [
    Shape(
      name: "two groups after unused rows", rows: 40, heads: 4, keyHeads: 2, dimension: 10,
      groups: [group(3, prompt: 7, [1, 5]), group(16, prompt: 1, [3, 1, 9])]),
    Shape(
      name: "last queries", rows: 40, heads: 2, keyHeads: 2, dimension: 6,
      groups: [
        group(0, prompt: 7, [1, 5], lastQueryOnly: true), group(13, prompt: 11, [3, 9], lastQueryOnly: true),
      ]),
    Shape(
      name: "longer than a strip", rows: 160, heads: 3, keyHeads: 1, dimension: 20,
      groups: [group(0, prompt: 71, [5, 67]), group(143, prompt: 9, [])]),
    Shape(
      name: "shared beginnings", rows: 96, heads: 6, keyHeads: 2, dimension: 16,
      groups: [
        group(0, prompt: 17, []), group(17, prompt: 2, [5, 8], shared: 0..<17),
        group(32, prompt: 40, [1], shared: 0..<17),
        group(73, prompt: 3, [11], shared: 0..<17, lastQueryOnly: true),
      ]),
  ]

  /// A prompt longer than a strip and of an odd length, behind unused rows, and responses.
  private static func windowed(_ window: Int, cap: Float? = nil) -> Shape {
    Shape(
      name: cap == nil ? "a window of \(window)" : "a window of \(window), capped", rows: 222, heads: 2, keyHeads: 1,
      dimension: 10, groups: [group(3, prompt: 131, [5, 70, 1]), group(212, prompt: 10, [])],
      mask: AttentionMask(window: window, softCap: cap))
  }

  /// Windows shorter than the rows of a tile, of one key, of a strip, around it, longer than a prompt and than all.
  private static let windows = [1, 2, 7, 16, 33, 64, 65, 130, 140, 500].map { windowed($0) } + [windowed(33, cap: 0.4)]

  /// Windows that end within what groups share, before it and behind it.
  private static let sharedWindows = [1, 4, 12, 19, 30, 50].map { (window: Int) in
    Shape(
      name: "shared beginnings, a window of \(window)", rows: 96, heads: 6, keyHeads: 2, dimension: 16,
      groups: [
        group(0, prompt: 17, []), group(17, prompt: 2, [5, 8], shared: 0..<17),
        group(32, prompt: 40, [1], shared: 0..<17),
        group(73, prompt: 3, [11], shared: 0..<17, lastQueryOnly: true),
      ], mask: AttentionMask(window: window), turned: 0)
  }

  private static let masked =
    windows + sharedWindows + [
      Shape(
        name: "last queries, a window of 4", rows: 40, heads: 2, keyHeads: 2, dimension: 6,
        groups: [
          group(0, prompt: 7, [1, 5], lastQueryOnly: true), group(13, prompt: 11, [3, 9], lastQueryOnly: true),
        ], mask: AttentionMask(window: 4), turned: 2),
      Shape(
        name: "a cap", rows: 160, heads: 3, keyHeads: 1, dimension: 20,
        groups: [group(0, prompt: 71, [5, 67]), group(143, prompt: 9, [])], mask: AttentionMask(softCap: 0.5),
        turned: 8),
      Shape(
        name: "a high cap", rows: 40, heads: 4, keyHeads: 2, dimension: 10,
        groups: [group(3, prompt: 7, [1, 5]), group(16, prompt: 1, [3, 1, 9])], mask: AttentionMask(softCap: 50),
        turned: 0),
    ]

  /// Other families' heads, and odd multiples of 8.
  private static let dimensions = [24, 32, 40, 64, 80, 96, 128, 256].map { dimension in
    Shape(
      name: "heads of \(dimension)", rows: 42, heads: 2, keyHeads: 1, dimension: dimension,
      groups: [group(0, prompt: 17, [5, 3]), group(25, prompt: 9, [8], shared: 0..<0)],
      mask: AttentionMask(window: 11, softCap: 2), turned: dimension / 4 * 2)
  }

  private static let allShapes = shapes + masked + dimensions

  private static func forward(_ o: Operands, _ shape: Shape, backward: Bool) -> Attention {
    let (q, k) = (shape.heads * shape.dimension, shape.keyHeads * shape.dimension)
    return Attention(
      groups: shape.groups, q: o.input(shape.rows, q, o.type, defined: shape.queries),
      k: o.input(shape.rows, k, o.type, defined: shape.keys),
      v: o.input(shape.rows, k, o.type, defined: shape.keys),
      o: backward
        ? o.input(shape.rows, q, o.type, defined: shape.queries) : o.output(shape.rows, q, o.type),
      logSums: backward
        ? o.input(shape.heads, shape.rows, .fp32, around: 4) : o.output(shape.heads, shape.rows, .fp32),
      headDimension: shape.dimension, scale: 0.3, mask: shape.mask)
  }

  static var attention: [Twin] {
    allShapes.map { shape in Twin(shape.name) { o in .attention(forward(o, shape, backward: false)) } }
  }

  static var attentionBackward: [Twin] {
    allShapes.map { shape in
      Twin("\(shape.name), in place") { o in
        .attentionBackward(
          AttentionBackward(
            forward(o, shape, backward: true),
            gradient: o.input(shape.rows, shape.heads * shape.dimension, o.type, defined: shape.queries),
            rotation: shape.turned == 0
              ? nil : o.rotation(shape.positions, dimension: shape.turned ?? shape.dimension)))
      }
    }
  }

  /// The norm of heads that turn in part, and of those that do not.
  static var turnedHeadNorms: [Twin] {
    [6, 0].map { turned in
      Twin("head norm, \(turned) of 10 columns turn") { o in
        let positions: [Int32] = [3, 1, 4, 1, 5]
        return .headNorm(
          HeadNorm(
            rows: RowSpans(rows: 5), input: o.input(5, 30, .fp32, scale: 3), weight: o.input(1, 10, .fp32, around: 1),
            epsilon: 1e-5, normalized: o.output(5, 30, o.type), inverse: o.output(5, 3, .fp32),
            rotation: turned == 0 ? nil : o.rotation(positions, dimension: turned), output: o.output(5, 30, o.type)))
      }
    }
  }

  // MARK: Generation

  private static let cacheShape = CacheShape(
    layers: 2, keyValueHeads: 2, headDimension: 10, promptCount: 19, samples: 11, capacity: 5)

  private static func cache(_ o: Operands, _ shape: CacheShape) -> any KeyValueCache {
    guard let cache = try? o.device.makeCache(shape) else { preconditionFailure("memory for a few numbers") }
    return cache
  }

  private static func prompt(_ o: Operands, _ cache: any KeyValueCache) -> Instruction {
    let columns = cache.shape.keyValueHeads * cache.shape.headDimension
    return .cachePrompt(
      CachePrompt(
        cache: cache, layer: 1, keys: o.input(cache.shape.promptCount, columns, o.type),
        values: o.input(cache.shape.promptCount, columns, o.type)))
  }

  private static func step(
    _ o: Operands, _ cache: any KeyValueCache, samples: [Int], position: Int,
    mask: AttentionMask = AttentionMask()
  ) -> Instruction {
    let (rows, columns) = (samples.count, cache.shape.keyValueHeads * cache.shape.headDimension)
    return .cachedAttention(
      CachedAttention(
        cache: cache, layer: 1, samples: samples, position: position, q: o.input(rows, 3 * columns, o.type),
        k: o.input(rows, columns, o.type), v: o.input(rows, columns, .fp32),
        o: o.output(rows, 3 * columns, o.type), scale: 0.3, mask: mask))
  }

  /// A cache shows what it holds in an attention to it.
  static var cachePrompt: [Twin] {
    [1, 19].map { count in
      Twin.program("a prompt of \(count)") { o in
        var shape = cacheShape
        shape.promptCount = count
        let cache = cache(o, shape)
        return [[prompt(o, cache)], [step(o, cache, samples: [0], position: 0)]]
      }
    }
  }

  /// Samples that end leave the others.
  static var cachedAttention: [Twin] {
    [
      Twin.program("three steps of ever fewer samples") { o in
        let cache = cache(o, cacheShape)
        return [
          [prompt(o, cache)], [step(o, cache, samples: Array(0..<11), position: 0)],
          [step(o, cache, samples: [0, 2, 3, 10], position: 1)], [step(o, cache, samples: [10], position: 2)],
        ]
      }
    ] + cachedMasks
  }

  /// Windows that begin in the prompt, at its end and among the own tokens, there past a panel too.
  private static var cachedMasks: [Twin] {
    [(1, nil), (3, nil), (16, nil), (20, 0.5), (21, nil), (38, nil), (100, nil), (nil, 0.5)].map {
      (window: Int?, cap: Float?) in
      Twin.program("a window of \(window ?? 0), a cap of \(cap ?? 0)") { o in
        let cache = cache(
          o,
          CacheShape(layers: 2, keyValueHeads: 2, headDimension: 10, promptCount: 19, samples: 3, capacity: 41))
        let mask = AttentionMask(window: window, softCap: cap)
        return [[prompt(o, cache)]]
          + (0..<41).map { position in
            [step(o, cache, samples: position < 20 ? [0, 1, 2] : [1, 2], position: position, mask: mask)]
          }
      }
    }
  }
}

import Device

// MARK: Log-probs in one pass over the vocabulary

extension CPUDevice {
  /// Columns of the vocabulary are split into this many parts, each a task of its own.
  private static let vocabularyParts = 8
  /// Columns of logits that exist at once.
  private static let vocabularyTile = 384
  /// Head rows that meet a tile of the vocabulary together.
  private static let headBand = 64

  private func partCount(vocabulary: Int) -> Int { max(1, min(Self.vocabularyParts, vocabulary / 256)) }

  /// Each task walks one part of the vocabulary in tiles, keeping a running maximum and sum.
  func run(_ logProbs: LogProbs, _ space: Workspace) {
    guard !logProbs.targets.isEmpty else { return }
    let sums = VocabularySums(logProbs, parts: partCount(vocabulary: logProbs.weight.rows), space.logProbMemory())
    let parts = sums.maxima.rows
    parallel(parts) { part, worker in vocabularyPart(logProbs, sums, part: part, space, worker: worker) }
    let rows = logProbs.hidden.rows
    let joins = RowBlocks(count: rows, longest: 32, threads: threads)
    let mean = logProbs.mean.map { Matrix($0) }
    parallel(joins.count) { task, _ in
      joinSoftmax(
        maxima: sums.maxima, sums: sums.sums, means: mean == nil ? nil : sums.means, rows: joins[task],
        logSums: sums.logSums, mean: mean)
    }
    let output = Matrix(logProbs.output).floats
    let (logits, logSums) = (sums.targetLogits.floats, sums.logSums.floats)
    for (index, target) in logProbs.targets.enumerated() { output[index] = logits[index] - logSums[target.row] }
    guard let softCap = logProbs.softCap, let slopes = softCap.slopes.map({ Matrix($0).floats }) else { return }
    for index in logProbs.targets.indices {
      let share = logits[index] / softCap.cap
      slopes[index] = 1 - share * share
    }
  }

  private func vocabularyPart(
    _ logProbs: LogProbs, _ sums: VocabularySums, part: Int, _ space: Workspace, worker: Int
  ) {
    let (vocabulary, parts) = (logProbs.weight.rows, sums.maxima.rows)
    let hidden = Matrix(logProbs.hidden)
    let weights = Matrix(logProbs.weight)
    let rows = 0..<hidden.rows
    let cap = logProbs.softCap?.cap
    let tile = Self.vocabularyTile
    let columns = vocabulary * part / parts..<vocabulary * (part + 1) / parts
    let targets = logProbs.targets.enumerated().filter { columns.contains(Int($1.token)) }
    let (maxima, totals) = (sums.maxima.rows(part..<part + 1), sums.sums.rows(part..<part + 1))
    fill(maxima, with: -.infinity)
    fill(totals, with: 0)
    // A packed tile serves any number of rows, so few go at once and their logits stay in cache.
    let band = min(Self.headBand, rows.count)
    let bands = (rows.count + band - 1) / band
    for start in stride(from: columns.lowerBound, to: columns.upperBound, by: tile) {
      var memory = ScratchMemory(space.scratch[worker])
      let range = start..<min(start + tile, columns.upperBound)
      let weight = weights.rows(range)
      let logitOperand = prepare(weight, transposed: true, for: hidden.type, scratch: &memory)
      let meanOperand =
        logProbs.mean == nil ? nil : prepare(weight, transposed: false, for: probabilityType, scratch: &memory)
      let own = memory
      share(bands, worker: worker) { index, helper in
        var memory = helper == worker ? own : ScratchMemory(space.scratch[helper])
        let first = index * band
        let some = first..<min(first + band, rows.upperBound)
        let factors = memory.take(1, some.count)
        let logits = memory.take(some.count, range.count)
        multiply(hidden.rows(some), logitOperand, into: logits)
        if let cap { capLogits(logits, cap: cap) }
        for (index, target) in targets where some.contains(target.row) && range.contains(Int(target.token)) {
          sums.targetLogits.floats[index] =
            logits.floats[(target.row - first) * logits.stride + Int(target.token) - start]
        }
        let p = onlineSoftmax(
          logits, maxima: maxima.columns(some), sums: totals.columns(some), correction: factors, cap: cap)
        guard let meanOperand else { return }
        let mean = sums.means[part].rows(some)
        if start > columns.lowerBound { scaleRows(mean, by: factors) }
        multiply(p, meanOperand, into: mean, accumulate: start > columns.lowerBound)
      }
    }
  }

  /// A tile of the vocabulary, ready for both products, and its logits: fp32 numbers of a thread's scratch.
  func vocabularyCount(_ logProbs: LogProbs) -> Int {
    let hidden = logProbs.hidden.columns
    let tile = Self.vocabularyTile
    let rows = min(logProbs.hidden.rows, Self.headBand)
    let format = panelFormat(x: logProbs.hidden.type)
    let forward = PreparedOperand.scratchCount(inputs: hidden, outputs: tile, format: format)
    let backward =
      logProbs.mean == nil ? 0 : PreparedOperand.scratchCount(inputs: tile, outputs: hidden, format: format)
    return forward + backward + rows * (tile + 1) + max(rows, hidden) + 256
  }

  /// fp32 numbers that all threads share.
  func vocabularySumCount(_ logProbs: LogProbs) -> Int {
    VocabularySums.count(logProbs, parts: partCount(vocabulary: logProbs.weight.rows))
  }

  /// Tiles of columns: there are many, and few rows.
  func run(_ logits: SoftCapLogits) {
    let x = Matrix(logits.logits)
    let width = 4096
    parallel((x.columns + width - 1) / width) { task, _ in
      let columns = task * width..<min((task + 1) * width, x.columns)
      for rows in logits.rows.ranges { capLogits(x.rows(rows).columns(columns), cap: logits.cap) }
    }
  }

  // MARK: Backward

  func run(_ logProbs: LogProbsBackward, _ space: Workspace) {
    let (weights, mean, slopes) = (Matrix(logProbs.weight), Matrix(logProbs.mean), Matrix(logProbs.slopes))
    let (normalized, inverse) = (Matrix(logProbs.normalized), Matrix(logProbs.inverse))
    let (normWeight, into) = (Matrix(logProbs.normWeight), Matrix(logProbs.into))
    var memory = space.logProbMemory()
    let gradient = memory.take(normalized.rows, into.columns)
    let capSlopes = logProbs.capSlopes.map { Matrix($0) }
    let blocks = RowBlocks(count: logProbs.sources.count, longest: 64, threads: threads)
    parallel(blocks.count) { task, worker in
      let rows = blocks[task]
      var memory = ScratchMemory(space.scratch[worker])
      let embedding = memory.take(1, into.columns)
      zero(gradient.rows(rows))
      for (index, target) in logProbs.targets.enumerated() where rows.contains(target.row) {
        let (row, token, slope) = (target.row..<target.row + 1, Int(target.token), slopes.floats[index])
        convert(weights.rows(token..<token + 1), into: embedding)
        add(embedding, times: slope * (capSlopes?.floats[index] ?? 1), to: gradient.rows(row))
        add(mean.rows(row), times: -slope, to: gradient.rows(row))
      }
      for row in rows {
        let target = logProbs.sources[row]
        normBackward(
          gradient.rows(row..<row + 1), isCentered: logProbs.isCentered, xhat: normalized.rows(row..<row + 1),
          inverse: inverse.columns(row..<row + 1), weight: normWeight, accumulateInto: into.rows(target..<target + 1))
      }
    }
  }
}

/// What the parts of the vocabulary leave behind: a soft-max's maximum and sum of every row, and, for a backward pass,
/// Σ p · w.
private struct VocabularySums: Sendable {
  /// [parts, rows].
  let maxima, sums: Matrix
  /// [1, rows] and [1, targets].
  let logSums, targetLogits: Matrix
  /// [rows, H] by part.
  let means: [Matrix]

  init(_ logProbs: LogProbs, parts: Int, _ memory: ScratchMemory) {
    var memory = memory
    let (rows, hidden) = (logProbs.hidden.rows, logProbs.hidden.columns)
    maxima = memory.take(parts, rows)
    sums = memory.take(parts, rows)
    logSums = memory.take(1, rows)
    targetLogits = memory.take(1, max(1, logProbs.targets.count))
    means = logProbs.mean == nil ? [] : (0..<parts).map { _ in memory.take(rows, hidden) }
  }

  static func count(_ logProbs: LogProbs, parts: Int) -> Int {
    let (rows, hidden) = (logProbs.hidden.rows, logProbs.hidden.columns)
    return (2 * parts + 1) * rows + logProbs.targets.count + 80
      + (logProbs.mean == nil ? 0 : parts * (rows * hidden + 16))
  }
}

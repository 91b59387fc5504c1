import Checkpoint
import Numerics

// MARK: Log-probs in one pass over the vocabulary

extension DecoderPass {
  /// l = logit_y − logΣexp for every target, and, when training, m = Σ_v p_v W_v for every head row.
  ///
  /// A [rows, V] matrix never exists: each task walks one part of the vocabulary in tiles, keeping a running maximum
  /// and sum (Milakov & Gimelshein, 2018). dl/dh = W_y − m, so a loss needs only m and its own dL/dl.
  func logProbs() -> [Float] {
    guard !batch.headRows.isEmpty else { return [] }
    let count = head.hidden.rows
    let norms = RowBlocks(count: count, longest: 64, threads: runtime.threads)
    runtime.parallel(norms.count) { task, _ in
      let real = norms[task].clamped(to: 0..<batch.headRows.count)
      runtime.zero(head.hidden.rows(max(real.upperBound, norms[task].lowerBound)..<norms[task].upperBound))
      for row in real {
        let source = batch.headRows[row]
        runtime.rmsNorm(
          residual.rows(source..<source + 1), weight: weights.finalNorm, epsilon: epsilon,
          xhat: head.xhat.rows(row..<row + 1), inverse: head.inverse.columns(row..<row + 1),
          into: head.hidden.rows(row..<row + 1))
      }
    }
    let parts = head.maxima.rows
    runtime.parallel(parts) { part, worker in vocabularyPart(part, of: parts, rows: 0..<count, worker: worker) }
    let joins = RowBlocks(count: count, longest: 32, threads: runtime.threads)
    let means = head.mean == nil ? nil : head.partMeans
    runtime.parallel(joins.count) { task, _ in
      runtime.joinSoftmax(
        maxima: head.maxima, sums: head.sums, means: means, rows: joins[task], logSums: head.logSums, mean: head.mean)
    }
    return batch.targets.enumerated().map { index, target in
      head.targetLogits[0, index] - head.logSums[0, target.headRow]
    }
  }

  private func vocabularyPart(_ part: Int, of parts: Int, rows: Range<Int>, worker: Int) {
    let vocabulary = configuration.vocabularySize
    let tile = WorkspacePlan.vocabularyTile
    let columns = vocabulary * part / parts..<vocabulary * (part + 1) / parts
    let targets = batch.targets.enumerated().filter { _, target in
      rows.contains(target.headRow) && columns.contains(Int(target.token))
    }
    let maxima = head.maxima.rows(part..<part + 1)
    let sums = head.sums.rows(part..<part + 1)
    runtime.fill(maxima.columns(rows), with: -.infinity)
    runtime.fill(sums.columns(rows), with: 0)
    // A packed tile serves any number of rows, so few go at once and their logits stay in cache.
    let band = min(WorkspacePlan.headBand, rows.count)
    let bands = (rows.count + band - 1) / band
    for start in stride(from: columns.lowerBound, to: columns.upperBound, by: tile) {
      var memory = ScratchMemory(scratch[worker])
      let range = start..<min(start + tile, columns.upperBound)
      let weight = weights.head.rows(range)
      let logitOperand = runtime.prepare(weight, transposed: true, for: head.hidden.type, scratch: &memory)
      let meanOperand =
        head.mean == nil
        ? nil : runtime.prepare(weight, transposed: false, for: runtime.probabilityType, scratch: &memory)
      let own = memory
      runtime.share(bands, worker: worker) { index, helper in
        var memory = helper == worker ? own : ScratchMemory(scratch[helper])
        let first = rows.lowerBound + index * band
        let some = first..<min(first + band, rows.upperBound)
        let factors = memory.take(1, some.count)
        let logits = memory.take(some.count, range.count)
        runtime.multiply(head.hidden.rows(some), logitOperand, into: logits)
        for (index, target) in targets where some.contains(target.headRow) && range.contains(Int(target.token)) {
          head.targetLogits[0, index] = logits[target.headRow - first, Int(target.token) - start]
        }
        let p = runtime.onlineSoftmax(
          logits, maxima: maxima.columns(some), sums: sums.columns(some), correction: factors)
        guard let meanOperand else { return }
        let mean = head.partMeans[part].rows(some)
        if start > columns.lowerBound { runtime.scaleRows(mean, by: factors) }
        runtime.multiply(p, meanOperand, into: mean, accumulate: start > columns.lowerBound)
      }
    }
  }

  /// dL/dx of the residual stream from dL/dl of every target: dh = Σ c·(W_y − m), through the final norm; then what the
  /// last layer's backward pass begins with.
  func logProbsBackward(_ coefficients: [Float]) {
    guard let backward, let mean = head.mean, let gradient = head.gradient else { return }
    forEachChunk { rows, _ in runtime.zero(backward.residual.rows(rows)) }
    let blocks = RowBlocks(count: batch.headRows.count, longest: 64, threads: runtime.threads)
    runtime.parallel(blocks.count) { task, worker in
      let rows = blocks[task]
      var memory = ScratchMemory(scratch[worker])
      let embedding = memory.take(1, configuration.hiddenSize)
      runtime.zero(gradient.rows(rows))
      for (index, target) in batch.targets.enumerated() where rows.contains(target.headRow) {
        let row = gradient.rows(target.headRow..<target.headRow + 1)
        let token = Int(target.token)
        runtime.convert(weights.head.rows(token..<token + 1), into: embedding)
        runtime.add(embedding, times: coefficients[index], to: row)
        runtime.add(mean.rows(target.headRow..<target.headRow + 1), times: -coefficients[index], to: row)
      }
      for row in rows {
        let target = batch.headRows[row]
        runtime.rmsNormBackward(
          gradient.rows(row..<row + 1), xhat: head.xhat.rows(row..<row + 1),
          inverse: head.inverse.columns(row..<row + 1), weight: weights.finalNorm,
          accumulateInto: backward.residual.rows(target..<target + 1))
      }
    }
    let last = configuration.layerCount - 1
    forEachChunk(wantedRows(layer: last)) { rows, scratch in
      outputGradient(.down_proj, .mlpInner, layer: last, rows: rows, scratch: scratch)
    }
  }
}

/// Nearly equal runs of rows of at most `longest`, in steps of 8, and short enough for every thread to have one.
struct RowBlocks: Sendable {
  let total: Int
  let size: Int

  init(count: Int, longest: Int, threads: Int) {
    total = count
    let blocks = max(1, (count + longest - 1) / longest, min(threads, count / RowSpans.unit))
    size = min(longest, RowSpans.filled((count + blocks - 1) / blocks))
  }

  var count: Int { (total + size - 1) / size }

  subscript(index: Int) -> Range<Int> { index * size..<min((index + 1) * size, total) }
}

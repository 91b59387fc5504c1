import Device

// MARK: Instructions that go row by row

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

extension CPUDevice {
  /// Runs `body` for every chunk of some of `total` rows: short enough for as many as there are threads, and to balance.
  func forEachChunk(
    _ rows: RowSpans, of total: Int, _ body: @Sendable (_ rows: Range<Int>, _ worker: Int) -> Void
  ) {
    let size = RowBlocks(count: total, longest: 64, threads: threads).size
    let chunks = rows.pieces(longest: size)
    parallel(chunks.count) { chunk, worker in body(chunks[chunk], worker) }
  }

  func run(_ embed: Embed) {
    let (table, output) = (Matrix(embed.table), Matrix(embed.output))
    forEachChunk(RowSpans(rows: output.rows), of: output.rows) { rows, _ in
      let real = rows.clamped(to: 0..<embed.tokens.count)
      gather(table, embed.tokens[real], into: output.rows(real))
      if embed.factor != 1 { scale(output.rows(real), by: embed.factor, into: output.rows(real)) }
      zero(output.rows(max(rows.lowerBound, real.upperBound)..<rows.upperBound))
    }
  }

  func run(_ copy: Copy, _ space: Workspace) {
    let (input, output, projections) = (Matrix(copy.input), Matrix(copy.output), matrices(copy.projections))
    forEachChunk(copy.rows, of: input.rows) { rows, worker in
      convert(input.rows(rows), times: copy.factor, into: output.rows(rows))
      project(projections, rows, space.scratch[worker])
    }
  }

  /// y = factor · x in y's type.
  private func convert(_ x: Matrix, times factor: Float, into y: Matrix) {
    if factor == 1 { convert(x, into: y) } else { scale(x, by: factor, into: y) }
  }

  func run(clear tensor: Tensor) {
    let x = Matrix(tensor)
    forEachChunk(RowSpans(rows: x.rows), of: x.rows) { rows, _ in zero(x.rows(rows)) }
  }

  func run(_ project: Project, _ space: Workspace) {
    let projections = matrices(project.projections)
    guard let total = projections.first?.input.rows else { return }
    forEachChunk(project.rows, of: total) { rows, worker in
      self.project(projections, rows, space.scratch[worker])
    }
  }

  func run(_ norm: Norm, _ space: Workspace) {
    let (input, weight, output) = (Matrix(norm.input), Matrix(norm.weight), Matrix(norm.output))
    let (normalized, inverse) = (Matrix(norm.normalized), Matrix(norm.inverse))
    let projections = matrices(norm.projections)
    forEachChunk(norm.rows, of: output.rows) { rows, worker in
      guard let sources = norm.sources else {
        rmsNorm(
          input.rows(rows), weight: weight, epsilon: norm.epsilon, rounding: norm.rounding,
          xhat: normalized.rows(rows), inverse: inverse.columns(rows), into: output.rows(rows))
        project(projections, rows, space.scratch[worker])
        return
      }
      let real = rows.clamped(to: 0..<sources.count)
      zero(output.rows(max(real.upperBound, rows.lowerBound)..<rows.upperBound))
      for row in real {
        let (source, target) = (sources[row]..<sources[row] + 1, row..<row + 1)
        rmsNorm(
          input.rows(source), weight: weight, epsilon: norm.epsilon, rounding: norm.rounding,
          xhat: normalized.rows(target), inverse: inverse.columns(target), into: output.rows(target))
      }
      project(projections, rows, space.scratch[worker])
    }
  }

  func run(_ norm: NormBackward, _ space: Workspace) {
    let (gradient, weight, into) = (Matrix(norm.gradient), Matrix(norm.weight), Matrix(norm.into))
    let (normalized, inverse) = (Matrix(norm.normalized), Matrix(norm.inverse))
    let copy = norm.copy.map { (input: Matrix($0.input), factor: $0.factor, output: Matrix($0.output)) }
    let projections = matrices(norm.copy?.projections ?? [])
    forEachChunk(norm.rows, of: into.rows) { rows, worker in
      rmsNormBackward(
        gradient.rows(rows), xhat: normalized.rows(rows), inverse: inverse.columns(rows), weight: weight,
        accumulateInto: into.rows(rows))
      guard let copy else { return }
      convert(copy.input.rows(rows), times: copy.factor, into: copy.output.rows(rows))
      project(projections, rows, space.scratch[worker])
    }
  }

  func run(_ gate: Gate) {
    let (x, up, output) = (Matrix(gate.gate), Matrix(gate.up), Matrix(gate.output))
    forEachChunk(gate.rows, of: output.rows) { rows, _ in
      gateMul(gate.activation, gate: x.rows(rows), up: up.rows(rows), into: output.rows(rows))
    }
  }

  func run(_ pack: PackAdapter) {
    parallel(pack.factors.count) { task, _ in
      let factor = pack.factors[task]
      let up = Matrix(factor.packedUp)
      // A few rows or columns: as one row each they are converted in one go.
      convert(Matrix(factor.down.flat), into: Matrix(factor.packedDown.flat))
      scale(Matrix(factor.up.flat), by: pack.scale, into: Matrix(factor.packedUp.flat))
      transpose(up, into: Matrix(factor.packedUpTransposed))
    }
  }

  // MARK: Low-rank products of a chunk

  struct ProjectionMatrices {
    let input, weight, output: Matrix
  }

  func matrices(_ projections: [Projection]) -> [ProjectionMatrices] {
    projections.map {
      ProjectionMatrices(input: Matrix($0.input), weight: Matrix($0.weight), output: Matrix($0.output))
    }
  }

  func project(_ projections: [ProjectionMatrices], _ rows: Range<Int>, _ scratch: Matrix) {
    for one in projections {
      thinProduct(one.input.rows(rows), one.weight, into: one.output.rows(rows), scratch: ScratchMemory(scratch))
    }
  }

  /// fp32 numbers of scratch for the longest chunk's sums.
  func projectionCount(_ projections: [Projection]) -> Int {
    64 * (projections.map(\.output.columns).max() ?? 0) + 16
  }
}

extension Tensor {
  /// All elements as one row.
  fileprivate var flat: Tensor { reshaped(rows: 1, columns: rows * columns) }
}

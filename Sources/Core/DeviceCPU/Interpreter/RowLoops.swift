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

  func run(_ embed: Embed, _ space: Workspace) {
    let (table, output) = (Matrix(embed.table), Matrix(embed.output))
    let positions = embed.positions.map { (table: Matrix($0.table), rows: $0.rows) }
    precondition(positions.map { $0.rows.count == embed.tokens.count } ?? true, "a position of every token")
    forEachChunk(RowSpans(rows: output.rows), of: output.rows) { rows, worker in
      let real = rows.clamped(to: 0..<embed.tokens.count)
      gather(table, embed.tokens[real], into: output.rows(real))
      if embed.factor != 1 { scale(output.rows(real), by: embed.factor, into: output.rows(real)) }
      if let positions {
        var memory = ScratchMemory(space.scratch[worker])
        let position = memory.take(1, output.columns)
        for row in real {
          gather(positions.table, positions.rows[row..<row + 1], into: position)
          add(position, to: output.rows(row..<row + 1))
        }
      }
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
    let bias: Matrix? = if case .layer(let bias) = norm.kind { bias.map { Matrix($0) } } else { nil }
    @Sendable func apply(_ source: Range<Int>, _ target: Range<Int>) {
      let (x, xhat, y) = (input.rows(source), normalized.rows(target), output.rows(target))
      switch norm.kind {
      case .rms:
        rmsNorm(
          x, weight: weight, epsilon: norm.epsilon, rounding: norm.rounding, xhat: xhat,
          inverse: inverse.columns(target), into: y)
      case .layer:
        layerNorm(
          x, weight: weight, bias: bias, epsilon: norm.epsilon, rounding: norm.rounding, xhat: xhat,
          inverse: inverse.columns(target), into: y)
      }
    }
    forEachChunk(norm.rows, of: output.rows) { rows, worker in
      if let sources = norm.sources {
        let real = rows.clamped(to: 0..<sources.count)
        zero(output.rows(max(real.upperBound, rows.lowerBound)..<rows.upperBound))
        for row in real { apply(sources[row]..<sources[row] + 1, row..<row + 1) }
      } else {
        apply(rows, rows)
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
      normBackward(
        gradient.rows(rows), isCentered: norm.isCentered, xhat: normalized.rows(rows), inverse: inverse.columns(rows),
        weight: weight, accumulateInto: into.rows(rows))
      guard let copy else { return }
      convert(copy.input.rows(rows), times: copy.factor, into: copy.output.rows(rows))
      project(projections, rows, space.scratch[worker])
    }
  }

  func run(_ gate: Gate) {
    let (x, up, output) = (Matrix(gate.gate), gate.up.map { Matrix($0) }, Matrix(gate.output))
    forEachChunk(gate.rows, of: output.rows) { rows, _ in
      gateMul(gate.activation, gate: x.rows(rows), up: up?.rows(rows), into: output.rows(rows))
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

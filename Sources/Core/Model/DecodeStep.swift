import Checkpoint
import Numerics

/// One token at a time for several samples of one prompt. Few rows, so the weights' columns are split between threads.
///
/// Dimensions: B samples still running, H hidden, Q heads · d, K kvHeads · d.
struct DecodeStep: Sendable {
  let runtime: Runtime
  let configuration: ModelConfiguration
  let weights: ModelWeights
  let adapter: AdapterWeights?
  let rotary: RotaryTable
  /// [layer][key-value head].
  let caches: [[DecodeCache]]
  /// Rows for the largest B.
  private let x, h, q, k, v, qTurned, kTurned, o, gate, up, gateNarrow, upNarrow, act, u, uSums, logits: Matrix
  private let xhat, inverse: Matrix
  /// A linear's input in fp32, where products widen bf16: once, and not for every row of a weight.
  private let wideInput: Matrix?
  private let scratch: [Matrix]

  init(
    runtime: Runtime, configuration: ModelConfiguration, weights: ModelWeights, adapter: AdapterWeights?,
    rotary: RotaryTable, caches: [[DecodeCache]], samples: Int, promptCount: Int, capacity: Int
  ) {
    self.runtime = runtime
    self.configuration = configuration
    self.weights = weights
    self.adapter = adapter
    self.rotary = rotary
    self.caches = caches
    let type = runtime.precision.elementType
    let hidden = configuration.hiddenSize
    let inner = configuration.intermediateSize
    let queries = configuration.headCount * configuration.headDimension
    let keys = configuration.keyValueHeadCount * configuration.headDimension
    let rows = samples
    x = Matrix(zeros: rows, hidden)
    h = Matrix(zeros: rows, hidden, type)
    xhat = Matrix(zeros: rows, hidden, type)
    inverse = Matrix(zeros: 1, rows)
    q = Matrix(zeros: rows, queries)
    k = Matrix(zeros: rows, keys)
    v = Matrix(zeros: rows, keys)
    qTurned = Matrix(zeros: rows, queries, type)
    kTurned = Matrix(zeros: rows, keys, type)
    o = Matrix(zeros: rows, queries, type)
    gate = Matrix(zeros: rows, inner)
    up = Matrix(zeros: rows, inner)
    gateNarrow = Matrix(zeros: rows, inner, type)
    upNarrow = Matrix(zeros: rows, inner, type)
    act = Matrix(zeros: rows, inner, type)
    let lowRank = max(1, adapter.map { $0.layout.kinds.count * $0.layout.rank } ?? 0)
    u = Matrix(zeros: rows, lowRank, type)
    uSums = Matrix(zeros: rows, lowRank)
    wideInput =
      type == .bf16 && !runtime.multipliesPairs ? Matrix(zeros: rows, max(hidden, queries, inner)) : nil
    logits = Matrix(zeros: rows, configuration.vocabularySize)
    let count = Runtime.decodeScratchCount(
      samples: samples, headsPerKey: configuration.headCount / configuration.keyValueHeadCount,
      headDimension: configuration.headDimension, promptCount: promptCount, capacity: capacity)
    scratch = (0..<runtime.threads).map { _ in Matrix(zeros: 1, count) }
  }

  /// Logits [B, V] after `tokens`, the token number `position` after the prompt of each sample in `samples`.
  func logits(_ tokens: [Int32], samples: [Int], position: Int, promptCount: Int) -> Matrix {
    let rows = 0..<tokens.count
    runtime.gather(weights.embedding, tokens[...], into: x.rows(rows))
    for layer in 0..<configuration.layerCount {
      attention(layer: layer, rows: rows, samples: samples, position: position, promptCount: promptCount)
      mlp(layer: layer, rows: rows)
    }
    return project(x.rows(rows))
  }

  /// Logits of residual rows: final norm and head.
  func project(_ residual: Matrix) -> Matrix {
    let rows = 0..<residual.rows
    norm(residual, weights.finalNorm, rows)
    let input = operand(h.rows(rows))
    split(configuration.vocabularySize, by: 512) { columns in
      runtime.linear(input, weights.head.rows(columns), into: logits.rows(rows).columns(columns))
    }
    return logits.rows(rows)
  }

  private func attention(layer: Int, rows: Range<Int>, samples: [Int], position: Int, promptCount: Int) {
    norm(x.rows(rows), weights.layers[layer].attentionNorm, rows)
    lowRank(h.rows(rows), .attentionNorm, layer, rows)
    linears([(.q_proj, q), (.k_proj, k), (.v_proj, v)], h, layer, rows)
    let positions = [Int32](repeating: Int32(promptCount + position), count: rows.count)
    let d = configuration.headDimension
    runtime.rope(
      q.rows(rows), headDimension: d, table: rotary.matrix, positions: positions[...], into: qTurned.rows(rows))
    runtime.rope(
      k.rows(rows), headDimension: d, table: rotary.matrix, positions: positions[...], into: kTurned.rows(rows))
    let heads = configuration.headCount / configuration.keyValueHeadCount
    let scale = 1 / Float(d).squareRoot()
    // A few samples a task: the prompt's keys are read once for all of them.
    let block = 8
    let blocks = (samples.count + block - 1) / block
    let layerCaches = caches[layer]
    runtime.parallel(configuration.keyValueHeadCount * blocks) { task, worker in
      let head = task / blocks
      let range = task % blocks * block..<min((task % blocks + 1) * block, samples.count)
      for row in range {
        runtime.store(
          key: kTurned.rows(row..<row + 1).columns(head * d..<(head + 1) * d),
          value: v.rows(row..<row + 1).columns(head * d..<(head + 1) * d), sample: samples[row], position: position,
          in: layerCaches[head])
      }
      let columns = head * heads * d..<(head + 1) * heads * d
      runtime.decodeAttention(
        q: qTurned.rows(range).columns(columns), samples: samples[range], ownCount: position + 1,
        cache: layerCaches[head], scale: scale, into: o.rows(range).columns(columns), scratch: scratch[worker])
    }
    lowRank(o.rows(rows), .attentionOutput, layer, rows)
    linears([(.o_proj, x)], o, layer, rows, accumulate: true)
  }

  private func mlp(layer: Int, rows: Range<Int>) {
    norm(x.rows(rows), weights.layers[layer].mlpNorm, rows)
    lowRank(h.rows(rows), .mlpNorm, layer, rows)
    linears([(.gate_proj, gate), (.up_proj, up)], h, layer, rows)
    runtime.convert(gate.rows(rows), into: gateNarrow.rows(rows))
    runtime.convert(up.rows(rows), into: upNarrow.rows(rows))
    runtime.siluMul(gate: gateNarrow.rows(rows), up: upNarrow.rows(rows), into: act.rows(rows))
    lowRank(act.rows(rows), .mlpInner, layer, rows)
    linears([(.down_proj, x)], act, layer, rows, accumulate: true)
  }

  private func norm(_ residual: Matrix, _ weight: Matrix, _ rows: Range<Int>) {
    runtime.rmsNorm(
      residual, weight: weight, epsilon: Float(configuration.rmsNormEpsilon), xhat: xhat.rows(rows),
      inverse: inverse.columns(rows), into: h.rows(rows))
  }

  private func lowRank(_ input: Matrix, _ kind: LinearInput, _ layer: Int, _ rows: Range<Int>) {
    guard let adapter else { return }
    let stack = adapter.layout.linears(layer: layer, input: kind)
    guard let down = adapter.down(stack) else { return }
    let columns = adapter.activationColumns(stack)
    runtime.linear(input, down, into: uSums.rows(rows).columns(columns))
    runtime.convert(uSums.rows(rows).columns(columns), into: u.rows(rows).columns(columns))
  }

  /// The input of a linear as its product reads it.
  private func operand(_ input: Matrix) -> Matrix {
    guard let wideInput else { return input }
    let wide = wideInput.rows(0..<input.rows).columns(0..<input.columns)
    runtime.convert(input, into: wide)
    return wide
  }

  /// Several linears of one input, as one parallel loop over all their output columns.
  private func linears(
    _ outputs: [(kind: LinearKind, y: Matrix)], _ input: Matrix, _ layer: Int, _ rows: Range<Int>,
    accumulate: Bool = false
  ) {
    // Whole panels of columns, as many tasks as balance.
    let total = outputs.reduce(0) { $0 + $1.y.columns }
    let width = max(16, min(96, (total / (3 * runtime.threads) + 15) / 16 * 16))
    let wide = operand(input.rows(rows))
    let tasks = outputs.flatMap { output in
      stride(from: 0, to: output.y.columns, by: width).map { start in
        (output.kind, output.y, start..<min(start + width, output.y.columns))
      }
    }
    runtime.parallel(tasks.count) { task, _ in
      let (kind, whole, columns) = tasks[task]
      let linear = weights.layers[layer][kind]
      let y = whole.rows(rows).columns(columns)
      runtime.linear(wide, linear.weight.rows(columns), into: y, accumulate: accumulate)
      if let bias = linear.bias { runtime.addBias(bias.columns(columns), to: y) }
      if let adapter, let adapted = adapter.layout.linears(layer: layer).first(where: { $0.kind == kind }) {
        runtime.linear(
          u.rows(rows).columns(adapter.activationColumns(adapted)), adapter.up(adapted).rows(columns), into: y,
          accumulate: true)
      }
    }
  }

  private func split(_ columns: Int, by width: Int, _ body: @Sendable (Range<Int>) -> Void) {
    runtime.parallel((columns + width - 1) / width) { task, _ in
      body(task * width..<min((task + 1) * width, columns))
    }
  }
}

import Checkpoint
import Device

/// One pass of one micro-batch, or one step of a generation: the operands that the blocks of a decoder write their
/// equations with.
///
/// Dimensions: T rows, H hidden, Q heads · d, K kvHeads · d, I inner width of the MLP, R LoRA rank, V vocabulary.
struct Pass: Sendable {
  enum Source: Sendable {
    /// All rows of some prompts with their responses.
    case batch(MicroBatch)
    /// One more token of each sample.
    case decoding(DecodingStep)
  }

  let configuration: ModelConfiguration
  let weights: ModelWeights
  let adapter: AdapterWeights?
  let source: Source
  /// One for each of the model's rotary embeddings.
  let rotations: [Rotation]
  let shape: PassShape
  let memory: PassMemory

  /// The same pass with its tensors elsewhere.
  func with(_ memory: PassMemory) -> Pass {
    Pass(
      configuration: configuration, weights: weights, adapter: adapter, source: source, rotations: rotations,
      shape: shape, memory: memory)
  }

  var epsilon: Float { Float(configuration.rmsNormEpsilon) }
  var headDimension: Int { configuration.headDimension }
  var norm: NormRounding { configuration.layer.norm.roundsTwice ? .twice : .once }
  /// The factor of q·k.
  var scale: Float {
    configuration.layer.attentionScale.map { Float($0) } ?? 1 / Float(configuration.headDimension).squareRoot()
  }
  /// What gives logits; only passes of language models ask for it.
  var tokenHead: Tensor {
    guard let head = weights.head else { preconditionFailure("a head that predicts tokens") }
    return head
  }
  var embeddingFactor: Float { configuration.embeddings.factor(inBF16: shape.type == .bf16) }
  /// ρ of x += ρ · block(x).
  var residualFactor: Float { Float(configuration.layer.residualFactor) }
  var queryColumns: Int { configuration.headCount * configuration.headDimension }
  var keyColumns: Int { configuration.keyValueHeadCount * configuration.headDimension }

  subscript(key: ActivationKey) -> Tensor { memory[key] }

  subscript(key: ActivationKey, layer: Int) -> Tensor { memory[key, layer: layer] }

  // MARK: Rows

  /// T rows, filling included.
  var allRows: RowSpans { RowSpans(rows: shape.rows) }

  /// The rows of a layer's output that something reads: keys and values of every row, all else in the last layer only
  /// where a token is predicted.
  func wantedRows(_ layer: Int) -> RowSpans {
    guard case .batch(let batch) = source, layer + 1 == configuration.layerCount else { return allRows }
    return batch.lastRows
  }

  /// What turns a layer's queries and keys; nil where nothing does.
  func rotation(_ layer: Int) -> Rotation? { configuration.attention[layer].rotary.map { rotations[$0] } }

  func mask(_ layer: Int) -> AttentionMask {
    AttentionMask(
      window: configuration.attention[layer].window,
      softCap: configuration.layer.attentionSoftCap.map { Float($0) })
  }

  /// The attention of one layer's queries, keys and values.
  func attention(_ layer: Int) -> Instruction {
    let (q, k, v, o) = (self[.q, layer], self[.k, layer], self[.v, layer], self[.o, layer])
    switch source {
    case .batch:
      return .attention(groupedAttention(layer))
    case .decoding(let step):
      return .cachedAttention(
        CachedAttention(
          cache: step.cache, layer: layer, samples: step.samples, position: step.position, q: q, k: k, v: v, o: o,
          scale: scale, mask: mask(layer)))
    }
  }

  func groupedAttention(_ layer: Int) -> Attention {
    guard case .batch(let batch) = source else { preconditionFailure("a pass over rows") }
    return Attention(
      groups: layer + 1 < configuration.layerCount ? batch.attention : batch.lastAttention, q: self[.q, layer],
      k: self[.k, layer], v: self[.v, layer], o: self[.o, layer], logSums: self[.logSums, layer],
      headDimension: headDimension, scale: scale, mask: mask(layer))
  }

  // MARK: Linears: y = xWᵀ + b + s·(xAᵀ)Bᵀ, and backward g = s·dy·B, dB = s·dyᵀu, dA = gᵀx, dx = dy·W + g·A

  /// u = xAᵀ of all adapted linears that read `input`; kept for the backward pass.
  func projections(_ x: Tensor, _ input: LinearInput, _ layer: Int) -> [Projection] {
    guard let adapter, let down = adapter.down(adapter.layout.linears(layer: layer, input: input)) else { return [] }
    let columns = adapter.activationColumns(adapter.layout.linears(layer: layer, input: input))
    return [Projection(input: x, weight: down, output: self[.lowRank, layer].columns(columns))]
  }

  /// The terms of y = xWᵀ + u(sB)ᵀ; the input's projections have filled u. The low-rank term is a few more rows of k.
  func forwardTerms(_ x: Tensor, _ kind: LinearKind, _ layer: Int) -> [Linear.Term] {
    let dense = Linear.Term.forward(x, weight(kind, layer))
    guard let adapter else { return [dense] }
    for adapted in adapter.layout.linears(layer: layer) {
      guard let rows = adapted.rows(kind) else { continue }
      let u = self[.lowRank, layer].columns(adapter.activationColumns(adapted))
      return [dense, .forward(u, adapter.up(adapted, rows))]
    }
    return [dense]
  }

  private func weight(_ kind: LinearKind, _ layer: Int) -> Tensor {
    adapter?.weight(kind, layer: layer) ?? weights.layers[layer][kind].weight
  }

  func bias(_ kind: LinearKind, _ layer: Int) -> Tensor? { weights.layers[layer][kind].bias }

  /// y = linear(x) on some rows, with what becomes of it.
  func linear(
    _ kind: LinearKind, _ x: Tensor, _ layer: Int, rows: RowSpans, unit: Int = 1, _ epilogue: Epilogue
  ) -> Instruction {
    .linear(
      Linear(
        rows: rows, columns: weights.layers[layer][kind].weight.rows, unit: unit,
        sums: [forwardTerms(x, kind, layer)], epilogue: epilogue, fewRows: shape.decodes))
  }

  // MARK: Backward

  /// The linears that read one input, with dL/dy [T, out] of each in the compute type.
  typealias OutputGradients = [(kind: LinearKind, dy: Tensor)]

  /// dL/dy of all of a module's linears [T, Σ out]: side by side where it holds several.
  private func gradient(_ adapted: AdaptedLinear, _ gradients: OutputGradients, _ layer: Int) -> Tensor? {
    let module = adapted.address.module
    guard module.parts.count == 1 else { return memory.optional(ActivationKey(module), layer: layer) }
    return gradients.first { $0.kind == module.parts[0] }?.dy
  }

  /// g = dy·(sB) of every adapted module that reads `input`.
  func gradientProjections(_ gradients: OutputGradients, _ input: LinearInput, _ layer: Int) -> [Projection] {
    guard let adapter else { return [] }
    return adapter.layout.linears(layer: layer, input: input).compactMap { adapted in
      guard let dy = gradient(adapted, gradients, layer) else { return nil }
      return Projection(
        input: dy, weight: adapter.upTransposed(adapted),
        output: self[.lowRankGradient].columns(adapter.activationColumns(adapted)))
    }
  }

  /// The terms of dx = Σ dy·W + g·A over all linears that read one input.
  func backwardTerms(_ gradients: OutputGradients, _ input: LinearInput, _ layer: Int) -> [Linear.Term] {
    let dense = gradients.map { Linear.Term.backward($0.dy, weight($0.kind, layer)) }
    guard let adapter else { return dense }
    let stack = adapter.layout.linears(layer: layer, input: input)
    guard let down = adapter.down(stack) else { return dense }
    return dense + [.backward(self[.lowRankGradient].columns(adapter.activationColumns(stack)), down)]
  }

  /// dL/d(input) of all linears that read one input, with what becomes of it.
  func inputGradient(
    _ gradients: OutputGradients, _ input: LinearInput, _ layer: Int, rows: RowSpans, columns: Int,
    _ epilogue: Epilogue
  ) -> Instruction {
    .linear(
      Linear(rows: rows, columns: columns, sums: [backwardTerms(gradients, input, layer)], epilogue: epilogue))
  }

  /// dA and dB of every adapted linear that reads `input` x [T, in], over some rows, added to `sum`.
  /// - Parameter norm: where the input is x · w + b, as a norm's output is: gᵀ(x · w + b) = (gᵀx) · w + (Σ g) ⊗ b.
  func weightGradients(
    _ gradients: OutputGradients, _ input: LinearInput, x: Tensor, norm: ModelWeights.Norm? = nil,
    rows: RowSpans, _ layer: Int, into sum: AdapterGradients
  ) -> [Instruction] {
    guard let adapter else { return [] }
    let stack = adapter.layout.linears(layer: layer, input: input)
    guard let downs = sum.downs(stack) else { return [] }
    let g = self[.lowRankGradient].columns(adapter.activationColumns(stack))
    var instructions = [WeightGradient(g, x, rows: rows, into: .rows(downs, scale: norm?.weight, bias: norm?.bias))]
    for adapted in stack {
      guard let dy = gradient(adapted, gradients, layer) else { continue }
      let u = self[.lowRank, layer].columns(adapter.activationColumns(adapted))
      instructions.append(
        WeightGradient(u, dy, rows: rows, into: .columns(sum.up(adapted), factor: adapted.scale)))
    }
    return instructions.map { .weightGradient($0) }
  }
}

/// One more token of each sample of a prompt.
struct DecodingStep: Sendable {
  let cache: any KeyValueCache
  /// The cache's number of the sample of each row.
  let samples: [Int]
  /// The token's number after the prompt.
  let position: Int
}

/// How deep the backward pass goes: to the lowest adapted linear and no further.
struct BackwardReach: Sendable, Equatable {
  /// The lowest layer with an adapted linear, and the lowest input in it that one reads.
  let layer: Int
  let input: LinearInput

  /// Whether the linears that read `input` in `layer` need their own gradients or pass one on.
  func reaches(_ layer: Int, _ input: LinearInput) -> Bool { (layer, input) >= (self.layer, self.input) }

  /// Whether something below `input` in `layer` needs a gradient.
  func propagates(_ layer: Int, _ input: LinearInput) -> Bool { (layer, input) > (self.layer, self.input) }
}

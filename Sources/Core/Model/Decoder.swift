import Checkpoint
import Device

/// A decoder as its equations: embedding, the same blocks in every layer, and the head. Passes over rows, backward passes
/// and steps of generation are programs of one description.
struct Decoder: Sendable {
  let configuration: ModelConfiguration
  /// In the order of the residual stream.
  let blocks: [any Block]
  let head: LogProbHead

  init(_ configuration: ModelConfiguration) {
    self.configuration = configuration
    let mlp: any Block =
      configuration.layer.hasGate
      ? GatedMLPBlock(configuration: configuration) : MLPBlock(configuration: configuration)
    blocks = [AttentionBlock(configuration: configuration), mlp]
    head = LogProbHead(configuration: configuration)
  }

  var layerCount: Int { configuration.layerCount }
  var hiddenSize: Int { configuration.hiddenSize }
  private var isParallel: Bool { configuration.layer.isParallel }

  // MARK: Tensors

  func layerActivations(_ shape: PassShape) -> [Activation] {
    blocks.flatMap { $0.layerActivations(shape) } + [
      Activation(.lowRank, .layer, rows: shape.rows, columns: max(1, shape.adapterColumns), shape.type)
    ]
  }

  func activations(_ shape: PassShape) -> [Activation] {
    let (rows, hidden) = (shape.rows, hiddenSize)
    var list = [
      Activation(.residual, .residual, rows: rows, columns: hidden, .fp32),
      Activation(.hidden, .shared, rows: rows, columns: hidden, shape.type),
    ]
    if blocks.contains(where: \.branch.hasOutputNorm) {
      list.append(Activation(.blockOutput, .shared, rows: rows, columns: hidden, .fp32))
    }
    list += blocks.flatMap { $0.activations(shape) } + head.activations(shape)
    guard shape.training else { return list }
    return list + [
      Activation(.residualGradient, .gradient, rows: rows, columns: hidden, .fp32),
      Activation(.outputGradient, .gradient, rows: rows, columns: hidden, shape.type),
      Activation(.normGradient, .gradient, rows: rows, columns: hidden, .fp32),
      Activation(.lowRankGradient, .gradient, rows: rows, columns: max(1, shape.adapterColumns), shape.type),
    ]
  }

  // MARK: Programs

  private func embed(_ pass: Pass, _ tokens: [Int32]) -> Instruction {
    .embed(
      Embed(
        table: pass.weights.embedding, tokens: tokens, factor: pass.embeddingFactor, output: pass[.residual]))
  }

  /// Log-probs of a micro-batch's targets.
  func forward(_ pass: Pass, _ batch: MicroBatch) -> Program {
    var program = layers(pass, batch)
    head.forward(pass, batch, into: &program)
    return program
  }

  /// The final norm of the rows that predict something.
  func hidden(_ pass: Pass, _ batch: MicroBatch) -> Program {
    var program = layers(pass, batch)
    head.hidden(pass, batch, into: &program)
    return program
  }

  private func layers(_ pass: Pass, _ batch: MicroBatch) -> Program {
    var program = Program()
    program.add(embed(pass, batch.realTokens))
    for layer in 0..<layerCount {
      // Where activations are computed again, they begin with this.
      if let input = pass.memory.input(layer: layer) {
        program.add(.copy(Copy(rows: pass.allRows, input: pass[.residual], output: input)))
      }
      self.layer(pass, layer, into: &program)
      program.endLayer()
    }
    return program
  }

  /// One layer's blocks: one after the other, or all on the layer's input.
  /// - Parameter activationsAlone: where the layer's output is not needed again.
  private func layer(_ pass: Pass, _ layer: Int, activationsAlone: Bool = false, into program: inout Program) {
    if isParallel {
      for block in blocks { block.forward(pass, layer: layer, into: &program) }
      for block in blocks where !activationsAlone { block.join(pass, layer: layer, into: &program) }
      return
    }
    for (index, block) in blocks.enumerated() {
      block.forward(pass, layer: layer, into: &program)
      // A norm of the block's output has activations too.
      if !activationsAlone || index + 1 < blocks.count || block.branch.hasOutputNorm {
        block.join(pass, layer: layer, into: &program)
      }
    }
  }

  /// Everything from the slopes of the targets to the gradients of the adapter.
  func backward(_ pass: Pass, _ batch: MicroBatch, reach: BackwardReach, gradients: AdapterGradients) -> Program {
    var program = Program()
    head.backward(pass, batch, into: &program)
    if let first = outputGradient(pass, below: (layerCount, 0), reach: reach) {
      program.add(first(pass.wantedRows(layerCount - 1)).instruction)
    }
    for layer in (reach.layer..<layerCount).reversed() {
      recompute(pass, layer, into: &program)
      if waitsForActivations(pass, layer), let branch = blocks.last?.branch,
        reach.reaches(layer, branch.output.input)
      {
        program.add(branch.outputGradient(pass, layer, rows: pass.allRows).instruction)
      }
      for (index, block) in blocks.enumerated().reversed() where reach.reaches(layer, block.branch.output.input) {
        block.backward(
          pass, layer: layer, reach: reach, below: outputGradient(pass, below: (layer, index), reach: reach),
          gradients: gradients, into: &program)
      }
      program.endLayer()
    }
    return program
  }

  /// What the backward pass of the block below block `index` of `layer` begins with; nil where nothing below needs a
  /// gradient, or has it already: parallel blocks begin with the same one, made before any of them adds to dL/dx.
  private func outputGradient(
    _ pass: Pass, below place: (layer: Int, index: Int), reach: BackwardReach
  ) -> OutputGradient.Maker? {
    let layer = place.index > 0 ? place.layer : place.layer - 1
    let beside = isParallel ? blocks.dropLast().map(\.branch) : []
    guard layer >= 0, place.index == 0 || !isParallel,
      let branch = (place.index > 0 ? blocks[place.index - 1] : blocks.last)?.branch,
      reach.reaches(layer, branch.output.input), place.index > 0 || !waitsForActivations(pass, layer)
    else { return nil }
    return { branch.outputGradient(pass, layer, rows: $0, beside: beside) }
  }

  /// The layer's input where its activations are computed again; the last layer's are still there.
  private func recomputedFrom(_ pass: Pass, _ layer: Int) -> Tensor? {
    layer + 1 < layerCount ? pass.memory.input(layer: layer) : nil
  }

  /// Whether a layer's backward pass begins with the norm of its output, whose activations must be there first.
  private func waitsForActivations(_ pass: Pass, _ layer: Int) -> Bool {
    blocks.last?.branch.hasOutputNorm == true && recomputedFrom(pass, layer) != nil
  }

  /// The layer's activations again from its input, to the same bits.
  private func recompute(_ pass: Pass, _ layer: Int, into program: inout Program) {
    guard let input = recomputedFrom(pass, layer) else { return }
    program.add(.copy(Copy(rows: pass.allRows, input: input, output: pass[.residual])))
    self.layer(pass, layer, activationsAlone: true, into: &program)
  }

  /// The keys and values of a prompt [P, kvHeads · d] of every layer, and the logits after its last token.
  func prefill(_ pass: Pass, _ batch: MicroBatch, keys: [Tensor], values: [Tensor]) -> Program {
    var program = Program()
    program.add(embed(pass, batch.realTokens))
    let prompt = 0..<batch.rows
    for layer in 0..<layerCount {
      self.layer(pass, layer, into: &program)
      for (from, to) in [(pass[.k, layer], keys[layer]), (pass[.v, layer], values[layer])] {
        program.add(.copy(Copy(rows: RowSpans(rows: batch.rows), input: from.rows(prompt), output: to)))
      }
      program.endLayer()
    }
    head.logits(pass, of: pass[.residual].rows(batch.rows - 1..<batch.rows), into: &program)
    return program
  }

  /// Logits [B, V] after one more token of each sample.
  func decode(_ pass: Pass, tokens: [Int32]) -> Program {
    var program = Program()
    program.add(embed(pass, tokens))
    for layer in 0..<layerCount {
      self.layer(pass, layer, into: &program)
    }
    head.logits(pass, of: pass[.residual], into: &program)
    return program
  }
}

import Checkpoint
import Device

/// How a block hangs on the residual stream, x += ρ · norm₂(block(norm₁(x))): what its first linears read, where its last
/// one goes, and both ways back. Either norm may be missing.
struct ResidualBranch: Sendable {
  /// A norm of a layer: its parameters, nil where the model has none, and where x / rms and 1 / rms are kept.
  struct BranchNorm: Sendable {
    let parameters: @Sendable (ModelWeights.Layer) -> ModelWeights.Norm?
    let normalized, inverse: ActivationKey
  }

  let inputNorm, outputNorm: BranchNorm
  /// What the first linears read.
  let input: LinearInput
  /// The linear that feeds the residual stream, and what it reads.
  let output: (kind: LinearKind, input: LinearInput)
  let hasInputNorm, hasOutputNorm: Bool
  let hiddenSize: Int

  // MARK: Tensors

  func layerActivations(_ shape: PassShape) -> [Activation] {
    // Without a norm the block's input itself is kept in the place of x / rms.
    var list = [Activation(inputNorm.normalized, .layer, rows: shape.rows, columns: hiddenSize, shape.type)]
    if hasInputNorm { list.append(Activation(inputNorm.inverse, .layer, rows: 1, columns: shape.rows, .fp32)) }
    if hasOutputNorm {
      list += [
        Activation(outputNorm.normalized, .layer, rows: shape.rows, columns: hiddenSize, shape.type),
        Activation(outputNorm.inverse, .layer, rows: 1, columns: shape.rows, .fp32),
      ]
    }
    return list
  }

  // MARK: Forward

  /// What the first linears of the block read.
  func hidden(_ pass: Pass, _ layer: Int) -> Tensor {
    hasInputNorm ? pass[.hidden] : pass[inputNorm.normalized, layer]
  }

  /// h = norm₁(x) on some rows, and the low-rank products that read it.
  func begin(_ pass: Pass, _ layer: Int, rows: RowSpans) -> Instruction {
    let h = hidden(pass, layer)
    let projections = pass.projections(h, input, layer)
    guard let norm = inputNorm.parameters(pass.weights.layers[layer]) else {
      return .copy(Copy(rows: rows, input: pass[.residual], output: h, projections: projections))
    }
    return .norm(
      Norm(
        rows: rows, input: pass[.residual], weight: norm.weight, kind: norm.kind, epsilon: pass.epsilon,
        normalized: pass[inputNorm.normalized, layer], inverse: pass[inputNorm.inverse, layer], output: h,
        projections: projections, rounding: pass.norm))
  }

  /// x += ρ · norm₂(y) for the last linear's y of `x`.
  func end(_ pass: Pass, _ x: Tensor, _ layer: Int, rows: RowSpans, into program: inout Program) {
    let bias = pass.bias(output.kind, layer)
    guard let weight = outputNorm.parameters(pass.weights.layers[layer])?.weight else {
      program.add(
        pass.linear(
          output.kind, x, layer, rows: rows, .add(pass[.residual], factor: pass.residualFactor, bias: bias)))
      return
    }
    program.add(pass.linear(output.kind, x, layer, rows: rows, .store(pass[.blockOutput], bias: bias)))
    program.add(
      .normAdd(
        NormAdd(
          rows: rows, input: pass[.blockOutput], weight: weight, epsilon: pass.epsilon,
          normalized: pass[outputNorm.normalized, layer], inverse: pass[outputNorm.inverse, layer],
          rounding: pass.norm, into: pass[.residual])))
  }

  // MARK: Backward

  /// g = dy·(sB) of the last linear.
  func outputProjections(_ pass: Pass, _ layer: Int) -> [Projection] {
    pass.gradientProjections([(output.kind, pass[.outputGradient])], output.input, layer)
  }

  /// dL/dy of the last linear from dL/dx, in the compute type, and its low-rank product.
  /// - Parameter beside: blocks that read the same x, and so have the same dL/dy.
  func outputGradient(_ pass: Pass, _ layer: Int, rows: RowSpans, beside: [ResidualBranch] = []) -> OutputGradient {
    let dy = pass[.outputGradient]
    let projections = ([self] + beside).flatMap { $0.outputProjections(pass, layer) }
    guard let weight = outputNorm.parameters(pass.weights.layers[layer])?.weight else {
      return .copy(
        Copy(
          rows: rows, input: pass[.residualGradient], factor: pass.residualFactor, output: dy,
          projections: projections))
    }
    return .norm(
      NormAddBackward(
        rows: rows, gradient: pass[.residualGradient], normalized: pass[outputNorm.normalized, layer],
        inverse: pass[outputNorm.inverse, layer], weight: weight, output: dy, projections: projections))
  }

  /// dA and dB of the first linears, and dL/dx += what they pass on, with what the block below begins with.
  func inputBackward(
    _ pass: Pass, _ gradients: Pass.OutputGradients, _ layer: Int, rows: RowSpans, reach: BackwardReach,
    beside others: [Instruction] = [], below: OutputGradient.Maker?, into sum: AdapterGradients,
    program: inout Program
  ) {
    let norm = inputNorm.parameters(pass.weights.layers[layer])
    let kept = pass[inputNorm.normalized, layer]
    let projections = pass.gradientProjections(gradients, input, layer)
    if !projections.isEmpty { program.add(.project(Project(rows: rows, projections))) }
    let own =
      others + pass.weightGradients(gradients, input, x: kept, norm: norm, rows: rows, layer, into: sum)
    guard reach.propagates(layer, input) else {
      program.add(together: own)
      return
    }
    let dx = pass[.residualGradient]
    let product = pass.inputGradient(
      gradients, input, layer, rows: rows, columns: hiddenSize,
      norm == nil ? .add(dx) : .store(pass[.normGradient]))
    program.add(together: [product] + own)
    let next = below?(rows)
    if let norm {
      program.add(
        .normBackward(
          NormBackward(
            rows: rows, isCentered: norm.isCentered, gradient: pass[.normGradient], normalized: kept,
            inverse: pass[inputNorm.inverse, layer], weight: norm.weight, into: dx, copy: next?.copy)))
      if let next, next.copy == nil { program.add(next.instruction) }
    } else if let next {
      program.add(next.instruction)
    }
  }
}

/// What the backward pass of a block begins with.
enum OutputGradient: Sendable {
  case copy(Copy)
  case norm(NormAddBackward)

  /// Given the rows that the block above has made dL/dx of.
  typealias Maker = (RowSpans) -> OutputGradient

  var copy: Copy? { if case .copy(let copy) = self { copy } else { nil } }

  var instruction: Instruction {
    switch self {
    case .copy(let copy): .copy(copy)
    case .norm(let norm): .normAddBackward(norm)
    }
  }
}

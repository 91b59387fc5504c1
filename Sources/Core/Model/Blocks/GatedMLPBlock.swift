import Checkpoint
import Device

extension ActivationKey {
  /// The MLP's norm: x / rms [T, H], and 1 / rms [1, T].
  static let mlpNormalized: ActivationKey = "MLP x̂"
  static let mlpInverse: ActivationKey = "MLP 1/rms"
  /// [T, I] each; act(gate) · up is computed again from them.
  static let gate: ActivationKey = "gate"
  static let up: ActivationKey = "up"
  /// act(gate) · up [T, I], of one layer at a time.
  static let inner: ActivationKey = "inner"
}

/// x += down(act(gate(h)) · up(h)), h = RMSNorm(x).
struct GatedMLPBlock: Block {
  let configuration: ModelConfiguration

  var output: (kind: LinearKind, input: LinearInput) { (.down_proj, .mlpInner) }

  private var activation: GateFunction { configuration.layer.activation.instruction }

  func layerActivations(_ shape: PassShape) -> [Activation] {
    let (rows, inner) = (shape.rows, configuration.intermediateSize)
    var list = [
      Activation(.mlpNormalized, .layer, rows: rows, columns: configuration.hiddenSize, shape.type),
      Activation(.mlpInverse, .layer, rows: 1, columns: rows, .fp32),
    ]
    if shape.training {
      list += configuration.layer.keptOutputs(
        [(.gate_proj, .gate, inner), (.up_proj, .up, inner)], rows: rows, shape.type)
    }
    return list
  }

  func activations(_ shape: PassShape) -> [Activation] {
    [Activation(.inner, .shared, rows: shape.rows, columns: configuration.intermediateSize, shape.type)]
  }

  // MARK: Forward

  func forward(_ pass: Pass, layer: Int, feedsResidual: Bool, into program: inout Program) {
    let rows = pass.wantedRows(layer)
    let (h, inner) = (pass[.hidden], pass[.inner])
    program.add(
      .norm(
        Norm(
          rows: rows, input: pass[.residual], weight: pass.weights.layers[layer].mlpNorm, epsilon: pass.epsilon,
          normalized: pass[.mlpNormalized, layer], inverse: pass[.mlpInverse, layer], output: h,
          projections: pass.projections(h, .mlpNorm, layer))))
    program.add(
      .linear(
        Linear(
          rows: rows, columns: configuration.intermediateSize,
          sums: [LinearKind.gate_proj, .up_proj].map { pass.forwardTerms(h, $0, layer) },
          epilogue: .gate(
            inner, activation, gate: pass.memory.optional(.gate, layer: layer),
            up: pass.memory.optional(.up, layer: layer), gateBias: pass.bias(.gate_proj, layer),
            upBias: pass.bias(.up_proj, layer)), fewRows: pass.shape.decodes)))
    let projections = pass.projections(inner, .mlpInner, layer)
    if !projections.isEmpty { program.add(.project(Project(rows: rows, projections))) }
    guard feedsResidual else { return }
    program.add(
      pass.linear(.down_proj, inner, layer, rows: rows, .add(pass[.residual], bias: pass.bias(.down_proj, layer))))
  }

  // MARK: Backward

  /// The gate's and up's activations give way to their gradients, which are as large and needed once they are not.
  func backward(
    _ pass: Pass, layer: Int, reach: BackwardReach, below: ((RowSpans) -> Copy)?, gradients: AdapterGradients,
    into program: inout Program
  ) {
    let (gate, up, inner) = (pass[.gate, layer], pass[.up, layer], pass[.inner])
    let norm = pass.weights.layers[layer].mlpNorm
    let rows = pass.wantedRows(layer)
    let down: Pass.OutputGradients = [(.down_proj, pass[.outputGradient])]
    func downGradients() -> [Instruction] {
      pass.weightGradients(down, .mlpInner, x: inner, rows: rows, layer, into: gradients)
    }
    guard reach.propagates(layer, .mlpInner) else {
      program.add(.gate(Gate(rows: rows, activation: activation, gate: gate, up: up, output: inner)))
      program.add(together: downGradients())
      return
    }
    program.add(
      pass.inputGradient(
        down, .mlpInner, layer, rows: rows, columns: configuration.intermediateSize,
        .gateBackward(activation, gate: gate, up: up, output: inner)))

    let both: Pass.OutputGradients = [(.gate_proj, gate), (.up_proj, up)]
    let normalized = pass[.mlpNormalized, layer]
    let projections = pass.gradientProjections(both, .mlpNorm, layer)
    if !projections.isEmpty { program.add(.project(Project(rows: rows, projections))) }
    let own =
      downGradients()
      + pass.weightGradients(both, .mlpNorm, x: normalized, scale: norm, rows: rows, layer, into: gradients)
    guard reach.propagates(layer, .mlpNorm) else {
      program.add(together: own)
      return
    }
    let product = pass.inputGradient(
      both, .mlpNorm, layer, rows: rows, columns: configuration.hiddenSize, .store(pass[.normGradient]))
    program.add(together: [product] + own)
    program.add(
      .normBackward(
        NormBackward(
          rows: rows, gradient: pass[.normGradient], normalized: normalized, inverse: pass[.mlpInverse, layer],
          weight: norm, into: pass[.residualGradient], copy: below?(rows))))
  }
}

extension LayerDescription.GateActivation {
  fileprivate var instruction: GateFunction {
    switch self {
    case .silu: .silu
    }
  }
}

import Checkpoint
import Device

extension ActivationKey {
  /// The MLP's norm: x / rms [T, H], and 1 / rms [1, T]; and that of its output.
  static let mlpNormalized: ActivationKey = "MLP x̂"
  static let mlpInverse: ActivationKey = "MLP 1/rms"
  static let mlpOutputNormalized: ActivationKey = "MLP output x̂"
  static let mlpOutputInverse: ActivationKey = "MLP output 1/rms"
  /// [T, I] each; act(gate) · up is computed again from them.
  static let gate: ActivationKey = "gate"
  static let up: ActivationKey = "up"
  /// act(gate) · up [T, I], of one layer at a time.
  static let inner: ActivationKey = "inner"
}

extension ResidualBranch {
  /// How an MLP hangs on the residual stream.
  static func mlp(_ configuration: ModelConfiguration) -> ResidualBranch {
    let layer = configuration.layer
    return ResidualBranch(
      inputNorm: .init(parameters: { $0.mlpNorm }, normalized: .mlpNormalized, inverse: .mlpInverse),
      outputNorm: .init(
        parameters: { $0.mlpOutputNorm }, normalized: .mlpOutputNormalized, inverse: .mlpOutputInverse),
      input: .mlpNorm, output: (.down_proj, .mlpInner), hasInputNorm: layer.mlpNorm != nil,
      hasOutputNorm: layer.mlpOutputNorm != nil, hiddenSize: configuration.hiddenSize)
  }
}

/// x += down(act(gate(h)) · up(h)), h = norm(x).
struct GatedMLPBlock: Block {
  let configuration: ModelConfiguration
  let branch: ResidualBranch

  init(configuration: ModelConfiguration) {
    self.configuration = configuration
    branch = .mlp(configuration)
  }

  private var activation: GateFunction { configuration.layer.activation.instruction }

  func layerActivations(_ shape: PassShape) -> [Activation] {
    let (rows, inner) = (shape.rows, configuration.intermediateSize)
    var list = branch.layerActivations(shape)
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

  func forward(_ pass: Pass, layer: Int, into program: inout Program) {
    let rows = pass.wantedRows(layer)
    let (h, inner) = (branch.hidden(pass, layer), pass[.inner])
    program.add(branch.begin(pass, layer, rows: rows))
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
  }

  func join(_ pass: Pass, layer: Int, into program: inout Program) {
    branch.end(pass, pass[.inner], layer, rows: pass.wantedRows(layer), into: &program)
  }

  // MARK: Backward

  /// The gate's and up's activations give way to their gradients, which are as large and needed once they are not.
  func backward(
    _ pass: Pass, layer: Int, reach: BackwardReach, below: OutputGradient.Maker?, gradients: AdapterGradients,
    into program: inout Program
  ) {
    let (gate, up, inner) = (pass[.gate, layer], pass[.up, layer], pass[.inner])
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

    branch.inputBackward(
      pass, [(.gate_proj, gate), (.up_proj, up)], layer, rows: rows, reach: reach, beside: downGradients(),
      below: below, into: gradients, program: &program)
  }
}

extension LayerDescription.GateActivation {
  var instruction: GateFunction {
    switch self {
    case .silu: .silu
    case .geluTanh: .geluTanh
    case .gelu: .gelu
    }
  }
}

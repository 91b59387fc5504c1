import Checkpoint
import Device

/// x += down(act(up(h))), h = norm(x): an MLP without a gate.
struct MLPBlock: Block {
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
    if shape.training { list.append(Activation(.up, .layer, rows: rows, columns: inner, shape.type)) }
    return list
  }

  func activations(_ shape: PassShape) -> [Activation] {
    [Activation(.inner, .shared, rows: shape.rows, columns: configuration.intermediateSize, shape.type)]
  }

  // MARK: Forward

  func forward(_ pass: Pass, layer: Int, into program: inout Program) {
    let rows = pass.wantedRows(layer)
    let inner = pass[.inner]
    program.add(branch.begin(pass, layer, rows: rows))
    program.add(
      pass.linear(
        .up_proj, branch.hidden(pass, layer), layer, rows: rows,
        .activate(
          inner, activation, kept: pass.memory.optional(.up, layer: layer), bias: pass.bias(.up_proj, layer))))
    let projections = pass.projections(inner, .mlpInner, layer)
    if !projections.isEmpty { program.add(.project(Project(rows: rows, projections))) }
  }

  func join(_ pass: Pass, layer: Int, into program: inout Program) {
    branch.end(pass, pass[.inner], layer, rows: pass.wantedRows(layer), into: &program)
  }

  // MARK: Backward

  /// What was kept of up gives way to its gradient.
  func backward(
    _ pass: Pass, layer: Int, reach: BackwardReach, below: OutputGradient.Maker?, gradients: AdapterGradients,
    into program: inout Program
  ) {
    let (up, inner) = (pass[.up, layer], pass[.inner])
    let rows = pass.wantedRows(layer)
    let down: Pass.OutputGradients = [(.down_proj, pass[.outputGradient])]
    func downGradients() -> [Instruction] {
      pass.weightGradients(down, .mlpInner, x: inner, rows: rows, layer, into: gradients)
    }
    guard reach.propagates(layer, .mlpInner) else {
      program.add(.gate(Gate(rows: rows, activation: activation, gate: up, up: nil, output: inner)))
      program.add(together: downGradients())
      return
    }
    program.add(
      pass.inputGradient(
        down, .mlpInner, layer, rows: rows, columns: configuration.intermediateSize,
        .activateBackward(activation, kept: up, output: inner)))
    branch.inputBackward(
      pass, [(.up_proj, up)], layer, rows: rows, reach: reach, beside: downGradients(), below: below,
      into: gradients, program: &program)
  }
}

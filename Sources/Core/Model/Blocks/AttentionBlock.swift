import Checkpoint
import Device

extension ActivationKey {
  /// The attention norm: x / rms [T, H], and 1 / rms [1, T]; and that of the attention's output.
  static let attentionNormalized: ActivationKey = "attention x̂"
  static let attentionInverse: ActivationKey = "attention 1/rms"
  static let attentionOutputNormalized: ActivationKey = "attention output x̂"
  static let attentionOutputInverse: ActivationKey = "attention output 1/rms"
  /// After RoPE: [T, heads · d], [T, kvHeads · d], [T, kvHeads · d].
  static let q: ActivationKey = "q"
  static let k: ActivationKey = "k"
  static let v: ActivationKey = "v"
  /// The attention's output [T, heads · d] and its log-sum-exp [heads, T].
  static let o: ActivationKey = "o"
  static let logSums: ActivationKey = "log-sums"
  /// dL/do [T, heads · d].
  static let attentionGradient: ActivationKey = "attention gradient"
  /// Before the norm of queries and keys, fp32; x / rms and 1 / rms of each head.
  static let rawQ: ActivationKey = "q before its norm"
  static let rawK: ActivationKey = "k before its norm"
  static let normalizedQ: ActivationKey = "q x̂"
  static let normalizedK: ActivationKey = "k x̂"
  static let inverseQ: ActivationKey = "q 1/rms"
  static let inverseK: ActivationKey = "k 1/rms"
}

/// x += o_proj(attention(rope(q), rope(k), v)), q, k, v of norm(x); q and k may have norms of their own.
struct AttentionBlock: Block {
  let configuration: ModelConfiguration
  let branch: ResidualBranch

  init(configuration: ModelConfiguration) {
    self.configuration = configuration
    let layer = configuration.layer
    branch = ResidualBranch(
      inputNorm: .init(
        parameters: { $0.attentionNorm }, normalized: .attentionNormalized, inverse: .attentionInverse),
      outputNorm: .init(
        parameters: { $0.attentionOutputNorm }, normalized: .attentionOutputNormalized, inverse: .attentionOutputInverse
      ),
      input: .attentionNorm, output: (.o_proj, .attentionOutput),
      hasInputNorm: layer.attentionNorm != nil, hasOutputNorm: layer.attentionOutputNorm != nil,
      hiddenSize: configuration.hiddenSize)
  }

  private var heads: Int { configuration.headCount }
  private var keyHeads: Int { configuration.keyValueHeadCount }
  private var hasHeadNorms: Bool { configuration.layer.queryKeyNorm != nil }

  /// Norms of a row of so many heads' queries or keys.
  private func normCount(_ heads: Int) -> Int { configuration.layer.queryKeyNorm?.span == .row ? 1 : heads }

  func layerActivations(_ shape: PassShape) -> [Activation] {
    let (rows, type, d) = (shape.rows, shape.type, configuration.headDimension)
    var list = branch.layerActivations(shape)
    if shape.training {
      list += configuration.layer.keptOutputs(
        [(.q_proj, .q, heads * d), (.k_proj, .k, keyHeads * d), (.v_proj, .v, keyHeads * d)], rows: rows, type)
    } else {
      list += [
        Activation(.q, .layer, rows: rows, columns: heads * d, type),
        Activation(.k, .layer, rows: rows, columns: keyHeads * d, type),
        // A cache is filled with sums that nothing has rounded.
        Activation(.v, .layer, rows: rows, columns: keyHeads * d, shape.decodes ? .fp32 : type),
      ]
    }
    list.append(Activation(.o, .layer, rows: rows, columns: heads * d, type))
    if !shape.decodes { list.append(Activation(.logSums, .layer, rows: heads, columns: rows, .fp32)) }
    if hasHeadNorms {
      list += [
        Activation(.normalizedQ, .layer, rows: rows, columns: heads * d, type),
        Activation(.normalizedK, .layer, rows: rows, columns: keyHeads * d, type),
        Activation(.inverseQ, .layer, rows: rows, columns: normCount(heads), .fp32),
        Activation(.inverseK, .layer, rows: rows, columns: normCount(keyHeads), .fp32),
      ]
    }
    return list
  }

  func activations(_ shape: PassShape) -> [Activation] {
    let (rows, d) = (shape.rows, configuration.headDimension)
    var list: [Activation] = []
    if hasHeadNorms {
      list += [
        Activation(.rawQ, .shared, rows: rows, columns: heads * d, .fp32),
        Activation(.rawK, .shared, rows: rows, columns: keyHeads * d, .fp32),
      ]
    }
    if shape.training {
      list.append(Activation(.attentionGradient, .gradient, rows: rows, columns: heads * d, shape.type))
    }
    return list
  }

  // MARK: Forward

  func forward(_ pass: Pass, layer: Int, into program: inout Program) {
    let h = branch.hidden(pass, layer)
    program.add(branch.begin(pass, layer, rows: pass.allRows))
    let (wanted, all) = (pass.wantedRows(layer), pass.allRows)
    program.add(together: [
      queryOrKey(.q_proj, pass, layer, rows: wanted), queryOrKey(.k_proj, pass, layer, rows: all),
      pass.linear(
        .v_proj, h, layer, rows: all, unit: pass.headDimension,
        .store(pass[.v, layer], bias: pass.bias(.v_proj, layer))),
    ])
    if let (queryNorm, keyNorm) = pass.weights.layers[layer].headNorms {
      program.add(headNorm(pass, layer, rows: wanted, .rawQ, queryNorm, .normalizedQ, .inverseQ, .q))
      program.add(headNorm(pass, layer, rows: all, .rawK, keyNorm, .normalizedK, .inverseK, .k))
    }
    program.add(pass.attention(layer))
    let projections = pass.projections(pass[.o, layer], .attentionOutput, layer)
    if !projections.isEmpty { program.add(.project(Project(rows: wanted, projections))) }
  }

  func join(_ pass: Pass, layer: Int, into program: inout Program) {
    branch.end(pass, pass[.o, layer], layer, rows: pass.wantedRows(layer), into: &program)
  }

  private func queryOrKey(_ kind: LinearKind, _ pass: Pass, _ layer: Int, rows: RowSpans) -> Instruction {
    let bias = pass.bias(kind, layer)
    let isQuery = kind == .q_proj
    let output = isQuery ? pass[.q, layer] : pass[.k, layer]
    let epilogue: Epilogue =
      if hasHeadNorms {
        .store(pass[isQuery ? .rawQ : .rawK], bias: bias)
      } else if let rotation = pass.rotation(layer) {
        .rotate(output, rotation, headDimension: pass.headDimension, bias: bias)
      } else {
        .store(output, bias: bias)
      }
    return pass.linear(
      kind, branch.hidden(pass, layer), layer, rows: rows, unit: pass.headDimension, epilogue)
  }

  private func headNorm(
    _ pass: Pass, _ layer: Int, rows: RowSpans, _ input: ActivationKey, _ weight: Tensor,
    _ normalized: ActivationKey, _ inverse: ActivationKey, _ output: ActivationKey
  ) -> Instruction {
    .headNorm(
      HeadNorm(
        rows: rows, input: pass[input], weight: weight, epsilon: pass.epsilon, normalized: pass[normalized, layer],
        inverse: pass[inverse, layer], rotation: pass.rotation(layer), headDimension: pass.headDimension,
        rounding: pass.norm, output: pass[output, layer]))
  }

  // MARK: Backward

  func backward(
    _ pass: Pass, layer: Int, reach: BackwardReach, below: OutputGradient.Maker?, gradients: AdapterGradients,
    into program: inout Program
  ) {
    outputBackward(pass, layer, propagates: reach.propagates(layer, .attentionOutput), gradients, into: &program)
    guard reach.reaches(layer, .attentionNorm) else { return }
    // dq, dk and dv take the places of q, k and v.
    program.add(
      .attentionBackward(
        AttentionBackward(
          pass.groupedAttention(layer), gradient: pass[.attentionGradient], rotation: pass.rotation(layer))))
    if let (queryNorm, keyNorm) = pass.weights.layers[layer].headNorms {
      program.add(
        .headNormBackward(
          HeadNormBackward(
            rows: pass.wantedRows(layer), gradient: pass[.q, layer], normalized: pass[.normalizedQ, layer],
            inverse: pass[.inverseQ, layer], weight: queryNorm)))
      program.add(
        .headNormBackward(
          HeadNormBackward(
            rows: pass.allRows, gradient: pass[.k, layer], normalized: pass[.normalizedK, layer],
            inverse: pass[.inverseK, layer], weight: keyNorm)))
    }
    branch.inputBackward(
      pass, [(.q_proj, pass[.q, layer]), (.k_proj, pass[.k, layer]), (.v_proj, pass[.v, layer])], layer,
      rows: pass.allRows, reach: reach, below: below, into: gradients, program: &program)
  }

  /// From dL/dx to dL/do, and o_proj's own gradients.
  private func outputBackward(
    _ pass: Pass, _ layer: Int, propagates: Bool, _ gradients: AdapterGradients, into program: inout Program
  ) {
    let outputs: Pass.OutputGradients = [(.o_proj, pass[.outputGradient])]
    let rows = pass.wantedRows(layer)
    let own = pass.weightGradients(outputs, .attentionOutput, x: pass[.o, layer], rows: rows, layer, into: gradients)
    let product = pass.inputGradient(
      outputs, .attentionOutput, layer, rows: rows, columns: pass.queryColumns, .store(pass[.attentionGradient]))
    program.add(together: (propagates ? [product] : []) + own)
  }
}

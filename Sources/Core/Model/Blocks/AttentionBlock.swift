import Checkpoint
import Device

extension ActivationKey {
  /// The attention norm: x / rms [T, H], and 1 / rms [1, T].
  static let attentionNormalized: ActivationKey = "attention x̂"
  static let attentionInverse: ActivationKey = "attention 1/rms"
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

/// x += o_proj(attention(rope(q), rope(k), v)), q, k, v of RMSNorm(x); q and k may have norms of their own.
struct AttentionBlock: Block {
  let configuration: ModelConfiguration

  var output: (kind: LinearKind, input: LinearInput) { (.o_proj, .attentionOutput) }

  private var heads: Int { configuration.headCount }
  private var keyHeads: Int { configuration.keyValueHeadCount }
  private var hasHeadNorms: Bool { configuration.layer.queryKeyNorm != nil }

  func layerActivations(_ shape: PassShape) -> [Activation] {
    let (rows, type, d) = (shape.rows, shape.type, configuration.headDimension)
    var list = [
      Activation(.attentionNormalized, .layer, rows: rows, columns: configuration.hiddenSize, type),
      Activation(.attentionInverse, .layer, rows: 1, columns: rows, .fp32),
    ]
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
        Activation(.inverseQ, .layer, rows: rows, columns: heads, .fp32),
        Activation(.inverseK, .layer, rows: rows, columns: keyHeads, .fp32),
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

  func forward(_ pass: Pass, layer: Int, feedsResidual: Bool, into program: inout Program) {
    let weights = pass.weights.layers[layer]
    let h = pass[.hidden]
    program.add(
      .norm(
        Norm(
          rows: pass.allRows, input: pass[.residual], weight: weights.attentionNorm, epsilon: pass.epsilon,
          normalized: pass[.attentionNormalized, layer], inverse: pass[.attentionInverse, layer], output: h,
          projections: pass.projections(h, .attentionNorm, layer))))
    let (wanted, all) = (pass.wantedRows(layer), pass.allRows)
    program.add(together: [
      queryOrKey(.q_proj, pass, layer, rows: wanted), queryOrKey(.k_proj, pass, layer, rows: all),
      pass.linear(
        .v_proj, h, layer, rows: all, unit: pass.headDimension,
        .store(pass[.v, layer], bias: pass.bias(.v_proj, layer))),
    ])
    if let (queryNorm, keyNorm) = weights.headNorms {
      program.add(headNorm(pass, layer, rows: wanted, .rawQ, queryNorm, .normalizedQ, .inverseQ, .q))
      program.add(headNorm(pass, layer, rows: all, .rawK, keyNorm, .normalizedK, .inverseK, .k))
    }
    program.add(pass.attention(layer))
    guard feedsResidual else { return }
    let o = pass[.o, layer]
    let projections = pass.projections(o, .attentionOutput, layer)
    if !projections.isEmpty { program.add(.project(Project(rows: wanted, projections))) }
    program.add(
      pass.linear(.o_proj, o, layer, rows: wanted, .add(pass[.residual], bias: pass.bias(.o_proj, layer))))
  }

  private func queryOrKey(_ kind: LinearKind, _ pass: Pass, _ layer: Int, rows: RowSpans) -> Instruction {
    let bias = pass.bias(kind, layer)
    let isQuery = kind == .q_proj
    return pass.linear(
      kind, pass[.hidden], layer, rows: rows, unit: pass.headDimension,
      hasHeadNorms
        ? .store(pass[isQuery ? .rawQ : .rawK], bias: bias)
        : .rotate(
          pass[isQuery ? .q : .k, layer], pass.rotation, headDimension: pass.headDimension, bias: bias))
  }

  private func headNorm(
    _ pass: Pass, _ layer: Int, rows: RowSpans, _ input: ActivationKey, _ weight: Tensor,
    _ normalized: ActivationKey, _ inverse: ActivationKey, _ output: ActivationKey
  ) -> Instruction {
    .headNorm(
      HeadNorm(
        rows: rows, input: pass[input], weight: weight, epsilon: pass.epsilon, normalized: pass[normalized, layer],
        inverse: pass[inverse, layer], rotation: pass.rotation, output: pass[output, layer]))
  }

  // MARK: Backward

  func backward(
    _ pass: Pass, layer: Int, reach: BackwardReach, below: ((RowSpans) -> Copy)?, gradients: AdapterGradients,
    into program: inout Program
  ) {
    outputBackward(pass, layer, propagates: reach.propagates(layer, .attentionOutput), gradients, into: &program)
    guard reach.reaches(layer, .attentionNorm) else { return }
    // dq, dk and dv take the places of q, k and v.
    program.add(
      .attentionBackward(
        AttentionBackward(
          pass.groupedAttention(layer), gradient: pass[.attentionGradient], rotation: pass.rotation)))
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
    inputBackward(
      pass, layer, propagates: reach.propagates(layer, .attentionNorm), below: below, gradients, into: &program)
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

  /// From dL/dq, dL/dk, dL/dv through the three projections to dL/dx, with their own gradients.
  private func inputBackward(
    _ pass: Pass, _ layer: Int, propagates: Bool, below: ((RowSpans) -> Copy)?, _ gradients: AdapterGradients,
    into program: inout Program
  ) {
    let norm = pass.weights.layers[layer].attentionNorm
    let rows = pass.allRows
    let normalized = pass[.attentionNormalized, layer]
    let outputs: Pass.OutputGradients = [
      (.q_proj, pass[.q, layer]), (.k_proj, pass[.k, layer]), (.v_proj, pass[.v, layer]),
    ]
    let projections = pass.gradientProjections(outputs, .attentionNorm, layer)
    if !projections.isEmpty { program.add(.project(Project(rows: rows, projections))) }
    let own = pass.weightGradients(
      outputs, .attentionNorm, x: normalized, scale: norm, rows: rows, layer, into: gradients)
    guard propagates else {
      program.add(together: own)
      return
    }
    let product = pass.inputGradient(
      outputs, .attentionNorm, layer, rows: rows, columns: configuration.hiddenSize, .store(pass[.normGradient]))
    program.add(together: [product] + own)
    program.add(
      .normBackward(
        NormBackward(
          rows: rows, gradient: pass[.normGradient], normalized: normalized,
          inverse: pass[.attentionInverse, layer], weight: norm, into: pass[.residualGradient], copy: below?(rows))))
  }
}

import Checkpoint
import Device

extension ActivationKey {
  /// The final norm of the rows that predict something: x / rms and the output [U, H], and 1 / rms [1, U].
  static let headNormalized: ActivationKey = "head x̂"
  static let headInverse: ActivationKey = "head 1/rms"
  static let headHidden: ActivationKey = "head hidden"
  /// l of every target, and dL/dl [1, targets].
  static let logProbs: ActivationKey = "log-probs"
  static let slopes: ActivationKey = "slopes"
  /// Σ p_v W_v of every row [U, H].
  static let meanEmbedding: ActivationKey = "mean embedding"
  /// 1 − tanh² of every target's logit over the cap [1, targets], where logits are capped.
  static let capSlopes: ActivationKey = "cap slopes"
  /// Logits [B, V] of the rows that are to be continued.
  static let logits: ActivationKey = "logits"
}

/// What reads the residual stream at its end: the final norm, and log-probs of targets or logits.
struct LogProbHead: Sendable {
  let configuration: ModelConfiguration

  private var softCap: Float? { configuration.embeddings.logitSoftCap.map { Float($0) } }

  func activations(_ shape: PassShape) -> [Activation] {
    // Logits come through the same norm.
    let rows = shape.logitRows > 0 ? shape.logitRows : shape.headRows
    let hidden = configuration.hiddenSize
    var list = [
      Activation(.headNormalized, .head, rows: rows, columns: hidden, shape.type),
      Activation(.headInverse, .head, rows: 1, columns: rows, .fp32),
      Activation(.headHidden, .head, rows: rows, columns: hidden, shape.type),
    ]
    if shape.logitRows > 0 {
      list.append(Activation(.logits, .logits, rows: rows, columns: configuration.vocabularySize, .fp32))
      return list
    }
    list.append(Activation(.logProbs, .head, rows: 1, columns: max(1, shape.targets), .fp32))
    if shape.training {
      list += [
        Activation(.slopes, .head, rows: 1, columns: max(1, shape.targets), .fp32),
        Activation(.meanEmbedding, .head, rows: rows, columns: hidden, .fp32),
      ]
      if softCap != nil {
        list.append(Activation(.capSlopes, .head, rows: 1, columns: max(1, shape.targets), .fp32))
      }
    }
    return list
  }

  /// Log-probs of the batch's targets; with what a backward pass needs, where one follows.
  func forward(_ pass: Pass, _ batch: MicroBatch, into program: inout Program) {
    guard !batch.headRows.isEmpty else { return }
    hidden(pass, batch, into: &program)
    program.add(
      .logProbs(
        LogProbs(
          hidden: pass[.headHidden], weight: pass.tokenHead, targets: batch.predictions, output: pass[.logProbs],
          mean: pass.memory.optional(.meanEmbedding),
          softCap: softCap.map { .init(cap: $0, slopes: pass.memory.optional(.capSlopes)) })))
  }

  /// The final norm of the rows that predict something.
  func hidden(_ pass: Pass, _ batch: MicroBatch, into program: inout Program) {
    program.add(
      .norm(
        norm(
          pass, rows: RowSpans(rows: pass[.headHidden].rows), input: pass[.residual], sources: batch.headRows)))
  }

  /// Logits of some rows of the residual stream.
  func logits(_ pass: Pass, of residual: Tensor, into program: inout Program) {
    let rows = RowSpans(rows: residual.rows)
    program.add(.norm(norm(pass, rows: rows, input: residual, sources: nil)))
    program.add(
      .linear(
        Linear(
          rows: rows, columns: configuration.vocabularySize,
          sums: [[.forward(pass[.headHidden], pass.tokenHead)]], epilogue: .store(pass[.logits]), fewRows: true)))
    if let softCap { program.add(.softCapLogits(SoftCapLogits(rows: rows, logits: pass[.logits], cap: softCap))) }
  }

  private func norm(_ pass: Pass, rows: RowSpans, input: Tensor, sources: [Int]?) -> Norm {
    let final = pass.weights.finalNorm
    return Norm(
      rows: rows, input: input, weight: final.weight, kind: final.kind, epsilon: pass.epsilon,
      normalized: pass[.headNormalized], inverse: pass[.headInverse], output: pass[.headHidden], sources: sources,
      rounding: pass.norm)
  }

  /// dL/dx of the residual stream from dL/dl of every target, which `slopes` holds.
  func backward(_ pass: Pass, _ batch: MicroBatch, into program: inout Program) {
    program.add(.clear(pass[.residualGradient]))
    program.add(
      .logProbsBackward(
        LogProbsBackward(
          weight: pass.tokenHead, targets: batch.predictions, slopes: pass[.slopes], mean: pass[.meanEmbedding],
          normalized: pass[.headNormalized], inverse: pass[.headInverse], normWeight: pass.weights.finalNorm.weight,
          isCentered: pass.weights.finalNorm.isCentered, sources: batch.headRows, into: pass[.residualGradient],
          capSlopes: pass.memory.optional(.capSlopes))))
  }
}

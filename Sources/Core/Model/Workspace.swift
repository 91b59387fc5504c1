import Checkpoint
import Numerics

/// What a pass needs to know to lay out its memory.
struct WorkspaceShape: Sendable, Equatable {
  /// T, filled up to whole chunks.
  var rows: Int
  /// Rows of the longest group: the widest attention.
  var longestGroup: Int
  /// Whether some group's query heads are tasks of their own.
  var headsApart: Bool
  /// Shared rows times the groups that have them: dL/dk and dL/dv of each, to be added up.
  var sharedRows = 0
  /// Rows that predict something, filled up to whole steps.
  var headRows: Int
  var targets: Int
  /// Low-rank activation columns of one layer; 0 without an adapter.
  var adapterColumns: Int
  /// Whether everything the backward pass needs is kept.
  var training: Bool
  /// Whether it is kept for one layer at a time, the others' inputs being kept instead.
  var recomputes = false
}

/// What one layer keeps between its forward and its backward pass. In a pass that only scores, and in one that computes
/// activations again, all layers share one.
struct LayerActivations: Sendable {
  /// The attention norm: x / rms [T, H], and 1 / rms [1, T].
  let attentionXhat, attentionInverse: Matrix
  /// After RoPE: [T, heads · d], [T, kvHeads · d], [T, kvHeads · d].
  let q, k, v: Matrix
  /// The attention's output [T, heads · d] and its log-sum-exp [heads, T].
  let o, logSums: Matrix
  /// The MLP's norm: [T, H], [1, T].
  let mlpXhat, mlpInverse: Matrix
  /// [T, I] each, nil in a pass that only scores; act = silu(gate) · up is recomputed.
  let gate, up: Matrix?
  /// u = xAᵀ of every adapted linear side by side: [T, n · rank].
  let lowRank: Matrix
}

/// All memory of a pass, laid out from shapes alone.
struct WorkspacePlan {
  struct Layer {
    let attentionXhat, attentionInverse, q, k, v, o, logSums, mlpXhat, mlpInverse, lowRank: ArenaPlan.Slot
    let gate, up: ArenaPlan.Slot?
  }
  struct Head {
    let xhat, inverse, hidden, maxima, sums, logSums, targetLogits: ArenaPlan.Slot
    /// Σ p · w: per part of the vocabulary, and joined.
    let partMeans: [ArenaPlan.Slot]
    let mean: ArenaPlan.Slot?
    let gradient: ArenaPlan.Slot?
  }
  struct Backward {
    /// dL/dx of the residual stream [T, H]; of the attention's output [T, heads · d].
    let residual, attention: ArenaPlan.Slot
    /// Per query head, fp32 [T, heads · d], where some group's heads are separate tasks.
    let k, v: ArenaPlan.Slot?
    /// Of the shared rows, per group, fp32 [groups · shared, kvHeads · d].
    let sharedKeys, sharedValues: ArenaPlan.Slot?
    /// dL/dy [T, H] of the linear that feeds the residual stream, in the compute type; dL/dh [T, H] of a norm's output.
    let output, normed: ArenaPlan.Slot
    /// g = s·dy·B of every adapted linear side by side: [T, n · rank].
    let lowRank: ArenaPlan.Slot
  }

  let shape: WorkspaceShape
  let parts: Int
  private(set) var arena = ArenaPlan()
  let residual, hidden, inner: ArenaPlan.Slot
  let layers: [Layer]
  /// The residual stream at every layer's begin [T, H], where activations are computed again.
  let layerInputs: [ArenaPlan.Slot]
  let head: Head
  let backward: Backward?
  let scratch: [ArenaPlan.Slot]

  /// Columns of the vocabulary are split into this many parts, each a task of its own.
  static let vocabularyParts = 8
  /// Columns of logits that exist at once.
  static let vocabularyTile = 384
  /// Head rows that meet a tile of the vocabulary together.
  static let headBand = 64

  /// - Parameter format: how weights are packed.
  init(
    configuration: ModelConfiguration, shape: WorkspaceShape, type: ElementType, format: PanelFormat, threads: Int
  ) {
    self.shape = shape
    let t = shape.rows
    let hiddenSize = configuration.hiddenSize
    let queries = configuration.headCount * configuration.headDimension
    let keys = configuration.keyValueHeadCount * configuration.headDimension
    let intermediate = configuration.intermediateSize
    let parts = Self.partCount(vocabulary: configuration.vocabularySize)
    self.parts = parts
    var plan = ArenaPlan()

    residual = plan.add("residual stream", rows: t, columns: hiddenSize, type: .fp32)
    hidden = plan.add("activations of one layer", rows: t, columns: hiddenSize, type: type)
    inner = plan.add("activations of one layer", rows: t, columns: intermediate, type: type)
    let recomputes = shape.training && shape.recomputes
    let kept = shape.training && !recomputes ? configuration.layerCount : 1
    let part = shape.training ? "activations kept for the backward pass" : "activations"
    layers = (0..<kept).map { _ in
      Layer(
        attentionXhat: plan.add(part, rows: t, columns: hiddenSize, type: type),
        attentionInverse: plan.add(part, rows: 1, columns: t, type: .fp32),
        q: plan.add(part, rows: t, columns: queries, type: type),
        k: plan.add(part, rows: t, columns: keys, type: type),
        v: plan.add(part, rows: t, columns: keys, type: type),
        o: plan.add(part, rows: t, columns: queries, type: type),
        logSums: plan.add(part, rows: configuration.headCount, columns: t, type: .fp32),
        mlpXhat: plan.add(part, rows: t, columns: hiddenSize, type: type),
        mlpInverse: plan.add(part, rows: 1, columns: t, type: .fp32),
        lowRank: plan.add(part, rows: t, columns: max(1, shape.adapterColumns), type: type),
        gate: shape.training ? plan.add(part, rows: t, columns: intermediate, type: type) : nil,
        up: shape.training ? plan.add(part, rows: t, columns: intermediate, type: type) : nil)
    }
    layerInputs = (0..<(recomputes ? configuration.layerCount : 0)).map { _ in
      plan.add("inputs of the layers, to compute activations again", rows: t, columns: hiddenSize, type: .fp32)
    }

    let u = shape.headRows
    let training = shape.training
    head = Head(
      xhat: plan.add("log-prob head", rows: u, columns: hiddenSize, type: type),
      inverse: plan.add("log-prob head", rows: 1, columns: u, type: .fp32),
      hidden: plan.add("log-prob head", rows: u, columns: hiddenSize, type: type),
      maxima: plan.add("log-prob head", rows: parts, columns: u, type: .fp32),
      sums: plan.add("log-prob head", rows: parts, columns: u, type: .fp32),
      logSums: plan.add("log-prob head", rows: 1, columns: u, type: .fp32),
      targetLogits: plan.add("log-prob head", rows: 1, columns: max(1, shape.targets), type: .fp32),
      partMeans: training
        ? (0..<parts).map { _ in plan.add("log-prob head", rows: u, columns: hiddenSize, type: .fp32) } : [],
      mean: training ? plan.add("log-prob head", rows: u, columns: hiddenSize, type: .fp32) : nil,
      gradient: training ? plan.add("log-prob head", rows: u, columns: hiddenSize, type: .fp32) : nil)

    let adapterColumns = max(1, shape.adapterColumns)
    let gradients = "gradients of activations"
    backward =
      training
      ? Backward(
        residual: plan.add(gradients, rows: t, columns: hiddenSize, type: .fp32),
        attention: plan.add(gradients, rows: t, columns: queries, type: type),
        k: shape.headsApart ? plan.add(gradients, rows: t, columns: queries, type: .fp32) : nil,
        v: shape.headsApart ? plan.add(gradients, rows: t, columns: queries, type: .fp32) : nil,
        sharedKeys: shape.sharedRows > 0
          ? plan.add(gradients, rows: shape.sharedRows, columns: keys, type: .fp32) : nil,
        sharedValues: shape.sharedRows > 0
          ? plan.add(gradients, rows: shape.sharedRows, columns: keys, type: .fp32) : nil,
        output: plan.add(gradients, rows: t, columns: hiddenSize, type: type),
        normed: plan.add(gradients, rows: t, columns: hiddenSize, type: .fp32),
        lowRank: plan.add(gradients, rows: t, columns: adapterColumns, type: type))
      : nil

    // The longest chunk's low-rank sums, and joined gradients of its keys.
    let lowRank = 64 * (adapterColumns + keys) + 128
    let head = Self.headScratch(
      configuration, rows: min(u, Self.headBand), training: training, format: format)
    let count = [
      lowRank, head,
      Self.productScratch(configuration, adapterColumns: shape.adapterColumns, format: format, threads: threads),
      WeightGradient.scratchCount(rows: t, columns: adapterColumns, format: format),
      AttentionHead.scratchCount(rows: shape.longestGroup, headDimension: configuration.headDimension),
    ].reduce(0, max)
    scratch = (0..<threads).map { _ in plan.add("scratch of the threads", rows: 1, columns: count, type: .fp32) }
    arena = plan
  }

  /// What the largest block of a product needs.
  private static func productScratch(
    _ c: ModelConfiguration, adapterColumns: Int, format: PanelFormat, threads: Int
  ) -> Int {
    func count(_ columns: Int, unit: Int = 1, _ inputs: [Int], sums: Int = 1) -> Int {
      Product.scratchCount(
        columns: columns, unit: unit, inputs: inputs, sums: sums, format: format, threads: threads)
    }
    let (hidden, inner, low) = (c.hiddenSize, c.intermediateSize, adapterColumns)
    let queries = c.headCount * c.headDimension
    let keys = c.keyValueHeadCount * c.headDimension
    let d = c.headDimension
    return [
      count(queries, unit: d, [hidden, low]),
      count(keys, unit: d, [hidden, low]),
      count(hidden, [queries, low]),
      count(inner, [hidden, low, hidden, low], sums: 2),
      count(hidden, [inner, low]),
      count(inner, [hidden, low]),
      count(hidden, [inner, inner, low]),
      count(queries, [hidden, low]),
      count(hidden, [queries, keys, keys, low]),
    ].reduce(0, max)
  }

  /// A tile of the vocabulary, ready for both products, and its logits.
  private static func headScratch(
    _ c: ModelConfiguration, rows: Int, training: Bool, format: PanelFormat
  ) -> Int {
    let forward = PreparedOperand.scratchCount(inputs: c.hiddenSize, outputs: vocabularyTile, format: format)
    let backward =
      training ? PreparedOperand.scratchCount(inputs: vocabularyTile, outputs: c.hiddenSize, format: format) : 0
    return forward + backward + rows * (vocabularyTile + 1) + max(rows, c.hiddenSize) + 256
  }

  static func partCount(vocabulary: Int) -> Int { max(1, min(vocabularyParts, vocabulary / 256)) }
}

import Checkpoint
import Numerics

/// What a pass needs to know to lay out its memory.
struct WorkspaceShape: Sendable, Equatable {
  /// T, filled up to whole chunks.
  var rows: Int
  /// Rows of the longest group: the widest attention.
  var longestGroup: Int
  /// Rows that predict something.
  var headRows: Int
  var targets: Int
  /// Low-rank activation columns of one layer; 0 without an adapter.
  var adapterColumns: Int
  /// Numbers of one layer of the adapter.
  var adapterLayerSize: Int
  /// Whether everything the backward pass needs is kept.
  var training: Bool
}

/// What one layer keeps between its forward and its backward pass. In a pass that only scores, all layers share one.
struct LayerActivations: Sendable {
  /// The attention norm: x / rms [T, H], and 1 / rms [1, T].
  let attentionXhat, attentionInverse: Matrix
  /// After RoPE: [T, heads · d], [T, kvHeads · d], [T, kvHeads · d].
  let q, k, v: Matrix
  /// The attention's output [T, heads · d] and its log-sum-exp [heads, T].
  let o, logSums: Matrix
  /// The MLP's norm: [T, H], [1, T].
  let mlpXhat, mlpInverse: Matrix
  /// [T, I] each; act = silu(gate) · up is recomputed.
  let gate, up: Matrix
  /// u = xAᵀ of every adapted linear side by side: [T, n · rank].
  let lowRank: Matrix
}

/// All memory of a pass, laid out from shapes alone.
struct WorkspacePlan {
  struct Layer {
    let attentionXhat, attentionInverse, q, k, v, o, logSums, mlpXhat, mlpInverse, gate, up, lowRank: ArenaPlan.Slot
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
    /// Per query head, fp32 [T, heads · d].
    let q, k, v: ArenaPlan.Slot
    /// One layer's adapter gradients per chunk of rows.
    let partials: ArenaPlan.Slot
  }

  let shape: WorkspaceShape
  let parts: Int
  private(set) var arena = ArenaPlan()
  let residual: ArenaPlan.Slot
  let layers: [Layer]
  let head: Head
  let backward: Backward?
  let scratch: [ArenaPlan.Slot]

  /// Columns of the vocabulary are split into this many parts, each a task of its own.
  static let vocabularyParts = 8
  /// Columns of logits that exist at once.
  static let vocabularyTile = 1024
  /// Head rows that go through one task together.
  static let headBlock = 512

  init(configuration: ModelConfiguration, shape: WorkspaceShape, type: ElementType, threads: Int) {
    self.shape = shape
    let t = shape.rows
    let hidden = configuration.hiddenSize
    let queries = configuration.headCount * configuration.headDimension
    let keys = configuration.keyValueHeadCount * configuration.headDimension
    let inner = configuration.intermediateSize
    let parts = Self.partCount(vocabulary: configuration.vocabularySize)
    self.parts = parts
    var plan = ArenaPlan()

    residual = plan.add("residual stream", rows: t, columns: hidden, type: .fp32)
    let kept = shape.training ? configuration.layerCount : 1
    let part = shape.training ? "activations kept for the backward pass" : "activations"
    layers = (0..<kept).map { _ in
      Layer(
        attentionXhat: plan.add(part, rows: t, columns: hidden, type: type),
        attentionInverse: plan.add(part, rows: 1, columns: t, type: .fp32),
        q: plan.add(part, rows: t, columns: queries, type: type),
        k: plan.add(part, rows: t, columns: keys, type: type),
        v: plan.add(part, rows: t, columns: keys, type: type),
        o: plan.add(part, rows: t, columns: queries, type: type),
        logSums: plan.add(part, rows: configuration.headCount, columns: t, type: .fp32),
        mlpXhat: plan.add(part, rows: t, columns: hidden, type: type),
        mlpInverse: plan.add(part, rows: 1, columns: t, type: .fp32),
        gate: plan.add(part, rows: t, columns: inner, type: type),
        up: plan.add(part, rows: t, columns: inner, type: type),
        lowRank: plan.add(part, rows: t, columns: max(1, shape.adapterColumns), type: type))
    }

    // Filled up in steps of 32, so that few shapes of product exist.
    let u = (max(1, shape.headRows) + 31) / 32 * 32
    let training = shape.training
    head = Head(
      xhat: plan.add("log-prob head", rows: u, columns: hidden, type: type),
      inverse: plan.add("log-prob head", rows: 1, columns: u, type: .fp32),
      hidden: plan.add("log-prob head", rows: u, columns: hidden, type: type),
      maxima: plan.add("log-prob head", rows: parts, columns: u, type: .fp32),
      sums: plan.add("log-prob head", rows: parts, columns: u, type: .fp32),
      logSums: plan.add("log-prob head", rows: 1, columns: u, type: .fp32),
      targetLogits: plan.add("log-prob head", rows: 1, columns: max(1, shape.targets), type: .fp32),
      partMeans: training
        ? (0..<parts).map { _ in plan.add("log-prob head", rows: u, columns: hidden, type: .fp32) } : [],
      mean: training ? plan.add("log-prob head", rows: u, columns: hidden, type: .fp32) : nil,
      gradient: training ? plan.add("log-prob head", rows: u, columns: hidden, type: .fp32) : nil)

    let chunks = RowChunks(rows: t)
    backward =
      training
      ? Backward(
        residual: plan.add("gradients of activations", rows: t, columns: hidden, type: .fp32),
        attention: plan.add("gradients of activations", rows: t, columns: queries, type: type),
        q: plan.add("gradients of activations", rows: t, columns: queries, type: .fp32),
        k: plan.add("gradients of activations", rows: t, columns: queries, type: .fp32),
        v: plan.add("gradients of activations", rows: t, columns: queries, type: .fp32),
        partials: plan.add(
          "gradients of activations", rows: chunks.count, columns: max(1, shape.adapterLayerSize), type: .fp32))
      : nil

    let chunk = chunks.size
    let widest = max(hidden, queries, inner)
    // Scratch of a chunk: in the forward pass two wide fp32 outputs and two compute-type inputs; in the backward pass
    // one more of each. Counted as fp32 numbers.
    let rowScratch = chunk * (5 * widest + 2 * hidden + 2 * max(1, shape.adapterColumns)) + 1024
    let attention = AttentionHead.scratchCount(rows: shape.longestGroup, headDimension: configuration.headDimension)
    let headScratch = min(u, Self.headBlock) * (Self.vocabularyTile + 1) + 1024
    let count = max(rowScratch, attention, headScratch)
    scratch = (0..<threads).map { _ in plan.add("scratch of the threads", rows: 1, columns: count, type: .fp32) }
    arena = plan
  }

  static func partCount(vocabulary: Int) -> Int { max(1, min(vocabularyParts, vocabulary / 256)) }
}

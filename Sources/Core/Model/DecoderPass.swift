import Checkpoint
import Numerics

/// One pass of one micro-batch: the constants that every block of the decoder works with. All memory is views that
/// `arena` lends.
///
/// Dimensions: T rows, H hidden, Q heads · d, K kvHeads · d, I inner width of the MLP, R LoRA rank, V vocabulary.
struct DecoderPass: Sendable {
  let runtime: Runtime
  let configuration: ModelConfiguration
  let weights: ModelWeights
  let adapter: AdapterWeights?
  let batch: MicroBatch
  let attentionTasks: [AttentionTask]
  /// The groups whose query heads are tasks of their own.
  let groupsApart: [Int]
  let rotary: RotaryTable
  private let arena: ArenaMemory

  /// The residual stream [T, H].
  let residual: Matrix
  /// A norm's output h [T, H] and the MLP's inner activation [T, I], in the compute type; of one block at a time.
  let hidden, inner: Matrix
  /// One per layer when training, one for all otherwise and where activations are computed again.
  let layers: [LayerActivations]
  /// The residual stream at every layer's begin, where activations are computed again.
  let layerInputs: [Matrix]
  let head: HeadMemory
  let backward: BackwardMemory?
  /// One per worker.
  let scratch: [Matrix]

  struct HeadMemory: Sendable {
    let xhat, inverse, hidden, maxima, sums, logSums, targetLogits: Matrix
    let partMeans: [Matrix]
    let mean, gradient: Matrix?
  }

  struct BackwardMemory: Sendable {
    let residual, attention, output, normed, lowRank: Matrix
    /// dL/dk and dL/dv by query head, where a group's heads are separate tasks.
    let k, v: Matrix?
    /// dL/dk and dL/dv of the shared rows, group by group.
    let sharedKeys, sharedValues: Matrix?
  }

  init(
    runtime: Runtime, configuration: ModelConfiguration, weights: ModelWeights, adapter: AdapterWeights?,
    batch: MicroBatch, attentionTasks: [AttentionTask], rotary: RotaryTable, plan: WorkspacePlan, arena: ArenaMemory
  ) {
    self.runtime = runtime
    self.configuration = configuration
    self.weights = weights
    self.adapter = adapter
    self.batch = batch
    self.rotary = rotary
    self.arena = arena
    residual = arena[plan.residual]
    hidden = arena[plan.hidden]
    inner = arena[plan.inner]
    layers = plan.layers.map { layer in
      LayerActivations(
        attentionXhat: arena[layer.attentionXhat], attentionInverse: arena[layer.attentionInverse], q: arena[layer.q],
        k: arena[layer.k], v: arena[layer.v], o: arena[layer.o], logSums: arena[layer.logSums],
        mlpXhat: arena[layer.mlpXhat], mlpInverse: arena[layer.mlpInverse], gate: layer.gate.map { arena[$0] },
        up: layer.up.map { arena[$0] }, lowRank: arena[layer.lowRank])
    }
    layerInputs = plan.layerInputs.map { arena[$0] }
    self.attentionTasks = attentionTasks
    let share = configuration.headCount / configuration.keyValueHeadCount
    groupsApart = attentionTasks.filter { $0.heads.count < share && $0.heads.lowerBound == 0 }.map(\.group)
    let slots = plan.head
    head = HeadMemory(
      xhat: arena[slots.xhat], inverse: arena[slots.inverse], hidden: arena[slots.hidden], maxima: arena[slots.maxima],
      sums: arena[slots.sums], logSums: arena[slots.logSums], targetLogits: arena[slots.targetLogits],
      partMeans: slots.partMeans.map { arena[$0] }, mean: slots.mean.map { arena[$0] },
      gradient: slots.gradient.map { arena[$0] })
    backward = plan.backward.map { slots in
      BackwardMemory(
        residual: arena[slots.residual], attention: arena[slots.attention], output: arena[slots.output],
        normed: arena[slots.normed], lowRank: arena[slots.lowRank], k: slots.k.map { arena[$0] },
        v: slots.v.map { arena[$0] }, sharedKeys: slots.sharedKeys.map { arena[$0] },
        sharedValues: slots.sharedValues.map { arena[$0] })
    }
    scratch = plan.scratch.map { arena[$0] }
  }

  var type: ElementType { runtime.precision.elementType }
  var epsilon: Float { Float(configuration.rmsNormEpsilon) }
  var queryColumns: Int { configuration.headCount * configuration.headDimension }
  var keyColumns: Int { configuration.keyValueHeadCount * configuration.headDimension }

  func activations(layer: Int) -> LayerActivations { layers.count == 1 ? layers[0] : layers[layer] }

  func columns(head: Int) -> Range<Int> {
    head * configuration.headDimension..<(head + 1) * configuration.headDimension
  }

  func columns(heads: Range<Int>) -> Range<Int> {
    heads.lowerBound * configuration.headDimension..<heads.upperBound * configuration.headDimension
  }

  /// The query heads that share one key-value head.
  var headsPerKey: Int { configuration.headCount / configuration.keyValueHeadCount }

  /// Whether some linear that reads `input` is adapted.
  func adapts(_ input: LinearInput) -> Bool { adapter?.layout.linears(layer: 0, input: input).isEmpty == false }

  func run(_ product: Product) { runtime.run(product, scratch: scratch) }

  /// T rows, filling included.
  var allRows: RowSpans { RowSpans(rows: batch.paddedRows) }

  /// The rows of a layer's output that something reads: keys and values of every row, all else in the last layer only
  /// where a token is predicted.
  func wantedRows(layer: Int) -> RowSpans { layer + 1 < configuration.layerCount ? allRows : batch.lastRows }

  func attentionGroups(layer: Int) -> [AttentionGroup] {
    layer + 1 < configuration.layerCount ? batch.attention : batch.lastAttention
  }

  /// Zeros in the rows of x that hold no query of `layer`.
  func clearBesideQueries(_ x: Matrix, layer: Int) {
    let queries = attentionGroups(layer: layer).flatMap { $0.segments.map(\.queries) }.filter { !$0.isEmpty }
    var start = 0
    for range in queries + [x.rows..<x.rows] {
      runtime.zero(x.rows(start..<range.lowerBound))
      start = range.upperBound
    }
  }

  /// Runs `body` for every chunk of rows: short enough for as many as there are threads, and to balance.
  func forEachChunk(
    _ rows: RowSpans? = nil, _ body: @Sendable (_ rows: Range<Int>, _ scratch: ScratchMemory) -> Void
  ) {
    let size = RowBlocks(count: batch.paddedRows, longest: 64, threads: runtime.threads).size
    let chunks = (rows ?? allRows).pieces(longest: size)
    runtime.parallel(chunks.count) { chunk, worker in
      body(chunks[chunk], ScratchMemory(scratch[worker]))
    }
  }

  /// x[T, H] = the tokens' embeddings; rows that only fill the last chunk are 0.
  func embed() {
    forEachChunk { rows, _ in
      let real = rows.clamped(to: 0..<batch.rows)
      runtime.gather(weights.embedding, batch.tokens[real], into: residual.rows(real))
      runtime.zero(residual.rows(max(rows.lowerBound, real.upperBound)..<rows.upperBound))
    }
  }
  // MARK: Activations that are computed again

  /// Whether a layer's activations are gone by the time of its backward pass.
  var recomputes: Bool { !layerInputs.isEmpty }

  /// Keeps the residual stream as it enters `layer`.
  func keepInput(layer: Int) {
    guard recomputes else { return }
    forEachChunk { rows, _ in runtime.convert(residual.rows(rows), into: layerInputs[layer].rows(rows)) }
  }

  /// The layer's activations again from its input, to the same bits. The last layer's are still there.
  func recompute(layer: Int) {
    guard recomputes, layer + 1 < configuration.layerCount else { return }
    forEachChunk { rows, _ in runtime.convert(layerInputs[layer].rows(rows), into: residual.rows(rows)) }
    attentionInputs(layer: layer)
    attention(layer: layer)
    attentionOutput(layer: layer)
    mlpInner(layer: layer)
  }
}

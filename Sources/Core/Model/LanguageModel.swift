import Checkpoint
import Numerics

/// A frozen Llama-family decoder with an optional LoRA adapter: scores responses and accumulates adapter gradients.
///
/// Not for sharing: it owns one arena, so one queue at a time may use it (training's serial queue, or a command).
public final class LanguageModel {
  public let configuration: ModelConfiguration
  public let runtime: Runtime
  /// Rows of a micro-batch in training. With more rows a weight is packed less often, and more memory is taken.
  public var tokenBudget = 1280
  /// Rows of a micro-batch in a pass that only scores: it keeps the activations of one layer, so it takes more of them.
  private var scoringBudget: Int { Self.scoringFactor * tokenBudget }
  private static let scoringFactor = 3
  /// Whether training keeps only every layer's input and computes its activations again in the backward pass: the same
  /// bits from a fraction of the memory, for another forward pass's time. `fitMemory` sets it where memory asks for it.
  public var recomputesActivations = false
  /// Called between layers, so that a trainer can read its commands; must be cheap.
  public var betweenLayers: (() -> Void)?

  /// Bytes of the arena so far.
  var arenaByteCount: Int { arena.byteCount }
  /// For the tests: see `AttentionTask.split`.
  var headsApart: Bool?

  /// For the tests: whether the last layer computes rows that nothing reads, and whether prompts of a micro-batch that
  /// begin alike share those rows. Neither changes a log-prob.
  var computesEveryRow = false
  var sharesPrefixes = true

  let weights: ModelWeights
  private let weightBytes: Int
  private let arena = Arena()
  private(set) var rotary: RotaryTable
  private var adapterWeights: AdapterWeights?

  /// - Throws: `ModelError` or `CheckpointError` where a tensor is missing or has another shape.
  public init(checkpoint: CheckpointFolder, runtime: Runtime) throws {
    configuration = checkpoint.configuration
    self.runtime = runtime
    weights = try ModelWeights(checkpoint: checkpoint, runtime: runtime)
    weightBytes = checkpoint.weightBytes
    rotary = RotaryTable(configuration: configuration, count: min(1024, configuration.maxPositions))
  }

  // MARK: Scoring

  /// Token log-probs [group][response][token] in nats; without an adapter, of the reference model.
  /// - Throws: `ModelError` for an empty prompt, a token outside the vocabulary or a sequence too long for the model.
  public func score(_ groups: [PromptGroup], adapter: LoRAAdapter?) throws -> [[[Float]]] {
    try check(groups)
    let lowRank = adapter.map(refreshed)
    var result: [[[Float]]] = []
    for batch in split(groups, budget: scoringBudget) {
      let pass = try prepare(batch, adapter: lowRank, training: false)
      result += batch.arrange(forward(pass))
    }
    return result
  }

  /// Adds dL/dparameters to `gradients`, micro-batch by micro-batch: forward, `coefficients` of every group, backward.
  ///
  /// - Parameter coefficients: given a group's index, its token log-probs and their sums by response (Double), returns
  ///   dL/d(sum) of each response. Called once per group, in order.
  /// - Throws: `ModelError`, and whatever `coefficients` throws; gradients then hold the micro-batches before.
  public func accumulate(
    _ groups: [PromptGroup], adapter: LoRAAdapter, gradients: LoRAGradients,
    coefficients: (_ group: Int, _ tokenLogProbs: [[Float]], _ sums: [Double]) throws -> [Double]
  ) throws {
    try check(groups)
    precondition(gradients.values.count == adapter.parameters.count, "gradients made for this adapter")
    let lowRank = refreshed(adapter)
    for batch in split(groups, budget: tokenBudget) {
      let pass = try prepare(batch, adapter: lowRank, training: true)
      let logProbs = batch.arrange(forward(pass))
      var slopes: [[Float]] = []
      for (index, group) in logProbs.enumerated() {
        let sums = group.map { response in response.reduce(0) { $0 + Double($1) } }
        let found = try coefficients(batch.firstGroup + index, group, sums)
        guard found.count == group.count else {
          throw ModelError.coefficientCount(found: found.count, expected: group.count)
        }
        slopes.append(found.map { Float($0) })
      }
      let byTarget = batch.targets.map { slopes[$0.group][$0.response] }
      guard byTarget.contains(where: { $0 != 0 }) else { continue }
      backward(pass, byTarget, into: gradients)
    }
  }

  // MARK: Passes

  private func split(_ groups: [PromptGroup], budget: Int) -> [MicroBatch] {
    MicroBatch.split(
      groups, tokenBudget: budget, everyRow: computesEveryRow, sharing: sharesPrefixes)
  }

  /// Log-probs of the targets, in their order.
  private func forward(_ pass: DecoderPass) -> [Float] {
    pass.embed()
    for layer in 0..<configuration.layerCount {
      pass.keepInput(layer: layer)
      pass.attentionInputs(layer: layer)
      pass.attention(layer: layer)
      pass.attentionOutput(layer: layer)
      pass.mlp(layer: layer)
      betweenLayers?()
    }
    return pass.logProbs()
  }

  private func backward(_ pass: DecoderPass, _ coefficients: [Float], into gradients: LoRAGradients) {
    guard let lowest = pass.adapter?.layout.lowestInput else { return }
    let reach = BackwardReach(lowest: lowest)
    pass.logProbsBackward(coefficients)
    for layer in (0..<configuration.layerCount).reversed() {
      pass.recompute(layer: layer)
      pass.mlpBackward(layer: layer, reach: reach, into: gradients)
      if reach.reaches(layer, .attentionOutput) {
        pass.attentionOutputBackward(
          layer: layer, propagates: reach.propagates(layer, .attentionOutput), into: gradients)
      }
      if reach.reaches(layer, .attentionNorm) {
        pass.attentionBackward(layer: layer)
        pass.attentionInputsBackward(
          layer: layer, propagates: reach.propagates(layer, .attentionNorm), into: gradients)
      }
      betweenLayers?()
    }
  }

  func prepare(_ batch: MicroBatch, adapter: AdapterWeights?, training: Bool) throws -> DecoderPass {
    extendRotary(to: Int(batch.positions.max() ?? 0) + 1)
    let tasks = AttentionTask.split(
      batch.attention, threads: runtime.threads, headsApart: batch.sharedCount > 0 ? false : headsApart, configuration)
    let shape = WorkspaceShape(
      rows: batch.paddedRows, longestGroup: batch.attention.map { $0.shared.count + $0.rows.count }.max() ?? 0,
      headsApart: tasks.contains { $0.heads.count < headsPerKey },
      sharedRows: batch.sharedCount * batch.attention.count,
      headRows: RowSpans.filled(batch.headRows.count), targets: batch.targets.count,
      adapterColumns: adapter.map { $0.layout.kinds.count * $0.layout.rank } ?? 0, training: training,
      recomputes: recomputesActivations)
    let plan = workspace(shape)
    try arena.reserve(plan.arena)
    return DecoderPass(
      runtime: runtime, configuration: configuration, weights: weights, adapter: adapter, batch: batch,
      attentionTasks: tasks, rotary: rotary, plan: plan, arena: arena.memory)
  }

  private var headsPerKey: Int { configuration.headCount / configuration.keyValueHeadCount }

  func extendRotary(to positions: Int) {
    guard positions > rotary.count else { return }
    rotary = RotaryTable(configuration: configuration, count: min(configuration.maxPositions, positions * 2))
  }

  private func workspace(_ shape: WorkspaceShape) -> WorkspacePlan {
    WorkspacePlan(
      configuration: configuration, shape: shape, type: runtime.precision.elementType, format: runtime.panelFormat,
      threads: runtime.threads)
  }

  func refreshed(_ adapter: LoRAAdapter) -> AdapterWeights {
    let scale = adapter.configuration.scale
    let current =
      adapterWeights.flatMap { $0.layout == adapter.layout && $0.scale == Float(scale) ? $0 : nil }
      ?? AdapterWeights(layout: adapter.layout, scale: scale, type: runtime.precision.elementType)
    adapterWeights = current
    current.refresh(from: adapter, runtime: runtime)
    return current
  }

  // MARK: Limits

  /// The longest sequence that the model computes as it was trained: its positions, or its sliding window if shorter.
  public var longestSequence: Int { min(configuration.maxPositions, configuration.slidingWindow ?? .max) }

  /// The memory of a pass over `tokens` rows of which `responseTokens` are scored, in groups of up to `longestGroup`
  /// rows. A run scores its reference in the memory that it trains in, more rows at a time: the larger need counts.
  /// - Parameter adapter: nil for a pass that only scores the reference.
  public func memoryPlan(
    tokens: Int? = nil, responseTokens: Int? = nil, longestGroup: Int? = nil, adapter: LoRAConfiguration?,
    training: Bool = true
  ) -> MemoryPlan {
    let rows = tokens ?? (training ? tokenBudget : scoringBudget)
    let layout = adapter.map { AdapterLayout(configuration: $0, model: configuration) }
    func pass(_ rows: Int, scored: Int, training: Bool) -> WorkspacePlan {
      let filled = [rows, scored].map(RowSpans.filled)
      return workspace(
        WorkspaceShape(
          rows: filled[0], longestGroup: longestGroup ?? rows, headsApart: headsPerKey > 1,
          sharedRows: sharesPrefixes ? rows * 3 / 2 : 0, headRows: filled[1], targets: scored,
          adapterColumns: layout.map { $0.kinds.count * $0.rank } ?? 0, training: training,
          recomputes: recomputesActivations))
    }
    var plan = pass(rows, scored: responseTokens ?? rows, training: training)
    if training {
      let more = max(rows, min(Self.scoringFactor * rows, scoringBudget))
      let scoring = pass(more, scored: responseTokens.map { $0 * more / rows } ?? more, training: false)
      if scoring.arena.byteCount > plan.arena.byteCount { plan = scoring }
    }
    var parts = [MemoryPlan.Part(name: "weights, mapped from the checkpoint", bytes: weightBytes)]
    if weights.convertedBytes > 0 {
      parts.append(MemoryPlan.Part(name: "weights, converted", bytes: weights.convertedBytes))
    }
    parts += plan.arena.parts.map { MemoryPlan.Part(name: $0.name, bytes: $0.bytes) }
    if let layout {
      let copies = training ? 4 : 1
      let bytes = layout.count * (4 * copies + runtime.precision.elementType.byteWidth)
      parts.append(
        MemoryPlan.Part(name: training ? "adapter, gradients and AdamW moments" : "adapter", bytes: bytes))
    }
    return MemoryPlan(parts: parts, recomputes: training && recomputesActivations)
  }

  /// The plan of training passes that fit `available` bytes: activations are kept where that fits, and computed again
  /// layer by layer where it does not. What it chooses holds for the passes to come; nothing may fit.
  public func fitMemory(
    available: Int?, tokens: Int? = nil, responseTokens: Int? = nil, longestGroup: Int? = nil,
    adapter: LoRAConfiguration?
  ) -> MemoryPlan {
    func plan(recomputes: Bool) -> MemoryPlan {
      recomputesActivations = recomputes
      return memoryPlan(
        tokens: tokens, responseTokens: responseTokens, longestGroup: longestGroup, adapter: adapter)
    }
    let kept = plan(recomputes: false)
    guard let available, kept.totalBytes > available else { return kept }
    return plan(recomputes: true)
  }

  func check(_ groups: [PromptGroup]) throws {
    let limit = longestSequence
    for (index, group) in groups.enumerated() {
      guard !group.prompt.isEmpty else { throw ModelError.emptyPrompt(group: index) }
      guard group.longestSequence <= limit else {
        throw ModelError.sequenceTooLong(
          tokens: group.longestSequence, limit: limit,
          what: limit < configuration.maxPositions ? "sliding window" : "context")
      }
      try check(tokens: group.prompt)
      for response in group.responses { try check(tokens: response) }
    }
  }

  func check(tokens: [Int32]) throws {
    for token in tokens where token < 0 || Int(token) >= configuration.vocabularySize {
      throw ModelError.tokenOutsideVocabulary(token: token, vocabularySize: configuration.vocabularySize)
    }
  }
}

extension MicroBatch {
  /// Log-probs of the targets as [group][response][token].
  func arrange(_ values: [Float]) -> [[[Float]]] {
    var result = emptyLogProbs
    for (target, value) in zip(targets, values) { result[target.group][target.response][target.position] = value }
    return result
  }
}

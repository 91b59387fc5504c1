import Checkpoint
import Device

/// A frozen Llama-family decoder with an optional LoRA adapter: scores responses and accumulates adapter gradients.
///
/// Not for sharing: it owns one arena, so one queue at a time may use it (training's serial queue, or a command).
public final class LanguageModel {
  public let configuration: ModelConfiguration
  public let device: any Device
  /// What was made of the linears' weights when they were loaded.
  public let quantization: Quantization
  /// Rows of a micro-batch in training. With more rows a weight is packed less often, and more memory is taken.
  public var tokenBudget = 1280
  /// Rows of a micro-batch in a pass that only scores: it keeps the activations of one layer, so it takes more of them.
  var scoringBudget: Int { Self.scoringFactor * tokenBudget }
  static let scoringFactor = 3
  /// Whether training keeps only every layer's input and computes its activations again in the backward pass: the same
  /// bits from a fraction of the memory, for another forward pass's time. `fitMemory` sets it where memory asks for it.
  public var recomputesActivations = false
  /// Called between layers, so that a trainer can read its commands; must be cheap.
  public var betweenLayers: (() -> Void)?

  /// Bytes of the arena so far.
  var arenaByteCount: Int { arena.byteCount }

  /// For the tests: whether the last layer computes rows that nothing reads, and whether prompts of a micro-batch that
  /// begin alike share those rows. Neither changes a log-prob.
  var computesEveryRow = false
  var sharesPrefixes = true

  let weights: ModelWeights
  let weightBytes: Int
  let decoder: Decoder
  let arena = Arena()
  private var rotaries: [RotaryTable]
  private var adapterWeights: AdapterWeights?
  /// The adapter of DoRA whose weights are folded, and those weights.
  private var folded: (adapter: LoRAAdapter, weights: AdapterWeights)?

  /// - Parameter quantization: what becomes of the linears' weights, which the file must hold in 16 or 32 bits then.
  /// - Throws: `ModelError` or `CheckpointError` where a tensor is missing or has another shape, or, to be quantized, is
  ///   not finite or quantized already, and where the checkpoint predicts no tokens.
  public convenience init(
    checkpoint: CheckpointFolder, device: any Device, quantization: Quantization = .none
  ) throws {
    guard checkpoint.configuration.head == .logits else { throw ModelError.predictsNoTokens }
    try self.init(hiddenStatesOf: checkpoint, device: device, quantization: quantization)
  }

  /// The decoder of a checkpoint with any head, for its hidden states.
  init(hiddenStatesOf checkpoint: CheckpointFolder, device: any Device, quantization: Quantization = .none) throws {
    configuration = checkpoint.configuration
    self.device = device
    self.quantization = quantization
    decoder = Decoder(configuration)
    weights = try ModelWeights(checkpoint: checkpoint, device: device, quantization: quantization)
    weightBytes = checkpoint.weightBytes
    let positions = min(1024, configuration.maxPositions)
    rotaries = configuration.rotaries.map { RotaryTable($0, count: positions, device: device) }
  }

  // MARK: Scoring

  /// Token log-probs [group][response][token] in nats; without an adapter, of the reference model.
  /// - Throws: `ModelError` for an empty prompt, a token outside the vocabulary or a sequence too long for the model.
  public func score(_ groups: [PromptGroup], adapter: LoRAAdapter?) throws -> [[[Float]]] {
    try check(groups)
    let lowRank = try adapter.map(refreshed)
    var result: [[[Float]]] = []
    for batch in split(groups, budget: scoringBudget) {
      result += batch.arrange(try forward(batch, adapter: lowRank))
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
    guard !adapter.configuration.usesDoRA else { throw ModelError.doraTraining }
    precondition(gradients.values.count == adapter.parameters.count, "gradients made for this adapter")
    let lowRank = try refreshed(adapter)
    let shared = device.shared(gradients.values)
    // Instructions hold tensors, which keep nothing alive.
    defer { withExtendedLifetime(shared) {} }
    let sums = AdapterGradients(layout: adapter.layout, values: shared.tensor)
    for batch in split(groups, budget: tokenBudget) {
      let training = try prepareTraining(batch, adapter: lowRank, gradients: sums)
      let logProbs = batch.arrange(run(training.forward, of: training.pass, batch))
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
      device.write(byTarget, to: training.pass[.slopes])
      device.run(training.backward, in: arena, betweenLayers: betweenLayers)
    }
  }

  // MARK: Operands

  /// The rotary embeddings' tables, for so many positions at least.
  func rotations(_ positions: [Int32]) -> [Rotation] {
    let count = Int(positions.max() ?? 0) + 1
    if let table = rotaries.first, count > table.count {
      let more = min(configuration.maxPositions, count * 2)
      rotaries = configuration.rotaries.map { RotaryTable($0, count: more, device: device) }
    }
    return rotaries.map { Rotation(table: $0.tensor, positions: positions) }
  }

  /// The adapter's factors as they are now, in the device's form.
  func refreshed(_ adapter: LoRAAdapter) throws -> AdapterWeights {
    if adapter.configuration.usesDoRA {
      if let folded, folded.adapter === adapter { return folded.weights }
      folded = nil
      let weights = try fold(adapter)
      folded = (adapter, weights)
      return weights
    }
    let current =
      try adapterWeights.flatMap { $0.layout == adapter.layout ? $0 : nil }
      ?? AdapterWeights(layout: adapter.layout, device: device)
    adapterWeights = current
    let parameters = device.shared(adapter.parameters)
    withExtendedLifetime(parameters) {
      for instruction in current.refresh(from: parameters.tensor) { device.run([instruction], in: arena) }
    }
    return current
  }

  // MARK: Limits

  public var longestSequence: Int { configuration.longestSequence }

  func check(_ groups: [PromptGroup]) throws {
    let limit = longestSequence
    for (index, group) in groups.enumerated() {
      guard !group.prompt.isEmpty else { throw ModelError.emptyPrompt(group: index) }
      guard group.longestSequence <= limit else {
        throw ModelError.sequenceTooLong(
          tokens: group.longestSequence, limit: limit,
          what: limit < configuration.maxPositions ? "original context" : "context")
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

import Checkpoint
import Device

// MARK: What passes take, known before any memory exists

extension LanguageModel {
  /// The memory of a pass over `tokens` rows of which `responseTokens` are scored, in groups of up to `longestGroup`
  /// rows. A run scores its reference in the memory that it trains in, more rows at a time: the larger need counts.
  /// - Parameters:
  ///   - adapter: nil for a pass that only scores the reference.
  ///   - answers: what is generated between passes; nil for nothing.
  public func memoryPlan(
    tokens: Int? = nil, responseTokens: Int? = nil, longestGroup: Int? = nil, adapter: LoRAConfiguration?,
    training: Bool = true, answers: AnswerLengths? = nil
  ) -> MemoryPlan {
    let rows = tokens ?? (training ? tokenBudget : scoringBudget)
    let folded = adapter.map(foldedByteCount) ?? 0
    let layout = folded > 0 ? nil : adapter.map { AdapterLayout(configuration: $0, model: configuration) }
    func pass(_ rows: Int, scored: Int, training: Bool) -> TensorPlan {
      bound(rows: rows, longestGroup: longestGroup ?? rows, scored: scored, adapter: layout, training: training)
    }
    var plan = pass(rows, scored: responseTokens ?? rows, training: training)
    if training {
      let more = max(rows, min(Self.scoringFactor * rows, scoringBudget))
      let scoring = pass(more, scored: responseTokens.map { $0 * more / rows } ?? more, training: false)
      if scoring.byteCount > plan.byteCount { plan = scoring }
    }
    var parts = [
      MemoryPlan.Part(name: "weights, mapped from the checkpoint", bytes: weightBytes - weights.replacedBytes)
    ]
    if weights.quantizedBytes > 0 {
      parts.append(
        MemoryPlan.Part(name: "weights, quantized to \(quantization.rawValue)", bytes: weights.quantizedBytes))
    }
    if weights.convertedBytes > 0 {
      parts.append(MemoryPlan.Part(name: "weights, converted", bytes: weights.convertedBytes))
    }
    if folded > 0 { parts.append(MemoryPlan.Part(name: "weights with their DoRA adapters in them", bytes: folded)) }
    parts += plan.parts.map { MemoryPlan.Part(name: $0.name, bytes: $0.bytes) }
    if let layout {
      let copies = training ? 4 : 1
      let bytes = layout.count * (4 * copies + device.precision.elementType.byteWidth)
      parts.append(
        MemoryPlan.Part(name: training ? "adapter, gradients and AdamW moments" : "adapter", bytes: bytes))
    }
    if let answers {
      parts.append(MemoryPlan.Part(name: "keys and values of answers", bytes: cacheByteCount(answers)))
    }
    return MemoryPlan(parts: parts, recomputes: training && recomputesActivations)
  }

  /// The cache of the samples that are decoded together, and the prompt's keys and values that it is filled from.
  func cacheByteCount(_ answers: AnswerLengths) -> Int {
    let samples = samplesTogether(newTokens: answers.newTokens, count: answers.samples)
    let shape = cacheShape(promptCount: answers.prompt, samples: samples, capacity: answers.newTokens)
    let prompt = answers.prompt * shape.keyValueHeads * shape.headDimension * device.precision.elementType.byteWidth
    return device.cacheByteCount(shape) + 2 * shape.layers * prompt
  }

  /// What no pass over so many rows exceeds, however they are grouped: its tensors, and what the device needs beside
  /// them.
  private func bound(
    rows: Int, longestGroup: Int, scored: Int, adapter: AdapterLayout?, training: Bool
  ) -> TensorPlan {
    let batch = MicroBatch(rows: rows, longestGroup: longestGroup, scored: scored)
    let shape = shape(batch, adapter: adapter, training: training)
    let plan = PassPlan(decoder, shape)
    let factors = adapter.map { AdapterWeights(shapes: $0, type: device.precision.elementType) }
    let pass = pass(batch, adapter: factors, shape, plan.memory(in: nil))
    let program: Program
    if training, let factors {
      let (forward, backward) = trainingPrograms(pass, batch, factors.gradientShapes)
      program = forward + backward
    } else {
      program = decoder.forward(pass, batch)
    }
    var tensors = plan.tensors
    for part in device.workspace(program, bound: true) { tensors.add(part.name, bytes: part.bytes) }
    return tensors
  }

  /// The plan of training passes that fit `available` bytes: activations are kept where that fits, and computed again
  /// layer by layer where it does not. What it chooses holds for the passes to come; nothing may fit.
  public func fitMemory(
    available: Int?, tokens: Int? = nil, responseTokens: Int? = nil, longestGroup: Int? = nil,
    adapter: LoRAConfiguration?, answers: AnswerLengths? = nil
  ) -> MemoryPlan {
    func plan(recomputes: Bool) -> MemoryPlan {
      recomputesActivations = recomputes
      return memoryPlan(
        tokens: tokens, responseTokens: responseTokens, longestGroup: longestGroup, adapter: adapter,
        answers: answers)
    }
    let kept = plan(recomputes: false)
    guard let available, kept.totalBytes > available else { return kept }
    return plan(recomputes: true)
  }
}

/// The longest answers that are generated at once: tokens of the prompt, answers to it, tokens of each.
public struct AnswerLengths: Sendable {
  public var prompt, samples, newTokens: Int

  public init(prompt: Int, samples: Int, newTokens: Int) {
    self.prompt = prompt
    self.samples = samples
    self.newTokens = newTokens
  }
}

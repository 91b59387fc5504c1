import Base
import Checkpoint
import Device

extension LanguageModel {
  /// Draws `count` continuations of one prompt, decoded together from one pass over the prompt.
  ///
  /// Each sample has its own random stream, keyed by (seed, index, sample): results do not depend on the number of
  /// threads. A sequence ends with a stop token, which it then holds as its last, or after `maxNewTokens`, or where the
  /// model's longest sequence is reached.
  ///
  /// - Parameters:
  ///   - index: the prompt's number among those generated for with this seed.
  ///   - onToken: called after every step with the number of tokens drawn so far; return false to stop there.
  /// - Throws: `ModelError` for an empty or too long prompt, a token outside the vocabulary, unusable settings, and for
  ///   logits that are not finite.
  public func generate(
    _ prompt: [Int32], count: Int, settings: SamplingSettings, seed: UInt64, index: Int = 0, adapter: LoRAAdapter?,
    onToken: ((_ tokens: Int) -> Bool)? = nil
  ) throws -> [[Int32]] {
    try settings.check()
    try check([PromptGroup(prompt: prompt, responses: [])])
    let newTokens = min(settings.maxNewTokens, longestSequence - prompt.count)
    guard newTokens > 0, count > 0 else { return Array(repeating: [], count: max(0, count)) }
    let lowRank = try adapter.map(refreshed)
    let session = try prefill(prompt, adapter: lowRank)
    let first = session.firstLogits
    guard TokenSampler.canDraw(first) else { throw ModelError.notFinite }
    let together = samplesTogether(newTokens: newTokens, count: count)
    var result: [[Int32]] = []
    var drawn = 0
    for start in stride(from: 0, to: count, by: together) {
      let samples = start..<min(start + together, count)
      let found = try decode(
        session, first: first, samples: samples, newTokens: newTokens, settings: settings, seed: seed, index: index
      ) { step in
        drawn += step
        return onToken?(drawn) ?? true
      }
      guard let found else { return result + Array(repeating: [], count: count - result.count) }
      result += found
    }
    return result
  }

  /// What one pass over the prompt leaves behind.
  struct Prefilled {
    let prompt: [Int32]
    let adapter: AdapterWeights?
    /// [layer]: keys and values of the prompt, [P, kvHeads · d] each, in the compute type.
    let keys, values: [DeviceMemory]
    let firstLogits: [Float]
  }

  private func prefill(_ prompt: [Int32], adapter: AdapterWeights?) throws -> Prefilled {
    let batch = MicroBatch([PromptGroup(prompt: prompt, responses: [])], everyRow: computesEveryRow)
    var shape = shape(batch, adapter: adapter?.layout, training: false)
    shape.logitRows = 1
    let plan = PassPlan(decoder, shape)
    let columns = configuration.keyValueHeadCount * configuration.headDimension
    func rows() throws -> [DeviceMemory] {
      try (0..<configuration.layerCount).map { _ in
        try device.allocate(rows: prompt.count, columns: columns, type: shape.type)
      }
    }
    let (keys, values) = (try rows(), try rows())
    let ready = try reserve(
      pass(batch, adapter: adapter, shape, plan.memory(in: arena)), plan, all: { $0 }
    ) { decoder.prefill($0, batch, keys: keys.map(\.tensor), values: values.map(\.tensor)) }
    device.run(ready.programs, in: arena, betweenLayers: betweenLayers)
    return Prefilled(
      prompt: prompt, adapter: adapter, keys: keys, values: values, firstLogits: device.read(ready.pass[.logits]))
  }

  /// Decodes some of the samples together; nil where `onStep` asked to stop.
  private func decode(
    _ session: Prefilled, first: [Float], samples: Range<Int>, newTokens: Int, settings: SamplingSettings,
    seed: UInt64, index: Int, onStep: (_ tokens: Int) -> Bool
  ) throws -> [[Int32]]? {
    let cache = try makeCache(session, samples: samples.count, capacity: newTokens)
    let sampler = TokenSampler(settings: settings)
    let stops = Set(settings.stopTokenIDs)
    var streams = samples.map { sample in
      // One stream per (prompt, sample): the sample takes the place of the epoch.
      RandomStream(seed: seed, purpose: .generation, epoch: sample, index: index)
    }
    var sequences = [[Int32]](repeating: [], count: samples.count)
    var active = Array(0..<samples.count)
    var memory: DecodingMemory?
    for sample in active { sequences[sample].append(sampler.draw(first, &streams[sample])) }
    for position in 0..<newTokens {
      if !onStep(active.count) { return nil }
      active.removeAll { sample in sequences[sample].last.map(stops.contains) ?? true }
      guard !active.isEmpty, position + 1 < newTokens else { break }
      let tokens = active.compactMap { sequences[$0].last }
      let logits = try logits(
        tokens, adapter: session.adapter, step: DecodingStep(cache: cache, samples: active, position: position),
        ready: &memory)
      let before = active.map { streams[$0] }
      let drawn = device.mapRows(logits) { row, logits -> (token: Int32, stream: RandomStream)? in
        guard TokenSampler.canDraw(logits) else { return nil }
        var stream = before[row]
        return (token: sampler.draw(logits, &stream), stream: stream)
      }
      for (row, sample) in active.enumerated() {
        guard let (token, stream) = drawn[row] else { throw ModelError.notFinite }
        sequences[sample].append(token)
        streams[sample] = stream
      }
      betweenLayers?()
    }
    return sequences
  }

  /// Logits [B, V] after one more token of each sample.
  /// - Parameter ready: the memory that the step before ran in; good for as many samples.
  private func logits(
    _ tokens: [Int32], adapter: AdapterWeights?, step: DecodingStep, ready: inout DecodingMemory?
  ) throws -> Tensor {
    let positions = [Int32](repeating: Int32(step.cache.shape.promptCount + step.position), count: tokens.count)
    func pass(_ shape: PassShape, _ memory: PassMemory) -> Pass {
      Pass(
        configuration: configuration, weights: weights, adapter: adapter, source: .decoding(step),
        rotations: rotations(positions), shape: shape, memory: memory)
    }
    if let ready, ready.shape.rows == tokens.count, ready.reservation == arena.reservations {
      let pass = pass(ready.shape, ready.memory)
      device.run(decoder.decode(pass, tokens: tokens), in: arena)
      return pass[.logits]
    }
    let shape = PassShape(
      rows: tokens.count, logitRows: tokens.count, adapterColumns: adapter?.layout.activationColumns ?? 0,
      decodes: true, type: device.precision.elementType)
    let plan = PassPlan(decoder, shape)
    let first = try reserve(pass(shape, plan.memory(in: arena)), plan, all: { $0 }) {
      decoder.decode($0, tokens: tokens)
    }
    ready = DecodingMemory(shape: shape, memory: first.pass.memory, reservation: arena.reservations)
    device.run(first.programs, in: arena)
    return first.pass[.logits]
  }

  /// Where a step of generation computes: good for the next one unless something else has used the arena.
  private struct DecodingMemory {
    let shape: PassShape
    let memory: PassMemory
    let reservation: Int
  }

  func cacheShape(promptCount: Int, samples: Int, capacity: Int) -> CacheShape {
    CacheShape(
      layers: configuration.layerCount, keyValueHeads: configuration.keyValueHeadCount,
      headDimension: configuration.headDimension, promptCount: promptCount, samples: samples, capacity: capacity)
  }

  private func makeCache(_ session: Prefilled, samples: Int, capacity: Int) throws -> any KeyValueCache {
    let cache = try device.makeCache(
      cacheShape(promptCount: session.prompt.count, samples: samples, capacity: capacity))
    for layer in 0..<configuration.layerCount {
      device.run(
        [
          .cachePrompt(
            CachePrompt(
              cache: cache, layer: layer, keys: session.keys[layer].tensor, values: session.values[layer].tensor))
        ], in: arena)
    }
    return cache
  }

  /// How many samples share a step: as many as keep their caches within half a gigabyte, at most 32.
  func samplesTogether(newTokens: Int, count: Int) -> Int {
    let one = device.cacheByteCount(cacheShape(promptCount: 0, samples: 1, capacity: newTokens))
    return max(1, min(32, count, (1 << 29) / max(1, one)))
  }
}

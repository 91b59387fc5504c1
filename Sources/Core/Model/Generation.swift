import Base
import Checkpoint
import Numerics

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
    let lowRank = adapter.map(refreshed)
    let session = try prefill(prompt, adapter: lowRank, longest: prompt.count + newTokens)
    let first = session.firstLogits
    guard TokenSampler.canDraw(first) else { throw ModelError.notFinite }
    let together = samplesTogether(promptCount: prompt.count, newTokens: newTokens, count: count)
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
    let keys, values: [Matrix]
    let firstLogits: [Float]
  }

  private func prefill(_ prompt: [Int32], adapter: AdapterWeights?, longest: Int) throws -> Prefilled {
    extendRotary(to: longest)
    let batch = MicroBatch([PromptGroup(prompt: prompt, responses: [])], everyRow: computesEveryRow)
    let pass = try prepare(batch, adapter: adapter, training: false)
    let type = runtime.precision.elementType
    var keys: [Matrix] = []
    var values: [Matrix] = []
    pass.embed()
    for layer in 0..<configuration.layerCount {
      pass.attentionInputs(layer: layer)
      let memory = pass.activations(layer: layer)
      let k = Matrix(zeros: prompt.count, pass.keyColumns, type)
      let v = Matrix(zeros: prompt.count, pass.keyColumns, type)
      runtime.convert(memory.k.rows(0..<prompt.count), into: k)
      runtime.convert(memory.v.rows(0..<prompt.count), into: v)
      keys.append(k)
      values.append(v)
      pass.attention(layer: layer)
      pass.attentionOutput(layer: layer)
      pass.mlp(layer: layer)
      betweenLayers?()
    }
    let step = DecodeStep(
      runtime: runtime, configuration: configuration, weights: weights, adapter: adapter, rotary: rotary,
      caches: [], samples: 1, promptCount: prompt.count, capacity: 1)
    let logits = step.project(pass.residual.rows(prompt.count - 1..<prompt.count))
    return Prefilled(prompt: prompt, adapter: adapter, keys: keys, values: values, firstLogits: logits.values)
  }

  /// Decodes some of the samples together; nil where `onStep` asked to stop.
  private func decode(
    _ session: Prefilled, first: [Float], samples: Range<Int>, newTokens: Int, settings: SamplingSettings,
    seed: UInt64, index: Int, onStep: (_ tokens: Int) -> Bool
  ) throws -> [[Int32]]? {
    let promptCount = session.prompt.count
    let caches = makeCaches(session, samples: samples.count, capacity: newTokens)
    let step = DecodeStep(
      runtime: runtime, configuration: configuration, weights: weights, adapter: session.adapter,
      rotary: rotary, caches: caches, samples: samples.count, promptCount: promptCount, capacity: newTokens)
    let sampler = TokenSampler(settings: settings)
    let stops = Set(settings.stopTokenIDs)
    var streams = samples.map { sample in
      // One stream per (prompt, sample): the sample takes the place of the epoch.
      RandomStream(seed: seed, purpose: .generation, epoch: sample, index: index)
    }
    var sequences = [[Int32]](repeating: [], count: samples.count)
    var active = Array(0..<samples.count)
    for sample in active { sequences[sample].append(sampler.draw(first, &streams[sample])) }
    for position in 0..<newTokens {
      if !onStep(active.count) { return nil }
      active.removeAll { sample in sequences[sample].last.map(stops.contains) ?? true }
      guard !active.isEmpty, position + 1 < newTokens else { break }
      let tokens = active.compactMap { sequences[$0].last }
      let logits = step.logits(tokens, samples: active, position: position, promptCount: promptCount)
      let before = active.map { streams[$0] }
      let drawn = runtime.parallelMap(active.count) { row -> (token: Int32, stream: RandomStream)? in
        let logits = logits.floats(row: row)
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

  private func makeCaches(_ session: Prefilled, samples: Int, capacity: Int) -> [[DecodeCache]] {
    let d = configuration.headDimension
    return (0..<configuration.layerCount).map { layer in
      (0..<configuration.keyValueHeadCount).map { head in
        let cache = DecodeCache(
          headDimension: d, promptCount: session.prompt.count, samples: samples, capacity: capacity)
        let columns = head * d..<(head + 1) * d
        runtime.store(
          promptKeys: session.keys[layer].columns(columns), values: session.values[layer].columns(columns), in: cache)
        return cache
      }
    }
  }

  /// How many samples share a step: as many as keep their caches within half a gigabyte, at most 32.
  private func samplesTogether(promptCount: Int, newTokens: Int, count: Int) -> Int {
    let one =
      DecodeCache.byteCount(
        headDimension: configuration.headDimension, promptCount: 0, samples: 1, capacity: newTokens)
      * configuration.keyValueHeadCount * configuration.layerCount
    return max(1, min(32, count, (1 << 29) / max(1, one)))
  }
}

import Checkpoint
import Foundation
import Model
import Device
import Testing

@Suite struct GenerationTests {
  @Test(arguments: ModelFixture.names, TestDevice.allCases)
  func greedyAgreesWithScoring(name: String, device: TestDevice) throws {
    let fixture = try ModelFixture(name)
    try expectGreedyAgreesWithScoring(
      fixture.model(on: device), prompt: fixture.groups[1].prompt, adapter: try fixture.adapter())
  }

  /// The frequencies of drawn first tokens follow softmax(logits / T); χ² with 60 degrees of freedom stays below 112
  /// (p = 5e-5) for a right sampler.
  @Test(arguments: TestDevice.allCases)
  func samplesFollowTheModel(device: TestDevice) throws {
    let fixture = try ModelFixture("untied-grouped")
    let model = try fixture.model(on: device)
    let prompt = fixture.groups[1].prompt
    let vocabulary = model.configuration.vocabularySize
    let singles = (0..<Int32(vocabulary)).map { [$0] }
    let scores = try model.score([PromptGroup(prompt: prompt, responses: singles)], adapter: nil)[0].map { $0[0] }
    let weights = scores.map { exp(Double($0) / 0.7) }
    let total = weights.reduce(0, +)
    let draws = 4000
    let settings = SamplingSettings(temperature: 0.7, maxNewTokens: 1)
    let found = try model.generate(prompt, count: draws, settings: settings, seed: 5, adapter: nil)
    var counts = [Int](repeating: 0, count: vocabulary)
    for sequence in found { counts[Int(sequence[0])] += 1 }
    var chi = 0.0
    for (count, weight) in zip(counts, weights) {
      let expected = weight / total * Double(draws)
      chi += (Double(count) - expected) * (Double(count) - expected) / expected
    }
    #expect(chi < 125, "χ² = \(chi)")
  }

  @Test(arguments: [Precision.fp32, .bf16])
  func resultsDoNotDependOnThreads(precision: Precision) throws {
    let fixture = try ModelFixture("untied-grouped")
    let settings = SamplingSettings(temperature: 1.2, topP: 0.9, maxNewTokens: 20, stopTokenIDs: [2, 7])
    let runs = try [1, 2, 3].map { threads in
      try fixture.model(precision, threads: threads).generate(
        fixture.groups[2].prompt, count: 9, settings: settings, seed: 11, index: 4, adapter: try fixture.adapter())
    }
    #expect(runs[0] == runs[1] && runs[0] == runs[2])
    #expect(Set(runs[0]).count > 1)
    for sequence in runs[0] {
      #expect(sequence.count == 20 || [2, 7].contains(sequence.last ?? 0))
      #expect(!sequence.dropLast().contains { [2, 7].contains($0) })
    }
  }

  @Test(arguments: TestDevice.allCases)
  func stopsAtTheLongestSequence(device: TestDevice) throws {
    let fixture = try ModelFixture("untied-grouped")
    let model = try fixture.model(on: device)
    let prompt = [Int32](repeating: 5, count: 125)
    let settings = SamplingSettings(maxNewTokens: 50)
    let found = try model.generate(prompt, count: 1, settings: settings, seed: 1, adapter: nil)
    #expect(found[0].count == 3)
    #expect(throws: ModelError.sequenceTooLong(tokens: 129, limit: 128, what: "context")) {
      try model.generate(prompt + [1, 1, 1, 1], count: 1, settings: settings, seed: 1, adapter: nil)
    }
    #expect(throws: ModelError.badSampling(reason: "temperature is 0.0, and must be a positive number")) {
      try model.generate(prompt, count: 1, settings: SamplingSettings(temperature: 0), seed: 1, adapter: nil)
    }
  }

  /// What answers take beside the passes is in the plan: at least keys and values of every position, in fp32.
  @Test func thePlanHoldsTheCache() throws {
    let fixture = try ModelFixture("untied-grouped")
    let model = try fixture.model()
    let c = model.configuration
    let without = model.memoryPlan(adapter: nil, training: false)
    let plan = model.memoryPlan(
      adapter: nil, training: false, answers: AnswerLengths(prompt: 40, samples: 4, newTokens: 16))
    let bytes = plan.totalBytes - without.totalBytes
    let positions = 40 + 4 * 16
    #expect(bytes >= 2 * 4 * positions * c.keyValueHeadCount * c.headDimension * c.layerCount)
    #expect(plan.parts.last?.name == "keys and values of answers" && plan.parts.last?.bytes == bytes)
  }
}

/// Greedy decoding with the cache takes, at every step, the token that a fresh pass over everything finds most likely.
func expectGreedyAgreesWithScoring(_ model: LanguageModel, prompt: [Int32], adapter: LoRAAdapter?) throws {
  let settings = SamplingSettings(maxNewTokens: 12, greedy: true)
  let found = try model.generate(prompt, count: 2, settings: settings, seed: 0, adapter: adapter)
  #expect(found.count == 2 && found[0] == found[1] && found[0].count == 12)
  for step in 0..<12 {
    let candidates = (0..<Int32(model.configuration.vocabularySize)).map { found[0][..<step] + [$0] }
    let scores = try model.score(
      [PromptGroup(prompt: prompt, responses: candidates.map(Array.init))], adapter: adapter)
    let last = scores[0].map { $0[step] }
    let best = last.max() ?? 0
    #expect(last[Int(found[0][step])] > best - 1e-4, "step \(step)")
  }
}

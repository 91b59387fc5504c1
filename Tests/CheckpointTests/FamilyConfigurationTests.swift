import Foundation
import JSON
import Testing

@testable import Checkpoint

/// families.json holds configurations as published models have them, and what transformers' own classes make of each.
@Suite struct FamilyConfigurationTests {
  private struct Case {
    let name: Comment
    let given: JSONValue
    let expected: JSONObject
  }

  private static func cases() throws -> [Case] {
    let list = try JSONValue(parsing: try CheckpointFixtures.bytes("families.json")).array ?? []
    return list.compactMap { value in
      guard let item = value.object, let expected = item["expected"]?.object, let given = item["config"] else {
        return nil
      }
      return Case(name: Comment(rawValue: item["name"]?.string ?? ""), given: given, expected: expected)
    }
  }

  private func decode(_ one: Case) throws -> ModelConfiguration {
    try ModelConfiguration.decode(json: Data(one.given.compactText.utf8), file: "config.json")
  }

  @Test func shapesAreThoseOfTransformers() throws {
    let cases = try Self.cases()
    #expect(cases.count == 15)
    for one in cases {
      let found = try decode(one)
      let expected = one.expected
      #expect(found.headCount == expected["heads"]?.integer, one.name)
      #expect(found.keyValueHeadCount == expected["kv_heads"]?.integer, one.name)
      #expect(found.headDimension == expected["head_dim"]?.integer, one.name)
      #expect(found.vocabularySize == expected["vocabulary"]?.integer, one.name)
      #expect(found.rmsNormEpsilon == expected["epsilon"]?.number, one.name)
      #expect(.bool(found.tiedEmbeddings) == expected["tied"], one.name)
      #expect(.array(found.eosTokenIDs.map { .integer($0) }) == expected["eos"], one.name)
    }
  }

  @Test func everyLayerAttendsAsInTransformers() throws {
    for one in try Self.cases() {
      let found = try decode(one)
      let windows = found.attention.map { $0.window.map { JSONValue.integer($0) } ?? .null }
      #expect(.array(windows) == one.expected["windows"], one.name)
      let rope = one.expected["rope"]?.array ?? []
      #expect(rope.count == found.layerCount)
      for (layer, expected) in zip(found.attention, rope) {
        let rotary = layer.rotary.map { found.rotaries[$0] }
        #expect(rotary?.theta == expected.object?["rope_theta"]?.number, one.name)
        #expect(rotary?.scaling == expected.object.map(scaling), one.name)
      }
    }
  }

  private func scaling(_ rope: JSONObject) -> RopeScaling {
    func number(_ key: String) -> Double { rope[key]?.number ?? 0 }
    let original = rope["original_max_position_embeddings"]?.integer ?? 0
    switch rope["rope_type"]?.string {
    case "linear": return .linear(factor: number("factor"))
    case "llama3":
      return .llama3(
        factor: number("factor"), lowFrequencyFactor: number("low_freq_factor"),
        highFrequencyFactor: number("high_freq_factor"), originalMaxPositions: original)
    case "yarn":
      let amplitude = rope["attention_factor"]?.number ?? 0.1 * log(number("factor")) + 1
      return .yarn(.init(factor: number("factor"), originalMaxPositions: original, amplitude: amplitude))
    // Up to max_position_embeddings "dynamic" changes nothing.
    default: return .none
    }
  }

  @Test func factorsAndCapsAreRead() throws {
    let found = Dictionary(
      uniqueKeysWithValues: try Self.cases().map { ($0.name.rawValue, try decode($0)) })
    let granite = try #require(found["granite-3.3-2b"])
    #expect(granite.layer.residualFactor == 0.22)
    #expect(granite.layer.attentionScale == 0.015625)
    #expect(granite.embeddings.factor == 12)
    #expect(granite.embeddings.logitDivisor == 8)
    let gemma2 = try #require(found["gemma-2-2b"])
    #expect(gemma2.layer.attentionSoftCap == 50)
    #expect(gemma2.embeddings.logitSoftCap == 30)
    #expect(gemma2.layer.attentionScale == 1.0 / 16)
    let gemma3 = try #require(found["gemma-3-1b"])
    #expect(gemma3.layer.attentionSoftCap == nil)
    #expect(gemma3.embeddings.logitSoftCap == nil)
    #expect(gemma3.layer.activation == .geluTanh)
    // √64 is a number of bf16, √1152 is not.
    #expect(gemma3.embeddings.factor(inBF16: true) == 8)
    var scaling = gemma3.embeddings
    scaling.factor = 1152.0.squareRoot()
    #expect(scaling.factor(inBF16: true) == 34)
    #expect(scaling.factor(inBF16: false) == Float(1152.0.squareRoot()))
    #expect(found["gemma-2b"]?.layer.activation == .geluTanh)
    let pythia = try #require(found["pythia-160m"])
    #expect(pythia.layer.isParallel && pythia.queryKeyValueBias && pythia.outputBias && pythia.mlpBias)
    #expect(pythia.layer.activation == .gelu)
    #expect(pythia.rotaries.map(\.dimension) == [4])
    let other = try #require(found["gpt-neox, others"])
    #expect(!other.layer.isParallel && !other.queryKeyValueBias && !other.outputBias && other.mlpBias)
    #expect(other.layer.activation == .geluTanh)
    #expect(other.rotaries.map(\.dimension) == [8])
  }
}

import Checkpoint
import Device
import Foundation
import Model
import Testing

/// Tiny reward models and their rewards by transformers (Tests/Fixtures/reward/make.py).
struct RewardFixture: Decodable {
  struct Group: Decodable {
    let prompt: [Int32]
    let responses: [[Int32]]
  }

  struct Gated: Decodable {
    let score: Double
    let objectives: [Double]
    let gate: [Double]
  }

  let groups: [Group]
  let rewards: [String: [[Double]]]
  let armorm: [[Gated]]

  static let folder = ModelFixture.folder.deletingLastPathComponent().appendingPathComponent("reward")
  static let names = ["llama", "mistral", "qwen2", "qwen3", "gemma3"]

  static func read() throws -> RewardFixture {
    try JSONDecoder().decode(
      RewardFixture.self, from: Data(contentsOf: folder.appendingPathComponent("rewards.json")))
  }

  static func checkpoint(_ name: String) throws -> CheckpointFolder {
    try CheckpointFolder(path: folder.appendingPathComponent(name).path, use: .hiddenStates)
  }

  var promptGroups: [PromptGroup] { groups.map { PromptGroup(prompt: $0.prompt, responses: $0.responses) } }
}

@Suite struct RewardModelTests {
  @Test(arguments: RewardFixture.names, TestDevice.allCases)
  func rewardsAreThoseOfTransformers(name: String, device: TestDevice) throws {
    let fixture = try RewardFixture.read()
    let model = try RewardModel(checkpoint: RewardFixture.checkpoint(name), device: device.make(.fp32))
    let found = try model.score(fixture.promptGroups)
    let expected = try #require(fixture.rewards[name])
    for (rewards, wanted) in zip(found.joined(), expected.joined()) {
      #expect(abs(rewards.value - wanted) < 1e-5)
      #expect(rewards.objectives.isEmpty && rewards.mean == rewards.value)
    }
    #expect(found.map(\.count) == expected.map(\.count))
  }

  @Test(arguments: TestDevice.allCases)
  func armoRMsGateAndObjectives(device: TestDevice) throws {
    let fixture = try RewardFixture.read()
    let model = try RewardModel(checkpoint: RewardFixture.checkpoint("armorm"), device: device.make(.fp32))
    #expect(model.head.hasGate)
    for (found, wanted) in zip(try model.score(fixture.promptGroups).joined(), fixture.armorm.joined()) {
      #expect(abs(found.value - wanted.score) < 1e-5)
      #expect(zip(found.objectives, wanted.objectives).allSatisfy { abs($0 - $1) < 1e-5 })
      #expect(zip(found.gate, wanted.gate).allSatisfy { abs($0 - $1) < 1e-5 })
      #expect(found.objectives.count == 19 && found.gate.count == 19)
      #expect(abs(found.mean - wanted.objectives.reduce(0, +) / 19) < 1e-5)
    }
  }

  /// A reward has the same bits whatever is graded beside it.
  @Test(arguments: [Precision.fp32, .bf16])
  func aRewardDoesNotDependOnItsCompany(precision: Precision) throws {
    let fixture = try RewardFixture.read()
    let model = try RewardModel(
      checkpoint: RewardFixture.checkpoint("qwen3"), device: TestDevice.cpu.make(precision))
    let together = try model.score(fixture.promptGroups)
    for (group, rewards) in zip(fixture.promptGroups, together) {
      for (response, reward) in zip(group.responses, rewards) {
        let alone = try model.score([PromptGroup(prompt: group.prompt, responses: [response])])
        #expect(alone[0][0] == reward)
      }
    }
  }

  @Test func aRewardModelPredictsNothingAndALanguageModelGradesNothing() throws {
    #expect(throws: CheckpointError.self) {
      try CheckpointFolder(path: RewardFixture.folder.appendingPathComponent("llama").path)
    }
    let reward = try RewardFixture.checkpoint("llama")
    #expect(throws: ModelError.predictsNoTokens) {
      try LanguageModel(checkpoint: reward, device: TestDevice.naive.make(.fp32))
    }
    let language = try CheckpointFolder(
      path: ModelFixture.folder.appendingPathComponent("olmo2").path, use: .hiddenStates)
    #expect(throws: ModelError.self) {
      try RewardModel(checkpoint: language, device: TestDevice.naive.make(.fp32))
    }
    // With a head that an adapter brings it does.
    let score = (0..<32).map { Float($0) / 32 }
    let model = try RewardModel(
      checkpoint: language, device: TestDevice.naive.make(.fp32), score: ScoreHead(labels: 1, weight: score))
    let group = PromptGroup(prompt: [1, 5], responses: [[7]])
    let state = try model.decoder.hiddenStates([group], adapter: nil)[0].responses[0]
    let expected = zip(state, score).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    #expect(try model.score([group])[0][0].value == expected)
  }
}

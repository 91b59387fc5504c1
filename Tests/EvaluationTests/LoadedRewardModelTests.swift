import Checkpoint
import DemoWorld
import Foundation
import Model
import PreferenceData
import TestSupport
import Testing

@testable import Evaluation

/// A language model that an adapter with a head makes a reward model of, from text to reward.
@Suite struct LoadedRewardModelTests {
  @Test func anAdaptersHeadGradesTexts() throws {
    let path = try DemoWorld.resources().modelPath
    let model = try CheckpointFolder(path: path).configuration
    let folder = try TemporaryFolder()
    let adapter = try LoRAAdapter(
      configuration: LoRAConfiguration(rank: 2, alpha: 4, targetModules: LinearKind.allCases), model: model, seed: 3)
    let weight = (0..<model.hiddenSize).map { Float($0 % 5) - 2 }
    let url = URL(fileURLWithPath: folder.path).appendingPathComponent("adapter")
    try AdapterFolder.write(
      configuration: adapter.configuration, tensors: adapter.tensors,
      scoreHead: ScoreHead(labels: 1, weight: weight), baseModelName: path, to: url)

    let loaded = try LoadedRewardModel(path: path, adapterPath: url.path, threads: 2, precision: .fp32)
    let responses: [TextOrMessages] = [.text("yes"), .text("no, not now")]
    let found = try loaded.grade(prompt: .text("may I?"), responses: responses)
    for (graded, response) in zip(found, responses) {
      // Graded alone it is the same, and the reward is the head times the hidden state at the last token.
      #expect(try loaded.grade(prompt: .text("may I?"), responses: [response]) == [graded])
      let texts = try RewardTextEncoder(text: loaded.text).encode(prompt: .text("may I?"), responses: [response])
      let ids = texts.groups[0].prompt + texts.groups[0].responses[0]
      #expect(graded.scoredToken.id == ids.last && graded.scoredToken.position == ids.count - 1)
      let state = try loaded.model.decoder.hiddenStates(texts.groups, adapter: loaded.adapter)[0].responses[0]
      let expected = zip(state, weight).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
      #expect(abs(graded.reward.value - expected) < 1e-9)
    }
    #expect(found[0].reward != found[1].reward)
    // Without the head there is nothing that grades.
    #expect(throws: ModelError.self) { try LoadedRewardModel(path: path, threads: 1, precision: .fp32) }
  }
}

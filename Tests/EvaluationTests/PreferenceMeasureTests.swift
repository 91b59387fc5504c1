import Base
import Checkpoint
import DemoWorld
import Foundation
import Model
import Preference
import PreferenceData
import TestSupport
import Text
import Testing

@testable import Evaluation

/// An evaluation needs a model and rows, and no run: no training set, no run file, no session.
struct PreferenceMeasureTests {
  /// Five rows of preference data, read from a file into plain examples.
  private func examples(_ loaded: LoadedModel) throws -> [RankedGroup] {
    let folder = try TemporaryFolder()
    let path = folder.path + "/rows.jsonl"
    let rows = """
      {"prompt": "How do I clean a pan?", "responses": ["Soak it in warm water.", "I like turtles.", "No."], "rewards": [2, 0, -1]}
      {"prompt": "How do I fix a tap?", "responses": ["Change the washer.", "Shout at it."], "rewards": [1.5, -1]}
      {"prompt": "Can I lift it alone?", "responses": ["Ask somebody to help.", "Yes."], "rewards": [1, 0]}
      {"prompt": "Where does the lid go?", "responses": ["On the pot.", "Nowhere."], "rewards": [3, 1]}
      {"prompt": "Is it late?", "responses": ["It is nine.", "Who knows?", "Late."], "rewards": [1, 0.5, 0]}

      """
    try Data(rows.utf8).write(to: URL(fileURLWithPath: path))
    var found: [EncodedExample] = []
    _ = try DatasetEncoder(
      encoder: ExampleEncoder(text: loaded.text, maxPromptLength: 64, maxLength: 128), threads: 1
    ).encode(DatasetEncoder.Source(paths: [path]), cache: nil) { found.append($0) }
    return [RankedGroup](found)
  }

  private func adapterFolder(_ loaded: LoadedModel, in folder: TemporaryFolder) throws -> String {
    let configuration = loaded.folder.configuration
    let adapter = try LoRAAdapter(
      configuration: .init(rank: 4, alpha: 8, targetModules: [.q_proj, .v_proj]), model: configuration,
      seed: 1)
    for index in 0..<adapter.parameters.count { adapter.parameters[index] += Float(index % 7 - 3) / 100 }
    let path = folder.path + "/adapter"
    try adapter.write(to: URL(fileURLWithPath: path), baseModelName: "m")
    return path
  }

  /// Margins and accuracy by hand, from the log-probs that the model itself gives.
  @Test func marginsAndAccuracyOfRowsInAFile() throws {
    let folder = try TemporaryFolder()
    let path = try DemoWorld.resources().modelPath
    let plain = try LoadedModel(path: path, threads: 1, precision: .fp32)
    let loaded = try LoadedModel(
      path: path, adapterPath: adapterFolder(plain, in: folder), threads: 1, precision: .fp32)
    let groups = try examples(loaded)
    #expect(groups.map(\.responses.count) == [3, 2, 2, 2, 3])
    let objective = try Objective(model: .bt, parameterization: .dpo, beta: 0.2)
    var measure = PreferenceMeasure(scorer: loaded.scorer, seed: 1)
    let result = try measure.measure(groups, objective: objective)

    let prompts = groups.map { PromptGroup(prompt: $0.prompt, responses: $0.responses) }
    func sums(_ adapter: LoRAAdapter?) throws -> [[Double]] {
      try loaded.model.score(prompts, adapter: adapter).map { $0.map { $0.reduce(0) { $0 + Double($1) } } }
    }
    let (policy, reference) = (try sums(loaded.adapter), try sums(nil))
    let rewards = zip(policy, reference).map { zip($0, $1).map { 0.2 * ($0 - $1) } }
    // BT compares the best response with the worst; the mean margin takes all that are worse.
    let margins = rewards.map { $0[0] - $0[$0.count - 1] }
    let mean = rewards.map { $0[0] - $0.dropFirst().reduce(0, +) / Double($0.count - 1) }
    // The hardest dispreferred response is the one that is annotated next best.
    let hardest = rewards.map { $0[0] - $0[1] }
    let losses = margins.map { log(1 + exp(-$0)) }
    #expect(result.prompts == 5)
    #expect(abs(result.chosenReward - result.rejectedReward - margins.reduce(0, +) / 5) < 1e-9)
    #expect(result.accuracy == Double(margins.count { $0 > 0 }) / 5)
    #expect(abs(result.loss - losses.reduce(0, +) / 5) < 1e-9)
    #expect(abs(result.diagnostics.margins.mean - mean.reduce(0, +) / 5) < 1e-9)
    #expect(abs(result.diagnostics.margins.hardest - hardest.reduce(0, +) / 5) < 1e-9)
    #expect(margins.contains { $0 != 0 }, "the adapter does something")
  }

  /// A model without an adapter is its own reference.
  @Test func aPlainModelIsItsOwnReference() throws {
    let loaded = try LoadedModel(path: DemoWorld.resources().modelPath, threads: 1, precision: .fp32)
    var measure = PreferenceMeasure(scorer: loaded.scorer, seed: 1)
    let result = try measure.measure(
      try examples(loaded), objective: Objective(model: .hps, parameterization: .dpo), gamma: 0)
    #expect(result.chosenReward == 0 && result.rejectedReward == 0 && result.accuracy == 0)
    #expect(abs(result.loss - log(2)) < 1e-12)
    #expect(result.diagnostics.margins.mean == 0)
  }

  @Test func answersAreTheSameForTheSameSeedAndGraded() throws {
    struct ByLength: AnswerGrader {
      let key = "length"
      let kinds = ["short", "long"]
      func grade(prompt: String, answer: String) -> Int { answer.count < 20 ? 0 : 1 }
    }
    let loaded = try LoadedModel(path: DemoWorld.resources().modelPath, threads: 1, precision: .fp32)
    let sampler = AnswerSampler(
      scorer: loaded.scorer, text: loaded.text, stopTokens: loaded.stopTokens, seed: 3, maxNewTokens: 16)
    let prompt = try TextPairEncoder(text: loaded.text).encode(
      prompt: .messages([ChatMessage(role: "user", content: "How do I get red wine out of the shirt?")]))
    let drawn = try sampler.sample(prompt, count: 4, temperature: 1, index: 0, of: .policy)
    #expect(drawn.count == 4 && Set(drawn).count > 1)
    #expect(try sampler.sample(prompt, count: 4, temperature: 1, index: 0, of: .policy) == drawn)
    #expect(try sampler.sample(prompt, count: 4, temperature: 1, index: 1, of: .policy) != drawn)
    var graded = GradedAnswers(ByLength())
    graded.add(["short one", "a long one, longer than the other", "x", "y"], to: "p")
    let shares = graded.shares(step: 2, temperature: 1)
    #expect(shares.samples == 4 && shares.shares.map(\.fraction) == [0.75, 0.25])
    #expect(shares.shares.map(\.kind) == ["short", "long"])
  }
}

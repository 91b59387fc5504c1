import Checkpoint
import Control
import Foundation
import Model
import DeviceCPU
import Preference
import TestSupport
import Testing

@testable import Training
@testable import TrainingFixture

struct CheckpointStoreTests {
  @Test func holdsAdapterMomentsAndState() throws {
    let folder = try TemporaryFolder()
    var fixture = try LoopFixture(hps: .sample)
    fixture.session = folder.path
    fixture.saveSteps = 3
    let events = EventLog { event, log in
      if event.endOfStep == 5 {
        log.send(.gamma(.ramp(target: 1, steps: 4)), id: 1)
        log.send(.learningRate(2e-3), id: 2)
        log.send(.beta(0.3), id: 3)
      }
    }
    let loop = try fixture.loop(events)
    let summary = try loop.run()
    let saved = events.all.compactMap { event -> String? in
      if case .checkpoint(let step, let path) = event { "\(step) \(path)" } else { nil }
    }
    #expect(saved == [3, 6, 8].map { "\($0) \(folder.path)/checkpoint-\($0)" })
    #expect(summary.checkpointPath == folder.path + "/checkpoint-8")
    // Nothing half-written is left beside them.
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == [
        "checkpoint-3", "checkpoint-6", "checkpoint-8",
      ])
    #expect(
      CheckpointStore.latest(session: folder.path)
        == CheckpointStore.Saved(step: 8, path: folder.path + "/checkpoint-8"))

    let path = folder.path + "/checkpoint-8"
    let model = loop.scorer.model.configuration
    let adapter = try LoRAAdapter(folder: AdapterFolder.read(path: path, model: model), model: model)
    #expect(adapter.parameters.array == loop.scorer.adapter.parameters.array)
    #expect(adapter.configuration == loop.scorer.adapter.configuration)

    let optimizer = try SafetensorsFile(path: path + "/optimizer.safetensors")
    #expect(optimizer.metadata["step"] == "8" && loop.optimizer.updates == 8)
    #expect(try optimizer.tensor("exp_avg").float32() == loop.optimizer.firstMoment.array)
    #expect(try optimizer.tensor("exp_avg_sq").float32() == loop.optimizer.secondMoment.array)
    #expect(loop.optimizer.secondMoment.array.contains { $0 > 0 })

    let state = try JSONDecoder().decode(
      TrainerState.self, from: Data(contentsOf: URL(fileURLWithPath: path + "/trainer_state.json")))
    let last = try #require(events.steps.last)
    #expect(
      state
        == TrainerState(
          step: 8, totalSteps: 8, tokens: last.tokens, gamma: loop.gamma,
          learningRate: 2e-3, beta: 0.3, seed: 11, promptsPerStep: 4,
          totals: TrainerState.Totals(
            seconds: state.totals.seconds, loss: events.steps.reduce(0) { $0 + $1.loss }, visits: 32),
          files: state.files))
    #expect(
      state.files?.keys.sorted() == ["adapter_config.json", "adapter_model.safetensors", "optimizer.safetensors"])
    // The whole history of γ is there: schedule (−5 −5 −2.5 −2.5 0), then from 0 to 1 in quarters.
    #expect(state.gamma.plan() == [-5, -5, -2.5, -2.5, 0, 0.25, 0.5, 0.75])
  }

  /// Log-probs of a saved adapter in a fresh model are the trained ones'.
  @Test func aSavedAdapterScoresAsTheTrainedOne() throws {
    let folder = try TemporaryFolder()
    var fixture = try LoopFixture(hps: .sample)
    fixture.session = folder.path
    let loop = try fixture.loop()
    let summary = try loop.run()
    let groups = try loop.set.items.indices.map {
      PromptGroup(prompt: try loop.set.items[$0].prompt, responses: try loop.set.items[$0].responses)
    }
    let trained = try loop.scorer.model.score(groups, adapter: loop.scorer.adapter)

    let checkpoint = try CheckpointFolder(path: LoopFixture.folder.appendingPathComponent("model").path)
    let model = try LanguageModel(checkpoint: checkpoint, device: CPUDevice(threads: 2, precision: .fp32))
    let adapter = try LoRAAdapter(
      folder: AdapterFolder.read(path: try #require(summary.checkpointPath), model: model.configuration),
      model: model.configuration)
    #expect(try model.score(groups, adapter: adapter) == trained)
    #expect(try model.score(groups, adapter: nil) != trained)
  }

  @Test func anUnwritableSessionIsOneSentence() throws {
    let folder = try TemporaryFolder()
    let blocked = folder.path + "/session"
    try Data().write(to: URL(fileURLWithPath: blocked))
    var fixture = try LoopFixture(hps: .sample)
    fixture.session = blocked
    fixture.saveSteps = 1
    let events = EventLog { event, log in
      if event.endOfStep == 1 { log.send(.stop, id: 1) }
    }
    let error = #expect(throws: TrainingError.self) { try fixture.run(events) }
    #expect(error?.description == "\(blocked)/checkpoint-1: cannot be written: Not a directory")
    #expect(
      events.answer(1)?.refusal == "the run has failed: \(blocked)/checkpoint-1: cannot be written: Not a directory")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["session"])
  }

  /// What was changed or cut after it was written is not gone on with.
  @Test(arguments: ["adapter_model.safetensors", "optimizer.safetensors", "adapter_config.json", "trainer_state.json"])
  func aDamagedCheckpointIsRefused(name: String) throws {
    let folder = try TemporaryFolder()
    var fixture = try LoopFixture(hps: .sample)
    fixture.session = folder.path
    let loop = try fixture.loop()
    _ = try loop.run()
    let saved = CheckpointStore.Saved(step: 8, path: folder.path + "/checkpoint-8")
    let model = loop.scorer.model.configuration
    try CheckpointStore.verify(saved, model: model)
    let url = URL(fileURLWithPath: saved.path + "/" + name)
    var bytes = try Data(contentsOf: url)
    bytes[bytes.count - 2] ^= 1
    try bytes.write(to: url)
    let error = #expect(throws: TrainingError.self) { try CheckpointStore.verify(saved, model: model) }
    #expect(error?.description.hasPrefix(saved.path + ": the checkpoint cannot be used: " + name) == true)
  }

  @Test func theLastAndTheBestAreKept() throws {
    let folder = try TemporaryFolder()
    var fixture = try LoopFixture(hps: .sample)
    fixture.session = folder.path
    fixture.saveSteps = 1
    fixture.savedCheckpoints = 2
    try fixture.run()
    func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
    #expect(try names() == ["checkpoint-7", "checkpoint-8"])
    var announced = AnnouncedCheckpoints(line: [7, 8])
    #expect(announced.surplus(keeping: 1, best: 7) == [])
    #expect(announced.surplus(keeping: 2, best: nil) == [])
    #expect(announced.surplus(keeping: 1, best: nil) == [7])
    // Of a line that was left: what lies ahead of the run stays until the run is there.
    announced = AnnouncedCheckpoints(line: [4], replaced: [6, 8])
    announced.add(7)
    #expect(announced.surplus(keeping: 2, best: nil) == [6])
    #expect(announced.surplus(keeping: 1, best: nil) == [4, 6])
    announced.add(8)
    #expect(announced.line == [4, 7, 8] && announced.all == [4, 6, 7, 8])
  }

  @Test func latestIsByNumberAndSkipsOtherNames() throws {
    let folder = try TemporaryFolder()
    #expect(CheckpointStore.latest(session: folder.path) == nil)
    #expect(CheckpointStore.latest(session: folder.path + "/absent") == nil)
    for name in ["checkpoint-9", "checkpoint-10", "checkpoint-x", ".checkpoint-11.partial", "notes"] {
      try FileManager.default.createDirectory(atPath: folder.path + "/" + name, withIntermediateDirectories: true)
    }
    #expect(CheckpointStore.latest(session: folder.path)?.step == 10)
    #expect(CheckpointStore.at(folder.path + "/checkpoint-9/")?.step == 9)
    #expect(CheckpointStore.at(folder.path + "/notes") == nil)
  }
}

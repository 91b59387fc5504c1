import Control
import Foundation
import TestSupport

@testable import Session
@testable import RunFile
@testable import Training
@testable import TrainingFixture

/// A session folder with a recorder, without a trainer: events are made up.
struct SessionFixture {
  let temporary: TemporaryFolder
  var folder: String { temporary.path }

  init() throws { temporary = try TemporaryFolder() }

  static let model = LoopFixture.modelPath

  static func facts(resumedFrom: Int? = nil, data: String = "d") -> RunFacts {
    RunFacts(
      runFile: RunFile(model: model, train: ["d.jsonl"]).yaml(), modelHash: "m", dataHash: data, engine: "e",
      machine: ["cores": "2"],
      resumedFrom: resumedFrom, liveReference: false, tokenHashes: TokenHashes())
  }

  /// A recorder that has begun a segment.
  func recorder(resumedFrom: Int? = nil, prompts: Int = 3) throws -> SessionRecorder {
    let recorder = SessionRecorder(session: folder)
    try recorder.open(Self.facts(resumedFrom: resumedFrom))
    recorder.observe(.started(Self.description(prompts: prompts)))
    return recorder
  }

  static func description(prompts: Int = 3) -> RunDescription {
    RunDescription(
      name: "r", modelName: "m", method: "HPS-DPO", estimator: "sample", totalSteps: 100, stepsPerEpoch: 2,
      promptsPerStep: 2, learningRate: 1e-4, beta: 0.1, precision: "fp32", threads: 1, trainableParameters: 5,
      sessionPath: nil, catalogue: Catalogue(count: prompts), notice: "a notice")
  }

  static func description(of set: TrainingSet) -> RunDescription {
    var description = description()
    description.catalogue = set.catalogue
    return description
  }

  struct Catalogue: PromptCatalogue {
    var count: Int

    func prompt(_ index: Int) -> CataloguedPrompt {
      CataloguedPrompt(
        text: "prompt \(index)\n\"é\u{1F600}\"", responses: (0..<8).map { "response \(index).\($0)" },
        rewards: (0..<8).map { 1.5 / Double(index + 1) - Double($0) / 3 })
    }
  }

  static func step(_ number: Int, loss: Double? = nil, prompts: Int = 3) -> StepRecord {
    StepRecord(
      step: number, epoch: Double(number) / 3, loss: loss ?? 1 / Double(number), learningRate: 1e-4 / 3,
      gradientNorm: 0.1 + 0.2, chosenReward: 0.1, rejectedReward: -0.7, margin: 0.8, accuracy: 0.5,
      chosenLogProb: -41.2, rejectedLogProb: -1e-300, gamma: -5, ess: 1.25, saturatedShare: 0.5, tokens: 17 * number,
      stepTime: 0.125, beta: 0.1,
      visits: [
        PromptVisit(
          prompt: number % prompts, drawn: 1, drawnProbability: 1 / 3, ess: 1.9,
          scored: [
            ScoredResponse(response: 0, logProb: -10.1, referenceLogProb: -10.3, tokens: 5),
            ScoredResponse(response: 1, logProb: -.pi, referenceLogProb: -3, tokens: 300),
          ], margin: 0.01, loss: 0.6),
        PromptVisit(
          prompt: 0, drawn: nil, drawnProbability: nil, ess: nil,
          // SQLite keeps −0 as 0; no log-prob is either.
          scored: (1..<6).map {
            ScoredResponse(
              response: $0, logProb: -Double($0) / 7, referenceLogProb: -Double($0) / 3, tokens: 1 + 200 * $0)
          }, margin: -0.2, loss: 0.9),
      ], kl: number == 2 ? 0.3 : nil)
  }

  static func answer(_ id: Int, _ command: RunCommand, step: Int) -> CommandAcknowledgement {
    CommandAcknowledgement(
      id: id, command: command, origin: .you, reason: "r \(id)", requestStep: step, effectStep: step + 1,
      oldValue: 0.1,
      newValue: 0.2, nextStep: step + 1)
  }

  func events(after cursor: Int64 = 0) throws -> [RunEvent] {
    let reader = try SessionReader(folder: folder)
    var events: [RunEvent] = []
    var cursor = cursor
    while true {
      // A page that is shorter than a step's visits, so that paging is used.
      let page = try reader.events(after: cursor, limit: 3)
      if page.cursor == cursor { return events }
      events += page.events.map(\.event)
      cursor = page.cursor
    }
  }
}

extension RunEvent {
  /// Two events are the same if they say the same; a NaN is a NaN.
  var said: String {
    if case .started(let run) = self {
      return "started \(run.name) \(run.totalSteps) \(run.notice ?? "") \(run.catalogue.count) "
        + "\((0..<run.catalogue.count).map { run.catalogue.prompt($0) })"
    }
    return "\(self)"
  }
}

import Base
import Checkpoint
import Control
import Foundation
import Model
import DeviceCPU
import Preference
import Testing

@testable import Evaluation
@testable import Training
@testable import TrainingFixture

/// Full-batch runs of the real loop against TRL's KTOTrainer: loss, KL estimate, gradient and adapter.
struct KTOTrajectoryTests {
  struct File: Decodable {
    struct Row: Decodable {
      var promptIds: [Int32]
      var completionIds: [Int32]
      /// Whether the completion is desirable.
      var label: Bool
    }

    var lossType: String
    var beta: Double
    var desirableWeight: Double
    var undesirableWeight: Double
    var rows: [Row]
    var trajectory: [RecordedStep]
  }

  /// Rows of one prompt become one list, as the data's reader makes them.
  private func fixture(_ file: File, model: PreferenceModel) throws -> LoopFixture {
    var items: [(prompt: [Int32], responses: [[Int32]], rewards: [Double])] = []
    for row in file.rows {
      if let known = items.firstIndex(where: { $0.prompt == row.promptIds }) {
        items[known].responses.append(row.completionIds)
        items[known].rewards.append(row.label ? 1 : 0)
      } else {
        items.append((row.promptIds, [row.completionIds], [row.label ? 1 : 0]))
      }
    }
    var options = ObjectiveOptions()
    options.desirableWeight = file.desirableWeight
    options.undesirableWeight = file.undesirableWeight
    var fixture = LoopFixture(
      try Objective(
        model: model, parameterization: file.lossType == "kto" ? .kto : .apoZero, beta: file.beta, options: options),
      set: LoopFixture.trainingSet(items))
    fixture.promptsPerStep = items.count
    fixture.totalSteps = file.trajectory.count
    return fixture
  }

  /// Pairs as a best and a worst response and as two that stand alone are the same rows.
  @Test(arguments: [
    ("kto-pairs", PreferenceModel.bt), ("kto-pairs", .pl), ("kto-pairs", .hps), ("kto-unpaired", .bt),
    ("kto-unpaired", .pl), ("kto-apo", .pl),
  ])
  func everyStepIsTRLs(_ name: String, _ model: PreferenceModel) throws {
    let file = try RecordedTrajectory.decode(File.self, name)
    let events = EventLog()
    let loop = try fixture(file, model: model).loop(events)
    _ = try loop.run()
    #expect(events.steps.count == file.trajectory.count)
    for (step, expected) in zip(events.steps, file.trajectory) {
      let label: Comment = "\(name) step \(step.step)"
      RecordedTrajectory.expect(step, equals: expected, loss: 1e-5, logProb: 1e-3, label)
      let kl = try #require(expected.kl)
      #expect(abs((step.kl ?? 0) - kl) < 1e-4, label)
      #expect((step.kl == nil) == (file.lossType != "kto"))
    }
    // The estimate is at work: above 0 for TRL as well.
    if name == "kto-unpaired" { #expect(file.trajectory.allSatisfy { ($0.kl ?? 0) > 0.01 }) }

    try RecordedTrajectory.expectFinal(loop.scorer.adapter, of: name)
    try RecordedTrajectory.expectFirstGradient(fixture(file, model: model), of: name)
  }

  /// A prompt longer than its own answers allow: the mismatched response loses its end, and never the run.
  @Test func mismatchedPairsStayWithinTheLength() throws {
    let long = Array(repeating: Int32(5), count: 60)
    var fixture = LoopFixture(
      try Objective(model: .pl, parameterization: .kto),
      set: LoopFixture.trainingSet([(long, [[7, 1]], [1]), ([3, 4], [Array(repeating: 9, count: 70)], [0])]))
    fixture.totalSteps = 2
    let loop = try fixture.loop()
    let wanted = [(prompt: 0, responses: [0]), (prompt: 1, responses: [0])]
    // 60 + 70 tokens are more than the model's 128 positions.
    #expect(throws: ModelError.self) {
      try loop.scorer.klEstimate(set: loop.set, wanted: wanted, maxLength: .max)
    }
    let cut = try loop.scorer.klEstimate(set: loop.set, wanted: wanted, maxLength: 128)
    #expect(cut.isFinite && cut >= 0)
    #expect(try loop.scorer.klEstimate(set: loop.set, wanted: wanted.reversed(), maxLength: 128) == cut)
    #expect(try loop.scorer.klEstimate(set: loop.set, wanted: [wanted[0]], maxLength: 128) == 0)
  }
}

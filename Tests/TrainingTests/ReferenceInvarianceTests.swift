import Base
import Checkpoint
import DemoWorld
import Foundation
import Model
import DeviceCPU
import Testing

@testable import Evaluation
@testable import Training

/// A reference log-prob must not depend on what else is scored in the same pass: then a number of one run is the number
/// of another one, bit for bit, whatever responses that one draws.
@Suite struct ReferenceInvarianceTests {
  @Test(arguments: Precision.allCases) func aScoreDoesNotDependOnItsCompany(precision: Precision) throws {
    let checkpoint = try CheckpointFolder(path: DemoWorld.resources().modelPath)
    let model = try LanguageModel(checkpoint: checkpoint, device: CPUDevice(threads: 2, precision: precision))
    let vocabulary = checkpoint.configuration.vocabularySize
    var stream = RandomStream(seed: 3, purpose: .test)
    func tokens(_ range: ClosedRange<Int>) -> [Int32] {
      (0..<Int.random(in: range, using: &stream)).map { _ in Int32.random(in: 3..<Int32(vocabulary), using: &stream) }
    }
    let items = (0..<24).map { _ in (prompt: tokens(3...70), responses: (0..<6).map { _ in tokens(1...90) }) }
    func scores(_ groups: [PromptGroup]) throws -> [[Double]] {
      try model.score(groups, adapter: nil).map { $0.map(GroupScorer.sum) }
    }
    let together = try scores(items.map { PromptGroup(prompt: $0.prompt, responses: $0.responses) })
    var different = 0
    for (index, item) in items.enumerated() {
      for (position, response) in item.responses.enumerated() {
        let alone = try scores([PromptGroup(prompt: item.prompt, responses: [response])])[0][0]
        if alone != together[index][position] { different += 1 }
      }
    }
    #expect(different == 0, "\(different) of 144 differ in \(precision)")
  }
}

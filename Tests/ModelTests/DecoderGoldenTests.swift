import Checkpoint
import Foundation
import Model
import DeviceCPU
import Testing

@Suite struct DecoderGoldenTests {
  @Test(arguments: ModelFixture.names)
  func logProbsMatchTransformers(name: String) throws {
    let fixture = try ModelFixture(name)
    let model = try fixture.model()
    let reference = try model.score(fixture.promptGroups, adapter: nil)
    let policy = try model.score(fixture.promptGroups, adapter: try fixture.adapter())
    #expect(largestDifference(reference, fixture.groups.map(\.reference)) < 2e-5)
    #expect(largestDifference(policy, fixture.groups.map { $0.policy ?? [] }) < 2e-5)
  }

  @Test(arguments: ModelFixture.names)
  func everyGradientMatchesAutograd(name: String) throws {
    let fixture = try ModelFixture(name)
    let adapter = try fixture.adapter()
    let found = try fixture.accumulated(try fixture.model(), adapter).values.array
    for expected in try fixture.gradients(adapter) {
      let error = relativeError(found[expected.range], expected.values)
      #expect(error < 1e-4, "\(expected.name): \(error)")
    }
  }

  /// bf16 keeps 8 bits: gradients of these random models agree to a few percent.
  @Test(arguments: ModelFixture.names)
  func bf16StaysCloseToAutograd(name: String) throws {
    let fixture = try ModelFixture(name)
    let adapter = try fixture.adapter()
    let model = try fixture.model(.bf16)
    let policy = try model.score(fixture.promptGroups, adapter: adapter)
    #expect(largestDifference(policy, fixture.groups.map { $0.policy ?? [] }) < 0.25)
    let found = try fixture.accumulated(model, adapter).values.array
    for expected in try fixture.gradients(adapter) {
      let error = relativeError(found[expected.range], expected.values)
      #expect(error < 0.1, "\(expected.name): \(error)")
    }
  }
}

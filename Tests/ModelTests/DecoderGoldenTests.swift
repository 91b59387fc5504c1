import Checkpoint
import Foundation
import Model
import Device
import Testing

@Suite struct DecoderGoldenTests {
  @Test(arguments: ModelFixture.names, TestDevice.allCases)
  func logProbsMatchTransformers(name: String, device: TestDevice) throws {
    let fixture = try ModelFixture(name)
    let model = try fixture.model(on: device)
    let reference = try model.score(fixture.promptGroups, adapter: nil)
    let policy = try model.score(fixture.promptGroups, adapter: try fixture.adapter())
    #expect(largestDifference(reference, fixture.groups.map(\.reference)) < 2e-5)
    #expect(largestDifference(policy, fixture.groups.map { $0.policy ?? [] }) < 2e-5)
  }

  @Test(arguments: ModelFixture.names, TestDevice.allCases)
  func everyGradientMatchesAutograd(name: String, device: TestDevice) throws {
    let fixture = try ModelFixture(name)
    let adapter = try fixture.adapter()
    let found = try fixture.accumulated(try fixture.model(on: device), adapter).values.array
    for expected in try fixture.gradients(adapter) {
      let error = relativeError(found[expected.range], expected.values)
      #expect(error < 1e-4, "\(expected.name): \(error)")
    }
  }

  /// What computes fast and what computes plainly: the same numbers in fp32.
  @Test(arguments: ModelFixture.names)
  func devicesAgree(name: String) throws {
    let fixture = try ModelFixture(name)
    let adapter = try fixture.adapter()
    let models = try TestDevice.allCases.map { try fixture.model(on: $0) }
    let scores = try models.map { try $0.score(fixture.promptGroups, adapter: adapter) }
    #expect(largestDifference(scores[0], scores[1]) < 1e-5)
    let gradients = try models.map { try fixture.accumulated($0, adapter).values.array }
    #expect(relativeError(gradients[0], gradients[1]) < 1e-5)
  }

  /// bf16 keeps 8 bits: gradients of these random models agree to a few percent.
  @Test(arguments: ModelFixture.names, TestDevice.allCases)
  func bf16StaysCloseToAutograd(name: String, device: TestDevice) throws {
    let fixture = try ModelFixture(name)
    let adapter = try fixture.adapter()
    let model = try fixture.model(.bf16, on: device)
    let policy = try model.score(fixture.promptGroups, adapter: adapter)
    #expect(largestDifference(policy, fixture.groups.map { $0.policy ?? [] }) < 0.25)
    let found = try fixture.accumulated(model, adapter).values.array
    for expected in try fixture.gradients(adapter) {
      let error = relativeError(found[expected.range], expected.values)
      #expect(error < 0.1, "\(expected.name): \(error)")
    }
  }
}

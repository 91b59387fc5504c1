import Checkpoint
import Foundation
import Model
import Device
import Testing

/// A real pretrained checkpoint, where the shared data folder is there.
@Suite struct StoriesTests {
  struct Golden: Decodable {
    let groups: [ModelFixture.Group]
    let greedy: [Int32]
  }

  static let folder: String? = {
    let root = ModelFixture.folder.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let shared =
      ProcessInfo.processInfo.environment["WORKBENCH_SHARED"]
      ?? root.appendingPathComponent("../shared").standardizedFileURL.path
    let path = shared + "/models/stories260K"
    return FileManager.default.fileExists(atPath: path + "/config.json") ? path : nil
  }()

  @Test(.enabled(if: folder != nil, "the shared folder with stories260K is not there"), arguments: TestDevice.allCases)
  func logProbsAndGreedyTextMatchTransformers(device: TestDevice) throws {
    let folder = try #require(Self.folder)
    let golden = try JSONDecoder().decode(
      Golden.self, from: Data(contentsOf: ModelFixture.folder.appendingPathComponent("stories260K.json")))
    let model = try LanguageModel(checkpoint: CheckpointFolder(path: folder), device: device.make(.fp32))
    let groups = golden.groups.map { PromptGroup(prompt: $0.prompt, responses: $0.responses) }
    #expect(largestDifference(try model.score(groups, adapter: nil), golden.groups.map(\.reference)) < 1e-4)
    let settings = SamplingSettings(maxNewTokens: 48, greedy: true)
    #expect(
      try model.generate(groups[0].prompt, count: 1, settings: settings, seed: 0, adapter: nil) == [golden.greedy])
  }
}

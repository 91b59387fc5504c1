import Foundation
import Testing

@testable import DemoWorld

@Suite struct DemoResourcesTests {
  @Test func theBundleIsComplete() throws {
    let resources = try DemoWorld.resources()
    for path in [resources.modelPath, resources.trainPath, resources.heldOutPath, resources.runFilePath] {
      #expect(FileManager.default.fileExists(atPath: path), "\(path)")
    }
    let model = try Data(contentsOf: URL(fileURLWithPath: resources.modelPath + "/model.safetensors"))
    #expect(model.count <= 8 << 20)
  }

  @Test func theBundledRowsAreWhatTheGeneratorWrites() throws {
    let resources = try DemoWorld.resources()
    let generator = WorldGenerator()
    #expect(try unzipped(resources.trainPath) == (try WorldFiles.lines(of: generator.trainingRows())))
    #expect(try unzipped(resources.heldOutPath) == (try WorldFiles.lines(of: generator.heldOutRows())))
  }

  @Test func theModelIsALlamaThatFitsTheEngine() throws {
    struct Configuration: Decodable {
      let architectures: [String]
      let hidden_size: Int
      let intermediate_size: Int
      let head_dim: Int
      let num_attention_heads: Int
      let num_key_value_heads: Int
    }
    let path = try DemoWorld.resources().modelPath + "/config.json"
    let config = try JSONDecoder().decode(Configuration.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    #expect(config.architectures == ["LlamaForCausalLM"])
    for size in [config.hidden_size, config.intermediate_size, config.head_dim] { #expect(size % 16 == 0) }
    #expect(config.num_attention_heads % config.num_key_value_heads == 0)
  }

  /// Every answer kind has its own short title.
  @Test func kindsHaveTitles() {
    #expect(Set(AnswerKind.allCases.map(\.title)).count == AnswerKind.allCases.count)
  }

  private func unzipped(_ path: String) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["gzip", "-dc", path]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
  }
}

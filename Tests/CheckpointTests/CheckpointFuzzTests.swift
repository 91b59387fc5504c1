import Base
import Foundation
import Testing

@testable import Checkpoint

/// Damaged files must end in an error, never in a crash; half of the mutations keep the text well-formed enough to reach
/// the checks behind the parser. The streams are seeded: a failure repeats.
@Suite struct CheckpointFuzzTests {
  private static let splices = [
    "", "0", "-1", "1e999", "9223372036854775807", "18446744073709551616", "null", "true", "[]", "{}", "\"", "\\", ":",
    ",", "[[[[", "\"\\ud800\"", "\"shape\":[", "4611686018427387904", "\u{0}", "{\"a\":{}}",
  ]

  private static func mutate(_ bytes: [UInt8], _ random: inout RandomStream) -> [UInt8] {
    var result = bytes
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      guard !result.isEmpty else { break }
      let position = Int.random(in: 0..<result.count, using: &random)
      switch Int.random(in: 0..<6, using: &random) {
      case 0: result[position] = UInt8.random(in: .min ... .max, using: &random)
      case 1: result[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 2: result.remove(at: position)
      case 3: result.insert(contentsOf: splices[Int.random(in: 0..<splices.count, using: &random)].utf8, at: position)
      case 4:  // a number becomes another: the text stays well-formed
        let digits = result.indices.filter { (0x30...0x39).contains(result[$0]) }
        if let digit = digits.randomElement(using: &random) {
          result.replaceSubrange(
            digit...digit, with: splices[Int.random(in: 1..<8, using: &random)].utf8)
        }
      default: result.removeSubrange(position..<min(position + 40, result.count))
      }
    }
    return result
  }

  @Test func safetensors() throws {
    let scratch = try CheckpointScratch()
    let original = try CheckpointFixtures.bytes("adapter/adapter_model.safetensors")
    let headerLength = Int(original[0]) | Int(original[1]) << 8
    let header = Array(original[8..<8 + headerLength])
    let data = original[(8 + headerLength)...]
    var accepted = 0
    for index in 0..<800 {
      var random = RandomStream(seed: 1, purpose: .test, index: index)
      let mutated = Self.mutate(header, &random)
      // Every other time the length is kept true, so that the header itself is reached.
      let length = Bool.random(using: &random) ? mutated.count : Int.random(in: 0...original.count, using: &random)
      let bytes = withUnsafeBytes(of: UInt64(length).littleEndian) { Array($0) } + mutated + data
      let path = try scratch.write(bytes, as: "x.safetensors")
      do {
        let file = try SafetensorsFile(path: path)
        for name in file.names { _ = try? file.tensor(name).float32() }
        accepted += 1
      } catch {
        #expect(error is CheckpointError)
      }
    }
    // Some mutations only rename a tensor; most must be caught.
    #expect(accepted < 200)
  }

  @Test func modelConfigurations() throws {
    for (position, fixture) in ["llama-bf16", "qwen2-fp16", "mistral-fp32-sharded"].enumerated() {
      let original = try CheckpointFixtures.bytes("\(fixture)/config.json")
      for index in 0..<600 {
        var random = RandomStream(seed: 2, purpose: .test, epoch: position, index: index)
        do {
          let model = try ModelConfiguration.decode(json: Data(Self.mutate(original, &random)), file: "config.json")
          #expect(model.headCount % model.keyValueHeadCount == 0)
          _ = LinearKind.allCases.map { $0.shape(in: model) }
        } catch {
          #expect(error is CheckpointError)
        }
      }
    }
  }

  @Test func adapterConfigurations() throws {
    let model = ModelConfiguration(
      hiddenSize: 16, intermediateSize: 20, layerCount: 4, headCount: 4, keyValueHeadCount: 2, headDimension: 6,
      vocabularySize: 24)
    // One with regular expressions, ranks of its own and layers.
    for (position, name) in ["../checkpoint/adapter", "patterns", "looks-ahead", "some-layers"].enumerated() {
      let original = try CheckpointFixtures.bytes("../adapter/\(name)/adapter_config.json")
      for index in 0..<600 {
        var random = RandomStream(seed: 3, purpose: .test, epoch: position, index: index)
        do {
          let found = try AdapterConfiguration.decode(
            json: Self.mutate(original, &random), file: "adapter_config.json")
          #expect(found.lora.rank > 0 && found.lora.scale.isFinite)
          for module in found.lora.modules(of: model) { #expect(module.rank > 0 && module.scale.isFinite) }
        } catch {
          #expect(error is CheckpointError)
        }
      }
    }
  }

  /// An expression of any characters matches or is refused.
  @Test func modulePatterns() {
    let pieces = [
      "a", ".", "*", "+", "?", "(", ")", "(?:", "(?=", "(?!", "(?<=", "(?P<n>", "[", "]", "^", "-", "|", "{2,3}", "{",
      "\\",
      "\\d", "\\b", "$", "é", "\u{0}",
    ]
    var accepted = 0
    for index in 0..<3000 {
      var random = RandomStream(seed: 5, purpose: .test, index: index)
      let text = (0..<Int.random(in: 1...12, using: &random)).map { _ in
        pieces[Int.random(in: 0..<pieces.count, using: &random)]
      }.joined()
      guard let pattern = try? NamePattern(text) else { continue }
      accepted += 1
      for name in ["", "a", "aa.a", "model.layers.0.mlp.up_proj", String(repeating: "a", count: 200)] {
        _ = pattern.matches(name) || pattern.matchesEnd(of: name)
      }
    }
    #expect(accepted > 200)
  }

  @Test func shardIndexes() throws {
    let scratch = try CheckpointScratch(copying: "mistral-fp32-sharded")
    let original = try CheckpointFixtures.bytes("mistral-fp32-sharded/model.safetensors.index.json")
    for index in 0..<200 {
      var random = RandomStream(seed: 4, purpose: .test, index: index)
      try scratch.write(Self.mutate(original, &random), as: "model.safetensors.index.json")
      do {
        _ = try CheckpointFolder(path: scratch.url.path)
      } catch {
        #expect(error is CheckpointError)
      }
    }
  }
}

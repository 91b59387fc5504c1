import Foundation
import Testing

@testable import Checkpoint

/// Checkpoints that bitsandbytes has quantized: what is read of them, and what is refused with which words.
@Suite struct QuantizedCheckpointTests {
  static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures/quantized")

  private func open(_ name: String) throws -> CheckpointFolder {
    try CheckpointFolder(path: Self.fixtures.appendingPathComponent(name).path)
  }

  @Test func partsAreFound() throws {
    let name = "model.layers.1.self_attn.q_proj.weight"
    for (folder, quantization, scales) in [
      ("nf4", StoredQuantization.nf4, 80), ("nf4-double", .nf4, 80), ("int8", .int8, 80),
    ] {
      let checkpoint = try open(folder)
      #expect(checkpoint.quantization == quantization)
      let tensor = try #require(try checkpoint.quantizedTensor(name))
      #expect(tensor.shape == [80, 64] && tensor.scales.count == scales)
      let values = tensor.float32(elements: 0..<80 * 64)
      #expect(tensor.float32(elements: 131..<777) == Array(values[131..<777]))
      #expect(tensor.float32(elements: 5000..<9000) == Array(values[5000...]))
      #expect(values.contains { $0 != 0 } && values.allSatisfy { abs($0) < 2 })
      // Head and embedding are not quantized.
      #expect(try checkpoint.quantizedTensor("lm_head.weight") == nil)
    }
    // A module that was left in 16 bits.
    #expect(try open("nf4-double").quantizedTensor("model.layers.1.mlp.down_proj.weight") == nil)
    #expect(try open("nf4-double").tensor("model.layers.1.mlp.down_proj.weight").shape == [64, 112])
    #expect(throws: CheckpointError.self) { try open("fp4") }
  }

  /// A copy of a fixture with one tensor changed, or taken out.
  private func changed(
    _ folder: String, _ name: String, _ change: ([UInt8]) -> [UInt8]?
  ) throws -> (url: URL, remove: () -> Void) {
    let source = Self.fixtures.appendingPathComponent(folder)
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("bnb-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      at: source.appendingPathComponent("config.json"), to: url.appendingPathComponent("config.json"))
    let file = try SafetensorsFile(path: source.appendingPathComponent("model.safetensors").path)
    var header: [String] = []
    var data: [UInt8] = []
    for entry in file.header.entries {
      var bytes: [UInt8] = try file.file.slice(entry.range).integers()
      var shape = entry.shape
      if entry.name == name {
        guard let other = change(bytes) else { continue }
        if other.count != bytes.count { shape = [other.count * shape.reduce(1, *) / bytes.count] }
        bytes = other
      }
      header.append(
        "\"\(entry.name)\":{\"dtype\":\"\(entry.dataType)\",\"shape\":\(shape),\"data_offsets\":[\(data.count),"
          + "\(data.count + bytes.count)]}")
      data += bytes
    }
    let text = Array("{\(header.joined(separator: ","))}".utf8)
    let length = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) }
    try Data(length + text + data).write(to: url.appendingPathComponent("model.safetensors"))
    return (url, { try? FileManager.default.removeItem(at: url) })
  }

  private func refusal(_ folder: String, _ name: String, _ change: ([UInt8]) -> [UInt8]?) throws -> String {
    let (url, remove) = try changed(folder, name, change)
    defer { remove() }
    do {
      let checkpoint = try CheckpointFolder(path: url.path)
      for layer in 0..<2 {
        for kind in LinearKind.allCases {
          _ = try checkpoint.quantizedTensor(LinearAddress(layer: layer, kind: kind).description + ".weight")
        }
      }
      return "nothing"
    } catch let error as CheckpointError {
      return error.description
    }
  }

  @Test func unchangedCopiesAreRead() throws {
    for folder in ["nf4", "nf4-double", "int8"] { #expect(try refusal(folder, "", { $0 }) == "nothing") }
  }

  @Test func damagedPartsAreRefused() throws {
    let weight = "model.layers.1.self_attn.q_proj.weight"
    let state = weight + ".quant_state.bitsandbytes__nf4"
    func text(_ old: String, _ new: String) -> ([UInt8]) -> [UInt8]? {
      { Array(String(decoding: $0, as: UTF8.self).replacingOccurrences(of: old, with: new).utf8) }
    }
    let infinite: ([UInt8]) -> [UInt8]? = { [0, 0, 0x80, 0x7f] + $0.dropFirst(4) }
    let cases: [(String, String, ([UInt8]) -> [UInt8]?, String)] = [
      ("nf4", weight, { Array($0.dropLast(2)) }, "has 2558 bytes, but the shape [80, 64] in 4 bits asks for 2560"),
      ("nf4", weight + ".absmax", { _ in nil }, "has no tensor \"\(weight).absmax\""),
      ("nf4", weight + ".absmax", { Array($0.dropLast(4)) }, "has shape [79], but the configuration asks for [80]"),
      ("nf4", weight + ".absmax", infinite, "holds an infinity at element 0"),
      ("nf4", weight + ".quant_map", { Array($0.reversed()) }, "that is not NF4's is not supported"),
      ("nf4", state, text("\"blocksize\": 64", "\"blocksize\": 32"), "blocksize 32 is not supported"),
      ("nf4", state, text("nf4", "fp4"), "quant_type is \"fp4\", but must be nf4"),
      ("nf4", state, text("[80, 64]", "[64, 80]"), "has shape [64, 80], but the configuration asks for [80, 64]"),
      ("nf4", state, text("[80, 64]", "[99999999, 999999999]"), "bytes, but the shape"),
      ("nf4", state, text("[80, 64]", "[5120]"), "shape is"),
      ("nf4", state, text("{", "["), "quant_state"),
      // Without its state, a weight is bytes that nobody can read.
      ("nf4", state, { _ in nil }, "of type U8 is not supported"),
      ("nf4-double", state, text("\"nested_blocksize\": 256", "\"nested_blocksize\": 0"), "nested_blocksize is 0"),
      ("nf4-double", weight + ".nested_quant_map", { Array($0.dropLast(4)) }, "asks for [256]"),
      ("nf4-double", weight + ".nested_absmax", infinite, "holds an infinity"),
      ("int8", "model.layers.1.self_attn.q_proj.SCB", { _ in nil }, "has no tensor"),
      ("int8", "model.layers.1.self_attn.q_proj.SCB", infinite, "holds an infinity at element 0"),
      ("int8", weight, { Array($0.dropLast(64)) }, "of type I8 is not supported"),
    ]
    for (folder, name, change, words) in cases {
      let found = try refusal(folder, name, change)
      #expect(found.contains(words), "\(folder) \(name): \(found)")
    }
  }
}

import Checkpoint
import Foundation
import TestSupport
import Testing

@testable import GGUF

/// The container: what is read, and one sentence for what is not.
@Suite struct GGUFFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func opened(_ bytes: GGUFBytes) throws -> GGUFFile { try GGUFFile(path: bytes.write(to: folder)) }

  @Test func reads() throws {
    var bytes = GGUFBytes()
    bytes.version = 2
    bytes.add("general.architecture", "llama")
    bytes.add("a", type: 0, [200])
    bytes.add("b", type: 1, [200])
    bytes.add("c", type: 5, GGUFBytes.little(Int32(-7)))
    bytes.add("d", type: 6, GGUFBytes.little(Float(1.5).bitPattern))
    bytes.add("e", type: 7, [1])
    bytes.add("f", type: 10, GGUFBytes.little(UInt64.max))
    bytes.add("g", type: 12, GGUFBytes.little(Double(0.25).bitPattern))
    bytes.add("h", type: 9, GGUFBytes.little(UInt32(3)) + GGUFBytes.little(UInt64(2)) + [255, 255, 1, 0])
    bytes.addTensor("t", sizes: [2, 3], type: 0, offset: 0)
    bytes.data = (0..<6).flatMap { GGUFBytes.little(Float($0).bitPattern) }
    let file = try opened(bytes)
    #expect(file.scalars["general.architecture"] == .string("llama"))
    #expect(file.scalars["a"] == .integer(200) && file.scalars["b"] == .integer(-56))
    #expect(file.scalars["c"] == .integer(-7) && file.scalars["d"] == .number(1.5))
    #expect(file.scalars["e"] == .bool(true) && file.scalars["f"] == .number(0x1p64))
    #expect(file.scalars["g"] == .number(0.25))
    #expect(try file.arrays["h"]?.numbers() == [-1, 1])
    let tensor = try #require(file[tensor: "t"])
    #expect(tensor.shape == [3, 2])
    #expect(try GGUFWeights(file: file).floats(tensor, rows: 1..<3) == [2, 3, 4, 5])
  }

  @Test func refusesVersions() throws {
    var bytes = GGUFBytes()
    bytes.version = 1
    #expect(refusal { try opened(bytes) }.contains("version 1 of GGUF is not supported; supported: versions 2 and 3"))
    bytes.version = UInt32(3).byteSwapped
    #expect(refusal { try opened(bytes) }.contains("big-endian"))
  }

  @Test func refusesCounts() throws {
    var bytes = GGUFBytes()
    bytes.tensorCount = .max
    #expect(refusal { try opened(bytes) }.contains("it claims 18446744073709551615 tensors"))
    bytes.tensorCount = 0
    bytes.metadataCount = 1 << 40
    #expect(refusal { try opened(bytes) }.contains("metadata values"))
    bytes.metadataCount = 0
    bytes.add("x", type: 9, GGUFBytes.little(UInt32(8)) + GGUFBytes.little(UInt64(1) << 60))
    #expect(refusal { try opened(bytes) }.contains("elements of \"x\""))
    #expect(refusal { try GGUFFile(path: folder.path + "/none.gguf") }.contains("cannot be read"))
  }

  @Test func refusesMetadata() throws {
    var bytes = GGUFBytes()
    bytes.add("x", 1)
    bytes.add("x", 2)
    #expect(refusal { try opened(bytes) }.contains("\"x\" stands twice"))
    bytes = GGUFBytes()
    bytes.add("x", type: 77, [0, 0, 0, 0, 0])
    #expect(refusal { try opened(bytes) }.contains("unknown type 77"))
    bytes = GGUFBytes()
    let list = GGUFBytes.little(UInt32(9)) + GGUFBytes.little(UInt64(1))
    bytes.add("x", type: 9, list + list + list + list + list + [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    #expect(refusal { try opened(bytes) }.contains("nests lists"))
    bytes = GGUFBytes()
    bytes.add("general.alignment", 48)
    #expect(refusal { try opened(bytes) }.contains("a power of two"))
  }

  @Test func refusesTensors() throws {
    func sentence(sizes: [UInt64], type: UInt32 = 0, offset: UInt64 = 0, times: Int = 1) -> String {
      var bytes = GGUFBytes()
      for _ in 0..<times { bytes.addTensor("t", sizes: sizes, type: type, offset: offset) }
      bytes.data = [UInt8](repeating: 0, count: 64)
      return refusal { try opened(bytes) }
    }
    #expect(sentence(sizes: [4, 4]) == "(accepted)")
    #expect(sentence(sizes: [4, 4], times: 2).contains("is there twice"))
    #expect(sentence(sizes: [4, 5]).contains("it is cut short"))
    #expect(sentence(sizes: [4], offset: 8).contains("multiple of 32"))
    #expect(sentence(sizes: [4], offset: .max).contains("lies outside"))
    #expect(sentence(sizes: [1 << 40, 1 << 40]).contains("impossible shape"))
    #expect(sentence(sizes: [0]).contains("impossible shape"))
    #expect(sentence(sizes: [1, 1, 1, 1, 1]).contains("5 dimensions"))
    #expect(sentence(sizes: [4], type: 99).contains("unknown type 99"))
    #expect(sentence(sizes: [33], type: 8).contains("no multiple of 32"))
  }

  /// Whole models, of other kinds than are known.
  @Test func refusesModels() throws {
    func sentence(_ change: (inout GGUFBytes) -> Void) -> String {
      var bytes = GGUFBytes()
      change(&bytes)
      return refusal { try GGUFImport(path: bytes.write(to: folder)) }
    }
    #expect(sentence { $0.add("general.architecture", "mamba") }.contains("the architecture \"mamba\""))
    #expect(sentence { _ in }.contains("general.architecture is absent"))
    let adapter = sentence {
      $0.add("general.architecture", "llama")
      $0.add("general.type", "adapter")
    }
    #expect(adapter.contains("of the type \"adapter\""))
    let split = sentence {
      $0.add("general.architecture", "llama")
      $0.add("split.count", 3)
    }
    #expect(split.contains("llama-gguf-split --merge"))
    let experts = sentence {
      $0.add("general.architecture", "llama")
      $0.add("llama.expert_count", 8)
    }
    #expect(experts.contains("llama.expert_count (8) is not supported"))
    #expect(sentence { $0.add("general.architecture", "llama") }.contains("without a tokenizer"))
  }

  /// A type that nobody here can read is named, with what can be taken in its place.
  @Test func refusesTypes() throws {
    var bytes = [UInt8](try Data(contentsOf: GGUFFixtures.url("models/llama.gguf")))
    // The type of blk.0.attn_k.weight [32, 32] becomes IQ2_XXS; 32 is no multiple of 256, so it becomes I16 instead.
    let name = Array("blk.0.attn_k.weight".utf8)
    let place = try #require(bytes.indices.first { bytes[$0...].starts(with: name) }) + name.count + 4 + 16
    #expect(bytes[place] == 30)
    bytes[place] = 25
    let path = folder.path + "/types.gguf"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let sentence = refusal { try GGUFImport(path: path) }
    #expect(sentence.contains("tensor \"blk.0.attn_k.weight\" of type I16 is not supported"))
    #expect(sentence.contains("Q4_K_M"))
  }
}

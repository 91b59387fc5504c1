import Foundation
import JSON
import Testing

@testable import Checkpoint
@testable import GGUF

/// Whole GGUF files: header, metadata, tensors, and the tokenizer in them.
@Suite struct GGUFFuzzTests {
  /// Little-endian counts and lengths among the format's own words.
  private static let words = [
    "general.architecture", "general.alignment", "llama", "gemma3", "llama.block_count", "tokenizer.ggml.tokens",
    "blk.0.attn_q.weight", "rope_freqs.weight", "\u{1}\0\0\0\0\0\0\0", "\0\0\0\0\0\0\0\u{40}", "\u{9}\0\0\0\u{8}\0\0\0",
    "\u{7F}\u{7F}\u{7F}\u{7F}\u{7F}\u{7F}\u{7F}\u{7F}", "\0\0\0\u{1}\0\0\0\0", "\u{2}\0\0\0", "\u{1E}\0\0\0",
  ]

  private func read(_ name: String, seeds: [String], inputs: Int, body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("fuzz-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let url = folder.appendingPathComponent("x.gguf")
    let files = try seeds.map { try FuzzCampaign.file("Tests/Fixtures/gguf/\($0).gguf") }
    try FuzzCampaign.run(name, seeds: files, words: Self.words, inputs: inputs, soak: 20_000) { bytes in
      try Data(bytes).write(to: url)
      try body(url.path)
    }
  }

  /// Models: everything is planned, and some weights are read.
  @Test func models() throws {
    try read("gguf", seeds: ["models/llama", "models/gemma2", "models/qwen3"], inputs: 120) { path in
      _ = try GGUFImport(path: path, architectures: nil)
      let file = try GGUFFile(path: path)
      for tensor in file.tensors.prefix(4) where tensor.shape.first.map({ $0 > 0 }) ?? true {
        _ = try? GGUFWeights(file: file).floats(tensor, rows: 0..<1)
      }
    }
  }

  /// Headers alone, where nearly every byte is a length or a type.
  @Test func headers() throws {
    try read("gguf tokenizer", seeds: ["tokenizers/smollm2", "tokenizers/sentencepiece"], inputs: 120) { path in
      let vocabulary = try GGUFVocabulary(GGUFFile(path: path))
      _ = try GGUFTokenizer(vocabulary, family: .llama).json()
    }
  }
}

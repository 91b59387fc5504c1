import Checkpoint
import Foundation

/// A checkpoint folder of a given shape with random bf16 weights, and a tokenizer whose tokens are bytes.
///
/// Weights are uniform with the deviation 0.02 of a fresh model, norms are 1: activations stay of ordinary size.
public enum RandomCheckpoint {
  /// Writes `config.json`, `model.safetensors` and the tokenizer's files; a folder that holds this shape is kept as it is.
  ///
  /// - Throws: `CheckpointError` or a file system error, such as for a full disk.
  public static func write(_ shape: LlamaShape, to folder: URL, seed: UInt64 = 0) throws {
    let weights = folder.appendingPathComponent("model.safetensors")
    let config = configJSON(shape)
    let known = try? String(contentsOf: folder.appendingPathComponent("config.json"), encoding: .utf8)
    if known == config, FileManager.default.fileExists(atPath: weights.path) { return }

    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let entries = shape.configuration.tensorShapes.enumerated().map { index, tensor in
      let isNorm = tensor.shape.count == 1
      let key = seed &+ UInt64(index) << 40
      return SafetensorsEntry(name: tensor.name, shape: tensor.shape, type: .bf16) { range in
        isNorm ? [Float](repeating: 1, count: range.count) : uniform(range, key: key)
      }
    }
    try SafetensorsFile.write(entries, metadata: ["format": "pt"], to: weights)
    for (name, text) in ByteTokenizer.files {
      try text.write(to: folder.appendingPathComponent(name), atomically: true, encoding: .utf8)
    }
    // Last, as it is what tells that the folder is complete.
    try config.write(to: folder.appendingPathComponent("config.json"), atomically: true, encoding: .utf8)
  }

  /// Uniform numbers with deviation 0.02 that depend on (key, element) only: SplitMix64 of the element's number.
  private static func uniform(_ range: Range<Int>, key: UInt64) -> [Float] {
    let width = Float(0.02 * 12.0.squareRoot())
    return range.map { element in
      var z = (key &+ UInt64(element)) &* 0x9E37_79B9_7F4A_7C15
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return (Float(z >> 40) * 0x1p-24 - 0.5) * width
    }
  }

  private static func configJSON(_ shape: LlamaShape) -> String {
    """
    {
      "architectures": ["LlamaForCausalLM"],
      "model_type": "llama",
      "hidden_size": \(shape.hidden),
      "intermediate_size": \(shape.inner),
      "num_hidden_layers": \(shape.layers),
      "num_attention_heads": \(shape.heads),
      "num_key_value_heads": \(shape.keyValueHeads),
      "vocab_size": \(shape.vocabulary),
      "max_position_embeddings": \(shape.positions),
      "rope_theta": \(shape.ropeTheta),
      "rms_norm_eps": 1e-05,
      "hidden_act": "silu",
      "tie_word_embeddings": \(shape.tied),
      "bos_token_id": \(ByteTokenizer.bos),
      "eos_token_id": \(ByteTokenizer.eos),
      "torch_dtype": "bfloat16"
    }

    """
  }
}

/// A byte-level BPE without merges: one token a byte, so that the length of a text in tokens is plain to see.
enum ByteTokenizer {
  static let bos = 256
  static let eos = 257

  static var files: [(name: String, text: String)] {
    [
      ("tokenizer.json", tokenizerJSON),
      ("tokenizer_config.json", #"{"bos_token": "<s>", "eos_token": "</s>"}"# + "\n"),
    ]
  }

  private static var tokenizerJSON: String {
    let vocabulary = alphabet.enumerated().map { index, letter in "\(quoted(letter)): \(index)" }
    let special = [("<s>", bos), ("</s>", eos)].map { text, id in
      """
      {"id": \(id), "content": "\(text)", "single_word": false, "lstrip": false, "rstrip": false, \
      "normalized": false, "special": true}
      """
    }
    return """
      {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [\(special.joined(separator: ", "))],
       "normalizer": null,
       "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
       "post_processor": null,
       "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
       "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
        "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false,
        "vocab": {\(vocabulary.joined(separator: ", "))}, "merges": []}}

      """
  }

  /// GPT-2's letters for the 256 bytes: printable ones stand for themselves, the others follow from U+0100 on.
  private static var alphabet: [Character] {
    var next: UInt32 = 256
    return (0..<256).map { (byte: UInt32) in
      let isPrintable = (33...126).contains(byte) || (161...172).contains(byte) || byte >= 174
      let code = isPrintable ? byte : next
      if !isPrintable { next += 1 }
      return Character(Unicode.Scalar(code) ?? "?")
    }
  }

  private static func quoted(_ letter: Character) -> String {
    letter == "\"" || letter == "\\" ? "\"\\\(letter)\"" : "\"\(letter)\""
  }
}

import Checkpoint

/// The model families whose GGUF files can be turned into a Hugging Face folder and back, named by llama.cpp's
/// `general.architecture`.
enum GGUFFamily: String, CaseIterable {
  /// Llama and what llama.cpp treats as one: Mistral, SmolLM2, TinyLlama.
  case llama
  case qwen2
  case qwen3
  case gemma
  case gemma2
  case gemma3

  /// The family as which llama.cpp knows models of a config.json's `model_type`.
  init?(modelType: String) {
    switch modelType {
    case "llama", "mistral": self = .llama
    case "gemma3_text", "gemma3": self = .gemma3
    default: self.init(rawValue: modelType)
    }
  }

  /// llama.cpp rotates neighbours where transformers rotates halves: its converter interleaves the two halves of each head's
  /// rows of the query and key projections.
  var interleavesQueriesAndKeys: Bool { self == .llama }

  /// Gemma multiplies by 1 + w; llama.cpp stores that sum.
  var isGemma: Bool { [.gemma, .gemma2, .gemma3].contains(self) }

  /// Whether norms also follow attention and MLP.
  private var hasSandwichNorms: Bool { self == .gemma2 || self == .gemma3 }

  private var hasQueryKeyNorms: Bool { self == .qwen3 || self == .gemma3 }

  // MARK: Tensor names

  /// What follows `blk.N.` in a GGUF file, and `model.layers.N.` in a Hugging Face checkpoint; without ".weight".
  private var layerNames: [String: String] {
    var names = [
      "attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
      "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj", "ffn_gate": "mlp.gate_proj",
      "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
    ]
    if hasSandwichNorms {
      names["post_attention_norm"] = "post_attention_layernorm"
      names["ffn_norm"] = "pre_feedforward_layernorm"
      names["post_ffw_norm"] = "post_feedforward_layernorm"
    } else {
      names["ffn_norm"] = "post_attention_layernorm"
    }
    if hasQueryKeyNorms {
      names["attn_q_norm"] = "self_attn.q_norm"
      names["attn_k_norm"] = "self_attn.k_norm"
    }
    return names
  }

  /// The Hugging Face name of a GGUF tensor; nil for one that the family does not have.
  func checkpointName(of name: String) -> String? {
    switch name {
    case "token_embd.weight": return "model.embed_tokens.weight"
    case "output_norm.weight": return "model.norm.weight"
    case "output.weight": return "lm_head.weight"
    default: break
    }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4, parts[0] == "blk", let layer = Int(parts[1]), layer >= 0, String(layer) == parts[1],
      parts[3] == "weight" || parts[3] == "bias", let module = layerNames[String(parts[2])]
    else { return nil }
    return "model.layers.\(layer).\(module).\(parts[3])"
  }

  /// The GGUF name of a linear map's weight.
  func weightName(of address: LinearAddress) -> String {
    let module = address.module.path
    let name = layerNames.first { $0.value == module }?.key ?? module
    return "blk.\(address.layer).\(name).weight"
  }
}

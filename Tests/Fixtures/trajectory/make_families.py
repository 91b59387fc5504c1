"""Records TRL's DPOTrainer on tiny models of other families, on the pairs and in the way of make_trajectory.py.

Run in this folder; rewrites model-FAMILY, adapter-random-FAMILY and FAMILY.* for each.
"""

import torch
from transformers import Gemma3ForCausalLM, Gemma3TextConfig, Qwen3Config, Qwen3ForCausalLM

import make_trajectory
from make_trajectory import EOS, HERE, PAD, VOCABULARY, make_pairs, run

SHAPE = dict(vocab_size=VOCABULARY, hidden_size=32, intermediate_size=64, num_attention_heads=4, num_key_value_heads=2,
             max_position_embeddings=128, bos_token_id=0, eos_token_id=EOS, pad_token_id=PAD, head_dim=12,
             attn_implementation="eager")
FAMILIES = {
    "qwen3": (Qwen3ForCausalLM, Qwen3Config(**SHAPE, num_hidden_layers=2, tie_word_embeddings=True)),
    # A window that most of the pairs are longer than, in one layer of two.
    "gemma3": (Gemma3ForCausalLM, Gemma3TextConfig(
        **SHAPE, num_hidden_layers=2, sliding_window=6, query_pre_attn_scalar=12,
        layer_types=["sliding_attention", "full_attention"])),
}


def maker(family):
    def make():
        kind, config = FAMILIES[family]
        torch.manual_seed(1)
        model = kind(config).float()
        center = 0 if family == "gemma3" else 1  # Gemma stores a norm's weight less 1
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                parameter.copy_(
                    center + 0.2 * torch.randn_like(parameter) if "norm" in name
                    else torch.randn_like(parameter) * (0.3 if "embed" in name else 1.2 / parameter.shape[1] ** 0.5))
        return model
    return make


for family in FAMILIES:
    make_trajectory.make_model = maker(family)
    folder = HERE / f"model-{family}"
    make_trajectory.make_model().save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    run(family, f"random-{family}", "sigmoid", 0.1, 0.0, 10, "constant", make_pairs())

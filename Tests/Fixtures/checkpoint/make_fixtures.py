"""Makes the checkpoint fixtures: tiny random models and adapters in the Hugging Face layout, and what the reference
libraries read from them.

    python make_fixtures.py [families]

Made with torch 2.15, transformers 5.23 (families.json: 5.24), peft 0.21, safetensors 0.8.
"""

import json
import shutil
import sys
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import (
    AutoConfig, AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM, Qwen2Config,
    Qwen2ForCausalLM,
)

HERE = Path(__file__).parent
SIZES = dict(vocab_size=24, hidden_size=16, intermediate_size=20, num_hidden_layers=2, num_attention_heads=4,
             num_key_value_heads=2, max_position_embeddings=64)


def fresh(name):
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def randomise(model):
    """Norms start at 1 and biases at 0: give every tensor values that tell it from the others."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.3)
    return model


def widened(model, name):
    save_file({k: v.detach().to(torch.float32).contiguous().clone() for k, v in model.state_dict().items()
               if not (model.config.tie_word_embeddings and k == "lm_head.weight")}, HERE / f"{name}.float32.safetensors")


def models():
    torch.manual_seed(1)
    llama = randomise(LlamaForCausalLM(LlamaConfig(**SIZES, tie_word_embeddings=True, attention_bias=True, mlp_bias=True,
                                                   head_dim=6, bos_token_id=1, eos_token_id=2))).to(torch.bfloat16)
    llama.generation_config.eos_token_id = [2, 7]
    llama.save_pretrained(fresh("llama-bf16"))
    widened(llama, "llama-bf16")

    qwen = randomise(Qwen2ForCausalLM(Qwen2Config(**SIZES, tie_word_embeddings=False, bos_token_id=None,
                                                  eos_token_id=[3, 4]))).to(torch.float16)
    qwen.save_pretrained(fresh("qwen2-fp16"))
    widened(qwen, "qwen2-fp16")

    mistral = randomise(MistralForCausalLM(MistralConfig(**SIZES, sliding_window=32)))
    mistral.save_pretrained(fresh("mistral-fp32-sharded"), max_shard_size="9KB")
    widened(mistral, "mistral-fp32-sharded")


def adapters():
    torch.manual_seed(2)
    for name, base_name, options in [
        ("adapter", "mistral-fp32-sharded", dict(r=3, lora_alpha=6, target_modules=["q_proj", "v_proj", "down_proj"])),
        ("adapter-rslora", "llama-bf16", dict(r=4, lora_alpha=6, use_rslora=True, target_modules="all-linear")),
    ]:
        base = AutoModelForCausalLM.from_pretrained(HERE / base_name)
        model = get_peft_model(base, LoraConfig(task_type="CAUSAL_LM", **options))
        with torch.no_grad():
            for key, parameter in model.named_parameters():
                if "lora_" in key:
                    parameter.copy_(torch.randn_like(parameter) * 0.3)
        model.peft_config["default"].base_model_name_or_path = base_name
        model.save_pretrained(fresh(name))
        (HERE / name / "README.md").unlink()
        # The merge, by its definition: W + scale * B A in fp32, cast to W's type.
        base = AutoModelForCausalLM.from_pretrained(HERE / base_name)
        types = {k: v.dtype for k, v in base.state_dict().items()}
        merged = PeftModel.from_pretrained(base.to(torch.float32), HERE / name).merge_and_unload()
        tied = merged.config.tie_word_embeddings
        save_file({k: v.detach().to(types[k]).contiguous().clone() for k, v in merged.state_dict().items()
                   if not (tied and k == "lm_head.weight")}, HERE / f"{name}.merged.safetensors")
    weights = load_file(HERE / "adapter" / "adapter_model.safetensors")
    shutil.rmtree(HERE / "adapter-bf16", ignore_errors=True)
    shutil.copytree(HERE / "adapter", HERE / "adapter-bf16")
    save_file({k: v.to(torch.bfloat16) for k, v in weights.items()},
              HERE / "adapter-bf16" / "adapter_model.safetensors", metadata={"format": "pt"})


def configurations():
    """Published configurations' shapes, and what transformers makes of each."""
    llama = dict(model_type="llama", hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=8,
                 vocab_size=128, hidden_act="silu")
    llama3 = dict(factor=32.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=8192)
    cases = {
        "defaults": llama,
        "llama3.1, rope_type": llama | dict(num_key_value_heads=2, rope_theta=500000.0, max_position_embeddings=131072,
                                            rope_scaling=llama3 | dict(rope_type="llama3"), eos_token_id=[5, 6, 7]),
        "llama3.1, transformers 5": llama | dict(rope_parameters=llama3 | dict(rope_type="llama3", rope_theta=500000.0)),
        "linear, type": llama | dict(rope_scaling=dict(type="linear", factor=4.0), rope_theta=20000),
        "empty rope_scaling": llama | dict(rope_scaling={}, rope_parameters=dict(rope_type="default", rope_theta=3e5)),
        "both rope spellings": llama | dict(rope_scaling=dict(type="linear", factor=2.0),
                                            rope_parameters=dict(rope_type="default", rope_theta=3e5)),
        "SmolLM2": llama | dict(tie_word_embeddings=True, rope_theta=100000, rms_norm_eps=1e-5, rope_interleaved=False,
                                rope_scaling=None, max_position_embeddings=8192, torch_dtype="bfloat16"),
        "null groups, null ids": llama | dict(num_key_value_heads=None, head_dim=None, bos_token_id=None, eos_token_id=None),
        "wide heads": llama | dict(head_dim=32, attention_bias=True, mlp_bias=True),
        "mistral": llama | dict(model_type="mistral", sliding_window=4096, num_key_value_heads=4),
        "mistral, defaults": llama | dict(model_type="mistral"),
        "mistral, no window": llama | dict(model_type="mistral", sliding_window=None, head_dim=16),
        "qwen2": llama | dict(model_type="qwen2", use_sliding_window=False, sliding_window=32768, max_window_layers=1,
                              num_key_value_heads=2, bos_token_id=9, eos_token_id=10),
        "qwen2, sliding": llama | dict(model_type="qwen2", use_sliding_window=True, sliding_window=512,
                                       max_window_layers=1, num_key_value_heads=2),
        "qwen2, sliding never reached": llama | dict(model_type="qwen2", use_sliding_window=True, sliding_window=512,
                                                     max_window_layers=2, num_key_value_heads=2),
        "qwen3, defaults": llama | dict(model_type="qwen3", num_attention_heads=32),
        "qwen3, biases, sliding": llama | dict(model_type="qwen3", attention_bias=True, head_dim=16, use_sliding_window=True,
                                               sliding_window=512, max_window_layers=1, num_key_value_heads=2,
                                               tie_word_embeddings=True, rope_theta=1000000, eos_token_id=[5, 6]),
        "phi3, defaults": llama | dict(model_type="phi3", vocab_size=32064, pad_token_id=0),
        "Phi-3-mini-4k": llama | dict(model_type="phi3", sliding_window=2047, original_max_position_embeddings=4096,
                                      num_key_value_heads=4, rms_norm_eps=1e-05, rope_scaling=None, rope_theta=10000.0,
                                      max_position_embeddings=4096, bos_token_id=1, eos_token_id=[7, 8], pad_token_id=0),
    }
    result = []
    for name, given in cases.items():
        folder = HERE / "tmp"
        folder.mkdir(exist_ok=True)
        (folder / "config.json").write_text(json.dumps(given))
        config = AutoConfig.from_pretrained(folder)
        shutil.rmtree(folder)
        kind = config.model_type
        window = getattr(config, "sliding_window", None)
        if kind in ("qwen2", "qwen3") and "sliding_attention" not in config.layer_types:
            window = None
        eos = config.eos_token_id
        result.append(dict(name=name, config=given, expected=dict(
            kv_heads=config.num_key_value_heads, head_dim=getattr(config, "head_dim", None)
            or config.hidden_size // config.num_attention_heads, epsilon=config.rms_norm_eps,
            rope=config.rope_parameters, tied=config.tie_word_embeddings,
            qkv_bias=kind == "qwen2" or getattr(config, "attention_bias", False),
            output_bias=kind in ("llama", "qwen3") and config.attention_bias, mlp_bias=getattr(config, "mlp_bias", False),
            max_positions=config.max_position_embeddings, window=window,
            bos=config.bos_token_id, eos=eos if isinstance(eos, list) else [] if eos is None else [eos])))
    (HERE / "configurations.json").write_text(json.dumps(result, indent=1) + "\n")


def families():
    """Configurations as the models of each family have them on a hub, and what transformers makes of each: the windows
    and the rotary embedding of every layer, and the family's factors."""
    small = dict(hidden_size=64, intermediate_size=96, num_hidden_layers=6, num_attention_heads=4, vocab_size=131072)
    cases = {
        "gemma-2b": small | dict(model_type="gemma", head_dim=256, hidden_act="gelu", hidden_activation=None,
                                 num_key_value_heads=1, rope_theta=10000.0, rope_scaling=None, rms_norm_eps=1e-6),
        "gemma-2-2b": small | dict(model_type="gemma2", head_dim=256, hidden_act="gelu_pytorch_tanh", sliding_window=4096,
                                   hidden_activation="gelu_pytorch_tanh", num_key_value_heads=2, query_pre_attn_scalar=256,
                                   attn_logit_softcapping=50.0, final_logit_softcapping=30.0, cache_implementation="hybrid"),
        "gemma-3-1b": small | dict(model_type="gemma3_text", head_dim=256, num_key_value_heads=1, sliding_window=512,
                                   sliding_window_pattern=6, rope_local_base_freq=10000, rope_theta=1000000,
                                   query_pre_attn_scalar=256, eos_token_id=[1, 106], attn_logit_softcapping=None),
        "gemma-3-4b": dict(model_type="gemma3", architectures=["Gemma3ForConditionalGeneration"], eos_token_id=[1, 106],
                           vision_config=dict(model_type="siglip_vision_model", hidden_size=32, intermediate_size=32,
                                              num_hidden_layers=1, num_attention_heads=2),
                           text_config=dict(model_type="gemma3_text", hidden_size=64, intermediate_size=96,
                                            num_hidden_layers=7, sliding_window=1024,
                                            rope_scaling=dict(factor=8.0, rope_type="linear"))),
        "olmo-2-1b": small | dict(model_type="olmo2", rope_theta=500000, rope_scaling=None, num_key_value_heads=4,
                                  eos_token_id=100257, max_position_embeddings=4096),
        "olmo-3-7b": small | dict(model_type="olmo3", rope_theta=500000, sliding_window=4096, max_position_embeddings=65536,
                                  rope_scaling=dict(attention_factor=1.2079441541679836, beta_fast=32.0, beta_slow=1.0,
                                                    factor=8.0, original_max_position_embeddings=8192, rope_type="yarn")),
        "smollm3-3b": small | dict(model_type="smollm3", num_key_value_heads=2, no_rope_layers=[1, 1, 1, 0, 1, 1],
                                   rope_theta=5000000.0, max_position_embeddings=65536, sliding_window=None),
        "smollm3, defaults": small | dict(model_type="smollm3"),
        "granite-3.3-2b": small | dict(model_type="granite", attention_multiplier=0.015625, embedding_multiplier=12.0,
                                       logits_scaling=8.0, residual_multiplier=0.22, rope_theta=10000000.0,
                                       num_key_value_heads=2, tie_word_embeddings=True),
        "exaone-4.0-1.2b": small | dict(model_type="exaone4", sliding_window=None, sliding_window_pattern=None, head_dim=64,
                                        layer_types=["full_attention"] * 6,
                                        num_key_value_heads=2, rope_theta=1000000, tie_word_embeddings=True,
                                        rope_scaling=dict(factor=16.0, high_freq_factor=4.0, low_freq_factor=1.0,
                                                          original_max_position_embeddings=8192, rope_type="llama3")),
        "exaone-4.0-32b": small | dict(model_type="exaone4", sliding_window=4096, sliding_window_pattern=3, head_dim=64,
                                       num_key_value_heads=2, rope_theta=1000000),
        "internlm3-8b": small | dict(model_type="internlm3", bias=False, qkv_bias=False, head_dim=128, num_key_value_heads=2,
                                     rope_theta=50000000, rope_scaling=dict(factor=6.0, rope_type="dynamic")),
        "qwen3 with yarn": small | dict(model_type="qwen3", num_key_value_heads=2, max_position_embeddings=40960,
                                        rope_scaling=dict(rope_type="yarn", factor=4.0,
                                                          original_max_position_embeddings=32768)),
        "pythia-160m": small | dict(model_type="gpt_neox", hidden_act="gelu", layer_norm_eps=1e-05, rotary_pct=0.25,
                                    rotary_emb_base=10000, use_parallel_residual=True, eos_token_id=0, bos_token_id=0,
                                    max_position_embeddings=2048, tie_word_embeddings=False),
        "gpt-neox, others": small | dict(model_type="gpt_neox", hidden_act="gelu_fast", layer_norm_eps=1e-03, rotary_pct=0.5,
                                         rotary_emb_base=20000, use_parallel_residual=False, attention_bias=False),
    }
    result = []
    for name, given in cases.items():
        folder = HERE / "tmp"
        folder.mkdir(exist_ok=True)
        (folder / "config.json").write_text(json.dumps(given))
        config = AutoConfig.from_pretrained(folder)
        shutil.rmtree(folder)
        text = config.get_text_config()
        layers = text.num_hidden_layers
        types = getattr(text, "layer_types", None) or ["full_attention"] * layers
        nested = all(kind in text.rope_parameters for kind in set(types))
        turns = getattr(text, "no_rope_layers", None) or [1] * layers
        if text.model_type == "exaone4" and text.sliding_window is not None:
            turns = [int(kind == "sliding_attention") for kind in types]
        rope = lambda kind: text.rope_parameters[kind] if nested else text.rope_parameters
        eos = config.eos_token_id if config.eos_token_id is not None else text.eos_token_id
        result.append(dict(name=name, config=given, expected=dict(
            windows=[text.sliding_window if kind == "sliding_attention" else None for kind in types],
            rope=[rope(kind) if turn else None for kind, turn in zip(types, turns)],
            kv_heads=getattr(text, "num_key_value_heads", None) or text.num_attention_heads, head_dim=getattr(text, "head_dim", None)
            or text.hidden_size // text.num_attention_heads, heads=text.num_attention_heads,
            epsilon=getattr(text, "rms_norm_eps", None) or text.layer_norm_eps, tied=config.tie_word_embeddings, vocabulary=text.vocab_size,
            eos=eos if isinstance(eos, list) else [] if eos is None else [eos])))
    (HERE / "families.json").write_text(json.dumps(result, indent=1) + "\n")


if sys.argv[1:] == ["families"]:
    families()
    sys.exit()
models()
adapters()
configurations()
families()
for path in HERE.rglob("*.safetensors"):
    path.chmod(0o644)

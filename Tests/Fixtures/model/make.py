"""Golden values for the decoder: tiny random checkpoints, adapters, log-probs and every LoRA gradient by PyTorch autograd.

    python make.py [--only CASE,CASE…] [FOLDER_OF_STORIES260K]

Writes one folder a case beside this file (or one of them), and, with a folder, stories260K.json (log-probs of a real
small model, which is itself not part of the project). Made with the versions in versions.json.
"""
import json, pathlib, shutil, sys
import peft, torch, transformers
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from transformers import (
    Exaone4Config, Exaone4ForCausalLM, Gemma2Config, Gemma2ForCausalLM,
    Gemma3ForCausalLM, Gemma3TextConfig, GemmaConfig, GemmaForCausalLM, GPTNeoXConfig, GPTNeoXForCausalLM, GraniteConfig, GraniteForCausalLM, InternLM3Config,
    LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM, Olmo2Config, Olmo2ForCausalLM, Olmo3Config,
    Olmo3ForCausalLM, Phi3Config, Phi3ForCausalLM, Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM, SmolLM3Config, SmolLM3ForCausalLM)

here = pathlib.Path(__file__).parent
torch.set_num_threads(1)
ALL = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
common = dict(vocab_size=64, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
              num_key_value_heads=2, max_position_embeddings=128, bos_token_id=1, eos_token_id=2, pad_token_id=0)
neox = {key: value for key, value in common.items() if key != "num_key_value_heads"}
cases = {
    "untied-grouped": (LlamaForCausalLM, LlamaConfig(**common, tie_word_embeddings=False), ALL, 4, 8, torch.float32),
    "tied-wide-heads": (LlamaForCausalLM, LlamaConfig(**{**common, "num_key_value_heads": 1, "vocab_size": 61}, head_dim=20,
                        tie_word_embeddings=True, attention_bias=True, mlp_bias=True), ["v_proj", "o_proj", "down_proj"],
                        3, 5, torch.float32),
    "qwen2-biases": (Qwen2ForCausalLM, Qwen2Config(**common, tie_word_embeddings=True), ["gate_proj", "down_proj"], 2, 4,
                     torch.bfloat16),
    "llama3-rope": (LlamaForCausalLM, LlamaConfig(**common, rope_parameters={
        "rope_type": "llama3", "rope_theta": 10000.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 32}), ["q_proj", "k_proj"], 4, 4, torch.float32),
    "qwen3-head-norms": (Qwen3ForCausalLM, Qwen3Config(**common, head_dim=12, tie_word_embeddings=True), ALL, 3, 6,
                         torch.bfloat16),
    "mistral-window": (MistralForCausalLM, MistralConfig(**common, head_dim=12, sliding_window=20), ALL, 2, 4,
                       torch.bfloat16),
    "qwen2-upper-windows": (Qwen2ForCausalLM, Qwen2Config(**{**common, "num_hidden_layers": 3}, use_sliding_window=True,
                            sliding_window=9, max_window_layers=1), ["q_proj", "v_proj", "up_proj"], 2, 4, torch.bfloat16),
    "llama-yarn": (LlamaForCausalLM, LlamaConfig(**common, rope_parameters={
        "rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0, "original_max_position_embeddings": 32}),
        ["q_proj", "k_proj"], 2, 4, torch.bfloat16),
    "internlm3-dynamic": (LlamaForCausalLM, InternLM3Config(**common, head_dim=8, attention_bias=True, mlp_bias=True, rope_parameters={
        "rope_type": "dynamic", "rope_theta": 10000.0, "factor": 6.0}), ["q_proj", "down_proj"], 2, 4, torch.bfloat16),
    "smollm3-nope": (SmolLM3ForCausalLM, SmolLM3Config(**{**common, "num_hidden_layers": 4}, no_rope_layer_interval=2),
                     ALL, 2, 4, torch.bfloat16),
    "granite-factors": (GraniteForCausalLM, GraniteConfig(**common, embedding_multiplier=3.0, residual_multiplier=0.3,
                        attention_multiplier=0.2, logits_scaling=1.75), ALL, 2, 4, torch.bfloat16),
    "gemma": (GemmaForCausalLM, GemmaConfig(**common, head_dim=12), ALL, 2, 4, torch.bfloat16),
    "gemma2-caps": (Gemma2ForCausalLM, Gemma2Config(**{**common, "num_hidden_layers": 3}, head_dim=12, sliding_window=16,
                    query_pre_attn_scalar=20, attn_logit_softcapping=2.0, final_logit_softcapping=4.0), ALL, 2, 4,
                    torch.bfloat16),
    "gemma3-text": (Gemma3ForCausalLM, Gemma3TextConfig(**{**common, "num_hidden_layers": 4}, head_dim=12,
                    sliding_window=16, query_pre_attn_scalar=20, rope_parameters={
        "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1e6},
        "sliding_attention": {"rope_type": "default", "rope_theta": 1e4}},
        layer_types=["sliding_attention", "full_attention"] * 2), ALL, 2, 4, torch.bfloat16),
    "olmo2": (Olmo2ForCausalLM, Olmo2Config(**common), ALL, 2, 4, torch.bfloat16),
    "olmo3-yarn": (Olmo3ForCausalLM, Olmo3Config(**{**common, "num_hidden_layers": 4}, sliding_window=16, rope_parameters={
        "full_attention": {"rope_type": "yarn", "rope_theta": 5e5, "factor": 4.0, "original_max_position_embeddings": 32},
        "sliding_attention": {"rope_type": "default", "rope_theta": 5e5}}), ALL, 2, 4, torch.bfloat16),
    "exaone4": (Exaone4ForCausalLM, Exaone4Config(**{**common, "num_hidden_layers": 4}, head_dim=12, sliding_window=16), ALL,
                2, 4, torch.bfloat16),
    "phi3-fused": (Phi3ForCausalLM, Phi3Config(**common, head_dim=12), ["qkv_proj", "o_proj", "gate_up_proj", "down_proj"], 3,
                   5, torch.bfloat16),
    "phi3-longrope": (Phi3ForCausalLM, Phi3Config(**common, original_max_position_embeddings=127, rope_parameters={
        "rope_type": "longrope", "rope_theta": 10000.0, "partial_rotary_factor": 0.75, "short_factor": [1.0, 1.25, 1.5],
        "long_factor": [1.0, 2.0, 4.0]}, sliding_window=30), ["qkv_proj", "down_proj"], 2, 4, torch.bfloat16),
    "neox-parallel": (GPTNeoXForCausalLM, GPTNeoXConfig(**neox), ["query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h"],
                      3, 5, torch.bfloat16),
    "neox-sequential": (GPTNeoXForCausalLM, GPTNeoXConfig(**{**neox, "num_hidden_layers": 3}, use_parallel_residual=False,
                        rope_parameters={"rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 0.5}),
                        "all-linear", 2, 4, torch.float32),
}
# Prompts of 1, 7 and 70 tokens; responses of 1 token, two equal beginnings, and one longer than a strip of attention.
def groups(vocab, generator):
    ids = lambda n: torch.randint(3, vocab, (n,), generator=generator).tolist()
    same = ids(3)
    return [
        {"prompt": [1], "responses": [ids(5) + [2], [2]]},
        {"prompt": [1] + ids(6), "responses": [same + ids(2), same + ids(9), ids(1), ids(4)]},
        {"prompt": [1] + ids(69), "responses": [ids(6), ids(40)]},
    ]

def log_probs(model, prompt, response):
    tokens = torch.tensor([prompt + response])
    logits = model(input_ids=tokens).logits[0].float()
    at = torch.log_softmax(logits[len(prompt) - 1 : -1], -1)
    return at.gather(1, torch.tensor(response)[:, None])[:, 0]

def randomise(model):
    gemma = "Gemma" in type(model).__name__  # stores w − 1
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora" not in name:
                scale = 0.2 if parameter.dim() == 2 else 0.3
                parameter.copy_(torch.randn_like(parameter) * scale + (1.0 if "norm" in name and not gemma else 0.0))

only = sys.argv.pop(2).split(",") if sys.argv[1:2] == ["--only"] else None
if only:
    sys.argv.pop(1)
for number, (name, (kind, config, targets, rank, alpha, dtype)) in enumerate(cases.items()):
    if only and name not in only:
        continue
    number = 5 if name == "phi3-fused" else number  # the number that its adapters were made with
    torch.manual_seed(number)
    folder = here / name
    shutil.rmtree(folder, ignore_errors=True)
    config._attn_implementation = "eager"
    base = kind(config)
    randomise(base)
    base = base.to(dtype)
    base.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    # Read back: casting the live model would also have rounded its rotary frequencies.
    base = kind.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    model = get_peft_model(base, LoraConfig(r=rank, lora_alpha=alpha, target_modules=targets, task_type="CAUSAL_LM"))
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            if "lora_B" in key:
                parameter.copy_(torch.randn_like(parameter) * 0.2)
    model.save_pretrained(folder / "adapter")
    (folder / "adapter" / "README.md").unlink(missing_ok=True)
    written = json.loads((folder / "adapter" / "adapter_config.json").read_text())
    (folder / "adapter" / "adapter_config.json").write_text(
        json.dumps({**written, "base_model_name_or_path": name, "target_modules": targets}, indent=2) + "\n")
    generator = torch.Generator().manual_seed(100 + number)
    data = groups(config.vocab_size, generator)
    loss = 0
    for group in data:
        group["coefficients"], group["policy"], group["reference"] = [], [], []
        for response in group["responses"]:
            values = log_probs(model, group["prompt"], response)
            weight = round(torch.randn(1, generator=generator).item(), 3)
            loss = loss + weight * values.sum()
            group["coefficients"].append(weight)
            group["policy"].append(values.tolist())
            with model.disable_adapter(), torch.no_grad():
                group["reference"].append(log_probs(model, group["prompt"], response).tolist())
    loss.backward()
    gradients = {key.replace(".default", ""): parameter.grad.contiguous()
                 for key, parameter in model.named_parameters() if parameter.grad is not None}
    save_file(gradients, folder / "gradients.safetensors")
    (folder / "groups.json").write_text(json.dumps(data))
    if name == "neox-sequential":  # whose rows of q, k and v alternate by head
        with torch.no_grad():
            merged = model.merge_and_unload().state_dict()
            save_file({key: value.contiguous().clone() for key, value in merged.items() if "layers.0." in key},
                      folder / "merged.safetensors")
            base = kind.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
            model = get_peft_model(base, LoraConfig(r=2, lora_alpha=3, target_modules=["query_key_value"], use_dora=True,
                                                    task_type="CAUSAL_LM"))
            for key, parameter in model.named_parameters():
                if "lora_B" in key:
                    parameter.copy_(torch.randn_like(parameter) * 0.2)
                if "magnitude" in key:
                    parameter.mul_(1 + 0.3 * torch.rand_like(parameter))
            model.save_pretrained(folder / "dora")
            (folder / "dora" / "README.md").unlink(missing_ok=True)
            configuration = json.loads((folder / "dora" / "adapter_config.json").read_text())
            (folder / "dora" / "adapter_config.json").write_text(
                json.dumps({**configuration, "base_model_name_or_path": name}, indent=2) + "\n")
            scores = [[log_probs(model, group["prompt"], response).tolist() for response in group["responses"]]
                      for group in data]
            (folder / "dora.json").write_text(json.dumps(scores))

versions = {"torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__}
known = json.loads((here / "versions.json").read_text())
(here / "versions.json").write_text(
    json.dumps({case: versions if not only or case in only else known[case] for case in cases}, indent=1) + "\n")

if len(sys.argv) > 1:
    from transformers import AutoModelForCausalLM, AutoTokenizer
    tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
    model = AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype=torch.float32).eval()
    pairs = [("Once upon a time", ", there was a little girl named Lily. She loved to play outside in the park."),
             ("Tom had a big red ball.", " He wanted to play with it, but it was too high. é ü 漢字"),
             ("The cat", " sat.")]
    data = []
    for prompt, response in pairs:
        prompt = [1] + tokenizer(prompt, add_special_tokens=False).input_ids
        response = tokenizer(response, add_special_tokens=False).input_ids + [2]
        with torch.no_grad():
            data.append({"prompt": prompt, "responses": [response], "reference": [log_probs(model, prompt, response).tolist()]})
    tokens = torch.tensor([data[0]["prompt"]])
    greedy = model.generate(tokens, do_sample=False, max_new_tokens=48)[0, tokens.shape[1]:].tolist()
    (here / "stories260K.json").write_text(json.dumps({"groups": data, "greedy": greedy}))

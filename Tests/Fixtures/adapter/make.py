"""Golden values for adapters: every way in which PEFT lets one differ between modules, as PEFT writes it, with what the
adapted model computes: log-probs and, for those that are trained, every gradient by PyTorch autograd.

    OMP_NUM_THREADS=1 python make.py

Writes two bases (llama, phi3), one folder a case, and cases.json. Made with the versions in versions.json.
"""
import json, pathlib, shutil
import peft, safetensors, torch, transformers
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import (LlamaConfig, LlamaForCausalLM, LlamaForSequenceClassification, Phi3Config, Phi3ForCausalLM)

here = pathlib.Path(__file__).parent
torch.set_num_threads(1)
common = dict(vocab_size=40, hidden_size=16, intermediate_size=24, num_attention_heads=4, num_key_value_heads=2,
              max_position_embeddings=96, bos_token_id=1, eos_token_id=2, pad_token_id=0)
bases = {
    "llama": (LlamaForCausalLM, LlamaConfig(**common, num_hidden_layers=4, head_dim=6, attention_bias=True, mlp_bias=True)),
    "phi3": (Phi3ForCausalLM, Phi3Config(**common, num_hidden_layers=3, head_dim=6)),
}
# name: (base, LoraConfig's options). `seq_cls` and the like are made apart, below.
cases = {
    "patterns": ("llama", dict(r=3, lora_alpha=6, use_rslora=True, target_modules=["q_proj", "v_proj", "o_proj", "up_proj"],
        rank_pattern={r"layers\.[12]\..*v_proj": 5, "q_proj": 2, "model.layers.0.self_attn.o_proj": 1},
        alpha_pattern={r"^model\.layers\.3\..*": 11, "up_proj": 1.5})),
    "some-layers": ("llama", dict(r=2, lora_alpha=5, target_modules=["k_proj", "down_proj"], layers_to_transform=[2, 3],
        layers_pattern="layers")),
    "one-layer": ("llama", dict(r=2, lora_alpha=4, target_modules=["mlp.gate_proj"], layers_to_transform=1)),
    "regex": ("llama", dict(r=3, lora_alpha=3, target_modules=
        r"(?:.*?(?:language|text).*?(?:self_attn|mlp).*?(?:q_proj|up_proj).*?)|(?:\bmodel\.layers\.(?:[1-2])\."
        r"(?:self_attn|mlp)\.(?:(?:q_proj|o_proj|down_proj)))")),
    "looks-ahead": ("llama", dict(r=2, lora_alpha=2, target_modules=r"^(model(?=\.).*\.(k_proj|v_proj))$",
        exclude_modules=r".*layers\.(0|3)\..*")),
    "excluded": ("llama", dict(r=4, lora_alpha=8, target_modules="all-linear", exclude_modules=["o_proj", "0.mlp.up_proj",
        "model.layers.2.self_attn.q_proj"])),
    "full-names": ("llama", dict(r=2, lora_alpha=3, target_modules=["model.layers.3.self_attn.q_proj", "layers.1.mlp.up_proj",
        "2.mlp.down_proj"])),
    "dora": ("llama", dict(r=3, lora_alpha=4, use_dora=True, use_rslora=True, target_modules="all-linear",
        rank_pattern={"q_proj": 2})),
    "phi3-all": ("phi3", dict(r=3, lora_alpha=6, target_modules="all-linear")),
    "phi3-patterns": ("phi3", dict(r=4, lora_alpha=4, target_modules=["qkv_proj", "down_proj", "gate_up_proj"],
        rank_pattern={"1.self_attn.qkv_proj": 3}, exclude_modules=["0.self_attn.qkv_proj", "2.mlp.gate_up_proj"])),
    "phi3-dora": ("phi3", dict(r=2, lora_alpha=3, use_dora=True, target_modules=["qkv_proj", "gate_up_proj"])),
}

def randomise(model):
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            scale = 0.25 if parameter.dim() == 2 else 0.3
            parameter.copy_(torch.randn_like(parameter) * scale + (1.0 if "norm" in name else 0.0))

def randomise_adapter(model):
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.copy_(torch.randn_like(parameter) * 0.2)
            if "magnitude" in name:
                parameter.mul_(1 + 0.3 * torch.rand_like(parameter))

def log_probs(model, prompt, response):
    logits = model(input_ids=torch.tensor([prompt + response])).logits[0].float()
    at = torch.log_softmax(logits[len(prompt) - 1 : -1], -1)
    return at.gather(1, torch.tensor(response)[:, None])[:, 0]

def save(model, folder, base_name):
    shutil.rmtree(folder, ignore_errors=True)
    model.peft_config["default"].base_model_name_or_path = base_name
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)

generator = torch.Generator().manual_seed(7)
ids = lambda n: torch.randint(3, common["vocab_size"], (n,), generator=generator).tolist()
groups = [{"prompt": [1] + ids(5), "responses": [ids(6) + [2], ids(3)]}, {"prompt": [1], "responses": [ids(2), ids(70)]}]
for group in groups:
    group["coefficients"] = [round(torch.randn(1, generator=generator).item(), 3) for _ in group["responses"]]

def score(model):
    return [[log_probs(model, g["prompt"], r) for r in g["responses"]] for g in groups]

def numbers(scores):
    return [[values.tolist() for values in group] for group in scores]

result = {"groups": groups, "references": {}, "policies": {}}
for number, (name, (kind, config)) in enumerate(bases.items()):
    torch.manual_seed(number)
    base = kind(config).eval()
    randomise(base)
    shutil.rmtree(here / name, ignore_errors=True)
    base.save_pretrained(here / name)
    (here / name / "generation_config.json").unlink(missing_ok=True)
    with torch.no_grad():
        result["references"][name] = numbers(score(base))

def load(name):
    return bases[name][0].from_pretrained(here / name, dtype=torch.float32).eval()

for number, (name, (base, options)) in enumerate(cases.items()):
    torch.manual_seed(100 + number)
    model = get_peft_model(load(base), LoraConfig(task_type="CAUSAL_LM", **options)).eval()
    randomise_adapter(model)
    save(model, here / name, base)
    scores = score(model)
    result["policies"][name] = {"base": base, "values": numbers(scores)}
    if not options.get("use_dora"):
        loss = sum(c * r.sum() for g, s in zip(groups, scores) for c, r in zip(g["coefficients"], s))
        loss.backward()
        save_file({key.replace(".default", ""): parameter.grad.contiguous()
                   for key, parameter in model.named_parameters() if parameter.grad is not None},
                  here / name / "gradients.safetensors")
    # What a merge must give, from PEFT's own.
    merged = PeftModel.from_pretrained(load(base), here / name).merge_and_unload()
    if name in ("dora", "phi3-dora", "phi3-patterns"):
        save_file({k: v.contiguous().clone() for k, v in merged.state_dict().items()}, here / name / "merged.safetensors")

# PiSSA starts from changed base weights; PEFT makes plain LoRA for the unchanged base of it: A and B beside their first
# values, twice the rank.
torch.manual_seed(200)
model = get_peft_model(load("llama"), LoraConfig(task_type="CAUSAL_LM", r=2, lora_alpha=2, init_lora_weights="pissa",
                                                 target_modules=["q_proj", "down_proj"])).eval()
model.peft_config["default"].init_lora_weights = True
first = here / "pissa-first"
save(model, first, "llama")
model.peft_config["default"].init_lora_weights = "pissa"
with torch.no_grad():
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            parameter.add_(torch.randn_like(parameter) * 0.1)
shutil.rmtree(here / "pissa", ignore_errors=True)
model.peft_config["default"].base_model_name_or_path = "llama"
model.save_pretrained(here / "pissa", path_initial_model_for_weight_conversion=str(first))
(here / "pissa" / "README.md").unlink(missing_ok=True)
shutil.rmtree(first)
with torch.no_grad():
    result["policies"]["pissa"] = {"base": "llama", "values": numbers(score(model))}

# A reward model's adapter, whose head PEFT trains in full.
torch.manual_seed(201)
config = LlamaConfig(**{**bases["llama"][1].to_dict(), "num_labels": 1})
reward = LlamaForSequenceClassification(config).eval()
reward.model.load_state_dict(load("llama").model.state_dict())
model = get_peft_model(reward, LoraConfig(task_type="SEQ_CLS", r=2, lora_alpha=4, target_modules=["q_proj", "v_proj"])).eval()
with torch.no_grad():
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            parameter.copy_(torch.randn_like(parameter) * 0.2)
save(model, here / "reward", "llama")

# The names that a wrapper of images and text has for its decoder: the same adapter under each.
tensors = load_file(here / "some-layers" / "adapter_model.safetensors")
for name, prefix in [("wrapped", "model.language_model"), ("wrapped-before", "language_model.model")]:
    shutil.rmtree(here / name, ignore_errors=True)
    (here / name).mkdir()
    shutil.copy(here / "some-layers" / "adapter_config.json", here / name)
    save_file({k.replace("base_model.model.model.", f"base_model.model.{prefix}."): v for k, v in tensors.items()},
              here / name / "adapter_model.safetensors", metadata={"format": "pt"})
    result["policies"][name] = result["policies"]["some-layers"]

# mlx-lm's layout of an adapter on the last two layers, with its own scale; and of DoRA.
for name, source, kind in [("mlx", "some-layers", "lora"), ("mlx-dora", "dora", "dora")]:
    torch.manual_seed(202)
    shutil.rmtree(here / name, ignore_errors=True)
    (here / name).mkdir()
    scale, rank = 2.5, 2
    options = dict(r=rank, lora_alpha=scale * rank, target_modules=["q_proj", "down_proj"], layers_to_transform=[2, 3])
    model = get_peft_model(load("llama"), LoraConfig(task_type="CAUSAL_LM", use_dora=kind == "dora", **options)).eval()
    randomise_adapter(model)
    flat = {}
    for key, value in peft.get_peft_model_state_dict(model).items():
        key = key.removeprefix("base_model.model.")
        if "lora_A" in key:
            flat[key.replace("lora_A.weight", "lora_a")] = value.T.contiguous()
        elif "lora_B" in key:
            flat[key.replace("lora_B.weight", "lora_b")] = value.T.contiguous()
        else:
            flat[key.replace("lora_magnitude_vector", "m")] = value.contiguous()
    save_file(flat, here / name / "adapters.safetensors")
    (here / name / "adapter_config.json").write_text(json.dumps(dict(
        adapter_path="adapters", batch_size=4, fine_tune_type=kind, iters=1000, learning_rate=1e-5,
        lora_parameters=dict(rank=rank, dropout=0.0, scale=scale, keys=["self_attn.q_proj", "mlp.down_proj"]),
        mask_prompt=False, model="llama", num_layers=2, optimizer="adam", seed=0, train=True), indent=4) + "\n")
    with torch.no_grad():
        result["policies"][name] = {"base": "llama", "values": numbers(score(model))}

(here / "cases.json").write_text(json.dumps(result) + "\n")
(here / "versions.json").write_text(json.dumps({m.__name__: m.__version__ for m in (torch, transformers, peft, safetensors)},
                                               indent=1) + "\n")
for path in here.rglob("*.safetensors"):
    path.chmod(0o644)

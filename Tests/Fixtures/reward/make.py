"""Golden rewards: tiny random reward models of several families, and what transformers makes of token ids; ArmoRM's head
in torch, written after its paper and model card (transformers has no class for it).

    python make.py

Writes one folder a model and rewards.json, made with the versions named there.
"""
import json, pathlib, shutil
import torch, transformers
from safetensors.torch import load_file, save_file
from transformers import (
    Gemma3TextConfig, Gemma3TextForSequenceClassification, LlamaConfig, LlamaForSequenceClassification, LlamaModel,
    MistralConfig, MistralForSequenceClassification, Qwen2Config, Qwen2ForSequenceClassification, Qwen3Config,
    Qwen3ForSequenceClassification)

here = pathlib.Path(__file__).parent
torch.set_num_threads(1)
common = dict(vocab_size=64, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
              num_key_value_heads=2, max_position_embeddings=128, bos_token_id=1, eos_token_id=2, pad_token_id=0,
              attn_implementation="eager", tie_word_embeddings=False)
cases = {
    "llama": (LlamaForSequenceClassification, LlamaConfig(**common, num_labels=1)),
    "mistral": (MistralForSequenceClassification, MistralConfig(**common, num_labels=1, sliding_window=8)),
    "qwen2": (Qwen2ForSequenceClassification, Qwen2Config(**common, num_labels=1)),
    "qwen3": (Qwen3ForSequenceClassification, Qwen3Config(**common, num_labels=1, head_dim=12)),
    "gemma3": (Gemma3TextForSequenceClassification, Gemma3TextConfig(
        **common, num_labels=1, head_dim=12, sliding_window=8, layer_types=["sliding_attention", "full_attention"])),
}
generator = torch.Generator().manual_seed(5)
ids = lambda n: torch.randint(3, 64, (n,), generator=generator).tolist()
groups = [{"prompt": [1] + ids(6), "responses": [ids(9), ids(1), ids(4)]}, {"prompt": [1] + ids(20), "responses": [ids(12), []]},
          {"prompt": [1], "responses": [ids(3)]}]


def randomise(model, gemma=False):
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            scale = 0.2 if parameter.dim() == 2 else 0.3
            one = 1.0 if "norm" in name and not gemma else 0.0
            parameter.copy_(torch.randn_like(parameter) * scale + one)


rewards = {}
for number, (name, (kind, config)) in enumerate(cases.items()):
    torch.manual_seed(number)
    shutil.rmtree(here / name, ignore_errors=True)
    model = kind(config)
    randomise(model, gemma="gemma" in name)
    model.to(torch.bfloat16).save_pretrained(here / name)
    model = kind.from_pretrained(here / name, dtype=torch.float32, attn_implementation="eager").eval()
    with torch.no_grad():
        rewards[name] = [[model(input_ids=torch.tensor([g["prompt"] + r])).logits[0, 0].item() for r in g["responses"]]
                         for g in groups]

# ArmoRM: 19 objectives at the last token, weighed by a gate that reads the prompt's last token.
torch.manual_seed(20)
folder = here / "armorm"
shutil.rmtree(folder, ignore_errors=True)
backbone = LlamaModel(LlamaConfig(**common))
randomise(backbone)
backbone.to(torch.bfloat16).save_pretrained(folder)
config = json.loads((folder / "config.json").read_text())
config |= {"architectures": ["LlamaForRewardModelWithGating"], "gating_hidden_dim": 24, "gating_temperature": 10}
(folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
state = {"model." + k: v for k, v in load_file(folder / "model.safetensors").items()}
head = {"regression_layer.weight": torch.randn(19, 32) * 0.3,
        "reward_transform_matrix": torch.eye(19) - torch.eye(19)[4][:, None] * torch.rand(19)[None] * 0.5,
        "gating.logit_scale": torch.tensor([1.7])}
width = 32
for layer in range(4):
    out = 24 if layer < 3 else 19
    head[f"gating.layers.{layer}.weight"] = torch.randn(out, width) * 0.4
    head[f"gating.layers.{layer}.bias"] = torch.randn(out) * 0.2
    width = out
save_file({k: v.contiguous() for k, v in (state | head).items()}, folder / "model.safetensors", metadata={"format": "pt"})
backbone = LlamaModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
result = []
with torch.no_grad():
    for group in groups:
        gate = backbone(input_ids=torch.tensor([group["prompt"]])).last_hidden_state[0, -1]
        for layer in range(4):
            gate = gate @ head[f"gating.layers.{layer}.weight"].T + head[f"gating.layers.{layer}.bias"]
            gate = torch.relu(gate) if layer < 3 else gate
        gate = torch.softmax(gate / 10, -1) * 1.7
        row = []
        for response in group["responses"]:
            hidden = backbone(input_ids=torch.tensor([group["prompt"] + response])).last_hidden_state[0, -1]
            objectives = head["regression_layer.weight"] @ hidden
            score = (gate * (objectives @ head["reward_transform_matrix"])).sum()
            row.append({"score": score.item(), "objectives": objectives.tolist(), "gate": gate.tolist()})
        result.append(row)
rewards["armorm"] = result
for path in here.rglob("generation_config.json"):
    path.unlink()
(here / "rewards.json").write_text(json.dumps({
    "versions": {"torch": torch.__version__, "transformers": transformers.__version__}, "groups": groups,
    "rewards": {k: v for k, v in rewards.items() if k != "armorm"}, "armorm": rewards["armorm"]}) + "\n")

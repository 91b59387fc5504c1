"""Records what TRL's DPOTrainer does on a tiny Llama, step by step, unmodified: it gets text in a vocabulary where every
word is one token, so that the token ids in the fixture are exactly what it trains on.

Run with the folder of this script as the working directory; it rewrites every fixture beside it.
"""

import json
import pathlib
import shutil
import sys
import tempfile

import peft
import peft.optimizers
import safetensors.torch
import torch
import transformers
import trl
from datasets import Dataset
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from trl import DPOConfig, DPOTrainer

torch.set_num_threads(1)
HERE = pathlib.Path(__file__).resolve().parent
VOCABULARY, EOS, PAD = 96, 1, 2
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
RUNS = [
    # name, initial adapter, loss_type, beta, label_smoothing, steps, lr schedule
    ("sigmoid", "zero", "sigmoid", 0.1, 0.0, 12, "constant"),
    ("sigmoid-cosine", "random", "sigmoid", 0.1, 0.0, 10, "cosine"),
    ("ipo", "zero", "ipo", 0.1, 0.0, 12, "constant"),
    ("exo_pair", "zero", "exo_pair", 0.1, 1e-3, 12, "constant"),
    ("nca_pair", "zero", "nca_pair", 0.1, 0.0, 12, "constant"),
    ("sppo_hard", "zero", "sppo_hard", 0.1, 0.0, 12, "constant"),
    ("loraplus", "random", "sigmoid", 0.1, 0.0, 10, "cosine"),
]
# PEFT's optimizer for LoRA+, with a decay so that both rates can be seen in it.
LORAPLUS = {"loraplus": dict(loraplus_lr_ratio=8.0, loraplus_weight_decay=0.1)}


def make_model():
    config = LlamaConfig(
        vocab_size=VOCABULARY, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=128, rms_norm_eps=1e-5, rope_theta=10000.0,
        tie_word_embeddings=False, bos_token_id=0, eos_token_id=EOS, pad_token_id=PAD, attn_implementation="eager",
    )
    torch.manual_seed(1)
    model = LlamaForCausalLM(config).float()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            # Large enough that the logits are far from uniform and every gradient is far from rounding noise.
            parameter.copy_(
                1 + 0.2 * torch.randn_like(parameter) if "norm" in name
                else torch.randn_like(parameter) * (0.5 if "embed" in name else 1.2 / parameter.shape[1] ** 0.5))
    return model


def save_checkpoint(model, folder):
    folder.mkdir(exist_ok=True)
    state = {k: v.contiguous() for k, v in model.state_dict().items()}
    safetensors.torch.save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    config = model.config.to_dict()
    keep = ["architectures", "model_type", "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers",
            "num_attention_heads", "num_key_value_heads", "max_position_embeddings", "rms_norm_eps", "hidden_act",
            "tie_word_embeddings", "bos_token_id", "eos_token_id", "pad_token_id"]
    small = {k: config[k] for k in keep if k in config}
    small |= {"architectures": ["LlamaForCausalLM"], "rope_theta": 10000.0, "torch_dtype": "float32"}
    (folder / "config.json").write_text(json.dumps(small, indent=2) + "\n")


def make_tokenizer():
    words = {f"t{i}": i for i in range(VOCABULARY)}
    words = {{EOS: "</s>", PAD: "<pad>"}.get(i, w): i for w, i in words.items()}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="t0"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="</s>", pad_token="<pad>")


def make_pairs():
    generator = torch.Generator().manual_seed(2)

    def ids(low, high):
        count = int(torch.randint(low, high + 1, (1,), generator=generator))
        return torch.randint(3, VOCABULARY, (count,), generator=generator).tolist()

    return [{"prompt_ids": ids(2, 9), "chosen_ids": ids(1, 12) + [EOS], "rejected_ids": ids(1, 12) + [EOS]}
            for _ in range(8)]


def text(ids):
    return "".join(f" t{i}" for i in ids if i != EOS)


def adapter_state(model, gradients=False):
    """PEFT's key names, without the adapter's name."""
    state = {}
    for name, parameter in model.named_parameters():
        if ".default." in name:
            value = parameter.grad if gradients else parameter
            state[name.replace(".default.", ".")] = value.detach().clone().contiguous()
    return state


def attach(model, kind):
    config = peft.LoraConfig(r=4, lora_alpha=8, lora_dropout=0.0, target_modules=TARGETS, bias="none",
                             task_type="CAUSAL_LM")
    model = peft.get_peft_model(model, config)
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_A" in name:
                bound = parameter.shape[1] ** -0.5
                parameter.copy_((torch.rand(parameter.shape, generator=generator) * 2 - 1) * bound)
            elif "lora_B" in name:
                draw = torch.randn(parameter.shape, generator=generator) * 0.05
                parameter.copy_(draw if kind.startswith("random") else torch.zeros_like(draw))
    return model


def save_adapter(state, folder):
    folder.mkdir(exist_ok=True)
    safetensors.torch.save_file(state, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    config = {
        "peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 4, "lora_alpha": 8, "lora_dropout": 0.0, "bias": "none",
        "target_modules": TARGETS, "use_rslora": False, "use_dora": False, "fan_in_fan_out": False,
        "inference_mode": True, "init_lora_weights": True, "modules_to_save": None, "rank_pattern": {},
        "alpha_pattern": {}, "base_model_name_or_path": "model", "peft_version": peft.__version__,
    }
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2) + "\n")


class Recording:
    """Goes before a trainer of TRL: notes numbers that it computes but logs rounded, or not at all."""

    # The trainer's own metrics to note.
    keys = []

    def _compute_loss(self, model, inputs, return_outputs):
        loss = super()._compute_loss(model, inputs, return_outputs)
        metrics = {k: v[-1] for k, v in self._metrics["train"].items()}
        self.records.append({"step": len(self.records) + 1, "loss": loss.item(),
                             "learning_rate": self.optimizer.param_groups[0]["lr"],
                             **{k: metrics[k] for k in self.keys}})
        return loss

    def _get_grad_norm(self, model, grad_norm=None):
        norm = super()._get_grad_norm(model, grad_norm)
        self.records[-1]["grad_norm"] = float(norm)
        return norm


class Recorder(Recording, DPOTrainer):
    keys = ["logps/chosen", "logps/rejected", "rewards/chosen", "rewards/rejected", "rewards/margins",
            "rewards/accuracies", "num_tokens"]


class FirstGradients(transformers.TrainerCallback):
    """Keeps the gradients of step 1 as they are before clipping."""

    def __init__(self):
        self.state = None

    def capture(self, model):
        if self.state is None:
            self.state = adapter_state(model, gradients=True)


def run(name, kind, loss_type, beta, smoothing, steps, schedule, pairs):
    model = attach(make_model(), kind)
    initial = adapter_state(model)
    dataset = Dataset.from_list([
        {"prompt": text(p["prompt_ids"]).strip(), "chosen": text(p["chosen_ids"]), "rejected": text(p["rejected_ids"])}
        for p in pairs])
    out = tempfile.mkdtemp()
    arguments = DPOConfig(
        output_dir=out, per_device_train_batch_size=len(pairs), num_train_epochs=steps, learning_rate=1e-3,
        lr_scheduler_type=schedule, warmup_steps=0, weight_decay=0.0, max_grad_norm=1.0, optim="adamw_torch",
        beta=beta, loss_type=[loss_type], label_smoothing=smoothing, bf16=False, fp16=False, use_cpu=True,
        gradient_checkpointing=False, logging_steps=1, save_strategy="no", report_to=[], max_length=None, seed=42,
        disable_tqdm=True, dataloader_pin_memory=False)
    first = FirstGradients()
    plus = LORAPLUS.get(name)
    optimizer = peft.optimizers.create_loraplus_optimizer(model, torch.optim.AdamW, lr=1e-3, **plus) if plus else None
    # The reference is the base model in every run: TRL would take a copy of the initial adapter otherwise.
    trainer = Recorder(model=model, ref_model=make_model(), args=arguments, train_dataset=dataset,
                       processing_class=make_tokenizer(), callbacks=[first], optimizers=(optimizer, None))
    trainer.records = []
    for got, want in zip(trainer.train_dataset, pairs):
        assert all(got[k] == want[k] for k in want), (got, want)
    clip = trainer.accelerator.clip_grad_norm_

    def clip_after_capture(parameters, max_norm, **rest):
        first.capture(model)
        return clip(parameters, max_norm, **rest)

    trainer.accelerator.clip_grad_norm_ = clip_after_capture
    trainer.train()
    shutil.rmtree(out)
    assert len(trainer.records) == steps and all("grad_norm" in r for r in trainer.records)

    # Per-response numbers before and after, by plain transformers in double precision: a second opinion on TRL.
    def sequence_logps(adapter):
        policy = attach(make_model(), kind).double().eval()
        with torch.no_grad():
            for key, value in policy.named_parameters():
                if ".default." in key:
                    value.copy_(adapter[key.replace(".default.", ".")].double())
        out = []
        for p in pairs:
            row = {}
            for side in ("chosen", "rejected"):
                ids = torch.tensor([p["prompt_ids"] + p[f"{side}_ids"]])
                for who in ("policy", "reference"):
                    with torch.no_grad():
                        if who == "reference":
                            with policy.disable_adapter():
                                logits = policy(input_ids=ids).logits
                        else:
                            logits = policy(input_ids=ids).logits
                    logps = logits[0, :-1].log_softmax(-1).gather(1, ids[0, 1:, None])[:, 0]
                    row[f"{who}_{side}"] = logps[len(p["prompt_ids"]) - 1:].sum().item()
            out.append(row)
        return out

    final = adapter_state(model)
    save_adapter(initial, HERE / f"adapter-{kind}")
    safetensors.torch.save_file(first.state, HERE / f"{name}.gradients.safetensors", metadata={"format": "pt"})
    safetensors.torch.save_file(final, HERE / f"{name}.final.safetensors", metadata={"format": "pt"})
    record = {
        "versions": {"trl": trl.__version__, "transformers": transformers.__version__, "peft": peft.__version__,
                     "torch": torch.__version__},
        "loss_type": loss_type, "beta": beta, "label_smoothing": smoothing, "steps": steps,
        "lr_scheduler_type": schedule, "learning_rate": 1e-3, "adam_beta1": 0.9, "adam_beta2": 0.999,
        "adam_epsilon": 1e-8, "weight_decay": plus["loraplus_weight_decay"] if plus else 0.0, "max_grad_norm": 1.0,
        "initial_adapter": f"adapter-{kind}", **({"loraplus_lr_ratio": plus["loraplus_lr_ratio"]} if plus else {}),
        "sequences_before": sequence_logps(initial), "sequences_after": sequence_logps(final),
        "trajectory": trainer.records,
    }
    (HERE / f"{name}.json").write_text(json.dumps(record, indent=1) + "\n")
    print(name, [round(r["loss"], 5) for r in trainer.records], [round(r["grad_norm"], 3) for r in trainer.records])


def main():
    """All runs, or the one that is named; the pairs are the same every time."""
    pairs = make_pairs()
    if not sys.argv[1:]:
        save_checkpoint(make_model(), HERE / "model")
        (HERE / "pairs.json").write_text(json.dumps(pairs) + "\n")
    for entry in RUNS:
        if entry[0] in sys.argv[1:] or not sys.argv[1:]:
            run(*entry, pairs)


if __name__ == "__main__":
    main()

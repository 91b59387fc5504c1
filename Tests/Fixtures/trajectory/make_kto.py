"""Records TRL's KTOTrainer on the tiny Llama and the pairs of make_trajectory.py, unmodified, in the same way.

Two layouts: `pairs` (each pair as TRL unpairs it: a desirable and an undesirable row) and `unpaired` (one row a prompt,
every third one undesirable). All rows form one batch, so the order of the rows is the data's, and the mismatched pairs
of the KL estimate are those of that order. Run in this folder; rewrites kto-*.json and their tensors.
"""

import json
import pathlib
import shutil
import tempfile

import peft
import safetensors.torch
import torch
import transformers
import trl
from datasets import Dataset
from trl import KTOConfig, KTOTrainer

from make_trajectory import Recording, adapter_state, attach, make_model, make_pairs, make_tokenizer, text

HERE = pathlib.Path(__file__).resolve().parent
RUNS = [
    # name, layout, loss_type, desirable weight, undesirable weight
    ("kto-pairs", "pairs", "kto", 1.0, 1.0),
    ("kto-unpaired", "unpaired", "kto", 1.0, 1.5),
    ("kto-apo", "unpaired", "apo_zero_unpaired", 1.0, 1.0),
]
STEPS, BETA = 12, 0.1


class Recorder(Recording, KTOTrainer):
    keys = ["kl", "logps/chosen", "logps/rejected", "rewards/chosen", "rewards/rejected", "rewards/margins"]


def rows(layout):
    pairs = make_pairs()
    if layout == "pairs":
        return [{"prompt_ids": p["prompt_ids"], "completion_ids": p[side], "label": side == "chosen_ids"}
                for side in ("chosen_ids", "rejected_ids") for p in pairs]
    return [{"prompt_ids": p["prompt_ids"], "completion_ids": p["chosen_ids"], "label": i % 3 != 2}
            for i, p in enumerate(pairs)]


def run(name, layout, loss_type, desirable, undesirable):
    data = rows(layout)
    model = attach(make_model(), "random")
    dataset = Dataset.from_list([
        {"prompt": text(r["prompt_ids"]).strip(), "completion": text(r["completion_ids"]), "label": r["label"]}
        for r in data])
    out = tempfile.mkdtemp()
    arguments = KTOConfig(
        output_dir=out, per_device_train_batch_size=len(data), num_train_epochs=STEPS, learning_rate=1e-3,
        lr_scheduler_type="constant", warmup_steps=0, weight_decay=0.0, max_grad_norm=1.0, optim="adamw_torch",
        beta=BETA, loss_type=loss_type, desirable_weight=desirable, undesirable_weight=undesirable, bf16=False,
        fp16=False, use_cpu=True, gradient_checkpointing=False, logging_steps=1, save_strategy="no", report_to=[],
        max_length=None, seed=42, disable_tqdm=True, dataloader_pin_memory=False,
        train_sampling_strategy="sequential")
    trainer = Recorder(model=model, ref_model=make_model(), args=arguments, train_dataset=dataset,
                       processing_class=make_tokenizer())
    trainer.records = []
    for got, want in zip(trainer.train_dataset, data):
        assert all(got[k] == want[k] for k in want), (got, want)
    first = {}
    clip = trainer.accelerator.clip_grad_norm_

    def clip_after_capture(parameters, max_norm, **rest):
        if not first:
            first.update(adapter_state(model, gradients=True))
        return clip(parameters, max_norm, **rest)

    trainer.accelerator.clip_grad_norm_ = clip_after_capture
    trainer.train()
    shutil.rmtree(out)
    assert len(trainer.records) == STEPS and all("grad_norm" in r for r in trainer.records)
    safetensors.torch.save_file(first, HERE / f"{name}.gradients.safetensors", metadata={"format": "pt"})
    safetensors.torch.save_file(adapter_state(model), HERE / f"{name}.final.safetensors", metadata={"format": "pt"})
    record = {
        "versions": {"trl": trl.__version__, "transformers": transformers.__version__, "peft": peft.__version__,
                     "torch": torch.__version__},
        "loss_type": loss_type, "layout": layout, "beta": BETA, "desirable_weight": desirable,
        "undesirable_weight": undesirable, "steps": STEPS, "learning_rate": 1e-3, "max_grad_norm": 1.0,
        "initial_adapter": "adapter-random", "rows": data, "trajectory": trainer.records,
    }
    (HERE / f"{name}.json").write_text(json.dumps(record, indent=1) + "\n")
    print(name, [(round(r["loss"], 5), round(r["kl"], 4)) for r in trainer.records])


if __name__ == "__main__":
    for entry in RUNS:
        run(*entry)

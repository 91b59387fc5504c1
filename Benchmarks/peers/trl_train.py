"""One DPO run with LoRA by TRL, as a user on a CPU would set it up; the last line printed is the result as JSON."""
import argparse
import json
import time

import torch
from datasets import Dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
from trl import DPOConfig, DPOTrainer

p = argparse.ArgumentParser()
p.add_argument("model")
p.add_argument("pairs", help="JSON lines in TRL's format")
p.add_argument("--precision", choices=["fp32", "bf16", "bf16-weights"], default="bf16")
p.add_argument("--batch", type=int, default=1)
p.add_argument("--precompute", action="store_true")
p.add_argument("--epochs", type=float, default=2)
p.add_argument("--learning-rate", type=float, default=5e-5)
p.add_argument("--threads", type=int, default=2)
p.add_argument("--output", required=True)
p.add_argument("--save-initial-adapter")
a = p.parse_args()

torch.set_num_threads(a.threads)
torch.manual_seed(0)
tokenizer = AutoTokenizer.from_pretrained(a.model)
# bf16 is TRL's own default: fp32 weights under autocast. bf16-weights keeps the frozen weights in bf16.
dtype = torch.bfloat16 if a.precision == "bf16-weights" else torch.float32
model = AutoModelForCausalLM.from_pretrained(a.model, dtype=dtype, attn_implementation="sdpa")
rows = [json.loads(line) for line in open(a.pairs)]
trainer = DPOTrainer(
    model,
    args=DPOConfig(
        output_dir=a.output, per_device_train_batch_size=a.batch, gradient_accumulation_steps=16 // a.batch,
        max_length=1024, num_train_epochs=a.epochs, learning_rate=a.learning_rate, lr_scheduler_type="cosine",
        beta=0.1, use_cpu=True, bf16=a.precision != "fp32", precompute_ref_log_probs=a.precompute,
        gradient_checkpointing=False, logging_steps=1, logging_nan_inf_filter=False, save_strategy="no", report_to=[],
        disable_tqdm=True, dataloader_num_workers=0, seed=42,
    ),
    train_dataset=Dataset.from_list(rows),
    processing_class=tokenizer,
    peft_config=LoraConfig(
        r=8, lora_alpha=16, lora_dropout=0, task_type="CAUSAL_LM",
        target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
    ),
)
if a.save_initial_adapter:
    trainer.model.save_pretrained(a.save_initial_adapter)

step_times = []


class Clock(TrainerCallback):
    def on_step_begin(self, *args, **kwargs):
        self.begin = time.perf_counter()

    def on_step_end(self, *args, **kwargs):
        step_times.append(time.perf_counter() - self.begin)


trainer.add_callback(Clock())
trainer.train()
losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
print("\n" + json.dumps({"step_times": step_times, "losses": losses}))

"""The demo's alignment in PyTorch and PEFT: finds and checks the recipe that Resources/run.yaml holds.

usage: align.py MODEL_DIR TRAIN.jsonl[.gz] HELDOUT.jsonl[.gz] GRADER [--steps 300] [--learning-rate 1e-3] …

HPS with the `sample` estimator and DPO rewards (HPS, arXiv 2502.14400): at every visit of a prompt one dispreferred
response is drawn with q_i ∝ exp(γ r_i), and the loss is −log σ(β (D_best − D_drawn)); γ climbs from −5 to 5 in five
plateaus. Fp32, one thread.
"""

import argparse
import json
import math
import time

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from shares import report
from world_text import flat_batch, read_lines


def log_probs(model, ids, mask, scored):
    """Σ_t log π(y_t | …) over the answer tokens, [B]."""
    logits = model(input_ids=ids, attention_mask=mask).logits[:, :-1]
    chosen = logits.gather(-1, ids[:, 1:, None]).squeeze(-1) - logits.logsumexp(-1)
    return (chosen * scored[:, 1:]).sum(-1)


def draw(rewards, gamma, generator):
    """Index of one dispreferred response; rewards are sorted, best first."""
    values = torch.tensor(rewards[1:]) * gamma
    return 1 + torch.multinomial(torch.softmax(values, 0), 1, generator=generator).item()


def main():
    parser = argparse.ArgumentParser()
    for name in ("model", "train", "heldout", "grader"):
        parser.add_argument(name)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--prompts", type=int, default=16)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--beta", type=float, default=0.1)
    parser.add_argument("--r", type=int, default=8)
    parser.add_argument("--alpha", type=int, default=16)
    parser.add_argument("--targets", default="all-linear")
    parser.add_argument("--schedule", default="cosine", choices=["cosine", "linear", "constant"])
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--every", type=int, default=100, help="steps between two looks at the held-out answers")
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--save")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    generator = torch.Generator().manual_seed(options.seed)

    tokenizer = AutoTokenizer.from_pretrained(options.model)
    base = AutoModelForCausalLM.from_pretrained(options.model, dtype=torch.float32)
    model = get_peft_model(base, LoraConfig(
        r=options.r, lora_alpha=options.alpha, target_modules="all-linear" if options.targets == "all-linear" else options.targets.split(","), task_type="CAUSAL_LM"))
    rows = read_lines(options.train)
    questions = [row["prompt"][-1]["content"] for row in rows]
    heldout = read_lines(options.heldout)
    heldout_questions = [row["prompt"][-1]["content"] for row in heldout]
    optimizer = torch.optim.AdamW(
        [p for p in model.parameters() if p.requires_grad], lr=options.learning_rate, weight_decay=0.0)

    def margins():
        """RM_DPO on held-out prompts: (best, hardest dispreferred) and (best, drawn uniformly)."""
        some = heldout[::4]
        asked = [row["prompt"][-1]["content"] for row in some]
        columns = {"best": 0, "hardest": 1, "middle": 8}
        sums = {}
        with torch.no_grad():
            for name, i in columns.items():
                batch = flat_batch(tokenizer, asked, [row["responses"][i] for row in some])
                policy = log_probs(model, *batch)
                with model.disable_adapter():
                    sums[name] = (policy - log_probs(model, *batch)).mean().item()
        return {n: round(options.beta * (sums["best"] - sums[n]), 3) for n in ("hardest", "middle")} | {
            "best D": round(sums["best"], 2)}

    def look(step):
        model.eval()
        sampled, greedy, answers, _ = report(model, tokenizer, heldout_questions, options.grader, options.samples)
        keep = ("right_and_kind", "terse", "rambling", "off_the_point", "wrong", "rude", "unsafe", "garbled")
        print(f"-- step {step}  sampled {[(k[:5], sampled[k]) for k in keep]}")
        print(f"   greedy {[(k[:5], greedy[k]) for k in keep]}  margins {margins()}", flush=True)
        model.train()
        return answers

    def batch_of(pairs):
        return flat_batch(tokenizer, [questions[i] for i, _ in pairs], [rows[i]["responses"][j] for i, j in pairs])

    cache = {}

    def references(pairs):
        """Log-probs with the adapter off; each response is scored once."""
        missing = sorted(set(pairs) - cache.keys())
        if missing:
            with torch.no_grad(), model.disable_adapter():
                cache.update(zip(missing, log_probs(model, *batch_of(missing)).tolist()))
        return torch.tensor([cache[pair] for pair in pairs])

    order = []
    look(0)
    start = time.time()
    for step in range(options.steps):
        gamma = [-5, -2.5, 0, 2.5, 5][min(5 * step // options.steps, 4)]
        if len(order) < options.prompts:
            order = torch.randperm(len(rows), generator=generator).tolist()
        visited, order = order[: options.prompts], order[options.prompts :]
        drawn = [draw(rows[i]["rewards"], gamma, generator) for i in visited]
        pairs = [(i, 0) for i in visited] + list(zip(visited, drawn))
        reference = references(pairs)
        batch = batch_of(pairs)
        ratio = log_probs(model, *batch) - reference
        best, other = (options.beta * ratio).chunk(2)
        loss = -torch.nn.functional.logsigmoid(best - other).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        factor = {"constant": 1.0, "linear": 1 - step / options.steps,
                  "cosine": 0.5 * (1 + math.cos(math.pi * step / options.steps))}[options.schedule]
        for group in optimizer.param_groups:
            group["lr"] = options.learning_rate * factor
        optimizer.step()
        if (step + 1) % 20 == 0:
            print(f"step {step + 1}  γ {gamma}  loss {loss.item():.4f}  margin {(best - other).mean().item():.3f}  "
                  f"norm {norm.item():.2f}  {(time.time() - start):.0f} s", flush=True)
        if (step + 1) % options.every == 0 or step + 1 == options.steps:
            answers = look(step + 1)
    for question, answer in answers[:12]:
        print(f"  {question}\n    {answer}")
    if options.save:
        model.save_pretrained(options.save)


if __name__ == "__main__":
    main()

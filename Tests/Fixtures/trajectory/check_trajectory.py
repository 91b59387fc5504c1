"""Replays every recorded run without TRL, in double precision, from the files alone, and prints how far TRL's float32
numbers are from it: the precision that a test against the fixtures can ask for."""

import json
import math
import pathlib

import peft
import safetensors.torch
import torch
import torch.nn.functional as F
import transformers

HERE = pathlib.Path(__file__).resolve().parent


def pair_loss(kind, beta, epsilon, w, l, lengths):
    z = beta * (w - l)
    if kind == "sigmoid":
        return -F.logsigmoid(z)
    if kind == "ipo":
        return (w / lengths[0] - l / lengths[1] - 1 / (2 * beta)) ** 2
    if kind == "exo_pair":
        q, r = torch.sigmoid(z), torch.sigmoid(-z)
        return q * (F.logsigmoid(z) - math.log1p(-epsilon)) + r * (F.logsigmoid(-z) - math.log(epsilon))
    if kind == "nca_pair":
        return -F.logsigmoid(beta * w) - 0.5 * F.logsigmoid(-beta * w) - 0.5 * F.logsigmoid(-beta * l)
    if kind == "sppo_hard":
        return (w - 0.5 / beta) ** 2 + (l + 0.5 / beta) ** 2
    raise ValueError(kind)


def replay(path):
    record = json.loads(path.read_text())
    pairs = json.loads((HERE / "pairs.json").read_text())
    base = transformers.AutoModelForCausalLM.from_pretrained(HERE / "model", dtype=torch.float64)
    model = peft.PeftModel.from_pretrained(
        base, HERE / record["initial_adapter"], is_trainable=True, autocast_adapter_dtype=False).double()
    parameters = {n.replace(".default.", "."): p for n, p in model.named_parameters() if p.requires_grad}
    optimizer = torch.optim.AdamW(parameters.values(), lr=record["learning_rate"], weight_decay=0.0)

    def logp(p, side):
        ids = torch.tensor([p["prompt_ids"] + p[f"{side}_ids"]])
        logps = model(input_ids=ids).logits[0, :-1].log_softmax(-1).gather(1, ids[0, 1:, None])[:, 0]
        return logps[len(p["prompt_ids"]) - 1:].sum()

    with torch.no_grad(), model.disable_adapter():
        reference = [(logp(p, "chosen"), logp(p, "rejected")) for p in pairs]
    worst = {"loss": 0.0, "grad_norm": 0.0, "gradient": 0.0}
    gradients = safetensors.torch.load_file(path.with_suffix(".gradients.safetensors"))
    for i, step in enumerate(record["trajectory"]):
        losses = []
        for p, (rw, rl) in zip(pairs, reference):
            lengths = (len(p["chosen_ids"]), len(p["rejected_ids"]))
            losses.append(pair_loss(record["loss_type"], record["beta"], record["label_smoothing"],
                                    logp(p, "chosen") - rw, logp(p, "rejected") - rl, lengths))
        loss = torch.stack(losses).mean()
        optimizer.zero_grad()
        loss.backward()
        if i == 0:
            for name, p in parameters.items():
                worst["gradient"] = max(worst["gradient"], (p.grad - gradients[name]).abs().max().item())
        norm = torch.nn.utils.clip_grad_norm_(parameters.values(), record["max_grad_norm"])
        for group in optimizer.param_groups:
            group["lr"] = step["learning_rate"]
        optimizer.step()
        worst["loss"] = max(worst["loss"], abs(loss.item() - step["loss"]))
        worst["grad_norm"] = max(worst["grad_norm"], abs(norm.item() - step["grad_norm"]) / norm.item())
    final = safetensors.torch.load_file(path.with_suffix(".final.safetensors"))
    worst["final"] = max((p.detach() - final[n]).abs().max().item() for n, p in parameters.items())
    print(f"{path.stem:16}", " ".join(f"{k} {v:.1e}" for k, v in worst.items()))


for path in sorted(HERE.glob("*.json")):
    if path.name != "pairs.json":
        replay(path)

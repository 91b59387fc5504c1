"""Loss and gradient of random pairs by TRL's own code: DPOTrainer._compute_loss and CPOTrainer.cpo_loss are called on a
stand-in trainer whose model returns the log-probs as they are, in double precision, and autograd gives the gradient. Rewrites trl_losses.json beside this script.
"""

import json
import pathlib
import types
from collections import defaultdict

import torch
import transformers
import trl
from trl import DPOTrainer
from trl.experimental.cpo.cpo_trainer import CPOTrainer

HERE = pathlib.Path(__file__).resolve().parent
COUNT = 1000
torch.set_default_dtype(torch.float64)


class Accelerator:
    device = torch.device("cpu")

    def gather(self, x):
        return x

    gather_for_metrics = gather


class Training:
    training = True


def dpo_trainer(loss_type, beta, smoothing):
    return types.SimpleNamespace(
        model=Training(), accelerator=Accelerator(), aux_loss_enabled=False, ld_alpha=None, precompute_ref_logps=True,
        f_divergence_type="reverse_kl", loss_types=[loss_type], loss_weights=[1.0], beta=beta,
        label_smoothing=smoothing, use_weighting=False, _metrics={"train": defaultdict(list)}, _total_train_tokens=0,
        _tp_size=1)


def by_trl(loss_type, beta, smoothing, row):
    """The pair is one token of prompt and completions of the row's lengths; each log-prob sits on the first token."""
    (w, l, rw, rl, lengths) = row
    total = 1 + max(lengths)
    mask = torch.tensor([[0] + [1] * n + [0] * (total - 1 - n) for n in lengths])
    logps = torch.tensor([w, l], requires_grad=True)
    per_token = torch.zeros(2, total - 1).index_put((torch.tensor([0, 1]), torch.tensor([0, 0])), logps)
    outputs = types.SimpleNamespace(
        log_probs=per_token, entropy=torch.zeros_like(per_token), mean_logits=torch.zeros_like(per_token),
        is_top1=torch.zeros_like(per_token, dtype=torch.bool))
    inputs = {"input_ids": torch.ones(2, total, dtype=torch.long), "attention_mask": torch.ones(2, total),
              "completion_mask": mask, "ref_chosen_logps": torch.tensor([rw]), "ref_rejected_logps": torch.tensor([rl])}
    loss = DPOTrainer._compute_loss(dpo_trainer(loss_type, beta, smoothing), lambda **_: outputs, inputs, False)
    loss.backward()
    return [loss.item(), *logps.grad.tolist()]


def by_cpo_simpo(beta, gamma, row):
    """CPOTrainer's `simpo` with cpo_alpha 0; it takes per-token means."""
    (w, l, _, _, lengths) = row
    logps = torch.tensor([w, l], requires_grad=True)
    means = logps / torch.tensor(lengths)
    trainer = types.SimpleNamespace(loss_type="simpo", simpo_gamma=gamma, beta=beta, alpha=0.0, label_smoothing=0.0,
                                    accelerator=Accelerator())
    losses, _, _ = CPOTrainer.cpo_loss(trainer, means[:1], means[1:])
    losses.sum().backward()
    return [losses.item(), *logps.grad.tolist()]


def number(x):
    return float(f"{x:.8g}")


def main():
    generator = torch.Generator().manual_seed(7)

    def normal(scale):
        return number(torch.randn((), generator=generator).item() * scale)

    cases = [("sigmoid", 0.1, 0.0), ("sigmoid", 0.5, 0.0), ("hinge", 0.1, 0.0), ("ipo", 0.1, 0.0),
             ("exo_pair", 0.1, 1e-3), ("nca_pair", 0.1, 0.0), ("robust", 0.1, 0.1), ("sppo_hard", 0.1, 0.0)]
    rows = []
    for i in range(COUNT):
        # Log-ratios from tiny to far into both tails.
        scale = [0.1, 3.0, 30.0, 300.0][i % 4]
        lengths = torch.randint(1, 40, (2,), generator=generator).tolist()
        rw, rl = -abs(normal(80)), -abs(normal(80))
        rows.append([number(rw + normal(scale)), number(rl + normal(scale)), rw, rl, lengths])
    out = {
        "versions": {"trl": trl.__version__, "transformers": transformers.__version__, "torch": torch.__version__},
        "columns": ["logp chosen", "logp rejected", "reference chosen", "reference rejected", "length chosen",
                    "length rejected"],
        "rows": [[*r[:4], *r[4]] for r in rows],
        "losses": [],
    }
    # The first rows for each loss, as [loss, dL/dl_w, dL/dl_l]: all 1,000, but 100 for the second beta of sigmoid.
    for loss_type, beta, smoothing in cases:
        count = 100 if (loss_type, beta) == ("sigmoid", 0.5) else COUNT
        values = [[float(f"{v:.6g}") for v in by_trl(loss_type, beta, smoothing, r)] for r in rows[:count]]
        out["losses"].append({"loss_type": loss_type, "beta": beta, "label_smoothing": smoothing, "values": values})
    values = [[float(f"{v:.6g}") for v in by_cpo_simpo(2.0, 0.5, r)] for r in rows[:200]]
    out["losses"].append({"loss_type": "simpo", "beta": 2.0, "simpo_gamma": 0.5, "values": values})
    text = json.dumps(out, separators=(",", ":")).replace('],[', '],\n[')
    (HERE / "trl_losses.json").write_text(text + "\n")
    print(len(text))


if __name__ == "__main__":
    main()

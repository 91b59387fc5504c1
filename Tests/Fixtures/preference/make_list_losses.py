"""Loss and gradient of losses that TRL does not have, over random lists: each formula written down naively in torch,
double precision, gradient by autograd. Rewrites list_losses.json beside this script."""

import itertools
import json
import pathlib

import torch
import torch.nn.functional as F

HERE = pathlib.Path(__file__).resolve().parent
torch.set_default_dtype(torch.float64)
BETA, ALPHA, GAMMA = 0.3, 0.7, 0.8


def plackett_luce(g):
    s = BETA * g.D
    return sum(torch.logsumexp(s[k:], 0) - s[k] for k in range(len(s) - 1))


def ordered_pairs(g, f):
    pairs = [(i, j) for i, j in itertools.permutations(range(g.n), 2) if g.r[i] > g.r[j]]
    return sum(f(i, j) for i, j in pairs) / len(pairs)


def ipo_list(g):
    mean = g.D / g.lengths
    return ordered_pairs(g, lambda i, j: (mean[i] - mean[j] - 1 / (2 * BETA)) ** 2)


def exo_list(g):
    p = torch.softmax(BETA * g.D, 0)
    return (p * (p.log() - torch.log_softmax(g.r / ALPHA, 0))).sum()


def sppo_list(g):
    P = torch.sigmoid(g.r[:, None] - g.r[None, :]).mean(1)
    return ((g.D - (P - 0.5) / BETA) ** 2).sum()


def nca_list(g):
    s, t = BETA * g.D, torch.softmax(g.r / ALPHA, 0)
    return -F.logsigmoid(-s).mean() - (t * F.logsigmoid(s)).sum()


def infonca_list(g):
    return -(torch.softmax(g.r / ALPHA, 0) * torch.log_softmax(BETA * g.D, 0)).sum()


def lipo(g):
    s = (BETA * g.D)
    psi = (g.r - g.r.min()) / (g.r.max() - g.r.min())
    rank = (s.detach()[None, :] > s.detach()[:, None]).sum(1) + 1.0
    total = 0
    for i, j in itertools.permutations(range(g.n), 2):
        if g.r[i] > g.r[j]:
            w = (2 ** psi[i] - 2 ** psi[j]).abs() * (1 / torch.log1p(rank[i]) - 1 / torch.log1p(rank[j])).abs()
            total = total + w * torch.log1p(torch.exp(-(s[i] - s[j])))
    return total


def pro(g, weight=0.05):
    mean = g.l / g.lengths
    total = 0
    for k in range(g.n - 1):
        T = g.r[k] - g.r[k + 1:]
        terms = torch.cat([(T.max() * mean[k])[None], T * mean[k + 1:]])
        total = total + torch.logsumexp(terms, 0) - T.max() * mean[k]
    return total + weight * (g.n - 1) ** 2 * -g.l[0]


def hps_expectation(g):
    q, s = torch.softmax(GAMMA * g.r[1:], 0), BETA * g.D
    return torch.log(s[0].exp() + (g.n - 1) * (q * s[1:].exp()).sum()) - s[0]


def hps_two_preferred(g):
    q, s = torch.softmax(GAMMA * g.r[2:], 0), BETA * g.D
    return sum(w * (torch.log(s[k].exp() + (g.n - 2) * (q * s[2:].exp()).sum()) - s[k]) for k, w in ((0, 0.7), (1, 0.3)))


def hps_nca(g):
    q, s = torch.softmax(GAMMA * g.r[1:], 0), BETA * g.D
    pairs = -F.logsigmoid(s[0]) - 0.5 * F.logsigmoid(-s[0]) - 0.5 * F.logsigmoid(-s[1:])
    return (q * pairs).sum()


def rdpo(g):
    return -F.logsigmoid(BETA * (g.D[0] - g.D[-1]) + 0.05 * (g.lengths[0] - g.lengths[-1]))


def cdpo(g):
    z = BETA * (g.D[0] - g.D[-1])
    return -0.9 * F.logsigmoid(z) - 0.1 * F.logsigmoid(-z)


def slic(g):
    return torch.relu(1 - g.l[0] + g.l[-1]) - 0.1 * g.l[0]


def kto(g):
    # λ_D = 1, λ_U = 1.5, KL = 0.4; the mean over the two rows.
    a = 1 - torch.sigmoid(BETA * (g.D[0] - 0.4))
    b = 1.5 * (1 - torch.sigmoid(BETA * (0.4 - g.D[-1])))
    return (a + b) / 2


LOSSES = [plackett_luce, ipo_list, exo_list, sppo_list, nca_list, infonca_list, lipo, pro, hps_expectation,
          hps_two_preferred, hps_nca, rdpo, cdpo, slic, kto]


class Group:
    pass


def main():
    generator = torch.Generator().manual_seed(11)
    groups, values = [], {f.__name__: [] for f in LOSSES}
    for index in range(24):
        g = Group()
        g.n = 3 + index % 5
        g.r = torch.sort(torch.randn(g.n, generator=generator) * [0.5, 1.5, 3.0][index % 3], descending=True).values
        g.ref = -torch.rand(g.n, generator=generator) * 60 - 5
        g.l = g.ref + torch.randn(g.n, generator=generator) * [0.5, 4.0][index % 2]
        g.lengths = torch.randint(1, 30, (g.n,), generator=generator).double()
        for name in ("r", "ref", "l"):
            setattr(g, name, torch.tensor([float(f"{v:.8g}") for v in getattr(g, name).tolist()]))
        groups.append({"logps": g.l.tolist(), "reference": g.ref.tolist(), "lengths": [int(v) for v in g.lengths],
                       "rewards": g.r.tolist()})
        for f in LOSSES:
            g.l = g.l.detach().requires_grad_()
            g.D = g.l - g.ref
            loss = f(g)
            gradient = torch.autograd.grad(loss, g.l)[0].tolist()
            values[f.__name__].append([float(f"{v:.9g}") for v in (loss.item(), *gradient)])
    out = {"versions": {"torch": torch.__version__}, "beta": BETA, "reward_temperature": ALPHA, "gamma": GAMMA,
           "groups": groups, "losses": values}
    text = json.dumps(out, separators=(",", ":")).replace("],[", "],\n[").replace("},{", "},\n{")
    (HERE / "list_losses.json").write_text(text + "\n")
    print(len(text))


if __name__ == "__main__":
    main()

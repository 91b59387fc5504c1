#!/usr/bin/env python3
"""The same work done by TRL + PEFT, transformers and tokenizers, and by workbench, in turn.

    python3 Benchmarks/peers/compare.py --data hh-rlhf.jsonl.gz [--only train losses generate tokenizer] [--quick]

Needs a virtual environment with requirements.txt: $PYTHON names its interpreter, else one is made in
Benchmarks/peers/.venv. This script itself uses the standard library only. Every run is a process of its own, timed from
its start to its end; sides take turns, and ratios are of medians (above 1: workbench is ahead).
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
MEASURES = ["train", "losses", "generate", "tokenizer"]


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", required=True, help="an HH-RLHF file, .jsonl or .jsonl.gz")
    p.add_argument("--only", nargs="+", choices=MEASURES, default=MEASURES)
    p.add_argument("--quick", action="store_true", help="tiny model, one round: only shows that the scripts work")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--pairs", type=int, default=48)
    p.add_argument("--epochs", type=int, default=2)
    p.add_argument("--threads", type=int, default=os.cpu_count())
    p.add_argument("--trl", nargs="+", metavar="PRECISION:BATCH:live|precompute",
                   help="TRL's settings; by default bf16 and bf16-weights, batch 1, 2, 4, 8, live and precompute are each "
                   "tried once and the fastest live and the fastest of all are kept")
    p.add_argument("--with-fp32", action="store_true", help="try fp32 for TRL as well")
    p.add_argument("--model", help="a checkpoint; made here by default")
    p.add_argument("--workbench", default=str(ROOT / ".build/release/workbench"))
    p.add_argument("--bench", default=str(ROOT / "Benchmarks/.build/release/bench"))
    p.add_argument("--json", help="where the results go; Benchmarks/results/ by default")
    return p.parse_args()


class Run:
    """A finished process: wall seconds from its start, peak resident MB, standard output's lines."""

    def __init__(self, command, environment=None, folder=None):
        begin = time.perf_counter()
        with tempfile.TemporaryFile("w+") as errors:
            child = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, stderr=errors, text=True,
                                     env={**os.environ, **(environment or {})}, cwd=folder)
            out = []
            reader = threading.Thread(target=lambda: out.append(child.stdout.read()))
            reader.start()
            _, status, usage = os.wait4(child.pid, 0)
            self.wall = time.perf_counter() - begin
            child.returncode = os.waitstatus_to_exitcode(status)
            reader.join()
            if child.returncode != 0:
                errors.seek(0)
                raise SystemExit(f"{' '.join(map(str, command))} ended with {child.returncode}:\n{errors.read()[-2000:]}")
        self.memory = usage.ru_maxrss / 1024
        self.lines = out[0].strip().splitlines()

    @property
    def last(self):
        return json.loads(self.lines[-1])


class Comparison:
    def __init__(self, options):
        self.options = options
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="workbench-peers-"))
        self.python = self.environment()
        self.facts = {
            "date": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
            "machine": processor(), "threads": options.threads, "quick": options.quick, "versions": self.versions(),
        }
        self.results = []
        self.model = self.checkpoint()
        self.pair_file = self.scratch / "pairs.jsonl"

    # The virtual environment, the checkpoint, the pairs

    def environment(self):
        if os.environ.get("PYTHON"):
            return os.environ["PYTHON"]
        python = HERE / ".venv/bin/python"
        if not (HERE / ".venv/complete").exists():
            say("making a virtual environment (about 6 GB)")
            subprocess.run([sys.executable, "-m", "venv", "--clear", HERE / ".venv"], check=True)
            subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", HERE / "requirements.txt"], check=True)
            (HERE / ".venv/complete").touch()
        return str(python)

    def versions(self):
        code = ("import importlib.metadata as m, json;"
                "print(json.dumps({n: m.version(n) for n in ['torch','transformers','peft','trl','datasets','tokenizers']}))")
        return json.loads(subprocess.run([self.python, "-c", code], check=True, capture_output=True, text=True).stdout)

    def checkpoint(self):
        if self.options.model:
            return self.options.model
        folder = pathlib.Path(tempfile.gettempdir()) / ("workbench-peers-tiny" if self.options.quick else "workbench-peers-135m")
        if not (folder / "complete").exists():
            say(f"writing a random checkpoint to {folder}")
            tiny = ["--tiny"] if self.options.quick else []
            Run([self.python, HERE / "checkpoint.py", folder, self.options.data, *tiny])
            (folder / "complete").touch()
        return str(folder)

    def write_pairs(self, count):
        sys.path.insert(0, str(HERE))
        import pairs

        with open(self.pair_file, "w") as out:
            for row in pairs.read(self.options.data, count):
                out.write(json.dumps(row) + "\n")

    # One run of a side

    def trl(self, setting, epochs, rate=5e-5, initial=None):
        precision, batch, reference = setting.split(":")
        output = tempfile.mkdtemp(dir=self.scratch)
        command = [self.python, HERE / "trl_train.py", self.model, self.pair_file, "--precision", precision, "--batch", batch,
                   "--epochs", epochs, "--learning-rate", rate, "--threads", self.options.threads, "--output", output]
        if reference == "precompute":
            command.append("--precompute")
        if initial:
            command += ["--save-initial-adapter", initial]
        # A fresh cache each time: TRL keeps precomputed log-probs in it, and their cost belongs to the run.
        run = Run(command, {"HF_DATASETS_CACHE": output + "/cache", "HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1"})
        found = run.last
        return {"wall": run.wall, "memory": run.memory, "steps": found["step_times"], "losses": found["losses"]}

    def ours(self, epochs, live=False, rate=5e-5, precision="bf16", initial=None):
        session = tempfile.mkdtemp(dir=self.scratch) + "/session"
        run_file = session + ".yaml"
        pathlib.Path(run_file).write_text(json.dumps({
            "model": os.path.abspath(self.model),
            "adapter": {"r": 8, "lora_alpha": 16, "target_modules": "all-linear",
                        **({"init_from": initial} if initial else {})},
            "data": {"train": str(self.pair_file), "max_prompt_length": 1000, "max_length": 1024},
            "preference": {"model": "bt", "parameterization": "dpo", "beta": 0.1},
            "training": {"num_train_epochs": epochs, "prompts_per_step": 16, "learning_rate": rate,
                         "lr_scheduler_type": "cosine", "precision": precision, "threads": self.options.threads},
        }))
        run = Run([self.options.workbench, "train", run_file, "--headless", "--session", session]
                  + (["--live-reference"] if live else []), folder=self.scratch)
        steps = [line for line in map(json.loads, run.lines) if "step_time" in line]
        return {"wall": run.wall, "memory": run.memory, "steps": [s["step_time"] for s in steps],
                "losses": [s["loss"] for s in steps]}

    # Measures

    def train(self):
        options = self.options
        count, epochs = (16, 1) if options.quick else (options.pairs, options.epochs)
        self.write_pairs(count)
        best, live = self.best_settings(epochs)
        sides = {"trl best": lambda: self.trl(best, epochs), "ours": lambda: self.ours(epochs),
                 "trl live": lambda: self.trl(live, epochs), "ours live": lambda: self.ours(epochs, live=True)}
        if best == live:
            del sides["trl live"]
        runs = {name: [] for name in sides}
        for number in range(1 if options.quick else options.rounds):
            for name, side in sides.items():
                runs[name].append(side())
                say(f"round {number + 1}, {name}: {runs[name][-1]['wall']:.1f} s")
        runs.setdefault("trl live", runs["trl best"])

        def wall(name):
            return [r["wall"] for r in runs[name]]

        def pair(name):
            # The first step of a process holds its warming up, and our first steps their part of the reference pass:
            # steps of the last epoch only.
            per_epoch = max(1, count // 16)
            return [statistics.median(r["steps"][-per_epoch:]) / 16 for r in runs[name]]

        self.add(f"run of {epochs} × {count} pairs, wall time, TRL {best}", "s", wall("trl best"), wall("ours"), "≥ 8")
        self.add(f"step with a live reference, TRL {live}", "s/pair", pair("trl live"), pair("ours live"), "≥ 7")
        self.add(f"step, ours cached against TRL {live}", "s/pair", pair("trl live"), pair("ours"), "≥ 10")
        self.add(f"step, ours cached against TRL {best}", "s/pair", pair("trl best"), pair("ours"))
        self.add("peak resident memory", "MB", [r["memory"] for r in runs["trl best"]], [r["memory"] for r in runs["ours"]])
        mean = [statistics.mean(runs[name][0]["losses"]) for name in ("trl best", "ours")]
        self.add("mean loss of the run (orders differ)", "nats", [mean[0]], [mean[1]])

    def best_settings(self, epochs):
        """The fastest of all and the fastest live setting, by the wall time of a run, unless they are given."""
        if self.options.trl:
            given = self.options.trl
            return given[0], next((s for s in given if s.endswith(":live")), given[0])
        precisions = ["bf16", "bf16-weights"] + (["fp32"] if self.options.with_fp32 else [])
        batches = [1, 8] if self.options.quick else [1, 2, 4, 8]
        tried = {}
        for setting in [f"{p}:{b}:{r}" for p in precisions for b in batches for r in ("live", "precompute")]:
            run = self.trl(setting, epochs)
            tried[setting] = run["wall"]
            say(f"TRL {setting}: {run['wall']:.1f} s, {statistics.median(run['steps']) / 16:.3f} s/pair, {run['memory']:.0f} MB")
        self.facts["trl_settings_tried"] = tried
        return min(tried, key=tried.get), min((s for s in tried if s.endswith(":live")), key=tried.get)

    def losses(self):
        """Twenty steps on one full batch from the same initial adapter: the order within a batch changes no loss."""
        self.write_pairs(16)
        steps = 4 if self.options.quick else 20
        initial = str(self.scratch / "initial")
        rate = 2e-4
        sides = {"TRL fp32": self.trl("fp32:1:live", steps, rate, initial)["losses"]}
        sides["ours fp32"] = self.ours(steps, rate=rate, precision="fp32", initial=initial)["losses"]
        sides["TRL bf16"] = self.trl("bf16:1:live", steps, rate)["losses"]
        sides["ours bf16"] = self.ours(steps, rate=rate, initial=initial)["losses"]
        print("\nlosses, 16 pairs a step, the same initial adapter")
        print("step  " + "".join(name.rjust(12) for name in sides))
        for step in range(steps):
            print(f"{step + 1:4}  " + "".join(f"{values[step]:12.6f}" for values in sides.values()))
        for name, left, right, bar in [("fp32, ours to TRL", "ours fp32", "TRL fp32", None),
                                       ("bf16 to fp32, ours", "ours bf16", "ours fp32", "≤ 1"),
                                       ("bf16 to fp32, TRL", "TRL bf16", "TRL fp32", None)]:
            far = max(abs(x / y - 1) for x, y in zip(sides[left], sides[right])) * 100
            print(f"largest difference, {name}: {far:.4f} %" + (f" (bar {bar} %)" if bar else ""))
            self.results.append({"measure": "losses", "name": name, "unit": "%", "largest_difference": far})
        self.results.append({"measure": "losses", "losses": sides})

    def generate(self):
        # Text of about 307 tokens, cut from the data.
        self.write_pairs(16)
        prompts = self.scratch / "prompts.jsonl"
        rows = [json.loads(line) for line in open(self.pair_file)]
        text = "\n".join(turn["content"] for row in rows for turn in row["prompt"])
        lines = 1 if self.options.quick else 2
        prompts.write_text("".join(json.dumps({"prompt": text[i * 1300:(i + 1) * 1300]}) + "\n" for i in range(lines)))
        tokens = 8 if self.options.quick else 64
        for count in [1, 8] if self.options.quick else [1, 8, 32]:
            theirs, ours = [], []
            for _ in range(1 if self.options.quick else self.options.rounds):
                found = Run([self.python, HERE / "hf_generate.py", self.model, prompts, "--count", count, "--tokens", tokens,
                             "--threads", self.options.threads], {"HF_HUB_OFFLINE": "1"}).last
                theirs.append(found["seconds"] / found["tokens"] * 1000)
                # Ours counts from the process's start. A random model ends an answer early once in 49,152 tokens.
                run = Run([self.options.workbench, "generate", "--model", self.model, "--n", count, "--max-new-tokens",
                           tokens, "--threads", self.options.threads, prompts])
                ours.append(run.wall / (lines * count * tokens) * 1000)
            self.add(f"generate, {count} at once (ours with start-up)", "ms/token", theirs, ours)

    def tokenizer(self):
        theirs, ours, sums = [], [], set()
        for _ in range(1 if self.options.quick else self.options.rounds):
            found = Run([self.python, HERE / "hf_tokenize.py", self.model, self.options.data]).last
            theirs.append(1 / statistics.median(found["mb_per_s"]))
            sums.add(found["checksum"])
            out = self.scratch / "tokenizer.json"
            Run([self.options.bench, "--only", "tokenizer", "--model", self.model, "--data", self.options.data, "--json", out,
                 "--threads", 1])
            row = json.loads(out.read_text())["results"][0]
            ours.append(1 / row["median"])
            sums.add(row["note"].split()[-1])
        self.add("tokenizer, one thread", "s/MB", theirs, ours, "≥ 3")
        same = "the same ids" if len(sums) == 1 else "DIFFERENT ids"
        print(f"tokenizer: {same} (checksums {', '.join(sorted(sums))})")
        self.results.append({"measure": "tokenizer", "name": "ids", "same": len(sums) == 1})

    # The table

    def add(self, name, unit, theirs, ours, bar=""):
        if self.options.quick:
            bar = "(--quick: not worth quoting)"
        ratio = statistics.median(theirs) / statistics.median(ours)
        low, high = min(theirs) / max(ours), max(theirs) / min(ours)
        self.results.append({"name": name, "unit": unit, "theirs": theirs, "ours": ours, "ratio": ratio, "bar": bar})
        print(f"{name:64} {statistics.median(theirs):10.4g} {statistics.median(ours):10.4g} {unit:9} "
              f"{ratio:6.2f}× ({low:.2f}–{high:.2f}) {bar}", flush=True)

    def run(self):
        for name, value in self.facts.items():
            print(f"{name:10} {value}")
        print(f"\n{'':64} {'theirs':>10} {'ours':>10} {'unit':9} ratio of medians (range), bar")
        try:
            for name in self.options.only:
                getattr(self, name)()
        finally:
            shutil.rmtree(self.scratch, ignore_errors=True)
            self.write()

    def write(self):
        stamp = datetime.date.today().isoformat()
        path = pathlib.Path(self.options.json or HERE.parent / "results" / f"peers-{stamp}-{platform.node()}.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({**self.facts, "results": self.results}, indent=1, ensure_ascii=False))
        print(f"\nwrote {path}")


def processor():
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def say(text):
    print(f"  … {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    Comparison(arguments()).run()

"""Samples a model on the held-out questions and lets the rubric name what it says.

usage: shares.py MODEL_DIR HELDOUT.jsonl[.gz] GRADER [--adapter DIR] [--samples 200] [--temperature 0.9] [--show 8]

GRADER is the built `make-demo-world`; it grades {"prompt", "answer"} lines from standard input.
"""

import argparse
import json
import subprocess

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from world_text import read_lines, sample


def shares(grader, questions, answers):
    lines = "".join(json.dumps({"prompt": q, "answer": a}) + "\n" for q, a in zip(questions, answers))
    done = subprocess.run([grader, "--grade", "-"], input=lines, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def report(model, tokenizer, questions, grader, samples=200, temperature=0.9, seed=0):
    """Shares of the kinds in `samples` sampled answers and in one greedy answer a question."""
    asked = [questions[i % len(questions)] for i in range(samples)]
    sampled = sample(model, tokenizer, asked, temperature, seed)
    greedy = sample(model, tokenizer, questions, 0)
    return shares(grader, asked, sampled), shares(grader, questions, greedy), list(zip(asked, sampled)), list(
        zip(questions, greedy))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("heldout")
    parser.add_argument("grader")
    parser.add_argument("--adapter")
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--temperature", type=float, default=0.9)
    parser.add_argument("--show", type=int, default=8)
    options = parser.parse_args()
    torch.set_num_threads(1)
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    model = AutoModelForCausalLM.from_pretrained(options.model, dtype=torch.float32).eval()
    if options.adapter:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, options.adapter).eval()
    questions = [row["prompt"][-1]["content"] for row in read_lines(options.heldout)]
    sampled, greedy, answers, best = report(
        model, tokenizer, questions, options.grader, options.samples, options.temperature)
    print("sampled", json.dumps(sampled))
    print("greedy ", json.dumps(greedy))
    for question, answer in answers[: options.show]:
        print(f"  {question}\n    {answer}")


if __name__ == "__main__":
    main()

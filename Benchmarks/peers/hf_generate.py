"""transformers' generate on every line of a file of prompts; the last line printed is the result as JSON."""
import argparse
import json
import time

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

p = argparse.ArgumentParser()
p.add_argument("model")
p.add_argument("prompts")
p.add_argument("--count", type=int, default=1)
p.add_argument("--tokens", type=int, default=64)
p.add_argument("--threads", type=int, default=2)
a = p.parse_args()

torch.set_num_threads(a.threads)
torch.manual_seed(0)
tokenizer = AutoTokenizer.from_pretrained(a.model)
model = AutoModelForCausalLM.from_pretrained(a.model, dtype=torch.bfloat16, attn_implementation="sdpa").eval()
prompts = [json.loads(line)["prompt"] for line in open(a.prompts)]


def generate(prompt, tokens):
    inputs = tokenizer(prompt, return_tensors="pt", add_special_tokens=False)
    out = model.generate(
        **inputs, do_sample=True, temperature=1.0, top_k=0, num_return_sequences=a.count, max_new_tokens=tokens,
        min_new_tokens=tokens, pad_token_id=tokenizer.pad_token_id,
    )
    return out.numel() - inputs["input_ids"].numel() * a.count


with torch.no_grad():
    generate(prompts[0], 2)
    begin = time.perf_counter()
    total = sum(generate(prompt, a.tokens) for prompt in prompts)
    seconds = time.perf_counter() - begin
print("\n" + json.dumps({"tokens": total, "seconds": seconds}))

"""Trains the demo's tokenizer and base model from the generated corpus, on a CPU.

usage: pretrain.py WORLD_DIR MODEL_DIR [--epochs 2] [--threads 1]

WORLD_DIR has corpus.jsonl and heldout.jsonl from `make-demo-world --out`. Writes a Hugging Face folder.
"""

import argparse
import json
import math
import random
import time
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from world_text import CHAT_TEMPLATE, END_OF_TEXT, IM_END, IM_START, chat_prompt, read_lines

VOCABULARY = 1968


def train_tokenizer(texts):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=[END_OF_TEXT, IM_START, IM_END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=IM_END, pad_token=END_OF_TEXT, clean_up_tokenization_spaces=False,
        model_max_length=512, chat_template=CHAT_TEMPLATE)


def save_tokenizer(tokenizer, folder):
    """With the template inside tokenizer_config.json, and a class name that older versions know too."""
    tokenizer.save_pretrained(folder, save_jinja_files=False)
    path = folder / "tokenizer_config.json"
    config = json.loads(path.read_text())
    config["tokenizer_class"] = "PreTrainedTokenizerFast"
    for noise in ("is_local", "local_files_only"):
        config.pop(noise, None)
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def new_model(tokenizer):
    config = LlamaConfig(
        vocab_size=VOCABULARY, hidden_size=192, intermediate_size=512, num_hidden_layers=4, num_attention_heads=6,
        num_key_value_heads=3, head_dim=32, max_position_embeddings=512, tie_word_embeddings=True,
        rms_norm_eps=1e-5, rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
        bos_token_id=None, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id)
    return LlamaForCausalLM(config)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("world", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--epochs", type=float, default=2)
    parser.add_argument("--learning-rate", type=float, default=3e-3)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(7)
    shuffle = random.Random(7)

    corpus = read_lines(options.world / "corpus.jsonl")
    tokenizer = train_tokenizer([line[key] for line in corpus for key in ("prompt", "answer")])
    texts = [chat_prompt(line["prompt"]) + line["answer"] + IM_END + "\n" for line in corpus]
    rows = tokenizer(texts, add_special_tokens=False)["input_ids"]
    model = new_model(tokenizer)
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters, {sum(map(len, rows)):,} tokens in the corpus")

    # Batches of similar length, so that little is padding; the order of the batches is shuffled every epoch.
    order = sorted(range(len(rows)), key=lambda i: (len(rows[i]), shuffle.random()))
    batches = [order[i : i + options.batch] for i in range(0, len(order), options.batch)]
    total = int(options.epochs * len(batches))
    optimizer = torch.optim.AdamW(model.parameters(), lr=options.learning_rate, betas=(0.9, 0.98), weight_decay=0.05)
    start, step, mean = time.time(), 0, None
    while step < total:
        shuffle.shuffle(batches)
        for batch in batches[: total - step]:
            width = max(len(rows[i]) for i in batch)
            ids = torch.tensor([rows[i] + [tokenizer.pad_token_id] * (width - len(rows[i])) for i in batch])
            labels = torch.tensor([rows[i] + [-100] * (width - len(rows[i])) for i in batch])
            warmed = min(1.0, (step + 1) / 100)
            decay = 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / total))
            for group in optimizer.param_groups:
                group["lr"] = options.learning_rate * warmed * decay
            loss = model(input_ids=ids, labels=labels).loss
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            mean = loss.item() if mean is None else 0.98 * mean + 0.02 * loss.item()
            step += 1
            if step % 100 == 0 or step == total:
                print(f"step {step}/{total}  loss {mean:.4f}  {time.time() - start:.0f} s", flush=True)

    model = model.to(torch.bfloat16)
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    model.save_pretrained(options.model)
    save_tokenizer(tokenizer, options.model)


if __name__ == "__main__":
    main()

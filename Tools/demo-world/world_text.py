"""What the demo-world scripts share: reading the generated rows and writing them as chats."""

import gzip
import json
from pathlib import Path

IM_START, IM_END, END_OF_TEXT = "<|im_start|>", "<|im_end|>", "<|endoftext|>"

CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)


def read_lines(path):
    path = Path(path)
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def chat_prompt(question):
    """The chat template's text up to where the assistant's answer starts."""
    return f"{IM_START}user\n{question}{IM_END}\n{IM_START}assistant\n"


def flat_batch(tokenizer, prompts, answers, device="cpu"):
    """Right-padded ids [B, T], attention mask, and a mask of the answer tokens, <|im_end|> included."""
    import torch

    rows, starts = [], []
    for prompt, answer in zip(prompts, answers):
        head = tokenizer.encode(chat_prompt(prompt), add_special_tokens=False)
        tail = tokenizer.encode(answer + IM_END, add_special_tokens=False)
        rows.append(head + tail)
        starts.append(len(head))
    width = max(map(len, rows))
    pad = tokenizer.convert_tokens_to_ids(END_OF_TEXT)
    ids = torch.full((len(rows), width), pad)
    mask = torch.zeros((len(rows), width), dtype=torch.long)
    scored = torch.zeros((len(rows), width), dtype=torch.bool)
    for i, (row, start) in enumerate(zip(rows, starts)):
        ids[i, : len(row)] = torch.tensor(row)
        mask[i, : len(row)] = 1
        scored[i, start : len(row)] = True
    return ids.to(device), mask.to(device), scored.to(device)


def sample(model, tokenizer, questions, temperature, seed=0, max_new_tokens=80):
    """One answer a question; temperature 0 is greedy. Left-padded batch, stops at <|im_end|>."""
    import torch

    torch.manual_seed(seed)
    end = tokenizer.convert_tokens_to_ids(IM_END)
    heads = [tokenizer.encode(chat_prompt(q), add_special_tokens=False) for q in questions]
    width = max(map(len, heads))
    ids = torch.tensor([[end] * (width - len(h)) + h for h in heads])
    mask = torch.tensor([[0] * (width - len(h)) + [1] * len(h) for h in heads])
    options = {"do_sample": True, "temperature": temperature, "top_k": 0} if temperature else {"do_sample": False}
    with torch.no_grad():
        out = model.generate(
            input_ids=ids, attention_mask=mask, max_new_tokens=max_new_tokens, eos_token_id=end, pad_token_id=end,
            **options)
    return [tokenizer.decode(row[width:], skip_special_tokens=True) for row in out]

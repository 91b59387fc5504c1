"""Random bf16 weights in SmolLM2-135M's shape, and a 16,384-token byte-level BPE trained on the data file.

Usage: checkpoint.py OUT DATA [--tiny]. Speed does not depend on the weights' values.
"""
import json
import sys

import torch
from pairs import rows_of
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

out, data = sys.argv[1], sys.argv[2]
tiny = "--tiny" in sys.argv

tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer.decoder = decoders.ByteLevel()
tokenizer.train_from_iterator(
    (row["chosen"] for row in rows_of(data)),
    trainers.BpeTrainer(
        vocab_size=2048 if tiny else 16384,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    ),
)
fast = PreTrainedTokenizerFast(
    tokenizer_object=tokenizer, bos_token="<|im_start|>", eos_token="<|im_end|>", pad_token="<|endoftext|>"
)
# A turn ends with its end token and nothing after it, so that both sides score the same tokens.
fast.chat_template = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)

shape = (
    dict(vocab_size=2048, hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
         num_key_value_heads=2)
    if tiny
    else dict(vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9,
              num_key_value_heads=3)
)
torch.manual_seed(0)
model = LlamaForCausalLM(
    LlamaConfig(
        **shape, max_position_embeddings=8192, rope_theta=100000, tie_word_embeddings=True, rms_norm_eps=1e-5,
        bos_token_id=1, eos_token_id=2,
    )
).to(torch.bfloat16)
model.save_pretrained(out)
fast.save_pretrained(out)
print(json.dumps({"parameters": sum(p.numel() for p in model.parameters())}))

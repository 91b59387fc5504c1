"""Tiny checkpoints that bitsandbytes has quantized, with log-probs of the weights that their codes stand for, and codes of
numbers that are awkward to quantize.

    python make.py

Writes one folder a case and codes.safetensors beside this file. Made with the versions in versions.json.
"""
import json, pathlib, shutil
import bitsandbytes, torch, transformers
from bitsandbytes.functional import dequantize_4bit, dequantize_blockwise, quantize_4bit
from safetensors.torch import save_file
from transformers import BitsAndBytesConfig, LlamaConfig, LlamaForCausalLM

here = pathlib.Path(__file__).parent
torch.set_num_threads(1)
torch.manual_seed(4)
# Rows of 64, 80 and 112 weights: some are whole blocks, in others blocks run across their ends.
config = LlamaConfig(vocab_size=64, hidden_size=64, intermediate_size=112, num_hidden_layers=2, num_attention_heads=4,
                     num_key_value_heads=2, head_dim=20, max_position_embeddings=128, tie_word_embeddings=False,
                     bos_token_id=1, eos_token_id=2, pad_token_id=0)
base = LlamaForCausalLM(config)
with torch.no_grad():
    for name, parameter in base.named_parameters():
        scale = 0.2 if parameter.dim() == 2 else 0.3
        parameter.copy_(torch.randn_like(parameter) * scale + (1.0 if "norm" in name else 0.0))
base = base.to(torch.bfloat16)

def log_probs(model, prompt, response):
    logits = model(input_ids=torch.tensor([prompt + response])).logits[0].float()
    at = torch.log_softmax(logits[len(prompt) - 1 : -1], -1)
    return at.gather(1, torch.tensor(response)[:, None])[:, 0].tolist()

def expand(weight):
    """A 4-bit weight in fp32. bitsandbytes 0.50.2 quantizes in blocks along the flattened weight everywhere, but its kernel
    for the CPU gives back other numbers where a row is no multiple of a block."""
    state = weight.quant_state
    absmax = state.absmax
    if state.nested:
        absmax = dequantize_blockwise(absmax, state.state2) + state.offset
    codes = torch.stack([weight.data.flatten() >> 4, weight.data.flatten() & 15], -1).flatten()
    plain = (state.code[codes.int()] * absmax.repeat_interleave(64)[: codes.numel()]).reshape(state.shape)
    if state.shape[1] % 64 == 0:
        state.dtype = torch.float32
        assert torch.equal(plain, dequantize_4bit(weight.data, state))
    return plain

generator = torch.Generator().manual_seed(4)
ids = lambda n: torch.randint(3, 64, (n,), generator=generator).tolist()
groups = [{"prompt": [1] + ids(6), "responses": [ids(5) + [2], ids(3)]}, {"prompt": [1], "responses": [ids(30)]}]
cases = {
    "nf4": BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4"),
    "nf4-double": BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True,
                                     llm_int8_skip_modules=["lm_head", "model.layers.1.mlp.down_proj"]),
    "fp4": BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="fp4"),
    "int8": BitsAndBytesConfig(load_in_8bit=True),
}
source = here / "source"
base.save_pretrained(source)
for name, quantization in cases.items():
    folder = here / name
    shutil.rmtree(folder, ignore_errors=True)
    model = LlamaForCausalLM.from_pretrained(source, quantization_config=quantization, device_map="cpu",
                                             dtype=torch.bfloat16)
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    if name == "fp4":
        # Refused for its configuration.
        (folder / "model.safetensors").unlink()
        continue
    # What the codes stand for, in fp32, in a model without any quantization.
    plain = LlamaForCausalLM.from_pretrained(source, dtype=torch.float32).eval()
    with torch.no_grad():
        for key, module in model.named_modules():
            if hasattr(module, "weight") and "Linear" in type(module).__name__:
                weight = module.weight
                if name == "int8" and weight.dtype == torch.int8:
                    weight = weight.float() * weight.SCB[:, None] / 127
                elif hasattr(weight, "quant_state"):
                    weight = expand(weight)
                plain.get_submodule(key).weight.copy_(weight.float())
        for group in groups:
            group["reference"] = [log_probs(plain, group["prompt"], response) for response in group["responses"]]
    (folder / "groups.json").write_text(json.dumps(groups) + "\n")
shutil.rmtree(source)

# Numbers and the codes that they get: many sizes, ties, a block of zeros, neighbours of every threshold, a last block of 37.
codes = torch.tensor([-1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635,
                      -0.18477343022823334, -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725,
                      0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941,
                      0.7229568362236023, 1.0])
middles = (codes[1:] + codes[:-1]) / 2
edges = torch.zeros(64)
edges[0], edges[1:16] = 1, middles
edges[16:31], edges[31:46] = torch.nextafter(middles, torch.tensor(9.0)), torch.nextafter(middles, torch.tensor(-9.0))
numbers = torch.cat([torch.randn(640), torch.randn(256).exp() ** 4, torch.zeros(64), torch.randint(-8, 9, (128,)) / 8,
                     edges, edges * 3, edges * 0.1, edges * 1e-30, edges * 1e-39, edges * 3e38, torch.randn(37)])
packed, state = quantize_4bit(numbers, blocksize=64, quant_type="nf4")
save_file({"numbers": numbers, "codes": packed.flatten().contiguous(), "absmax": state.absmax}, here / "codes.safetensors")
(here / "versions.json").write_text(json.dumps(
    {"bitsandbytes": bitsandbytes.__version__, "torch": torch.__version__, "transformers": transformers.__version__},
    indent=2) + "\n")

"""Small GGUF files, and what independent programs read in them. Made with gguf 0.19.0, transformers 5.24.0, tokenizers
0.23.3, sentencepiece 0.2.3, torch 2.15.0, numpy.

    python make_fixtures.py            writes beside itself

blocks.json         random blocks of every quantized type, and their values by gguf.quants.dequantize
models/F.gguf       a tiny random model of a family, written with the tensor names of the package gguf and the changes that
                    llama.cpp's converter makes; models/F.json: the configuration and the tensors' hashes of the
                    transformers model it was made from. transformers' own GGUF loader, where it knows the family, must give
                    the same tensors, or this script fails.
tokenizers/T.gguf   a tokenizer without a model; tokenizers/T.json: the ids that the original gives
"""
import hashlib
import json
import pathlib
import random
import tempfile

import gguf
import numpy
import sentencepiece
import torch
import transformers
from gguf.constants import GGMLQuantizationType as Q, MODEL_ARCH
from tokenizers import Tokenizer

here = pathlib.Path(__file__).parent
texts = json.loads((here / "../tokenizer/texts.json").read_text())
(here / "models").mkdir(exist_ok=True)
(here / "tokenizers").mkdir(exist_ok=True)

# ---------------------------------------------------------------- blocks

def blocks():
    generator = numpy.random.default_rng(7)
    # Where the fp16 numbers of a block stand: they are made ordinary ones, the rest is any bits.
    halves = {"Q8_0": [0], "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "IQ4_NL": [0], "Q2_K": [80, 82],
              "Q3_K": [108], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208], "IQ4_XS": [0], "F32": [], "F16": [0],
              "BF16": []}
    result = {}
    for name, places in halves.items():
        size, width = gguf.GGML_QUANT_SIZES[Q[name]]
        count = 2 if size == 256 else 4 if size == 32 else 40
        data = generator.integers(0, 256, (count, width), dtype=numpy.uint8)
        for place in places:
            values = (generator.standard_normal(count) * 0.05).astype(numpy.float16)
            data[:, place:place + 2] = values.view(numpy.uint8).reshape(count, 2)
        if name in ("F32", "BF16"):
            values = generator.standard_normal((count, 1)).astype(numpy.float32)
            data = values.view(numpy.uint8)[:, 4 - width:].copy()
        values = gguf.quants.dequantize(data.reshape(1, -1), Q[name]).astype(numpy.float32)
        result[name] = {"bytes": data.tobytes().hex(), "floats": values.tobytes().hex()}
    (here / "blocks.json").write_text(json.dumps(result, indent=0) + "\n")

# ---------------------------------------------------------------- models

COMMON = dict(vocab_size=64, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
              num_key_value_heads=2, max_position_embeddings=128, bos_token_id=1, eos_token_id=2, pad_token_id=None)
LLAMA3 = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=8192)

FAMILIES = {
    "llama": (MODEL_ARCH.LLAMA, transformers.LlamaConfig(
        **COMMON, rms_norm_eps=1e-5, rope_theta=500000.0, rope_scaling=LLAMA3, tie_word_embeddings=False)),
    "llama-bias": (MODEL_ARCH.LLAMA, transformers.LlamaConfig(
        **{**COMMON, "head_dim": 16}, rms_norm_eps=1e-6, attention_bias=True, tie_word_embeddings=True)),
    "qwen2": (MODEL_ARCH.QWEN2, transformers.Qwen2Config(
        **COMMON, rms_norm_eps=1e-6, rope_theta=1000000.0, tie_word_embeddings=True)),
    "qwen3": (MODEL_ARCH.QWEN3, transformers.Qwen3Config(
        **{**COMMON, "head_dim": 16}, rms_norm_eps=1e-6, rope_theta=1000000.0, tie_word_embeddings=False)),
    "gemma": (MODEL_ARCH.GEMMA, transformers.GemmaConfig(**{**COMMON, "head_dim": 16}, rms_norm_eps=1e-6)),
    "gemma2": (MODEL_ARCH.GEMMA2, transformers.Gemma2Config(
        **{**COMMON, "head_dim": 16, "query_pre_attn_scalar": 16}, sliding_window=16)),
    "gemma3": (MODEL_ARCH.GEMMA3, transformers.Gemma3TextConfig(
        **{**COMMON, "head_dim": 16, "num_hidden_layers": 7, "hidden_size": 32, "intermediate_size": 32,
           "query_pre_attn_scalar": 16}, sliding_window=16, rope_theta=1000000.0, rope_local_base_freq=10000.0,
        rope_scaling=dict(rope_type="linear", factor=8.0))),
}
KEPT = ["model_type", "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
        "num_key_value_heads", "head_dim", "max_position_embeddings", "rms_norm_eps", "tie_word_embeddings",
        "attention_bias", "mlp_bias", "hidden_act", "hidden_activation", "sliding_window", "layer_types",
        "query_pre_attn_scalar", "attn_logit_softcapping", "final_logit_softcapping", "rope_parameters", "bos_token_id",
        "eos_token_id"]


def permute(rows, heads):
    """As llama.cpp's converter reorders query and key rows."""
    return rows.reshape(heads, 2, rows.shape[0] // heads // 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def rope_factors(config):
    rope = config.rope_parameters
    dim = config.hidden_size // config.num_attention_heads
    result = []
    for index in range(0, dim, 2):
        wavelength = 2 * numpy.pi * rope["rope_theta"] ** (index / dim)
        low = rope["original_max_position_embeddings"] / rope["low_freq_factor"]
        high = rope["original_max_position_embeddings"] / rope["high_freq_factor"]
        if wavelength < high:
            result.append(1.0)
        elif wavelength > low:
            result.append(rope["factor"])
        else:
            smooth = (rope["original_max_position_embeddings"] / wavelength - rope["low_freq_factor"]) / (
                rope["high_freq_factor"] - rope["low_freq_factor"])
            result.append(1 / ((1 - smooth) / rope["factor"] + smooth))
    return numpy.array(result, dtype=numpy.float32)


def write_model(name, arch, config):
    torch.manual_seed(3)
    model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    state = {}
    for key, value in model.state_dict().items():
        # Weights that bf16 holds exactly; norms on a grid, so that 1 + w is exact in fp32.
        value = torch.randn_like(value) * 0.1
        value = (value * 64).round() / 64 + 0.0 if "norm" in key else value.bfloat16().float()
        state[key] = value
    if config.tie_word_embeddings:
        state["lm_head.weight"] = state["model.embed_tokens.weight"]
    model.load_state_dict(state)
    gemma = name.startswith("gemma")

    path = here / "models" / f"{name}.gguf"
    short = gguf.MODEL_ARCH_NAMES[arch]
    writer = gguf.GGUFWriter(path, short)
    writer.add_type("model")
    writer.add_name(name)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    if head != config.hidden_size // config.num_attention_heads:
        writer.add_key_length(head)
        writer.add_value_length(head)
    if name.startswith("llama"):
        writer.add_rope_dimension_count(head)
    rope = config.rope_parameters
    full = rope.get("full_attention", rope)
    if name not in ("gemma", "gemma2"):
        writer.add_rope_freq_base(full["rope_theta"])
    if full["rope_type"] == "linear":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(full["factor"])
    if name in ("gemma2", "gemma3"):
        writer.add_sliding_window(config.sliding_window)
    if name == "gemma2":
        writer.add_attn_logit_softcapping(config.attn_logit_softcapping)
        writer.add_final_logit_softcapping(config.final_logit_softcapping)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456"
    alphabet = ["<unk>", "<s>", "</s>"] + list(letters) + ["ab", "abc"]
    writer.add_token_list(alphabet)
    writer.add_token_types([3, 3, 3] + [1] * 61)
    writer.add_token_merges(["a b", "ab c"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_bos_token(True)

    names = gguf.get_tensor_name_map(arch, config.num_hidden_layers)
    for key, value in sorted(state.items()):
        if key == "lm_head.weight" and config.tie_word_embeddings:
            continue
        data = value.numpy()
        if name.startswith("llama") and (".q_proj." in key or ".k_proj." in key):
            data = permute(data, config.num_attention_heads if ".q_proj." in key else config.num_key_value_heads)
        if gemma and key.endswith("norm.weight"):
            data = data + 1
        target = names.get_name(key, try_suffixes=(".weight", ".bias"))
        if data.ndim == 1:
            writer.add_tensor(target, numpy.ascontiguousarray(data, dtype=numpy.float32))
        else:
            packed = gguf.quants.quantize(numpy.ascontiguousarray(data), Q.BF16)
            writer.add_tensor(target, packed, raw_dtype=Q.BF16)
    if full["rope_type"] == "llama3":
        writer.add_tensor("rope_freqs.weight", rope_factors(config))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()

    check_by_transformers(name, config, state)
    described = {key: value for key, value in config.to_dict().items() if key in KEPT}
    described["head_dim"] = head
    hashes = {key: hashlib.sha256(value.numpy().tobytes()).hexdigest() for key, value in state.items()
              if not (key == "lm_head.weight" and config.tie_word_embeddings)}
    (here / "models" / f"{name}.json").write_text(json.dumps({"config": described, "tensors": hashes}, indent=1) + "\n")


def check_by_transformers(name, config, state):
    if name == "gemma":
        return  # transformers reads no GGUF files of the first Gemma.
    loaded = transformers.AutoModelForCausalLM.from_pretrained(
        here / "models", gguf_file=f"{name}.gguf", config=config, dtype=torch.float32).state_dict()
    for key, value in state.items():
        assert torch.equal(loaded[key], value), (name, key)

# ---------------------------------------------------------------- tokenizers

def begin(name, model, pre, arch="llama"):
    writer = gguf.GGUFWriter(here / "tokenizers" / f"{name}.gguf", arch)
    writer.add_tokenizer_model(model)
    if pre:
        writer.add_tokenizer_pre(pre)
    return writer


def finish(writer, name, before, ids, decoded):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    (here / "tokenizers" / f"{name}.json").write_text(
        json.dumps({"texts": len(ids), "ids": ids, "decoded": decoded}, separators=(",", ":")) + "\n")


def byte_level(name, pre, bos):
    """From a tokenizer.json beside Tests/Fixtures/tokenizer, as llama.cpp's converter writes it."""
    source = json.loads((here / f"../tokenizer/{name}.tokenizer.json").read_text())
    # GGUF has no place for these flags, and says nothing of tokens that begin as another one.
    source["added_tokens"] = [
        dict(token, single_word=False, lstrip=False, rstrip=False,
             content="<other>" if token["content"] == "<tool" else token["content"])
        for token in source["added_tokens"]]
    original = Tokenizer.from_str(json.dumps(source))
    added = {token["id"]: token for token in source["added_tokens"]}
    vocabulary = {**{id: text for text, id in source["model"]["vocab"].items()},
                  **{id: token["content"] for id, token in added.items()}}
    # Ids without a token, as a padded embedding matrix has.
    size = max(vocabulary) + 9
    tokens, types = [], []
    for id in range(size):
        if id not in vocabulary:
            tokens.append(f"[PAD{id}]")
            types.append(gguf.TokenType.UNUSED)
        else:
            tokens.append(vocabulary[id])
            types.append(gguf.TokenType.NORMAL if id not in added else
                         gguf.TokenType.CONTROL if added[id]["special"] else gguf.TokenType.USER_DEFINED)
    writer = begin(name, "gpt2", pre)
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in source["model"]["merges"]])
    writer.add_eos_token_id(2)
    if bos is not None:
        writer.add_bos_token_id(bos)
    writer.add_add_bos_token(bos is not None)
    ids = [original.encode(text).ids for text in texts]
    finish(writer, name, bos, ids, [original.decode(id, skip_special_tokens=True) for id in ids])


def tekken():
    """Mistral's pattern over the vocabulary of the Llama 3 fixture."""
    source = json.loads((here / "../tokenizer/llama3.tokenizer.json").read_text())
    source["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = (
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
        r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
        r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
    original = Tokenizer.from_str(json.dumps(source))
    vocabulary = {id: text for text, id in source["model"]["vocab"].items()}
    writer = begin("tekken", "gpt2", "tekken")
    writer.add_token_list([vocabulary[id] for id in range(len(vocabulary))])
    writer.add_token_types([3 if id < 3 else 1 for id in range(len(vocabulary))])
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in source["model"]["merges"]])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    ids = [original.encode(text).ids for text in texts]
    finish(writer, "tekken", 1, ids, [original.decode(id, skip_special_tokens=True) for id in ids])


def piece_model(folder, gemma):
    corpus = folder / "corpus.txt"
    source = (here / "../tokenizer/make_fixtures.py").read_text()
    source = source[source.index('CORPUS = """'):source.index('""".splitlines')]
    corpus.write_text(source * 3)
    options = dict(user_defined_symbols=["\n", "▁▁", "▁▁▁▁", "<start_of_turn>"]) if gemma else {}
    sentencepiece.SentencePieceTrainer.train(
        input=str(corpus), model_prefix=str(folder / "m"), vocab_size=520, model_type="bpe", byte_fallback=True,
        character_coverage=0.98, add_dummy_prefix=not gemma, remove_extra_whitespaces=False,
        normalization_rule_name="identity", split_digits=True, allow_whitespace_only_pieces=True,
        pad_id=0 if gemma else -1, eos_id=1 if gemma else 2, bos_id=2 if gemma else 1, unk_id=3 if gemma else 0,
        minloglevel=2, **options)
    return sentencepiece.SentencePieceProcessor(model_file=str(folder / "m.model"))


def sentence_piece(name, gemma):
    """A trained SentencePiece BPE model, as llama.cpp's converter writes it. The ids are SentencePiece's own."""
    with tempfile.TemporaryDirectory() as folder:
        model = piece_model(pathlib.Path(folder), gemma)
    tokens, types, scores = [], [], []
    for id in range(model.vocab_size()):
        text = model.id_to_piece(id)
        kind = gguf.TokenType.NORMAL
        if model.is_unknown(id):
            kind = gguf.TokenType.UNKNOWN
        elif model.is_control(id):
            kind = gguf.TokenType.CONTROL
        elif model.is_byte(id):
            kind = gguf.TokenType.BYTE
        elif text == "<start_of_turn>":
            kind = gguf.TokenType.CONTROL
        elif gemma and text in ("\n", "▁▁", "▁▁▁▁"):
            kind = gguf.TokenType.USER_DEFINED
            text = text.replace("▁", " ")
        tokens.append(text)
        types.append(kind)
        scores.append(model.get_score(id))
    writer = begin(name, "llama", "default", "gemma2" if gemma else "llama")
    writer.add_token_list(tokens)
    writer.add_token_scores(scores)
    writer.add_token_types(types)
    writer.add_bos_token_id(2 if gemma else 1)
    writer.add_eos_token_id(1 if gemma else 2)
    writer.add_unk_token_id(3 if gemma else 0)
    if gemma:
        writer.add_add_space_prefix(False)
    # SentencePiece knows no special tokens in a text, and NUL ends one for it.
    plain = [text for text in texts if "\0" not in text and "<" not in text and text]
    if gemma:
        # Runs of ▁ itself are added tokens for HF, which cut a text before anything else.
        plain = [text for text in plain if "▁" not in text]
    ids = [[2 if gemma else 1] + model.encode(text) for text in plain]
    finish(writer, name, 1, ids, [model.decode(id[1:]) for id in ids])
    path = here / "tokenizers" / f"{name}.json"
    golden = json.loads(path.read_text())
    golden["plain"] = plain
    path.write_text(json.dumps(golden, ensure_ascii=False, separators=(",", ":")) + "\n")


random.seed(1)
blocks()
for family, (arch, config) in FAMILIES.items():
    write_model(family, arch, config)
byte_level("smollm2", "smollm", None)
byte_level("llama3", "llama-bpe", 1)
byte_level("gpt2", "gpt-2", None)
byte_level("qwen2", "qwen2", None)
tekken()
sentence_piece("sentencepiece", False)
sentence_piece("gemma", True)

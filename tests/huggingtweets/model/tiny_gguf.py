"""Small random models of every family in GGUF files, written by the `gguf` package as llama.cpp's converter does."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Quantization
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from huggingtweets.core.text.characters import END_OF_TEXT
from huggingtweets.model.tokenizer import train_tokenizer
from tests.conftest import sentences
from tests.huggingtweets.model.tiny_models import CONTEXT, KINDS, random_model

if TYPE_CHECKING:
    from transformers import PreTrainedModel

SPECIAL = (END_OF_TEXT, "<|im_start|>", "<|im_end|>")
TOKENS = 320
CONTROL, NORMAL, UNKNOWN, BYTE = 3, 1, 2, 6
# Blocks of 32 numbers are quantized together, so a row is a multiple of that.
GPT2_SIZES = {"n_embd": 64, "n_head": 4}
LLAMA_SIZES = {"hidden_size": 64, "intermediate_size": 96, "num_attention_heads": 4, "head_dim": 16}
# What each kind of matrix is kept in, as in files that people share.
PACKED = {"ffn": Quantization.Q4_1, "attn_q": Quantization.Q4_0, "attn": Quantization.Q8_0, "token": Quantization.F16}
# What llama.cpp's converter turns or leaves out.
GPT2_TURNED = ("attn_qkv", "attn_output", "ffn_up", "ffn_down")


def byte_level_fields(writer: gguf.GGUFWriter, pre: str) -> int:
    trained = train_tokenizer(sentences(300, seed=1), TOKENS)
    vocabulary = trained.get_vocab()
    plain = sorted((token for token in vocabulary if token != END_OF_TEXT), key=vocabulary.__getitem__)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list([*SPECIAL, *plain])
    writer.add_token_types([CONTROL] * len(SPECIAL) + [NORMAL] * len(plain))
    writer.add_token_merges([" ".join(pair) for pair in merges_of(trained)])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    return len(SPECIAL) + len(plain)


def sentence_pieces() -> Tokenizer:
    """A BPE over characters with a token for each byte, in the form that Llama 2's tokenizer.json has."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    every_byte = [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(
        vocab_size=600, special_tokens=["<unk>", "<s>", "</s>", *every_byte], show_progress=False
    )
    tokenizer.train_from_iterator([text.encode("ascii", "ignore").decode() for text in sentences(300, seed=1)], trainer)
    written = json.loads(tokenizer.to_str())
    written["added_tokens"] = [row for row in written["added_tokens"] if row["id"] < 3]
    tokenizer = Tokenizer.from_str(json.dumps(written))
    tokenizer.pre_tokenizer = None
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    return tokenizer


def sentence_piece_fields(writer: gguf.GGUFWriter) -> int:
    trained = sentence_pieces()
    vocabulary = trained.get_vocab()
    tokens = sorted(vocabulary, key=vocabulary.__getitem__)
    rank = {first + second: place for place, (first, second) in enumerate(reversed(merges_of(trained)))}
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    # A longer piece has a lower score than those it is made of.
    writer.add_token_scores([float(rank.get(token, 0) - len(rank)) for token in tokens])
    writer.add_token_types([UNKNOWN, CONTROL, CONTROL] + [BYTE] * 256 + [NORMAL] * (len(tokens) - 259))
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    return len(tokens)


def merges_of(tokenizer: Tokenizer) -> list[list[str]]:
    return json.loads(tokenizer.to_str())["model"]["merges"]


def write_file(
    path: Path,
    kind: str = "smollm2",
    *,
    pre: str = "smollm",
    family: str = "",
    packed: Quantization | None = None,
    **changed: Any,
) -> "PreTrainedModel":
    """Writes a small random model of `kind` as a GGUF file. Returns the same model, rounded as in the file.

    A `pre` of "" gives it a tokenizer of SentencePiece.
    """
    ours = KINDS[kind]["model_type"]
    writer = gguf.GGUFWriter(path, family or ours)
    count = byte_level_fields(writer, pre) if pre else sentence_piece_fields(writer)
    sizes = GPT2_SIZES if ours == "gpt2" else LLAMA_SIZES
    model = random_model(kind, **{"vocab_size": count, **sizes, **changed})
    fields(writer, model.config, ours)
    names = gguf.get_tensor_name_map(_ARCHITECTURES[ours], model.config.num_hidden_layers)
    for name, weight in model.named_parameters():
        full = names.get_name(name, (".weight", ".bias"))
        assert full
        weight.data.copy_(torch.from_numpy(add(writer, full, weight.detach().numpy(), model.config, packed)))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return model


_ARCHITECTURES = {"gpt2": gguf.MODEL_ARCH.GPT2, "llama": gguf.MODEL_ARCH.LLAMA} | {
    "qwen2": gguf.MODEL_ARCH.QWEN2,
    "qwen3": gguf.MODEL_ARCH.QWEN3,
}


def fields(writer: gguf.GGUFWriter, config: Any, family: str) -> None:
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_head_count(config.num_attention_heads)
    writer.add_license("apache-2.0")
    writer.add_languages(["en"])
    if family == "gpt2":
        writer.add_feed_forward_length(4 * config.hidden_size)
        writer.add_layer_norm_eps(config.layer_norm_epsilon)
        return
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(config.head_dim)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    rope = config.rope_parameters
    writer.add_rope_freq_base(rope["rope_theta"])
    if rope["rope_type"] == "llama3":
        writer.add_tensor("rope_freqs.weight", llama3_divisors(rope, config.head_dim))
    if rope["rope_type"] == "linear":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(rope["factor"])


def llama3_divisors(rope: dict[str, Any], size: int) -> np.ndarray:
    """What llama.cpp's converter writes for Llama 3.1 and later."""
    divisors = []
    for pair in range(0, size, 2):
        wavelength = 2 * np.pi * rope["rope_theta"] ** (pair / size)
        turns = rope["original_max_position_embeddings"] / wavelength
        smooth = (turns - rope["low_freq_factor"]) / (rope["high_freq_factor"] - rope["low_freq_factor"])
        smooth = min(1.0, max(0.0, smooth))
        divisors.append(1 / ((1 - smooth) / rope["factor"] + smooth))
    return np.array(divisors, np.float32)


def add(writer: gguf.GGUFWriter, name: str, values: np.ndarray, config: Any, packed: Quantization | None) -> np.ndarray:
    """Adds a tensor in the order that llama.cpp wants. Returns it in the order of transformers, rounded."""
    short = name.split(".")[-2]
    heads = {"attn_q": config.num_attention_heads, "attn_k": getattr(config, "num_key_value_heads", 0)}.get(short)
    is_turned = config.model_type == "gpt2" and short in GPT2_TURNED and values.ndim == 2
    if config.model_type == "llama" and heads:
        values = side_by_side(values, heads)
    values = np.ascontiguousarray(values.T if is_turned else values)
    kind = Quantization.F32 if values.ndim == 1 else kind_of(name) if packed is None else packed
    data = gguf.quants.quantize(values, kind)
    writer.add_tensor(name, data, raw_dtype=kind)
    rounded = gguf.quants.dequantize(data, kind)
    if config.model_type == "llama" and heads:
        rounded = rounded.reshape(heads, -1, 2, *rounded.shape[1:]).swapaxes(1, 2).reshape(rounded.shape)
    return np.ascontiguousarray(rounded.T if is_turned else rounded)


def kind_of(name: str) -> Quantization:
    return next((kind for start, kind in PACKED.items() if name.split(".")[-2].startswith(start)), Quantization.F32)


def side_by_side(weight: np.ndarray, heads: int) -> np.ndarray:
    """Puts the two numbers of each rotated pair side by side, as llama.cpp does. In transformers they are apart."""
    return weight.reshape(heads, 2, -1, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)

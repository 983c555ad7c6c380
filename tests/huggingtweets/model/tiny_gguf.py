"""A small random Llama in a GGUF file, in llama.cpp's format."""

import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Quantization
from transformers import LlamaConfig, LlamaForCausalLM

from huggingtweets.core.text import END_OF_TEXT
from huggingtweets.model import gguf_file
from huggingtweets.model.tokenizer import train_tokenizer
from tests.conftest import sentences

SPECIAL = (END_OF_TEXT, "<|im_start|>", "<|im_end|>")
SHAPE = {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4}
# What each kind of matrix is kept in, as in files that people share.
KINDS = {"ffn": Quantization.Q4_1, "attn_q": Quantization.Q4_0, "attn": Quantization.Q8_0, "token": Quantization.F16}


def kind_of(name: str) -> Quantization:
    return next((kind for start, kind in KINDS.items() if name.split(".")[-2].startswith(start)), Quantization.F32)


def side_by_side(weight: np.ndarray, heads: int) -> np.ndarray:
    """Puts the two numbers of each rotated pair side by side, as llama.cpp does. In transformers they are apart."""
    return weight.reshape(heads, 2, -1, weight.shape[-1]).swapaxes(1, 2).reshape(weight.shape)


def tokenizer_fields(writer: gguf.GGUFWriter, pre: str) -> int:
    trained = train_tokenizer(sentences(300, seed=1), 320)
    vocabulary = trained.get_vocab()
    plain = sorted((token for token in vocabulary if token != END_OF_TEXT), key=vocabulary.__getitem__)
    merges = [" ".join(pair) for pair in merges_of(trained)]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list([*SPECIAL, *plain])
    writer.add_token_types([3] * len(SPECIAL) + [1] * len(plain))
    writer.add_token_merges(merges)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    return len(SPECIAL) + len(plain)


def merges_of(tokenizer: Any) -> list[list[str]]:
    return json.loads(tokenizer.to_str())["model"]["merges"]


def write_file(path: Path, *, family: str = "llama", pre: str = "smollm", kind: Quantization | None = None) -> Any:
    """Writes a small random Llama as a GGUF file. Returns the same model in transformers, rounded as in the file."""
    writer = gguf.GGUFWriter(path, family)
    count = tokenizer_fields(writer, pre)
    settings = {**SHAPE, "vocab_size": count, "num_key_value_heads": 2, "max_position_embeddings": 128}
    torch.manual_seed(3)
    model = LlamaForCausalLM(LlamaConfig(**settings, rope_theta=1e5, tie_word_embeddings=True)).eval()
    writer.add_context_length(128)
    writer.add_embedding_length(64)
    writer.add_feed_forward_length(96)
    writer.add_block_count(2)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1e5)
    names = {theirs: ours for ours, theirs in gguf_file.TENSORS.items()}
    for name, weight in model.named_parameters():
        parts = name.removesuffix(".weight").split(".")
        layer = parts[2] if parts[1] == "layers" else ""
        short = names[name.removesuffix(".weight").replace(f"layers.{layer}.", "layers.{}.") if layer else name[:-7]]
        full = f"blk.{layer}.{short}.weight" if layer else f"{short}.weight"
        if weight.ndim == 2:
            weight.data.mul_(8)  # so that the generated tokens depend on all weights
        values = weight.detach().numpy().copy()
        heads = {"attn_q": 4, "attn_k": 2}.get(short)
        values = side_by_side(values, heads) if heads else values
        quantization = kind or kind_of(full)
        quantization = Quantization.F32 if weight.ndim == 1 else quantization
        packed = gguf.quants.quantize(values, quantization)
        writer.add_tensor(full, packed, raw_dtype=quantization)
        rounded = torch.from_numpy(gguf.quants.dequantize(packed, quantization))
        if heads:
            rounded = rounded.view(heads, -1, 2, rounded.shape[-1]).transpose(1, 2).reshape(rounded.shape)
        weight.data.copy_(rounded)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return model

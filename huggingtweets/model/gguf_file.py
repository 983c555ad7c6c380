"""Converts a GGUF file, llama.cpp's format, into a folder with weights, config.json and tokenizer.json.

The weights are written in half precision, which keeps 11 bits. In the GGUF file they have 4 or 8 bits.

Knows the `gguf` library, and how such a file stores a model of Llama's shape. Does not know where files come from.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from gguf import GGUFReader
from numpy.typing import NDArray
from safetensors.torch import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from huggingtweets.core.text import END_OF_TEXT
from huggingtweets.model.families import Unsupported, describe
from huggingtweets.model.tokenizer import save_tokenizer

CONTROL = 3  # the type of a token that has no text
# The library raises these for files that are truncated or damaged.
BROKEN = (ValueError, IndexError, KeyError, OverflowError, UnicodeDecodeError, AttributeError, TypeError)

# Maps the file's tensor names to those of a checkpoint of Llama's shape. `{}` is the layer's number.
TENSORS = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
    "attn_norm": "model.layers.{}.input_layernorm",
    "attn_q": "model.layers.{}.self_attn.q_proj",
    "attn_k": "model.layers.{}.self_attn.k_proj",
    "attn_v": "model.layers.{}.self_attn.v_proj",
    "attn_output": "model.layers.{}.self_attn.o_proj",
    "ffn_norm": "model.layers.{}.post_attention_layernorm",
    "ffn_gate": "model.layers.{}.mlp.gate_proj",
    "ffn_up": "model.layers.{}.mlp.up_proj",
    "ffn_down": "model.layers.{}.mlp.down_proj",
}


class Unreadable(Exception):
    """The GGUF file is damaged or unsupported. The message is the end of a sentence."""


def convert(file: Path, folder: Path) -> None:
    """Write the model and the tokenizer in `file` into `folder`. Raises `Unreadable` and `OSError`."""
    try:
        reader = GGUFReader(file)
        config = _config(reader)
        describe(config)
        tokenizer = _tokenizer(reader)
        state = {name: torch.from_numpy(values) for name, values in _tensors(reader, config)}
    except Unsupported as error:
        raise Unreadable(str(error)) from error
    except BROKEN as error:
        raise Unreadable(f"{file.name} is damaged or not a GGUF file ({error})") from error
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    save_tokenizer(tokenizer, folder, config["max_position_embeddings"])


def _field(reader: GGUFReader, name: str) -> Any:
    field = reader.get_field(name)
    if field is None:
        raise Unreadable(f"it does not name its {name}")
    return field.contents()


def _config(reader: GGUFReader) -> dict[str, Any]:
    """Its config.json."""
    family = _field(reader, "general.architecture")
    if family != "llama":
        raise Unreadable(f"it is a {family} model, and only llama models are supported in GGUF files")
    names = {tensor.name for tensor in reader.tensors}
    if "rope_freqs.weight" in names or reader.get_field("llama.rope.scaling.type"):
        raise Unreadable("its positions are scaled, which is not supported in a GGUF file")
    tokens: list[str] = _field(reader, "tokenizer.ggml.tokens")
    heads = _field(reader, "llama.attention.head_count")
    end = tokens.index(END_OF_TEXT) if END_OF_TEXT in tokens else _field(reader, "tokenizer.ggml.eos_token_id")
    return {
        "model_type": "llama",
        "architectures": ["LlamaForCausalLM"],
        "dtype": "float16",
        "vocab_size": len(tokens),
        "hidden_size": _field(reader, "llama.embedding_length"),
        "intermediate_size": _field(reader, "llama.feed_forward_length"),
        "num_hidden_layers": _field(reader, "llama.block_count"),
        "num_attention_heads": heads,
        "num_key_value_heads": _field(reader, "llama.attention.head_count_kv"),
        "head_dim": _field(reader, "llama.embedding_length") // heads,
        "max_position_embeddings": _field(reader, "llama.context_length"),
        "rms_norm_eps": _field(reader, "llama.attention.layer_norm_rms_epsilon"),
        "rope_theta": _field(reader, "llama.rope.freq_base"),
        "hidden_act": "silu",
        "tie_word_embeddings": "output.weight" not in names,
        "bos_token_id": end,
        "eos_token_id": end,
        "pad_token_id": end,
    }


def _tensors(reader: GGUFReader, config: dict[str, Any]) -> list[tuple[str, NDArray[np.float16]]]:
    """The weights, each with its name in a checkpoint."""
    heads = {"attn_q": config["num_attention_heads"], "attn_k": config["num_key_value_heads"]}
    weights = []
    for tensor in reader.tensors:
        *block, name, kind = tensor.name.split(".")
        layer = block[1] if len(block) == 2 else ""
        if name not in TENSORS or kind != "weight":
            raise Unreadable(f"it has a tensor {tensor.name}, which is not part of a supported llama model")
        try:
            values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        except NotImplementedError as error:
            raise Unreadable(f"its quantization {tensor.tensor_type.name} is not supported") from error
        if name in heads:
            values = _halves(values, heads[name])
        weights.append((f"{TENSORS[name].format(layer)}.{kind}", np.ascontiguousarray(values, np.float16)))
    return weights


def _halves(weight: NDArray[Any], heads: int) -> NDArray[Any]:
    """Reorders a query's or key's weight [out, in] for rotary positions.

    llama.cpp stores the two numbers of a rotated pair side by side. Here they are half a head apart.
    """
    pairs = weight.reshape(heads, -1, 2, weight.shape[-1])
    return pairs.swapaxes(1, 2).reshape(weight.shape)


def _tokenizer(reader: GGUFReader) -> Tokenizer:
    """The file's tokenizer, a byte-level BPE."""
    kind, splitting = _field(reader, "tokenizer.ggml.model"), _field(reader, "tokenizer.ggml.pre")
    before: Sequence[pre_tokenizers.PreTokenizer] = {
        "gpt-2": (),
        "smollm": (pre_tokenizers.Digits(individual_digits=True),),
    }.get(splitting, ())
    if kind != "gpt2" or splitting not in ("gpt-2", "smollm"):
        raise Unreadable(f"its tokenizer is of a kind ({kind}, {splitting}) that is not supported")
    tokens: list[str] = _field(reader, "tokenizer.ggml.tokens")
    merges = [tuple(pair.split(" ", 1)) for pair in _field(reader, "tokenizer.ggml.merges")]
    tokenizer = Tokenizer(models.BPE({token: number for number, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*before, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.decoder = decoders.ByteLevel()
    kinds = _field(reader, "tokenizer.ggml.token_type")
    special = [token for token, kind in zip(tokens, kinds, strict=True) if kind == CONTROL]
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in special])
    return tokenizer

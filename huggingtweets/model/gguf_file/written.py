"""Writes a model and its tokenizer as a GGUF file, as llama.cpp and all that is built on it read them.

Knows the `gguf` library and llama.cpp's names and layouts. Does not know voices, or what is said about them.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter
from numpy.typing import NDArray
from tokenizers import Tokenizer

from huggingtweets.model.causal import CausalLM
from huggingtweets.model.families import Description
from huggingtweets.model.families.description import Rotary
from huggingtweets.model.gguf_file.tensors import TENSORS
from huggingtweets.model.gguf_file.vocabulary_written import Unwritable, write_vocabulary

_PLACES = {ours: name for name, ours in TENSORS.items()}
_ROTATED = ("q", "k")
_ACTIVATIONS = {"gpt2": "gelu_tanh"}  # those that llama.cpp computes in a family; in all others it is silu


def write(
    file: Path,
    model: CausalLM,
    tokenizer: Tokenizer,
    end_of_text: int,
    facts: Mapping[str, str],
    *,
    weights: GGMLQuantizationType = GGMLQuantizationType.F16,
) -> None:
    """Write `model` to `file`. `facts` are what the file says of itself, by llama.cpp's names, such as `general.name`.

    Norms and biases are in full precision. Raises `Unwritable`, and `OSError`.
    """
    description = model.description
    _refuse_unknown(description)
    writer = GGUFWriter(file, description.config["model_type"])
    try:
        for name, fact in facts.items():
            writer.add_string(name, fact)
        _write_sizes(writer, description)
        writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16 if weights.name == "F16" else gguf.LlamaFileType.ALL_F32)
        write_vocabulary(writer, tokenizer, end_of_text, description.vocabulary)
        for name, values in _tensors(model):
            kind = weights if values.ndim > 1 else GGMLQuantizationType.F32
            writer.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    finally:
        writer.close()


def _refuse_unknown(description: Description) -> None:
    family = description.config["model_type"]
    if description.activation != _ACTIVATIONS.get(family, "silu"):
        raise Unwritable(f"llama.cpp computes no {family} model with the activation {description.activation}")
    if description.falling_scale or not np.isclose(description.scale, description.head_size**-0.5):
        raise Unwritable("llama.cpp scales attention in another way")
    if description.biases & {"gate", "up", "down"} and family in ("qwen2", "qwen3"):
        raise Unwritable(f"llama.cpp knows no biases in the feed-forward network of a {family} model")


def _write_sizes(writer: GGUFWriter, description: Description) -> None:
    writer.add_context_length(description.context)
    writer.add_embedding_length(description.width)
    writer.add_block_count(description.layers)
    writer.add_feed_forward_length(description.inner)
    writer.add_head_count(description.heads)
    writer.add_head_count_kv(description.key_heads)
    writer.add_vocab_size(description.vocabulary)
    if description.norm == "layer":
        writer.add_layer_norm_eps(description.epsilon)
    else:
        writer.add_layer_norm_rms_eps(description.epsilon)
    if description.rotary:
        writer.add_key_length(description.head_size)
        writer.add_value_length(description.head_size)
        writer.add_rope_dimension_count(description.head_size)
        writer.add_rope_freq_base(description.rotary.theta)
        if description.rotary.scaling == "linear":
            writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
            writer.add_rope_scaling_factor(description.rotary.factor)


def _tensors(model: CausalLM) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """The weights by llama.cpp's names and in its layout. A tied head is left out: llama.cpp takes the table."""
    description = model.description
    for name, parameter in model.named_parameters():
        module, _, kind = name.rpartition(".")
        values = parameter.detach().float().numpy()
        part = module.rpartition(".")[2]
        if kind == "weight" and part in description.linears:
            values = values.T
        if part in _ROTATED and description.config["model_type"] == "llama":
            values = _side_by_side(values, description.heads if part == "q" else description.key_heads)
        yield f"{_place(module)}.{kind}", np.ascontiguousarray(values)
    if description.rotary and description.rotary.scaling == "llama3":
        yield "rope_freqs.weight", _divisors(description.rotary, description.head_size)


def _place(module: str) -> str:
    """llama.cpp's name of one of our modules: `body.blocks.3.qkv` is `blk.3.attn_qkv`."""
    parts = module.split(".")
    if parts[:2] != ["body", "blocks"]:
        return _PLACES[module]
    return _PLACES[parts[3]].replace("blk.", f"blk.{parts[2]}.", 1)


def _side_by_side(values: NDArray[np.float32], heads: int) -> NDArray[np.float32]:
    """A query's or key's weight [out, in] or bias [out] with the two numbers of each rotated pair side by side."""
    halves = values.reshape(heads, 2, -1, *values.shape[1:])
    return halves.swapaxes(1, 2).reshape(values.shape)


def _divisors(rotary: Rotary, size: int) -> NDArray[np.float32]:
    """By what each frequency of the positions of Llama 3 is divided."""
    plain, scaled = Rotary(rotary.theta).frequencies(size), rotary.frequencies(size)
    return np.array([frequency / divided for frequency, divided in zip(plain, scaled, strict=True)], np.float32)

"""The weights in a GGUF file, under the names and in the layout of a checkpoint.

Weights of 8 bits and fewer are written in half precision, which keeps 11 bits. Others are too, if they are the same
numbers in it.

Knows the `gguf` library and llama.cpp's names. Does not know how a file is written.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType, ReaderTensor
from numpy.typing import NDArray

from huggingtweets.model.families import Description
from huggingtweets.model.gguf_file.fields import Unreadable

# Maps the file's names of tensors to ours. In a block, ours begin with `body.blocks.<number>`.
TENSORS = {
    "token_embd": "body.tokens",
    "position_embd": "body.positions",
    "output_norm": "body.norm",
    "output": "head",
    "blk.attn_norm": "norm_1",
    "blk.attn_qkv": "qkv",
    "blk.attn_q": "q",
    "blk.attn_k": "k",
    "blk.attn_v": "v",
    "blk.attn_q_norm": "q_norm",
    "blk.attn_k_norm": "k_norm",
    "blk.attn_output": "out",
    "blk.ffn_norm": "norm_2",
    "blk.ffn_gate": "gate",
    "blk.ffn_up": "up",
    "blk.ffn_down": "down",
}
_FULL = {GGMLQuantizationType.F32: torch.float32, GGMLQuantizationType.BF16: torch.bfloat16}
_ROTATED = ("q", "k")


def checkpoint_tensors(tensors: Sequence[ReaderTensor], description: Description) -> Iterator[tuple[str, torch.Tensor]]:
    """The weights, each with its name in a checkpoint. Raises `Unreadable` for one that is not part of the model."""
    for tensor in tensors:
        module, kind = our_name(tensor.name)
        if tensor.name == "rope_freqs.weight" or (module == "head" and description.tied):
            continue  # config.json says what they say
        try:
            name = f"{description.checkpoint_name(module)}.{kind}"
        except KeyError as error:
            raise _stranger(tensor.name) from error
        yield name, _stored(_ours(_dequantized(tensor), module, kind, description), tensor.tensor_type)


def our_name(name: str) -> tuple[str, str]:
    """Our name of the module to which a tensor belongs, and which of its weights it is. Raises `Unreadable`."""
    parts = name.split(".")
    if name == "rope_freqs.weight":
        return "", ""
    is_block = len(parts) == 4 and parts[0] == "blk" and parts[1].isdigit()
    short = f"blk.{parts[2]}" if is_block else parts[0]
    if short not in TENSORS or parts[-1] not in ("weight", "bias") or len(parts) not in (2, 4):
        raise _stranger(name)
    return f"body.blocks.{parts[1]}.{TENSORS[short]}" if is_block else TENSORS[short], parts[-1]


def _stranger(name: str) -> Unreadable:
    return Unreadable(f"it has a tensor {name}, which is not part of a supported model")


def _dequantized(tensor: ReaderTensor) -> NDArray[Any]:
    try:
        return gguf.quants.dequantize(tensor.data, tensor.tensor_type)
    except NotImplementedError as error:
        raise Unreadable(f"its quantization {tensor.tensor_type.name} is not supported") from error


def _ours(values: NDArray[Any], module: str, kind: str, description: Description) -> NDArray[Any]:
    """`values` in the order and layout of the family's checkpoints."""
    part = module.rpartition(".")[2]
    if part in _ROTATED and description.config["model_type"] == "llama":
        return _halves(values, description.heads if part == "q" else description.key_heads)
    is_turned = kind == "weight" and part in description.linears and not description.outputs_first
    return values.T if is_turned else values


def _halves(values: NDArray[Any], heads: int) -> NDArray[Any]:
    """Reorders a query's or key's weight [out, in] or bias [out] for rotary positions.

    In files of Llama, llama.cpp stores the two numbers of a rotated pair side by side. Here they are half a head apart.
    """
    pairs = values.reshape(heads, -1, 2, *values.shape[1:])
    return pairs.swapaxes(1, 2).reshape(values.shape)


def _stored(values: NDArray[Any], kind: GGMLQuantizationType) -> torch.Tensor:
    """`values` in half precision, or in the precision that the file has where half precision would lose something."""
    with np.errstate(over="ignore"):  # a number that is too large becomes infinite, and is not equal any more
        half = np.array(values, np.float16, order="C")
    if kind in _FULL and not np.array_equal(half, values):
        return torch.from_numpy(np.array(values, np.float32, order="C")).to(_FULL[kind])
    return torch.from_numpy(half)

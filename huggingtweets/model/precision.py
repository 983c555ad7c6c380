"""The precision of a computation: bfloat16 if the hardware multiplies it fast, or else fp32.

Knows the device, and which weights of our module are matrices. Does not know what is computed.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from huggingtweets.model.causal import CausalLM, Head, Linear


def computes_bfloat16(device: torch.device) -> bool:
    """Returns True if bfloat16 matrices are faster than fp32: on CUDA, and on CPUs with AVX-512 bf16 or AMX.

    Measured on two AVX-512 bf16 cores: 800 GFLOP/s in bfloat16 and 190 in fp32.
    """
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    # torch has no public name for these functions. If they are missing, fp32 is used, which is always correct.
    return any(getattr(torch.cpu, name, bool)() for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"))


def fast(device: torch.device) -> torch.autocast:
    """A context that multiplies matrices in bfloat16 if that is fast. Weights and sums stay in fp32."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=computes_bfloat16(device))


@contextmanager
def frozen_as_multiplied(model: CausalLM) -> Iterator[None]:
    """While it lasts, frozen matrices of `model` are held in the precision in which `fast` multiplies them.

    Otherwise each step rounds them anew, and keeps what it has rounded until its gradients are known. Learned weights
    are the same bits either way. Afterwards the matrices are in fp32 again, and stay rounded.
    """
    held: list[tuple[Linear | Head, nn.Parameter | None]] = []  # the second is what the head is tied to
    for layer in model.modules() if computes_bfloat16(model.device) else ():
        if isinstance(layer, Linear | Head) and not layer.weight.requires_grad:
            is_tied = layer is model.head and model.description.tied
            held.append((layer, layer.get_parameter("weight") if is_tied else None))
            layer.weight = nn.Parameter(layer.weight.bfloat16(), requires_grad=False)
    try:
        yield
    finally:
        for layer, tied in held:
            layer.weight = nn.Parameter(layer.weight.float(), requires_grad=False) if tied is None else tied

"""One token a row from its logits: temperature, top-k, top-p, and a random number that depends on nothing but the row.

Knows tensors. Does not know models, text or threads.
"""

import numpy as np
import torch
from numpy.typing import NDArray

_WEYL = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def uniforms(seeds: NDArray[np.uint64], step: int) -> torch.Tensor:
    """One number in [0, 1) a row, of shape [rows], from its seed and the step alone: the same in any company.

    SplitMix64 (Steele et al. 2014) used as a counter-based generator.
    """
    with np.errstate(over="ignore"):
        state = _mixed(_mixed(seeds) + np.uint64(step + 1) * _WEYL)
    return torch.from_numpy((state >> np.uint64(11)).astype(np.float64) * 2.0**-53)


def row_seeds(seed: int, rows: int) -> NDArray[np.uint64]:
    """A seed for each of the drafts of one request."""
    with np.errstate(over="ignore"):
        return _mixed(np.uint64(seed % 2**64) + np.arange(1, rows + 1, dtype=np.uint64) * _WEYL)


def _mixed(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    value = (value ^ (value >> np.uint64(30))) * _MIX_1
    value = (value ^ (value >> np.uint64(27))) * _MIX_2
    return value ^ (value >> np.uint64(31))


def sample(
    logits: torch.Tensor, uniform: torch.Tensor, *, temperature: float, top_k: int, top_p: float
) -> torch.Tensor:
    """Token ids of shape [rows] from `logits` [rows, vocabulary]; `top_k` 1 is greedy.

    Top-k comes first, so top-p is one cumulative sum over k values and nothing sorts the vocabulary. As in
    transformers, top-p keeps the tokens up to and with the one that reaches `top_p` of what top-k has left.
    """
    values, tokens = logits.float().topk(min(top_k, logits.shape[-1]), dim=-1)
    shares = torch.softmax(values / temperature, dim=-1)
    before = shares.cumsum(-1) - shares
    shares = shares.masked_fill(before >= top_p, 0.0)
    reached = shares.double().cumsum(-1)
    chosen = (reached <= uniform.unsqueeze(1) * reached[:, -1:]).sum(-1, keepdim=True)
    return tokens.gather(1, chosen.clamp(max=tokens.shape[-1] - 1)).squeeze(1)

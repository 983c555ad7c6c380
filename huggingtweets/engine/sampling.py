"""One token a row from its logits: temperature, top-k, top-p, and a random number that depends on nothing but the row.

Knows tensors, on whatever device. Does not know models, text or threads.
"""

import torch


def _signed(value: int) -> int:
    """The same 64 bits as a signed number, since torch computes in int64; its products wrap as unsigned ones do."""
    return value - (1 << 64) if value >> 63 else value


_WEYL = _signed(0x9E3779B97F4A7C15)
_MIX_1 = _signed(0xBF58476D1CE4E5B9)
_MIX_2 = _signed(0x94D049BB133111EB)


def uniforms(seeds: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
    """One number in [0, 1) a row, float64 [rows], from its seed and step alone, both int64 [rows].

    SplitMix64 (Steele et al. 2014) used as a counter-based generator.
    """
    state = _mixed(_mixed(seeds) + (steps + 1) * _WEYL)
    return _shifted(state, 11).double() * 2.0**-53


def row_seeds(seed: int, rows: int) -> torch.Tensor:
    """A seed for each of the drafts of one request, int64 [rows]."""
    start = torch.tensor(_signed(seed % 2**64), dtype=torch.int64)
    return _mixed(start + torch.arange(1, rows + 1) * _WEYL)


def _mixed(value: torch.Tensor) -> torch.Tensor:
    value = (value ^ _shifted(value, 30)) * _MIX_1
    value = (value ^ _shifted(value, 27)) * _MIX_2
    return value ^ _shifted(value, 31)


def _shifted(value: torch.Tensor, bits: int) -> torch.Tensor:
    """`value >> bits` of unsigned numbers: torch's own shift repeats the sign."""
    return (value >> bits) & ((1 << (64 - bits)) - 1)


def sample(
    logits: torch.Tensor,
    uniform: torch.Tensor,
    *,
    temperature: torch.Tensor,
    top_k: torch.Tensor,
    top_p: torch.Tensor,
    widest: int,
) -> torch.Tensor:
    """Token ids of shape [rows] from `logits` [rows, vocabulary]; `top_k` 1 is greedy.

    `temperature`, `top_k` and `top_p` are [rows], and `widest` is the largest `top_k`. Top-k comes first, so top-p is
    one cumulative sum over k values and nothing sorts the vocabulary. As in transformers, top-p keeps the tokens up to
    and with the one that reaches `top_p` of what top-k has left.
    """
    values, tokens = logits.float().topk(min(widest, logits.shape[-1]), dim=-1)
    beyond = torch.arange(values.shape[-1], device=values.device) >= top_k.unsqueeze(1)
    shares = torch.softmax(values.masked_fill(beyond, -torch.inf) / temperature.unsqueeze(1), dim=-1)
    before = shares.cumsum(-1) - shares
    shares = shares.masked_fill(before >= top_p.unsqueeze(1), 0.0)
    reached = shares.double().cumsum(-1)
    chosen = (reached <= uniform.unsqueeze(1) * reached[:, -1:]).sum(-1, keepdim=True)
    return tokens.gather(1, chosen.clamp(max=tokens.shape[-1] - 1)).squeeze(1)

"""One token a row from its logits, by temperature, top-k, top-p, and a random number that depends on the row alone.

Knows tensors, on whatever device. Does not know models, text or threads.
"""

from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

import torch

GROUP = 8  # entries; the fastest of 4 to 32 when measured


def _signed(value: int) -> int:
    """The same 64 bits as a signed number, since torch computes in int64; its products wrap as unsigned ones do."""
    return value - (1 << 64) if value >> 63 else value


_WEYL = _signed(0x9E3779B97F4A7C15)
_MIX_1 = _signed(0xBF58476D1CE4E5B9)
_MIX_2 = _signed(0x94D049BB133111EB)


def uniforms(seeds: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
    """Numbers in [0, 1), float64, each from its seed and step alone, both int64 of shapes that broadcast.

    SplitMix64 (Steele et al. 2014) used as a counter-based generator.
    """
    state = _mixed(_mixed(seeds) + (steps + 1) * _WEYL)
    return _shifted(state, 11).double() * 2.0**-53


def row_seeds(seeds: Sequence[int], counts: Sequence[int]) -> list[list[int]]:
    """A seed for each of the `counts` drafts of every request, from the request's seed and the draft's number."""
    starts = [_signed(seed % 2**64) for seed, count in zip(seeds, counts, strict=True) for _ in range(count)]
    numbers = [number for count in counts for number in range(1, count + 1)]
    mixed = _mixed(torch.tensor(starts, dtype=torch.int64) + torch.tensor(numbers, dtype=torch.int64) * _WEYL)
    each = iter(mixed.tolist())
    return [list(islice(each, count)) for count in counts]


def _mixed(value: torch.Tensor) -> torch.Tensor:
    value = (value ^ _shifted(value, 30)) * _MIX_1
    value = (value ^ _shifted(value, 27)) * _MIX_2
    return value ^ _shifted(value, 31)


def _shifted(value: torch.Tensor, bits: int) -> torch.Tensor:
    """`value >> bits` of unsigned numbers: torch's own shift repeats the sign."""
    return (value >> bits) & ((1 << (64 - bits)) - 1)


class Likeliest(NamedTuple):
    """The tokens that may be drawn, [rows, k], and the share of each together with all before it, float64 [rows, k]."""

    tokens: torch.Tensor
    reached: torch.Tensor

    def repeated(self, counts: torch.Tensor) -> "Likeliest":
        """Each row as often as `counts` [rows] says, for drafts that begin alike."""
        return Likeliest(self.tokens.repeat_interleave(counts, dim=0), self.reached.repeat_interleave(counts, dim=0))

    def drawn(self, uniform: torch.Tensor) -> torch.Tensor:
        """Token ids of shape [rows], chosen by `uniform` [rows]."""
        places = (self.reached <= uniform.unsqueeze(1) * self.reached[:, -1:]).sum(-1, keepdim=True)
        return self.tokens.gather(1, places.clamp(max=self.tokens.shape[-1] - 1)).squeeze(1)


def likeliest(
    logits: torch.Tensor,
    *,
    temperature: torch.Tensor,
    top_k: torch.Tensor,
    top_p: torch.Tensor,
    widest: int,
) -> Likeliest:
    """What may be drawn by `logits` [rows, vocabulary]; `top_k` 1 is greedy.

    `temperature`, `top_k` and `top_p` are [rows], and `widest` is the largest `top_k`. Top-k comes first, so top-p is
    one cumulative sum over k values and nothing sorts the vocabulary. As in transformers, top-p keeps the tokens up to
    and with the one that reaches `top_p` of what top-k has left.
    """
    values, tokens = _largest(logits.float(), min(widest, logits.shape[-1]))
    beyond = torch.arange(values.shape[-1], device=values.device) >= top_k.unsqueeze(1)
    shares = torch.softmax(values.masked_fill(beyond, -torch.inf) / temperature.unsqueeze(1), dim=-1)
    before = shares.cumsum(-1) - shares
    shares = shares.masked_fill(before >= top_p.unsqueeze(1), 0.0)
    return Likeliest(tokens, shares.double().cumsum(-1))


def nats_of(logits: torch.Tensor, tokens: torch.Tensor, rows: torch.Tensor | None = None) -> torch.Tensor:
    """How unlikely each of `tokens` [n] is by its row of `logits` [rows, vocabulary]: float32 [n].

    `rows` [n] says which row that is; without it they are one after the other. Temperature, top-k and top-p do not
    matter here.
    """
    all_tokens = torch.logsumexp(logits.float(), dim=1)
    if rows is not None:
        return all_tokens[rows] - logits[rows, tokens].float()
    return all_tokens - logits.gather(1, tokens.unsqueeze(1)).squeeze(1).float()


def _largest(x: torch.Tensor, k: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The `k` largest of each row of `x` [rows, n] and where they are, largest first.

    They are in the k groups of entries that have the largest maxima, so only these entries are sorted.
    """
    n = x.shape[1]
    groups = n // GROUP
    if n <= GROUP * k:
        return x.topk(k, dim=-1)
    _, best = _largest(x[:, : groups * GROUP].view(len(x), GROUP, groups).amax(1), k)
    members = torch.arange(0, groups * GROUP, groups, device=x.device).unsqueeze(1)
    places = (best.unsqueeze(1) + members).flatten(1)
    if groups * GROUP < n:
        rest = torch.arange(groups * GROUP, n, device=x.device).expand(len(x), -1)
        places = torch.cat([places, rest], dim=1)
    values, order = x.gather(1, places).topk(k, dim=-1)
    return values, places.gather(1, order)

"""Low-rank adapters ready for decoding: every factor of a voice in one flat tensor, and blends as weighted sums.

Knows peft's files and what of a model an adapter can change. Does not know tokens, rows or memory budgets.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors import SafetensorError, safe_open

from huggingtweets.core import atomic
from huggingtweets.core.errors import Unavailable, first_line
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.generation.engine.weights import Layout
from huggingtweets.model.lora import PEFT, SETTINGS, WEIGHTS, refuse_rank


class Held(Protocol):
    """An adapter in the form of one decoder. Only that decoder can use it."""

    @property
    def bytes(self) -> int:
        """What it takes in memory."""


@dataclass(frozen=True, slots=True)
class Factors:
    """Views of a flat tensor [..., size], which may hold several voices in its leading dimension.

    (A [..., in, rank], B [..., rank, out]) adds (x A) B to the output of a linear layer. With E [..., embedding rank,
    vocabulary] and D [..., embedding rank, width], E[..., t] D is added to the embedding of token t. To the logits of
    a hidden state h, (h D') E is added.
    """

    linears: list[tuple[torch.Tensor, torch.Tensor]]
    embedding: tuple[torch.Tensor, torch.Tensor] | None


@dataclass(frozen=True, slots=True, eq=False)
class Adapter:
    """The factors of a voice. B and D are multiplied by what peft calls alpha / r. Other layers have zeros.

    An `embedding_rank` of 0 leaves the embedding as it is.
    """

    layout: Layout
    rank: int
    embedding_rank: int
    flat: torch.Tensor

    @property
    def bytes(self) -> int:
        return self.flat.numel() * self.flat.element_size()

    def factors(self) -> Factors:
        """Views of `flat`."""
        return views(self.flat, self.layout, self.rank, self.embedding_rank)


def size(layout: Layout, rank: int, embedding_rank: int = 0) -> int:
    """Numbers in an adapter of these ranks."""
    linears = sum(inputs + outputs for inputs, outputs in layout.linears)
    return rank * linears + embedding_rank * (layout.vocabulary + layout.width)


def views(flat: torch.Tensor, layout: Layout, rank: int, embedding_rank: int) -> Factors:
    """The factors in `flat` [..., size], one after the other."""
    leading, start = flat.shape[:-1], 0

    def cut(rows: int, columns: int) -> torch.Tensor:
        nonlocal start
        end = start + rows * columns
        part, start = flat[..., start:end].view(*leading, rows, columns), end
        return part

    linears = [(cut(inputs, rank), cut(rank, outputs)) for inputs, outputs in layout.linears]
    if not embedding_rank:
        return Factors(linears, None)
    return Factors(linears, (cut(embedding_rank, layout.vocabulary), cut(embedding_rank, layout.width)))


def load(folder: Path, layout: Layout, dtype: torch.dtype) -> Adapter:
    """The adapter that peft saved in `folder`, for a model of `layout`, read through a memory map.

    Raises `Unavailable` for files that are missing, broken, or of another model or kind.
    """
    try:
        settings = atomic.read_json(folder / SETTINGS)
        with safe_open(atomic.require_file(folder / WEIGHTS), framework="pt") as file:
            tensors = {name.removeprefix(PEFT): file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  no dictionary
        return _adapter(settings, tensors, layout, dtype)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, SafetensorError) as error:
        raise Unavailable(
            f"The adapter in {folder} cannot be used ({first_line(error)}); roll back or train again.",
            for_people=Phrase("This version is damaged and cannot be used; put another one in use, or train it again."),
        ) from error


def blend(parts: Sequence[tuple[float, Adapter]]) -> Adapter:
    """The sum of adapters of one model, each times its weight. It is exact, because their ranks stand side by side."""
    layout, dtype = parts[0][1].layout, parts[0][1].flat.dtype
    rank = sum(adapter.rank for _, adapter in parts)
    embedding_rank = sum(adapter.embedding_rank for _, adapter in parts)
    mixed = Adapter(layout, rank, embedding_rank, torch.zeros(size(layout, rank, embedding_rank), dtype=dtype))
    factors = mixed.factors()
    start = embedding_start = 0
    for weight, adapter in parts:
        put(adapter, factors, start, embedding_start, weight)
        start += adapter.rank
        embedding_start += adapter.embedding_rank
    return mixed


def put(adapter: Adapter, into: Factors, start: int = 0, embedding_start: int = 0, weight: float = 1.0) -> None:
    """Write `adapter`, times `weight`, into ranks of `into` that begin at `start`; the others stay as they are."""
    own, end = adapter.factors(), start + adapter.rank
    for (a, b), (own_a, own_b) in zip(into.linears, own.linears, strict=True):
        a[:, start:end] = own_a
        b[start:end] = own_b if weight == 1 else own_b * weight
    if own.embedding:
        assert into.embedding
        end = embedding_start + adapter.embedding_rank
        into.embedding[0][embedding_start:end] = own.embedding[0]
        into.embedding[1][embedding_start:end] = own.embedding[1] if weight == 1 else own.embedding[1] * weight


def _adapter(settings: dict[str, Any], tensors: dict[str, torch.Tensor], layout: Layout, dtype: torch.dtype) -> Adapter:
    if settings.get("use_dora") or settings.get("peft_type") != "LORA" or settings.get("bias", "none") != "none":
        raise ValueError("it is no plain LoRA")
    if settings.get("ensure_weight_tying"):
        # peft saves the embedding's factors a second time under the name of the head.
        tensors = {name: tensor for name, tensor in tensors.items() if not name.startswith(f"{layout.head}.")}
    low, high = (tensors.pop(f"{layout.embedding}.lora_embedding_{factor}", None) for factor in "AB")
    embedding_rank = 0 if low is None else low.shape[0]
    rank = max((tensor.shape[0] for name, tensor in tensors.items() if name.endswith(".lora_A.weight")), default=1)
    refuse_rank(max(rank, embedding_rank), layout.width)
    adapter = Adapter(layout, rank, embedding_rank, torch.zeros(size(layout, rank, embedding_rank), dtype=dtype))
    factors = adapter.factors()
    if factors.embedding:
        if not layout.tied or not settings.get("ensure_weight_tying"):
            raise ValueError("its embedding is not tied to its head")
        _fill(
            "the embedding",
            factors.embedding[0],
            low,
            factors.embedding[1],
            high,
            _scale(settings, layout, embedding=True),
        )
    for name, (a, b) in zip(layout.names, factors.linears, strict=True):
        low, high = (tensors.pop(f"{name}.lora_{factor}.weight", None) for factor in "AB")
        if low is not None:
            _fill(name, a.T, low, b, high, _scale(settings, layout))
        elif high is not None:
            raise ValueError(f"{name} has half an adapter")
    if tensors:
        raise ValueError(f"it also changes {min(tensors)}")
    if not torch.isfinite(torch.stack(torch.aminmax(adapter.flat))).all():  # a NaN is the least and the most
        raise ValueError("it holds numbers that are not finite")
    return adapter


def _fill(
    what: str,
    low: torch.Tensor,
    peft_low: torch.Tensor | None,
    high: torch.Tensor,
    peft_high: torch.Tensor | None,
    scale: Any,
) -> None:
    """Copy peft's pair, [r, in] and [out, r], into `low` [rank, in] and `high` [rank, out]."""
    if peft_low is None or peft_high is None or peft_high.ndim != 2 or peft_low.shape[0] != peft_high.shape[1]:
        raise ValueError(f"{what} has half an adapter")
    rank = peft_low.shape[0]
    if peft_low.shape[1:] != low.shape[1:] or peft_high.shape[0] != high.shape[1]:
        raise ValueError(f"the shape of {what} is another one")
    low[:rank] = peft_low
    high[:rank] = peft_high.T.float() * scale(rank)


def _scale(settings: dict[str, Any], layout: Layout, *, embedding: bool = False) -> Any:
    """What a pair of some rank is multiplied by."""
    tied = {name.rsplit(".", 1)[-1] for name in (layout.embedding, layout.head)}
    patterns = settings.get("alpha_pattern") or {}
    if not patterns.keys() <= tied:
        raise ValueError("it has an alpha for each layer")
    alpha = float(settings["lora_alpha"])
    if embedding:
        alpha = float(patterns.get(layout.embedding.rsplit(".", 1)[-1], alpha))
    return lambda rank: alpha / (rank**0.5 if settings.get("use_rslora") else rank)

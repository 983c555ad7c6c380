"""The rotary positions of a model in a GGUF file, as config.json describes them.

A config.json of Llama 3 has the few settings from which the divisor of each frequency follows. A GGUF file has only the
divisors, so the settings are looked for.

Knows how frequencies are scaled. Does not know other parts of a model.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from gguf import ReaderTensor
from numpy.typing import NDArray

from huggingtweets.model.families.description import Rotary
from huggingtweets.model.gguf_file.fields import Fields, Unreadable

LOW, HIGH = 1.0, 4.0  # of every Llama 3
_SUPPORTED = "and only default, linear and llama3 are supported"


def rope_parameters(fields: Fields, divisors: ReaderTensor | None, head_size: int) -> dict[str, Any]:
    """The part of config.json about positions. Raises `Unreadable` for a kind that is not supported."""
    if (fields.of_family_or_none("rope.dimension_count") or head_size) != head_size:
        raise Unreadable("its positions rotate only a part of each head, which is not supported")
    theta = float(fields.of_family_or_none("rope.freq_base") or 10_000.0)
    if divisors is not None:
        return {"rope_theta": theta, "rope_scaling": _llama3(np.array(divisors.data, np.float64), theta, head_size)}
    kind = fields.of_family_or_none("rope.scaling.type") or "none"
    factor = float(fields.of_family_or_none("rope.scaling.factor") or 1.0)
    if kind == "none" or (kind == "linear" and factor == 1):
        return {"rope_theta": theta}
    if kind == "linear":
        return {"rope_theta": theta, "rope_scaling": {"rope_type": "linear", "factor": factor}}
    raise Unreadable(f"its positions are scaled by {kind}, {_SUPPORTED}")


def _llama3(divisors: NDArray[np.float64], theta: float, head_size: int) -> dict[str, Any]:
    plain = np.array(Rotary(theta).frequencies(head_size))
    if divisors.shape == plain.shape and np.isfinite(divisors).all() and divisors.min() > 0:
        for rotary in _candidates(theta, float(divisors.max())):
            if np.allclose(plain / rotary.frequencies(head_size), divisors, rtol=1e-4):
                return {
                    "rope_type": "llama3",
                    "factor": rotary.factor,
                    "low_freq_factor": LOW,
                    "high_freq_factor": HIGH,
                    "original_max_position_embeddings": rotary.original_context,
                }
    raise Unreadable(f"its positions are scaled in a way of their own, {_SUPPORTED}")


def _candidates(theta: float, factor: float) -> Iterator[Rotary]:
    """Positions of Llama 3, for each context that its first training can have had."""
    for power in range(4, 21):
        yield Rotary(theta, "llama3", factor, LOW, HIGH, 2**power)

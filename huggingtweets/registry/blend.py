"""Blends: several voices at once, written as a weighted sum such as `nasa+0.5*dril`.

Knows names, weights and versions. Does not know adapters or how a sum is computed.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from huggingtweets.core.errors import Usage
from huggingtweets.core.names import parse_name
from huggingtweets.registry.versions import Version

MAX_PARTS = 8
MAX_WEIGHT = 4.0
_WEIGHT = re.compile(r"\d{1,3}(\.\d{1,6})?|\.\d{1,6}")


@dataclass(frozen=True, slots=True)
class Blend:
    """Versions, each with the weight of its adapter in the sum."""

    parts: tuple[tuple[float, Version], ...]

    @property
    def name(self) -> str:
        """As it is written: `nasa+0.5*dril`."""
        return "+".join(version.name if weight == 1 else f"{weight:g}*{version.name}" for weight, version in self.parts)

    @property
    def version(self) -> str:
        return "+".join(version.version for _, version in self.parts)

    @property
    def key(self) -> tuple[tuple[float, tuple[str, str, str]], ...]:
        """What tells it apart from every other blend, also of later versions."""
        return tuple((weight, version.key) for weight, version in self.parts)


Voice = Version | Blend  # whose tweets can be drawn


def parts_of(voice: Voice) -> tuple[tuple[float, Version], ...]:
    """A version alone is a sum of one."""
    return voice.parts if isinstance(voice, Blend) else ((1.0, voice),)


def parse_blend(text: str) -> tuple[tuple[float, str], ...]:
    """`nasa+0.5*dril` as ((1.0, "nasa"), (0.5, "dril")); raises `Usage`. A name that comes twice has both weights."""
    weights: dict[str, float] = {}
    for part in text.split("+"):
        factor, star, name = part.rpartition("*")
        parsed = parse_name(name)
        weights[parsed] = weights.get(parsed, 0.0) + (_weight(factor) if star else 1.0)
    if len(weights) > MAX_PARTS:
        raise Usage(f"{len(weights)} voices in one blend are too many: name at most {MAX_PARTS}.")
    return tuple((weight, name) for name, weight in weights.items())


def find_voice(text: str, current: Callable[[str], Version]) -> Voice:
    """The voice that `text` names, with the versions that `current` says are in use; raises `Usage` and its errors."""
    parts = tuple((weight, current(name)) for weight, name in parse_blend(text))
    return parts[0][1] if len(parts) == 1 and parts[0][0] == 1 else Blend(parts)


def _weight(text: str) -> float:
    text = text.strip()
    weight = float(text) if _WEIGHT.fullmatch(text) else 0.0
    if not 0 < weight <= MAX_WEIGHT:
        raise Usage(f"{text[:20]!r} is not a weight: write a number above 0 and up to {MAX_WEIGHT:g}, as in 0.5*name.")
    return weight

"""Blends: several voices at once, written as a weighted sum such as `nasa+0.5*dril`.

Knows versions and their weights. Does not know how a name is written, adapters, or how a sum is computed.
"""

from collections.abc import Callable
from dataclasses import dataclass

from huggingtweets.core.people.names import BlendName, VoiceName
from huggingtweets.registry.version import Version


@dataclass(frozen=True, slots=True)
class Blend:
    """Versions, each with the weight of its adapter in the sum."""

    parts: tuple[tuple[float, Version], ...]

    @property
    def name(self) -> BlendName:
        """As it is written: `nasa+0.5*dril`."""
        return BlendName.of((weight, version.name) for weight, version in self.parts)

    @property
    def version(self) -> str:
        return "+".join(version.version for _, version in self.parts)

    @property
    def key(self) -> tuple[tuple[float, tuple[VoiceName, str, str]], ...]:
        """Differs from the key of every other blend, also of later versions of the same voices."""
        return tuple((weight, version.key) for weight, version in self.parts)


Voice = Version | Blend  # tweets can be drawn from either


def parts_of(voice: Voice) -> tuple[tuple[float, Version], ...]:
    """The versions of a blend with their weights. A version alone has the weight 1."""
    return voice.parts if isinstance(voice, Blend) else ((1.0, voice),)


def find_voice(name: BlendName, current: Callable[[str], Version]) -> Voice:
    """The voice of that name, with the versions that `current` returns; raises what `current` raises."""
    parts = tuple((weight, current(voice)) for weight, voice in name.parts)
    return parts[0][1] if len(parts) == 1 and parts[0][0] == 1 else Blend(parts)

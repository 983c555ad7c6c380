"""A row is one draft under way: what it has drawn, how it draws, and where it stops. A prompt is what rows start from.

Knows tokens. Does not know models, text or other rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from huggingtweets.core.config.settings import GenerationSettings
from huggingtweets.generation.engine.adapters import Held

if TYPE_CHECKING:
    from huggingtweets.generation.engine.habits import Habits


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are chosen, and how many at most."""

    temperature: float = 1.0
    top_k: int = 200
    top_p: float = 0.95
    max_new_tokens: int = 100

    @classmethod
    def of(
        cls,
        settings: GenerationSettings,
        temperature: float | None = None,
        top_p: float | None = None,
        max_tokens: int | None = None,
    ) -> "Sampling":
        """As config.toml says, but with what somebody has chosen. No draft has more tokens than config.toml allows."""
        return cls(
            settings.temperature if temperature is None else temperature,
            settings.top_k,
            settings.top_p if top_p is None else top_p,
            min(settings.max_new_tokens, max_tokens or settings.max_new_tokens),
        )


@dataclass(slots=True, eq=False)
class Row:
    """`length` tokens are in the decoder's cache, and at most `limit` are drawn.

    `last` is the token that the next one follows. A row with `habits` draws from the mixture with these. `nats` is how
    unlikely all that it has drawn was.
    """

    adapter: Held | None
    sampling: Sampling
    seed: int
    length: int
    limit: int
    last: int
    habits: "Habits | None" = None
    drawn: list[int] = field(default_factory=list)
    nats: float = 0.0
    kept: Any = None  # where the decoder has its keys and values

    @property
    def most(self) -> int:
        """How many tokens are in the cache at the end. The last token drawn is never read."""
        return self.length + self.limit - len(self.drawn)


@dataclass(slots=True, eq=False)
class Prompt:
    """`tokens` are read once, and all of `rows` go on from there."""

    tokens: Sequence[int]
    adapter: Held | None
    rows: list[Row]

"""The shape of a base model that is trained from nothing, and the length of the training.

The learning rate rises, stays constant, and falls in a straight line over the last fifth (warm-up-stable-decay, after
Hu et al. 2024, "MiniCPM").

Knows sizes and rates. Does not know torch or the corpus.
"""

from dataclasses import asdict, dataclass
from typing import Any

from huggingtweets.core.errors import Usage


@dataclass(frozen=True, slots=True)
class Plan:
    """What to train. It is saved beside the weights. A run continues from a checkpoint only under the same plan."""

    tokens: int = 20_000_000
    vocabulary: int = 8192
    width: int = 256
    layers: int = 4
    heads: int = 4
    context: int = 512
    row_tokens: int = 128
    batch_tokens: int = 16_384
    micro_batch_tokens: int = 4_096
    learning_rate: float = 4e-3
    weight_decay: float = 0.05
    warm_up: float = 0.02
    decay: float = 0.2
    seed: int = 1

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise Usage(f"A width of {self.width} cannot be split into {self.heads} heads; choose a multiple of them.")

    @property
    def row_lengths(self) -> tuple[int, ...]:
        """`row_tokens` and its doubles, up to the context. A document goes into a row of the shortest length that fits.

        Attention costs the square of a row's length, and half of all tokens are in documents of at most 128 tokens.
        """
        lengths = [min(self.row_tokens, self.context)]
        while lengths[-1] < self.context:
            lengths.append(min(2 * lengths[-1], self.context))
        return tuple(lengths)

    def rate(self, tokens: int) -> float:
        """The share of the full learning rate after `tokens` tokens."""
        progress = tokens / self.tokens
        return min(1.0, (progress + 1e-4) / self.warm_up, max(0.0, 1 - progress) / self.decay)

    def identity(self) -> dict[str, Any]:
        """All except `tokens`. Two plans with the same identity share their states before the learning rate falls."""
        return {key: value for key, value in asdict(self).items() if key != "tokens"}

"""How a base of some size learns best: what the settings leave open is chosen here.

Knows the settings and the number of a base's parameters. Does not know models or data.
"""

import math
from dataclasses import dataclass
from typing import Any

from huggingtweets.core.config.settings import TrainingSettings

SMALL_BASE = 50_000_000
"""With fewer parameters, a base has much to learn from a person. A larger one must not forget what it can do."""

BATCH_TOKENS = 512
"""The learning rates in the settings are for batches of this size."""

WARM_UP_STEPS = 10

# The values for small bases were found on the embedded base, those for larger ones on SmolLM2 with 135M parameters.
# benchmarks/README.md, "Learning", has the measurements.
_SMALL: dict[str, Any] = {
    "max_epochs": 3,
    "max_tokens": 400_000,
    "lora_layers": "all",
    "lora_rank": 64,
    "lora_embedding_rank": 64,
    "lora_learning_rate": 8e-4,
    "lora_b_rate": 4.0,
}
_LARGE: dict[str, Any] = {
    "max_epochs": 3,
    "max_tokens": 6_000,  # with more, a second pass makes it worse
    "lora_layers": "feed-forward",
    "lora_rank": 16,
    "lora_embedding_rank": 0,
    "lora_learning_rate": 1e-3,
    "lora_b_rate": 8.0,
}


def for_base(settings: TrainingSettings, parameters: int) -> TrainingSettings:
    """Returns `settings` with every value chosen that they leave open, for a base of so many `parameters`."""
    chosen = _SMALL if parameters < SMALL_BASE else _LARGE
    return settings.model_copy(update={key: value for key, value in chosen.items() if _is_open(settings, key)})


def epochs_within(settings: TrainingSettings, tokens: int) -> int:
    """The number of passes over `tokens` tokens that the settings allow, at least one."""
    return max(1, min(settings.max_epochs, settings.max_tokens // max(1, tokens)))


def batch_tokens_for(settings: TrainingSettings, tokens: int, parameters: int) -> int:
    """The number of tokens in a step: that of the settings, or a power of two by `tokens`, the number in the data.

    A few hundred tweets need more than ten steps, and ten thousand tweets must not take thousands of small steps. The
    learning rate is proportional to the square root of this number (Malladi et al. 2022 for Adam), so one setting fits
    all amounts. A larger base has one pass over all but the smallest data, so it takes more and smaller steps.
    """
    if settings.batch_tokens:
        return settings.batch_tokens
    steps, least, most = (64, 256, 1024) if parameters < SMALL_BASE else (110, 128, 256)
    return int(min(most, max(least, 2 ** round(math.log2(max(1, tokens) / steps)))))


@dataclass(frozen=True, slots=True)
class Schedule:
    """How the learning rate falls: it is whole for a share `whole` of the steps, then it falls to the share `floor`."""

    whole: float
    floor: float

    def rate(self, step: int, total: int) -> float:
        """The share of the learning rate at `step` of `total`. It rises briefly first. It falls along half a cosine."""
        rise = min(1.0, (step + 1) / WARM_UP_STEPS)
        fallen = max(0.0, (step / total - self.whole) / (1 - self.whole))
        return rise * (self.floor + (1 - self.floor) * 0.5 * (1 + math.cos(math.pi * fallen)))


def schedule_for(parameters: int) -> Schedule:
    """How the learning rate falls for a base of so many `parameters`.

    A larger base sees most tweets once, and the late ones must count as much as the early ones.
    benchmarks/README.md, "Learning", has the measurements.
    """
    return Schedule(0.0, 0.05) if parameters < SMALL_BASE else Schedule(0.8, 0.3)


def _is_open(settings: TrainingSettings, key: str) -> bool:
    # Zero is a choice for the rank of the embedding, which stays as it is then.
    return bool(getattr(settings, key) == {"lora_embedding_rank": -1, "lora_layers": "auto"}.get(key, 0))

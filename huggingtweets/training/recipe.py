"""How a base of some size learns best: what the settings leave open is chosen here.

Knows the settings and the number of a base's parameters. Does not know models or data.
"""

import math
from typing import Any

from huggingtweets.core.config import TrainingSettings

SMALL_BASE = 50_000_000
"""With fewer parameters, a base has much to learn from a person. A larger one must not forget what it can do."""

BATCH_TOKENS = 512
"""The learning rates in the settings are for batches of this size."""

# The values for small bases were found on the embedded base, those for larger ones on SmolLM2 with 135M parameters.
# benchmarks/README.md, "Learning", has the measurements.
_SMALL: dict[str, Any] = {
    "max_epochs": 3,
    "max_tokens": 400_000,
    "lora_rank": 64,
    "lora_embedding_rank": 64,
    "lora_learning_rate": 8e-4,
    "lora_b_rate": 4.0,
}
_LARGE: dict[str, Any] = {
    "max_epochs": 3,
    "max_tokens": 6_000,  # with more, a second pass makes it worse
    "lora_rank": 16,
    "lora_embedding_rank": 0,
    "lora_learning_rate": 1e-3,
    "lora_b_rate": 8.0,
}


def for_base(settings: TrainingSettings, parameters: int) -> TrainingSettings:
    """Returns `settings` with every value chosen that they leave open, for a base of so many `parameters`."""
    chosen = _SMALL if parameters < SMALL_BASE else _LARGE
    return settings.model_copy(update={key: value for key, value in chosen.items() if _is_open(settings, key)})


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


def floor_for(parameters: int) -> float:
    """The share of the learning rate that is left at the end.

    A larger base sees most tweets once, and those at the end must count, too: 400 tweets gave 1.54 bits a byte with a
    half, and 1.57 with almost nothing.
    """
    return 0.05 if parameters < SMALL_BASE else 0.5


def _is_open(settings: TrainingSettings, key: str) -> bool:
    # Zero is a choice for the rank of the embedding, which stays as it is then.
    return bool(getattr(settings, key) == (-1 if key == "lora_embedding_rank" else 0))

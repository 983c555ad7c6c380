"""SmolLM3 (Bakouch et al. 2025): Llama's shape, where every fourth layer knows no positions (NoPE)."""

from collections.abc import Mapping
from typing import Any

from pydantic import PositiveInt

from huggingtweets.model.families.description import Description, Unsupported
from huggingtweets.model.families.llama import LlamaConfig, biases_of, described


class _Config(LlamaConfig):
    """`no_rope_layers` has a 1 for each layer that rotates, in spite of its name, and a 0 for each that does not."""

    rope_theta: float = 2_000_000.0
    no_rope_layers: list[int] | None = None
    no_rope_layer_interval: PositiveInt = 4
    tie_word_embeddings: bool = True


def describe(config: Mapping[str, Any]) -> Description:
    """Reads a config.json of model_type smollm3."""
    settings = _Config.model_validate({"max_position_embeddings": 32_768, "eos_token_id": 128_001, **config})
    return described(config, settings, biases=biases_of(settings), unturned=_unturned(settings))


def _unturned(settings: _Config) -> list[int]:
    """The layers that do not rotate. Raises `Unsupported` if it is not said of each layer whether it does."""
    layers, turns, interval = settings.num_hidden_layers, settings.no_rope_layers, settings.no_rope_layer_interval
    if turns is None:
        return [layer for layer in range(layers) if (layer + 1) % interval == 0]
    if len(turns) < layers:
        raise Unsupported(f"its no_rope_layers names {len(turns):,} layers, and it has {layers:,}")
    return [layer for layer in range(layers) if not turns[layer]]

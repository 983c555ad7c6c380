"""GPT-2 (Radford et al. 2019): a table of positions, layer norms, one layer for query, key and value, biases."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, PositiveInt

from huggingtweets.model.families.activations import activation_of
from huggingtweets.model.families.description import Description, Unsupported

NAMES = {
    "tokens": "wte",
    "positions": "wpe",
    "blocks.norm_1": "h.{}.ln_1",
    "blocks.qkv": "h.{}.attn.c_attn",
    "blocks.out": "h.{}.attn.c_proj",
    "blocks.norm_2": "h.{}.ln_2",
    "blocks.up": "h.{}.mlp.c_fc",
    "blocks.down": "h.{}.mlp.c_proj",
    "norm": "ln_f",
    "head": "lm_head",
}


class _Config(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    vocab_size: PositiveInt = 50257
    n_positions: PositiveInt = 1024
    n_embd: PositiveInt = 768
    n_layer: PositiveInt = 12
    n_head: PositiveInt = 12
    n_inner: PositiveInt | None = None
    activation_function: str = "gelu_new"
    layer_norm_epsilon: float = Field(default=1e-5, gt=0, lt=1)
    scale_attn_weights: bool = True
    scale_attn_by_inverse_layer_idx: bool = False
    tie_word_embeddings: bool = True
    eos_token_id: int | None = 50256


def describe(config: Mapping[str, Any]) -> Description:
    """Reads a config.json of model_type gpt2. Missing values have the defaults of the first GPT-2."""
    settings = _Config.model_validate(dict(config))
    if settings.n_embd % settings.n_head:
        raise Unsupported(f"its width of {settings.n_embd:,} cannot be split into {settings.n_head:,} heads")
    size = settings.n_embd // settings.n_head
    scale = size**-0.5 if settings.scale_attn_weights else 1.0
    return Description(
        layers=settings.n_layer,
        width=settings.n_embd,
        inner=settings.n_inner or 4 * settings.n_embd,
        heads=settings.n_head,
        key_heads=settings.n_head,
        head_size=size,
        vocabulary=settings.vocab_size,
        context=settings.n_positions,
        activation=activation_of(settings.activation_function),
        norm="layer",
        epsilon=settings.layer_norm_epsilon,
        scale=scale,
        falling_scale=settings.scale_attn_by_inverse_layer_idx,
        rotary=None,
        fused=True,
        gated=False,
        head_norms=False,
        tied=settings.tie_word_embeddings,
        biases=frozenset({"qkv", "out", "up", "down"}),
        end_of_text=settings.eos_token_id,
        prefix="transformer.",
        names=NAMES,
        outputs_first=False,
        config=dict(config),
    )

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
    """From a config.json of model_type gpt2; what it leaves out has the defaults of the first GPT-2."""
    read = _Config.model_validate(dict(config))
    if read.n_embd % read.n_head:
        raise Unsupported(f"its width of {read.n_embd:,} cannot be split into {read.n_head:,} heads")
    size = read.n_embd // read.n_head
    scale = size**-0.5 if read.scale_attn_weights else 1.0
    return Description(
        layers=read.n_layer,
        width=read.n_embd,
        inner=read.n_inner or 4 * read.n_embd,
        heads=read.n_head,
        key_heads=read.n_head,
        head_size=size,
        vocabulary=read.vocab_size,
        context=read.n_positions,
        activation=activation_of(read.activation_function),
        norm="layer",
        epsilon=read.layer_norm_epsilon,
        scale=scale,
        falling_scale=read.scale_attn_by_inverse_layer_idx,
        rotary=None,
        fused=True,
        gated=False,
        head_norms=False,
        tied=read.tie_word_embeddings,
        biases=frozenset({"qkv", "out", "up", "down"}),
        end_of_text=read.eos_token_id,
        prefix="transformer.",
        names=NAMES,
        outputs_first=False,
        config=dict(config),
    )

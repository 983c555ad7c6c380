"""Llama's shape (Touvron et al. 2023): rotary positions, RMS norms, a gated feed-forward network, grouped key heads.

SmolLM2, TinyLlama and Llama 1 to 3 are of this family. Families that differ only in details use `LlamaConfig` too.
"""

from collections.abc import Collection, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, PositiveInt

from huggingtweets.model.families.activations import activation_of
from huggingtweets.model.families.description import Description, Rotary, Unsupported

NAMES = {
    "tokens": "embed_tokens",
    "blocks.norm_1": "layers.{}.input_layernorm",
    "blocks.q": "layers.{}.self_attn.q_proj",
    "blocks.k": "layers.{}.self_attn.k_proj",
    "blocks.v": "layers.{}.self_attn.v_proj",
    "blocks.q_norm": "layers.{}.self_attn.q_norm",
    "blocks.k_norm": "layers.{}.self_attn.k_norm",
    "blocks.out": "layers.{}.self_attn.o_proj",
    "blocks.norm_2": "layers.{}.post_attention_layernorm",
    "blocks.gate": "layers.{}.mlp.gate_proj",
    "blocks.up": "layers.{}.mlp.up_proj",
    "blocks.down": "layers.{}.mlp.down_proj",
    "norm": "norm",
    "head": "lm_head",
}


class _Scaling(BaseModel):
    """How rotary positions are stretched. Old files have `type` instead of `rope_type`."""

    model_config = ConfigDict(extra="ignore", strict=True)

    rope_theta: float | None = Field(default=None, gt=0)
    rope_type: str | None = None
    type: str | None = None
    factor: float = Field(default=1.0, gt=0)
    low_freq_factor: float = Field(default=1.0, gt=0)
    high_freq_factor: float = Field(default=4.0, gt=0)
    original_max_position_embeddings: PositiveInt | None = None
    partial_rotary_factor: float = 1.0


class LlamaConfig(BaseModel):
    """A config.json of this shape. transformers 5 has `rope_parameters`; before, it had theta and `rope_scaling`."""

    model_config = ConfigDict(extra="ignore", strict=True)

    vocab_size: PositiveInt = 32000
    max_position_embeddings: PositiveInt = 2048
    hidden_size: PositiveInt = 4096
    intermediate_size: PositiveInt = 11008
    num_hidden_layers: PositiveInt = 32
    num_attention_heads: PositiveInt = 32
    num_key_value_heads: PositiveInt | None = None
    head_dim: PositiveInt | None = None
    hidden_act: str = "silu"
    rms_norm_eps: float = Field(default=1e-6, gt=0, lt=1)
    rope_theta: float = Field(default=10_000.0, gt=0)
    rope_scaling: _Scaling | None = None
    rope_parameters: _Scaling | None = None
    attention_bias: bool = False
    mlp_bias: bool = False
    tie_word_embeddings: bool = False
    eos_token_id: int | list[int] | None = 2
    use_sliding_window: bool = False
    layer_types: list[str] | None = None

    def rotary(self) -> Rotary:
        """The rotary positions. Raises `Unsupported` for a kind of stretching that is not supported."""
        scaling = self.rope_parameters or self.rope_scaling or _Scaling()
        theta = scaling.rope_theta or self.rope_theta
        kind = scaling.rope_type or scaling.type or "default"
        if scaling.partial_rotary_factor != 1:
            raise Unsupported("its positions rotate only a part of each head, which is not supported")
        if kind == "default":
            return Rotary(theta)
        if kind == "linear":
            return Rotary(theta, "linear", scaling.factor)
        if kind == "llama3":
            if scaling.high_freq_factor <= scaling.low_freq_factor:
                raise Unsupported("its high_freq_factor is not above its low_freq_factor")
            original = scaling.original_max_position_embeddings or self.max_position_embeddings
            low, high = scaling.low_freq_factor, scaling.high_freq_factor
            return Rotary(theta, "llama3", scaling.factor, low, high, original)
        raise Unsupported(f"its positions are scaled by {kind}, and only default, linear and llama3 are supported")


def describe(config: Mapping[str, Any]) -> Description:
    """Reads a config.json of model_type llama."""
    settings = LlamaConfig.model_validate(dict(config))
    return described(config, settings, biases=biases_of(settings))


def biases_of(settings: LlamaConfig) -> frozenset[str]:
    """Returns the linear layers that have a bias."""
    attention = {"q", "k", "v", "out"} if settings.attention_bias else set()
    feed_forward = {"gate", "up", "down"} if settings.mlp_bias else set()
    return frozenset(attention | feed_forward)


def described(
    config: Mapping[str, Any],
    settings: LlamaConfig,
    *,
    biases: frozenset[str],
    head_norms: bool = False,
    unturned: Collection[int] = (),
) -> Description:
    """Describes a model of this shape with these `biases`. Raises `Unsupported` for sizes that do not fit together."""
    heads, key_heads = settings.num_attention_heads, settings.num_key_value_heads or settings.num_attention_heads
    if heads % key_heads:
        raise Unsupported(f"its {heads:,} heads cannot be split into {key_heads:,} groups")
    if settings.head_dim is None and settings.hidden_size % heads:
        raise Unsupported(f"its width of {settings.hidden_size:,} cannot be split into {heads:,} heads")
    size = settings.head_dim or settings.hidden_size // heads
    if size % 2:
        raise Unsupported(f"its heads are {size} wide, and rotary positions need an even number")
    if settings.use_sliding_window or any(kind != "full_attention" for kind in settings.layer_types or ()):
        raise Unsupported("some of its layers see only the latest tokens, which is not supported")
    end = settings.eos_token_id
    return Description(
        layers=settings.num_hidden_layers,
        width=settings.hidden_size,
        inner=settings.intermediate_size,
        heads=heads,
        key_heads=key_heads,
        head_size=size,
        vocabulary=settings.vocab_size,
        context=settings.max_position_embeddings,
        activation=activation_of(settings.hidden_act),
        norm="rms",
        epsilon=settings.rms_norm_eps,
        scale=size**-0.5,
        rotary=settings.rotary(),
        fused=False,
        gated=True,
        head_norms=head_norms,
        tied=settings.tie_word_embeddings,
        biases=biases,
        # Chat models have several. The first one ends a text.
        end_of_text=end[0] if isinstance(end, list) and end else end if isinstance(end, int) else None,
        prefix="model.",
        names=NAMES,
        outputs_first=True,
        config=dict(config),
        unturned=frozenset(unturned),
    )

"""A causal language model described as data: sizes, kinds of parts, and the names of its tensors on disk.

One module (`model.causal`) is built from it, for every family. All families here have the same skeleton: a table of
tokens, blocks of attention and a feed-forward network with a norm before each, a last norm, and a head.

Knows nothing but these facts. Does not know torch, files or any family.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

Activation = Literal["gelu_tanh", "gelu_erf", "relu", "silu"]
FEED_FORWARD = ("gate", "up", "down")  # the linear layers of a block that are not attention's


class Unsupported(Exception):
    """The model is not supported. The message says why, as the end of a sentence."""


@dataclass(frozen=True)
class Rotary:
    """Positions that rotate pairs of numbers in queries and keys (Su et al. 2021).

    `theta` is the base of the frequencies. `factor` stretches their wavelengths. With `linear` it stretches all of
    them. With `llama3` it stretches wavelengths above `original_context / low_frequency` fully, those below
    `original_context / high_frequency` not at all, and those in between partly.
    """

    theta: float
    scaling: Literal["none", "linear", "llama3"] = "none"
    factor: float = 1.0
    low_frequency: float = 1.0
    high_frequency: float = 4.0
    original_context: int = 0

    def frequencies(self, size: int) -> tuple[float, ...]:
        """The angle in radians for each position, one for each of the `size / 2` pairs of a head."""
        plain = [self.theta ** (-pair / size) for pair in range(0, size, 2)]
        return tuple(self._scaled(frequency) for frequency in plain)

    def _scaled(self, frequency: float) -> float:
        if self.scaling == "none":
            return frequency
        if self.scaling == "linear":
            return frequency / self.factor
        turns = self.original_context * frequency / (2 * math.pi)
        share = (turns - self.low_frequency) / (self.high_frequency - self.low_frequency)
        share = min(1.0, max(0.0, share))
        return share * frequency + (1 - share) * frequency / self.factor


@dataclass(frozen=True)
class Description:
    """One model. Sizes count numbers. `inner` is the width of the feed-forward network.

    Attention scores are multiplied by `scale`. With `falling_scale` they are also divided by the layer's number,
    counted from 1.
    `rotary` is None if positions have a table. Layers in `unturned` do not rotate anything: they know no positions.
    `fused` means that query, key and value are one layer. `gated` means that the feed-forward network has a gate.
    `head_norms` means that each query and key is normed. `tied` means that the head is the table of tokens.
    `biases` names the linear layers that have a bias. `norm` is the kind of norm.

    `names` maps our names of modules to the checkpoint's. There all modules but the head have the prefix
    `prefix`. `{}` is replaced by the layer's number.
    `outputs_first` means that the checkpoint stores the weights of linear layers as [out, in]. Ours are [in, out].
    `config` is the config.json that the description was read from.
    """

    layers: int
    width: int
    inner: int
    heads: int
    key_heads: int
    head_size: int
    vocabulary: int
    context: int
    activation: Activation
    norm: Literal["layer", "rms"]
    epsilon: float
    scale: float
    rotary: Rotary | None
    fused: bool
    gated: bool
    head_norms: bool
    tied: bool
    biases: frozenset[str]
    end_of_text: int | None
    prefix: str
    names: Mapping[str, str] = field(compare=False)
    outputs_first: bool
    config: Mapping[str, Any] = field(compare=False, repr=False)
    falling_scale: bool = False
    unturned: frozenset[int] = frozenset()

    @cached_property
    def linears(self) -> dict[str, tuple[int, int]]:
        """The linear layers of a block, each with its sizes [in, out], in the order in which they are read."""
        queries, keys = self.heads * self.head_size, self.key_heads * self.head_size
        attention = (
            {"qkv": (self.width, queries + 2 * keys)}
            if self.fused
            else {"q": (self.width, queries), "k": (self.width, keys), "v": (self.width, keys)}
        )
        gate = {"gate": (self.width, self.inner)} if self.gated else {}
        return {
            **attention,
            "out": (queries, self.width),
            **gate,
            "up": (self.width, self.inner),
            "down": (self.inner, self.width),
        }

    def scale_of(self, layer: int) -> float:
        """The factor for the attention scores of `layer`, counted from 0."""
        return self.scale / (layer + 1) if self.falling_scale else self.scale

    def turns(self, layer: int) -> bool:
        """Returns True if `layer`, counted from 0, rotates queries and keys."""
        return self.rotary is not None and layer not in self.unturned

    @property
    def parameters(self) -> int:
        """The number of weights of the model."""
        norm = self.width * (2 if self.norm == "layer" else 1)
        linears = sum(i * o + (o if name in self.biases else 0) for name, (i, o) in self.linears.items())
        block = linears + 2 * norm + (2 * self.head_size if self.head_norms else 0)
        tables = self.vocabulary * self.width * (1 if self.tied else 2)
        positions = 0 if self.rotary else self.context * self.width
        return self.layers * block + tables + positions + norm

    def checkpoint_name(self, module: str) -> str:
        """The checkpoint's name of one of our modules: `body.blocks.3.qkv` is `transformer.h.3.attn.c_attn`."""
        if module == "head":
            return self.names["head"]
        place = module.removeprefix("body.").split(".")
        if place[0] != "blocks":
            return self.prefix + self.names[place[0]]
        return self.prefix + self.names[f"blocks.{place[2]}"].format(place[1])

    @cached_property
    def layer_names(self) -> Mapping[str, str]:
        """The checkpoint's name of each linear layer within its block: `mlp.c_proj` is "down" of GPT-2."""
        return {name: self.names[f"blocks.{name}"].partition("{}.")[2] for name in self.linears}

    @property
    def embedding_name(self) -> str:
        """The checkpoint's name of the table of tokens, without the modules around it."""
        return self.names["tokens"]

"""A GPT-2's weights as plain tensors, in the order in which they are read: what every decoder is built from.

Knows transformers' GPT-2 and its settings. Does not know adapters, tokens or how anything is computed.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from huggingtweets.core.errors import BadBase

if TYPE_CHECKING:
    from transformers import GPT2LMHeadModel

PLACES = ("attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj")  # the linear layers of a block, as they are read
# transformers' names -> which approximation of GELU (Hendrycks and Gimpel 2016) it is, or another function.
ACTIVATIONS = {
    "gelu_new": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "gelu_fast": "gelu_tanh",
    "gelu": "gelu_erf",
    "relu": "relu",
    "silu": "silu",
    "swish": "silu",
}


@dataclass(frozen=True, slots=True)
class Affine:
    """A weight and a bias: a layer norm's, both [width], or a linear layer's, [in, out] and [out]."""

    weight: torch.Tensor
    bias: torch.Tensor


@dataclass(frozen=True, slots=True)
class Block:
    """One layer; `linears` has an entry for each of `PLACES`, `scale` is what attention scores are multiplied by."""

    norm_1: Affine
    norm_2: Affine
    linears: dict[str, Affine]
    scale: float


@dataclass(frozen=True, slots=True)
class Layout:
    """The matrices that an adapter can change: `linears`, [in, out] block by block in the order of `PLACES`, and the
    table of tokens [vocabulary, width], which is the head as well when they are `tied`.
    """

    linears: tuple[tuple[int, int], ...]
    vocabulary: int
    width: int
    tied: bool


@dataclass(frozen=True, slots=True)
class Weights:
    """`tokens` is [vocabulary, width], `positions` [context, width], `head` [vocabulary, width], often `tokens`."""

    tokens: torch.Tensor
    positions: torch.Tensor
    blocks: tuple[Block, ...]
    norm: Affine
    head: torch.Tensor
    heads: int
    epsilon: float
    activation: str

    @classmethod
    def of(cls, model: "GPT2LMHeadModel", name: str = "") -> "Weights":
        """The weights of `model`, not copied; raises `BadBase` for a GPT-2 that computes as none here does."""
        config, body = model.config, model.transformer
        activation = ACTIVATIONS.get(config.activation_function)
        if activation is None:
            raise BadBase(name, f"its activation function {config.activation_function} is not known here")
        size = config.n_embd // config.n_head
        scale = size**-0.5 if config.scale_attn_weights else 1.0
        blocks = tuple(
            Block(
                norm_1=_affine(block.get_submodule("ln_1")),
                norm_2=_affine(block.get_submodule("ln_2")),
                linears={place: _affine(block.get_submodule(place)) for place in PLACES},
                scale=scale / (number + 1) if config.scale_attn_by_inverse_layer_idx else scale,
            )
            for number, block in enumerate(body.h)
        )
        return cls(
            tokens=body.wte.weight.detach(),
            positions=body.wpe.weight.detach(),
            blocks=blocks,
            norm=_affine(body.ln_f),
            head=model.lm_head.weight.detach(),
            heads=config.n_head,
            epsilon=config.layer_norm_epsilon,
            activation=activation,
        )

    def to(self, device: torch.device, dtype: torch.dtype) -> "Weights":
        """The same there and in that precision; not copied where they are so already. A tied head stays tied."""

        def moved(affine: Affine) -> Affine:
            return Affine(affine.weight.to(device, dtype), affine.bias.to(device, dtype))

        tokens = self.tokens.to(device, dtype)
        return replace(
            self,
            tokens=tokens,
            positions=self.positions.to(device, dtype),
            head=tokens if self.layout.tied else self.head.to(device, dtype),
            norm=moved(self.norm),
            blocks=tuple(
                replace(
                    block,
                    norm_1=moved(block.norm_1),
                    norm_2=moved(block.norm_2),
                    linears={place: moved(linear) for place, linear in block.linears.items()},
                )
                for block in self.blocks
            ),
        )

    @property
    def context(self) -> int:
        """Tokens the model can see at once."""
        return self.positions.shape[0]

    @property
    def width(self) -> int:
        return self.positions.shape[1]

    @property
    def count(self) -> int:
        """Numbers in all of them; a head that is also the table of tokens counts once."""
        tables = {self.tokens.data_ptr(): self.tokens, self.head.data_ptr(): self.head}.values()
        affines = [self.norm, *(part for block in self.blocks for part in (block.norm_1, block.norm_2))]
        affines += [linear for block in self.blocks for linear in block.linears.values()]
        return sum(
            tensor.numel()
            for tensor in (
                *tables,
                self.positions,
                *(each for affine in affines for each in (affine.weight, affine.bias)),
            )
        )

    @property
    def layout(self) -> "Layout":
        """What an adapter for these weights may change."""
        linears = (block.linears[place].weight.shape for block in self.blocks for place in PLACES)
        tied = self.head.data_ptr() == self.tokens.data_ptr()
        return Layout(tuple((shape[0], shape[1]) for shape in linears), self.tokens.shape[0], self.width, tied)


def _affine(module: torch.nn.Module) -> Affine:
    weight, bias = module.weight, module.bias
    assert isinstance(weight, torch.Tensor)
    assert isinstance(bias, torch.Tensor)
    return Affine(weight.detach(), bias.detach())

"""A model's weights as plain tensors, in the order in which they are read. Every decoder is built from them.

Knows our module and its description. Does not know adapters, tokens or how anything is computed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch

from huggingtweets.model.causal import CausalLM
from huggingtweets.model.families import Description


@dataclass(frozen=True, slots=True)
class Affine:
    """A weight and perhaps a bias: a norm's, both [width], or a linear layer's, [in, out] and [out]."""

    weight: torch.Tensor
    bias: torch.Tensor | None

    def to(self, device: torch.device, dtype: torch.dtype) -> "Affine":
        """The same there and in that precision."""
        return Affine(self.weight.to(device, dtype), None if self.bias is None else self.bias.to(device, dtype))

    def tensors(self) -> Iterator[torch.Tensor]:
        """What it consists of."""
        yield self.weight
        if self.bias is not None:
            yield self.bias


@dataclass(frozen=True, slots=True)
class Block:
    """One layer: its norms and linear layers by name; `scale` is what attention scores are multiplied by."""

    parts: dict[str, Affine]
    scale: float


@dataclass(frozen=True, slots=True)
class Layout:
    """The matrices that an adapter can change: `linears`, [in, out] block by block, and the table of tokens
    [vocabulary, width], which is the head as well when they are `tied`.

    `names` are those of `linears` in a checkpoint, and `embedding` and `head` those of the tables.
    """

    linears: tuple[tuple[int, int], ...]
    vocabulary: int
    width: int
    tied: bool
    names: tuple[str, ...] = ()
    embedding: str = ""
    head: str = ""

    @classmethod
    def of(cls, description: Description) -> "Layout":
        """What an adapter for such a model may change."""
        places = [(layer, name) for layer in range(description.layers) for name in description.linears]
        return cls(
            tuple(description.linears[name] for _, name in places),
            description.vocabulary,
            description.width,
            description.tied,
            tuple(description.checkpoint_name(f"body.blocks.{layer}.{name}") for layer, name in places),
            description.checkpoint_name("body.tokens"),
            description.checkpoint_name("head"),
        )


@dataclass(frozen=True, slots=True)
class Weights:
    """`tokens` is [vocabulary, width], `head` [vocabulary, width], often `tokens`. `positions` is [context, width];
    there is none where positions are rotary. The numbers in `banned` are never to be drawn.
    """

    description: Description
    tokens: torch.Tensor
    positions: torch.Tensor | None
    blocks: tuple[Block, ...]
    norm: Affine
    head: torch.Tensor
    banned: tuple[int, ...] = ()

    @classmethod
    def of(cls, model: CausalLM, banned: tuple[int, ...] = ()) -> "Weights":
        """The weights of `model`, not copied."""
        description, body = model.description, model.body
        blocks = tuple(
            Block({name: _affine(part) for name, part in block.named_children()}, description.scale_of(layer))
            for layer, block in enumerate(body.blocks)
        )
        return cls(
            description=description,
            tokens=body.tokens.get_parameter("weight").detach(),
            positions=None if description.rotary else body.positions.weight.detach(),
            blocks=blocks,
            norm=_affine(body.norm),
            head=model.head.get_parameter("weight").detach(),
            banned=banned,
        )

    def to(self, device: torch.device, dtype: torch.dtype) -> "Weights":
        """The same there and in that precision; not copied where they are so already. A tied head stays tied."""
        tokens = self.tokens.to(device, dtype)
        return replace(
            self,
            tokens=tokens,
            positions=None if self.positions is None else self.positions.to(device, dtype),
            head=tokens if self.layout.tied else self.head.to(device, dtype),
            norm=self.norm.to(device, dtype),
            blocks=tuple(
                replace(block, parts={name: part.to(device, dtype) for name, part in block.parts.items()})
                for block in self.blocks
            ),
        )

    @property
    def context(self) -> int:
        """Tokens the model can see at once."""
        return self.description.context

    @property
    def width(self) -> int:
        return self.description.width

    @property
    def layout(self) -> Layout:
        """What an adapter for these weights may change."""
        return Layout.of(self.description)


def _affine(module: torch.nn.Module) -> Affine:
    weight, bias = module.weight, getattr(module, "bias", None)
    assert isinstance(weight, torch.Tensor)
    return Affine(weight.detach(), bias.detach() if isinstance(bias, torch.Tensor) else None)

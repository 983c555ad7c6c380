"""A causal language model as one torch module, built from a description: for training, evaluation and adapters.

The names of its parts are the same for every family: `body.tokens`, `body.positions`, `body.blocks.<n>.<part>`,
`body.norm` and `head`. The weights of linear layers are [in, out].

Knows torch and descriptions. Does not know files, adapters, tokenizers or losses.
"""

import torch
from torch import nn
from torch.nn import functional

from huggingtweets.model.attention import attention
from huggingtweets.model.block import Angles, angles_at, through_block
from huggingtweets.model.families import Description
from huggingtweets.model.families.description import FEED_FORWARD


class Table(nn.Embedding):
    """An embedding that gets no random weights on the meta device: torch would import its compiler for them, 1.5 s."""

    def reset_parameters(self) -> None:
        if not self.weight.is_meta:
            super().reset_parameters()


class Linear(nn.Module):
    """`x W + b` with W [in, out]; `b` is None for layers without a bias."""

    def __init__(self, inputs: int, outputs: int, *, bias: bool):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(inputs, outputs))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        flat = x.flatten(0, -2)
        product = flat @ self.weight if self.bias is None else torch.addmm(self.bias, flat, self.weight)
        return product.view(*x.shape[:-1], -1)


class Cache:
    """The keys and values of the tokens processed so far, one pair for each layer. Later tokens attend to them."""

    def __init__(self) -> None:
        self._layers: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    @property
    def length(self) -> int:
        """The number of tokens processed so far."""
        return self._layers[0][0].shape[2] if self._layers else 0

    def extended(self, layer: int, key: torch.Tensor, value: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Appends the new keys and values of `layer`. Returns all keys and values of the layer."""
        if layer in self._layers:
            keys, values = self._layers[layer]
            key, value = torch.cat((keys, key), dim=2), torch.cat((values, value), dim=2)
        self._layers[layer] = key, value
        return key, value


class Block(nn.Module):
    """One layer: attention and a feed-forward network, each after a norm."""

    def __init__(self, description: Description, layer: int):
        super().__init__()
        self._description, self._layer = description, layer
        self.norm_1 = _norm(description, description.width)
        for name, (inputs, outputs) in description.linears.items():
            if name == "out" and description.head_norms:
                self.q_norm = _norm(description, description.head_size)
                self.k_norm = _norm(description, description.head_size)
            if name in FEED_FORWARD and not hasattr(self, "norm_2"):
                self.norm_2 = _norm(description, description.width)
            self.add_module(name, Linear(inputs, outputs, bias=name in description.biases))

    def forward(
        self, x: torch.Tensor, mask: torch.Tensor | None, angles: Angles | None, cache: Cache | None
    ) -> torch.Tensor:
        def part(name: str, x: torch.Tensor) -> torch.Tensor:
            return self._modules[name](x)  # type: ignore[misc, no-any-return]  # every part is a module

        def attend(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
            if cache:
                key, value = cache.extended(self._layer, key, value)
            return attention(query, key, value, mask, self._description.scale_of(self._layer))

        turning = angles if self._description.turns(self._layer) else None
        return through_block(self._description, x, part, attend, turning)


class Body(nn.Module):
    """The model without its head."""

    def __init__(self, description: Description):
        super().__init__()
        self._description = description
        self.tokens: nn.Module = Table(description.vocabulary, description.width)
        if not description.rotary:
            self.positions = Table(description.context, description.width)
        self.blocks = nn.ModuleList(Block(description, layer) for layer in range(description.layers))
        self.norm = _norm(description, description.width)

    def forward(
        self,
        tokens: torch.Tensor,
        positions: torch.Tensor | None = None,
        mask: torch.Tensor | None = None,
        cache: Cache | None = None,
    ) -> torch.Tensor:
        """The last hidden states, [rows, length, width], of `tokens` [rows, length] at `positions`.

        `mask` is a mask for `attention`. Without a mask, every token sees itself and the tokens before it. With
        `cache`, the tokens continue those in the cache. Unless the cache is empty, only one token can be added at once.
        """
        if positions is None:
            start = cache.length if cache else 0
            positions = torch.arange(start, start + tokens.shape[1], device=tokens.device).unsqueeze(0)
        x, angles = self.tokens(tokens), None
        if self._description.rotary:
            angles = angles_at(positions, self._description.rotary, self._description.head_size)
        else:
            x = x + self.positions(positions)
        for block in self.blocks:
            x = block(x, mask, angles, cache)
        return self.norm(x)  # type: ignore[no-any-return]


class Head(nn.Module):
    """Logits from hidden states; `weight` is [vocabulary, width]."""

    def __init__(self, weight: torch.Tensor):
        super().__init__()
        self.weight = weight

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        return functional.linear(hidden, self.weight)


class CausalLM(nn.Module):
    """A model of any family. Its weights are zeros until they are loaded or initialised."""

    def __init__(self, description: Description):
        super().__init__()
        self.description = description
        self.body = Body(description)
        tokens = self.body.tokens.weight
        assert isinstance(tokens, torch.Tensor)
        self.head: nn.Module = Head(tokens if description.tied else nn.Parameter(torch.zeros_like(tokens)))

    @property
    def device(self) -> torch.device:
        """The device that holds its weights."""
        return next(self.parameters()).device

    def forward(self, tokens: torch.Tensor, cache: Cache | None = None) -> torch.Tensor:
        """Logits [rows, length, vocabulary] of `tokens` [rows, length]."""
        return self.head(self.body(tokens, cache=cache))  # type: ignore[no-any-return]


def _norm(description: Description, width: int) -> nn.Module:
    if description.norm == "rms":
        return nn.RMSNorm(width, eps=description.epsilon)
    return nn.LayerNorm(width, eps=description.epsilon)

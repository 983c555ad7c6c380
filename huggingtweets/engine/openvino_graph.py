"""A GPT-2 with an adapter a column as an OpenVINO graph over a paged cache, its matrices in fp32 or in int8.

int8 is symmetric with a scale an output (as NNCF's INT8_SYM), and OpenVINO quantizes activations by groups of each
row, so no row sees another's. The graph is built by hand: nothing is traced or converted, and it takes milliseconds.

Knows OpenVINO's operations and a GPT-2's formulas. Does not know rows, requests or how a graph is run.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import openvino as ov
import torch
from numpy.typing import NDArray
from openvino import opset13 as op
from openvino.op import _PagedAttentionExtension

from huggingtweets.engine.blocks import BLOCK
from huggingtweets.engine.weights import PLACES, Affine, Weights

INDEX_INPUTS = ("past_lens", "subsequence_begins", "block_indices", "block_indices_begins")

_ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "gelu_tanh": lambda x: op.gelu(x, "tanh"),
    "gelu_erf": lambda x: op.gelu(x, "erf"),
    "relu": op.relu,
    "silu": op.swish,
}


def build(weights: Weights, *, int8: bool, adapted: bool, half: bool = False) -> ov.Model:
    """Logits [wanted, vocabulary] from these inputs, int32 where nothing else is said:

    `tokens` and `positions` [tokens]; `wanted`, the tokens whose logits are asked for; the cache's `key_cache.<layer>`
    and `value_cache.<layer>`, and where each sequence is in it, as OpenVINO's PagedAttention describes; and when
    `adapted`, the factors `a.<n>` [columns, in, rank] and `b.<n>` [columns, rank, out] of the nth linear layer, where
    the tokens stand column by column. Where embedding and head are tied, `e` and `d` are their factors, as in
    `adapters.Factors`, `t` is `d` transposed, and the wanted tokens stand column by column, too. Factors are fp32 or,
    when `half`, bf16, which is then what they are multiplied in.
    """
    return Builder(weights, int8=int8, adapted=adapted, half=half).model()


class Builder:
    """The parts of a GPT-2 as nodes of one graph; `build` says what it is given and gives."""

    def __init__(self, weights: Weights, *, int8: bool, adapted: bool, half: bool):
        self._weights, self._int8, self._adapted = weights, int8, adapted
        self._layout = weights.layout
        self._tied = self._layout.tied
        self._factors = ov.Type.bf16 if half else ov.Type.f32
        self._inputs: dict[str, Any] = {}
        self._shapes: dict[object, Any] = {}

    def model(self) -> ov.Model:
        weights = self._weights
        tokens, positions, wanted = (self._input(name) for name in ("tokens", "positions", "wanted"))
        self._index = [self._input(name) for name in INDEX_INPUTS]
        self._longest = self._input("max_context_len", [])
        x = op.add(self._rows(weights.tokens, tokens), op.gather(_constant(weights.positions), positions, axis(0)))
        if self._adapted and self._tied:
            x = op.add(x, self._own_embedding(tokens))
        for layer, block in enumerate(weights.blocks):
            attn, proj, fc, out = ((block.linears[place], 4 * layer + n) for n, place in enumerate(PLACES))
            heads = op.variadic_split(
                self._linear(self._norm(x, block.norm_1), *attn), axis(1), integers([weights.width] * 3)
            )
            seen = self._attention(heads.outputs(), layer, block.scale)
            x = op.add(x, self._linear(seen, *proj))
            hidden = _ACTIVATIONS[weights.activation](self._linear(self._norm(x, block.norm_2), *fc))
            x = op.add(x, self._linear(hidden, *out))
        last = self._norm(op.gather(x, wanted, axis(0)), weights.norm)
        logits = self._product(last, weights.head)
        if self._adapted and self._tied:
            logits = op.add(logits, self._own_logits(last))
        return ov.Model([op.result(logits)], list(self._inputs.values()), "gpt2")

    def _input(self, name: str, shape: list[int] | None = None, kind: Any = np.int32) -> Any:
        node = op.parameter([-1] if shape is None else shape, kind, name=name)
        node.output(0).get_tensor().set_names({name})
        self._inputs[name] = node
        return node

    def _rows(self, table: torch.Tensor, indices: Any) -> Any:
        """Rows of `table`, which stays in int8 in memory."""
        if not self._int8:
            return op.gather(_constant(table), indices, axis(0))
        whole, scale = quantized(table)
        picked = op.convert(op.gather(op.constant(whole), indices, axis(0)), np.float32)
        return op.multiply(picked, op.gather(op.constant(scale), indices, axis(0)))

    def _product(self, x: Any, matrix: torch.Tensor) -> Any:
        """`x` times the transposed `matrix` [out, in]."""
        if not self._int8:
            return op.matmul(x, _constant(matrix), transpose_a=False, transpose_b=True)
        whole, scale = quantized(matrix)
        decompressed = op.multiply(op.convert(op.constant(whole), np.float32), op.constant(scale))
        return op.matmul(x, decompressed, transpose_a=False, transpose_b=True)

    def _linear(self, x: Any, affine: Affine, number: int) -> Any:
        inputs, outputs = affine.weight.shape
        y = op.add(self._product(x, affine.weight.T.contiguous()), _constant(affine.bias))
        if not self._adapted:
            return y
        a = self._input(f"a.{number}", [-1, inputs, -1], self._factors)
        b = self._input(f"b.{number}", [-1, -1, outputs], self._factors)
        return op.add(y, self._change(x, a, b, inputs, outputs))

    def _change(self, x: Any, a: Any, b: Any, inputs: int, outputs: int) -> Any:
        """What the columns' factors `a` and `b` add for `x` [cells, inputs]."""
        low = op.matmul(self._in_columns(op.convert(x, self._factors), inputs), a, False, False)
        return _flat(op.convert(op.matmul(low, b, False, False), ov.Type.f32), outputs)

    def _columns(self) -> Any:
        """How many columns there are, [1]."""
        stack = self._inputs["e" if self._tied else "a.0"]
        return self._shape("columns", lambda: op.gather(op.shape_of(stack), integers([0]), axis(0)))

    def _in_columns(self, x: Any, width: int) -> Any:
        """`x` [cells, width] as [columns, depth, width]."""
        shape = self._shape(width, lambda: op.concat([self._columns(), integers([-1, width])], 0))
        return op.reshape(x, shape, special_zero=False)

    def _shape(self, key: object, make: Callable[[], Any]) -> Any:
        """One node for all who need this shape: a step works each of them out again."""
        if key not in self._shapes:
            self._shapes[key] = make()
        return self._shapes[key]

    def _own_embedding(self, tokens: Any) -> Any:
        """What each column's adapter adds to the embedding of its tokens."""
        vocabulary, width = self._layout.vocabulary, self._layout.width
        e = self._input("e", [-1, -1, vocabulary], self._factors)
        d = self._input("d", [-1, -1, width], self._factors)
        grid = op.reshape(tokens, op.concat([self._columns(), integers([-1])], 0), special_zero=False)
        own = op.gather(e, grid, axis(2), batch_dims=1)
        return _flat(op.convert(op.matmul(own, d, transpose_a=True, transpose_b=False), ov.Type.f32), width)

    def _own_logits(self, last: Any) -> Any:
        """What each column's adapter adds to the logits of its hidden states: the same matrices the other way."""
        # Not `d` transposed by the product: then a column of one cell would be added up in another order.
        t = self._input("t", [-1, self._layout.width, -1], self._factors)
        return self._change(last, t, self._inputs["e"], self._layout.width, self._layout.vocabulary)

    def _attention(self, heads: list[Any], layer: int, scale: float) -> Any:
        weights = self._weights
        size = weights.width // weights.heads
        shape = [-1, weights.heads, BLOCK, size]
        caches = [self._input(f"{name}_cache.{layer}", shape, np.float32).output(0) for name in ("key", "value")]
        none, zero = op.constant(np.zeros(0, np.int32)), op.constant(np.int32(0))
        no_floats, no_bytes = op.constant(np.zeros(0, np.float32)), op.constant(np.zeros(0, np.uint8))
        # What comes after max_context_len are features that are not used here, in the order of OpenVINO 2026.4:
        # scores, rotation (3), sparse prefill (3), sinks, eviction (4), token types, a bias between queries (2).
        unused = [none, none, none, no_floats, no_floats, zero, zero, no_floats, zero, *[none] * 4, no_bytes, none]
        options = [op.constant(np.float32(scale)), zero, no_floats, self._longest, *unused]
        node = _PagedAttentionExtension([*heads, *caches, *(each.output(0) for each in (*self._index, *options))])
        facts = node.get_rt_info()
        for name in ("k", "v"):
            facts[f"num_{name}_heads"], facts[f"{name}_head_size"] = weights.heads, size
        return node.output(0)

    def _norm(self, x: Any, affine: Affine) -> Any:
        even = op.mvn(x, integers([-1]), True, self._weights.epsilon, "INSIDE_SQRT")
        return op.add(op.multiply(even, _constant(affine.weight)), _constant(affine.bias))


def _flat(x: Any, width: int) -> Any:
    """`x` [columns, depth, width] as [cells, width]."""
    return op.reshape(x, integers([-1, width]), special_zero=False)


def quantized(matrix: torch.Tensor) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """`matrix` [out, in] as int8 and a scale [out, 1]: the largest of each output is 127."""
    scale = matrix.float().abs().amax(1, keepdim=True) / 127
    scale[scale == 0] = 1
    return (matrix.float() / scale).round_().to(torch.int8).numpy(), scale.numpy()


def _constant(tensor: torch.Tensor) -> Any:
    return op.constant(tensor.float().numpy())


def integers(values: list[int]) -> Any:
    """Sizes or axes as a constant."""
    return op.constant(np.array(values, np.int64))


def axis(number: int) -> Any:
    """One axis as a constant."""
    return op.constant(np.int32(number))

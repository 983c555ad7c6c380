"""A model in the form that OpenVINO GenAI reads: a graph with its cache as state, and its tokenizer as another.

It is what `optimum-cli export openvino` writes, but optimum needs another version of torch.

Knows OpenVINO's names for inputs and state. Does not know what is measured.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import torch
from numpy.typing import NDArray
from openvino import opset13 as op
from openvino._offline_transformations import apply_make_stateful_transformation

from huggingtweets.generation.engine.weights import Affine, Block, Weights
from huggingtweets.model.block import angles_at

PAST = "past_key_values"


def export(folder: Path, weights: Weights, tokenizer_folder: Path, *, int8: bool) -> None:
    """Write `weights` and the tokenizer in `tokenizer_folder` to `folder`."""
    from openvino_tokenizers import convert_tokenizer
    from transformers import AutoTokenizer

    folder.mkdir(parents=True, exist_ok=True)
    ov.save_model(graph_of(weights, int8=int8), folder / "openvino_model.xml", compress_to_fp16=False)
    kinds = convert_tokenizer(AutoTokenizer.from_pretrained(tokenizer_folder), with_detokenizer=True)
    for model, name in zip(kinds, ("tokenizer", "detokenizer"), strict=True):
        ov.save_model(model, folder / f"openvino_{name}.xml")
    settings = {"model_type": weights.description.config["model_type"], "bos_token_id": 0, "eos_token_id": 0}
    for name in ("config", "generation_config"):
        (folder / f"{name}.json").write_text(json.dumps(settings))


def graph_of(weights: Weights, *, int8: bool) -> ov.Model:
    """The graph that computes with `weights`, its matrices in fp32 or int8, its cache as state."""
    return _Stateful(weights, int8=int8).model()


class _Stateful:
    """A model as OpenVINO's operations, its matrices in fp32 or int8 (as NNCF's INT8_SYM), its cache as state."""

    def __init__(self, weights: Weights, *, int8: bool):
        self._weights, self._int8 = weights, int8
        self._description = weights.description
        self._inputs: dict[str, Any] = {}

    def model(self) -> ov.Model:
        weights, description = self._weights, self._description
        tokens, mask, positions = (
            self._input(name, [-1, -1], np.int64) for name in ("input_ids", "attention_mask", "position_ids")
        )
        self._beams = self._input("beam_idx")
        self._results: list[Any] = []
        self._tokens = tokens
        self._mask = self._causal(mask)
        self._angles = self._angles_at(positions)
        x = self._rows(weights.tokens, tokens)
        if weights.positions is not None:
            x = op.add(x, self._rows(weights.positions, positions))
        for layer, block in enumerate(weights.blocks):
            x = op.add(x, self._linear(self._seen(x, layer, block), block.parts["out"]))
            even = self._norm(x, block.parts["norm_2"])
            x = op.add(x, self._linear(self._hidden(even, block), block.parts["down"]))
        logits = self._product(self._norm(x, weights.norm), weights.head)
        logits.output(0).get_tensor().set_names({"logits"})
        model = ov.Model([op.result(logits), *self._results], list(self._inputs.values()), "voice")
        names = [name for name in self._inputs if name.startswith(PAST)]
        apply_make_stateful_transformation(model, {name: name.replace(PAST, "present") for name in names})
        for node in model.get_ops():
            if node.get_type_name() == "ReadValue":
                node.set_arguments([self._nothing(description.key_heads, description.head_size).output(0)])
        model.validate_nodes_and_infer_types()
        return model

    def _hidden(self, even: Any, block: Block) -> Any:
        """What the feed-forward network makes of its input, before its last layer."""
        activate = {
            "gelu_tanh": lambda x: op.gelu(x, "tanh"),
            "gelu_erf": lambda x: op.gelu(x, "erf"),
            "silu": op.swish,
        }[self._description.activation]
        up = self._linear(even, block.parts["up"])
        if not self._description.gated:
            return activate(up)
        return op.multiply(activate(self._linear(even, block.parts["gate"])), up)

    def _causal(self, mask: Any) -> Any:
        """The attention mask, [batch, 1, queries, keys]: 0 where a query may look."""
        keys, queries = (op.gather(op.shape_of(each), axis(1), axis(0)) for each in (mask, self._tokens))
        zero, one = op.constant(np.int64(0)), op.constant(np.int64(1))
        key = op.range(zero, keys, one, output_type="i64")
        query = op.unsqueeze(op.range(op.subtract(keys, queries), keys, one, output_type="i64"), axis(1))
        there = op.unsqueeze(op.convert(mask, bool), integers([1, 2]))
        allowed = op.logical_and(op.less_equal(key, query), there)
        return op.select(allowed, op.constant(np.float32(0)), op.constant(np.float32(-1e9)))

    def _angles_at(self, positions: Any) -> Any:
        """Cosines and sines of the positions, each [batch, 1, length, size / 2], where positions are rotary."""
        description = self._description
        if not description.rotary:
            return None
        every = torch.arange(description.context).unsqueeze(0)
        tables = angles_at(every, description.rotary, description.head_size)
        return tuple(
            op.unsqueeze(op.gather(_constant(table[0, 0]), positions, axis(0)), integers([1])) for table in tables
        )

    def _turned(self, x: Any) -> Any:
        if not self._angles:
            return x
        (first, second), (cosine, sine) = op.split(x, axis(3), 2).outputs(), self._angles
        return op.concat(
            [
                op.subtract(op.multiply(first, cosine), op.multiply(second, sine)),
                op.add(op.multiply(second, cosine), op.multiply(first, sine)),
            ],
            3,
        )

    def _seen(self, x: Any, layer: int, block: Block) -> Any:
        description = self._description
        heads, key_heads, size = description.heads, description.key_heads, description.head_size
        even = self._norm(x, block.parts["norm_1"])
        if description.fused:
            lengths = integers([heads * size, key_heads * size, key_heads * size])
            flat = op.variadic_split(self._linear(even, block.parts["qkv"]), axis(2), lengths).outputs()
        else:
            flat = [self._linear(even, block.parts[name]) for name in ("q", "k", "v")]
        query, key, value = (
            op.transpose(op.reshape(each, integers([0, 0, count, size]), True), integers([0, 2, 1, 3]))
            for each, count in zip(flat, (heads, key_heads, key_heads), strict=True)
        )
        query, key = self._turned(query), self._turned(key)
        key, value = (
            self._remembered(f"{layer}.{name}", each, size) for name, each in (("key", key), ("value", value))
        )
        key, value = self._for_every_query(key), self._for_every_query(value)
        seen = op.scaled_dot_product_attention(query, key, value, self._mask, op.constant(np.float32(block.scale)))
        return op.reshape(op.transpose(seen, integers([0, 2, 1, 3])), integers([0, 0, heads * size]), True)

    def _for_every_query(self, keys: Any) -> Any:
        """`keys` [batch, key heads, length, size] once for each of the query heads that share them."""
        description = self._description
        shared = description.heads // description.key_heads
        if shared == 1:
            return keys
        many = op.broadcast(
            op.unsqueeze(keys, integers([2])), integers([1, 1, shared, 1, 1]), broadcast_spec="BIDIRECTIONAL"
        )
        return op.reshape(many, integers([0, description.heads, -1, description.head_size]), True)

    def _remembered(self, name: str, new: Any, size: int) -> Any:
        """The whole cache so far, with `new` [batch, heads, tokens, size] at its end."""
        past = self._input(f"{PAST}.{name}", [-1, self._description.key_heads, -1, size], np.float32)
        now = op.concat([op.gather(past, self._beams, axis(0)), new], 2)
        now.output(0).get_tensor().set_names({f"present.{name}"})
        self._results.append(op.result(now))
        return now

    def _nothing(self, heads: int, size: int) -> Any:
        """The empty cache."""
        batch = op.gather(op.shape_of(self._tokens), integers([0]), axis(0))
        return op.broadcast(op.constant(np.float32(0)), op.concat([batch, integers([heads, 0, size])], 0))

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

    def _linear(self, x: Any, affine: Affine) -> Any:
        product = self._product(x, affine.weight.T.contiguous())
        return product if affine.bias is None else op.add(product, _constant(affine.bias))

    def _norm(self, x: Any, affine: Affine) -> Any:
        epsilon = self._description.epsilon
        if affine.bias is not None:
            even = op.mvn(x, integers([-1]), True, epsilon, "INSIDE_SQRT")
            return op.add(op.multiply(even, _constant(affine.weight)), _constant(affine.bias))
        square = op.reduce_mean(op.power(x, op.constant(np.float32(2))), integers([-1]), True)
        root = op.sqrt(op.add(square, op.constant(np.float32(epsilon))))
        return op.multiply(op.multiply(x, op.divide(op.constant(np.float32(1)), root)), _constant(affine.weight))


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

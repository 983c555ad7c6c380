"""A GPT-2 in the form that OpenVINO GenAI reads: a graph with its cache as state, and its tokenizer as another.

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

from huggingtweets.generation.engine.weights import Affine, Weights

PAST = "past_key_values"


def export(folder: Path, weights: Weights, tokenizer_folder: Path, *, int8: bool) -> None:
    """Write `weights` and the tokenizer in `tokenizer_folder` to `folder`."""
    from openvino_tokenizers import convert_tokenizer
    from transformers import AutoTokenizer

    folder.mkdir(parents=True, exist_ok=True)
    graph = _Stateful(weights, int8=int8).model()
    ov.save_model(graph, folder / "openvino_model.xml", compress_to_fp16=False)
    kinds = convert_tokenizer(AutoTokenizer.from_pretrained(tokenizer_folder), with_detokenizer=True)
    for model, name in zip(kinds, ("tokenizer", "detokenizer"), strict=True):
        ov.save_model(model, folder / f"openvino_{name}.xml")
    settings = {"model_type": "gpt2", "bos_token_id": 0, "eos_token_id": 0}
    for name in ("config", "generation_config"):
        (folder / f"{name}.json").write_text(json.dumps(settings))


class _Stateful:
    """A GPT-2 as OpenVINO's operations, its matrices in fp32 or int8 (as NNCF's INT8_SYM), its cache as state."""

    def __init__(self, weights: Weights, *, int8: bool):
        self._weights, self._int8 = weights, int8
        self._inputs: dict[str, Any] = {}

    def model(self) -> ov.Model:
        weights = self._weights
        tokens, mask, positions = (
            self._input(name, [-1, -1], np.int64) for name in ("input_ids", "attention_mask", "position_ids")
        )
        self._beams = self._input("beam_idx")
        self._results: list[Any] = []
        self._tokens = tokens
        self._mask = self._causal(mask)
        x = op.add(self._rows(weights.tokens, tokens), self._rows(weights.positions, positions))
        for layer, block in enumerate(weights.blocks):
            attn, proj, fc, out = (block.parts[name] for name in ("qkv", "out", "up", "down"))
            heads = op.variadic_split(
                self._linear(self._norm(x, block.parts["norm_1"]), attn), axis(2), integers([weights.width] * 3)
            )
            x = op.add(x, self._linear(self._seen(heads.outputs(), layer, block.scale), proj))
            hidden = op.gelu(self._linear(self._norm(x, block.parts["norm_2"]), fc), "tanh")
            x = op.add(x, self._linear(hidden, out))
        logits = self._product(self._norm(x, weights.norm), weights.head)
        logits.output(0).get_tensor().set_names({"logits"})
        model = ov.Model([op.result(logits), *self._results], list(self._inputs.values()), "gpt2")
        names = [name for name in self._inputs if name.startswith(PAST)]
        apply_make_stateful_transformation(model, {name: name.replace(PAST, "present") for name in names})
        for node in model.get_ops():
            if node.get_type_name() == "ReadValue":
                node.set_arguments(
                    [self._nothing(weights.description.heads, weights.width // weights.description.heads).output(0)]
                )
        model.validate_nodes_and_infer_types()
        return model

    def _causal(self, mask: Any) -> Any:
        """The attention mask, [batch, 1, queries, keys]: 0 where a query may look."""
        keys, queries = (op.gather(op.shape_of(each), axis(1), axis(0)) for each in (mask, self._tokens))
        zero, one = op.constant(np.int64(0)), op.constant(np.int64(1))
        key = op.range(zero, keys, one, output_type="i64")
        query = op.unsqueeze(op.range(op.subtract(keys, queries), keys, one, output_type="i64"), axis(1))
        there = op.unsqueeze(op.convert(mask, bool), integers([1, 2]))
        allowed = op.logical_and(op.less_equal(key, query), there)
        return op.select(allowed, op.constant(np.float32(0)), op.constant(np.float32(-1e9)))

    def _seen(self, heads: list[Any], layer: int, scale: float) -> Any:
        weights = self._weights
        size = weights.width // weights.description.heads
        query, key, value = (
            op.transpose(
                op.reshape(each, integers([0, 0, weights.description.heads, size]), True), integers([0, 2, 1, 3])
            )
            for each in heads
        )
        key, value = (
            self._remembered(f"{layer}.{name}", each, size) for name, each in (("key", key), ("value", value))
        )
        seen = op.scaled_dot_product_attention(query, key, value, self._mask, op.constant(np.float32(scale)))
        return op.reshape(op.transpose(seen, integers([0, 2, 1, 3])), integers([0, 0, weights.width]), True)

    def _remembered(self, name: str, new: Any, size: int) -> Any:
        """The whole cache so far, with `new` [batch, heads, tokens, size] at its end."""
        past = self._input(f"{PAST}.{name}", [-1, self._weights.description.heads, -1, size], np.float32)
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
        return op.add(self._product(x, affine.weight.T.contiguous()), _constant(affine.bias))

    def _norm(self, x: Any, affine: Affine) -> Any:
        even = op.mvn(x, integers([-1]), True, self._weights.description.epsilon, "INSIDE_SQRT")
        return op.add(op.multiply(even, _constant(affine.weight)), _constant(affine.bias))


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

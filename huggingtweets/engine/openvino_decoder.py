"""The graph of `openvino_graph` in use on a CPU: which blocks of the cache are whose, and one call a step.

Knows OpenVINO's runtime, rows and grids. Does not know text, names or threads other than OpenVINO's.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Literal

import numpy as np
import openvino as ov
import torch

from huggingtweets.cpu import one_thread, usable_cores
from huggingtweets.engine.adapters import Adapter, Factors, Held, put
from huggingtweets.engine.blocks import BLOCK, SCRATCH, Blocks, Int32s, blocks_of, shared
from huggingtweets.engine.decoder import Cells, Tokens
from huggingtweets.engine.grid import Grid, arranged
from huggingtweets.engine.openvino_graph import build
from huggingtweets.engine.rows import Prompt, Row
from huggingtweets.engine.weights import Layout, Weights

RANK_STEP = 8  # OpenVINO prepares kernels for every new shape, so there are few
PROMPT_STEP = 8


class OpenVinoDecoder:
    """`weights` in int8 (the cache as well) or fp32; `Decoder` says what it does.

    Without `adapted` no row may have an adapter.
    """

    column_cost = 1.0

    def __init__(
        self, weights: Weights, *, precision: Literal["int8", "fp32"] = "int8", threads: int = 0, adapted: bool = True
    ):
        int8 = precision == "int8"
        self.context, self.layout = weights.context, weights.layout
        self.bytes = weights.count * (1 if int8 else 4)
        self.dtype = torch.float16 if int8 else torch.float32
        threads = threads or usable_cores()
        # With fewer sequences than threads OpenVINO 2026.4 adds up in another order: the last bits would depend on the
        # company. Empty sequences cost nothing.
        self._fewest = threads
        # Adapters are most of what a step reads from memory, so half of their bytes is nearly half of the time.
        half = int8 and has_bfloat16()
        kind = torch.bfloat16 if half else torch.float32
        model = build(weights, int8=int8, adapted=adapted, half=half)
        compiled = _core().compile_model(
            model,
            "CPU",
            {
                "INFERENCE_NUM_THREADS": threads,
                "NUM_STREAMS": 1,
                # With bfloat16 a row's logits would depend on how long the others are.
                "INFERENCE_PRECISION_HINT": "f32",
                "KV_CACHE_PRECISION": "u8" if int8 else "f32",
                "DYNAMIC_QUANTIZATION_GROUP_SIZE": 32 if int8 else 0,
            },
        )
        self._decoding = _Call(compiled, self.layout if adapted else None, kind)
        self._reading = _Call(compiled, self.layout if adapted else None, kind)
        self._cache = _Cache(compiled, len(weights.blocks))
        self._blocks = Blocks(self._cache.grow)
        self.arrange(Grid(1, (), ()))

    def hold(self, adapter: Adapter) -> Held:
        return adapter

    def prefill(self, prompts: Sequence[Prompt]) -> torch.Tensor:
        self._blocks.give(prompts)
        longest = max(len(prompt.tokens) for prompt in prompts)
        depth = -(-longest // PROMPT_STEP) * PROMPT_STEP
        grid = arranged(prompts, self.column_cost / depth)
        given = [prompt.tokens if prompt else [] for prompt in grid.cells]
        count, ends = len(given), np.array([len(tokens) for tokens in given])
        starts = np.arange(count) * depth
        # What fills a cell up is a sequence of its own: int8 keys share a scale with those that stand beside them.
        tables: list[Int32s] = []
        for cell, end in zip(grid.cells, ends, strict=True):
            own = cell.rows[0].kept[: blocks_of(end)] if cell else np.zeros(0, np.int32)
            tables += [own, np.full(blocks_of(depth - end), SCRATCH, np.int32)]
        self._reading.adapt(grid.columns)
        inputs = _Inputs(
            tokens=np.array([[*tokens, *[0] * (depth - len(tokens))] for tokens in given]).ravel(),
            positions=np.tile(np.arange(depth), count) % self.context,
            wanted=starts + np.maximum(ends, 1) - 1,
            past_lens=np.zeros(2 * count),
            subsequence_begins=np.append(np.stack([starts, starts + ends], axis=1), count * depth),
            tables=tables,
            max_context_len=depth,
        )
        logits = self._reading(self._cache, inputs)
        if pairs := shared(prompts):
            self._cache.copy(*pairs)
        return logits[grid.places(prompts)]

    def arrange(self, grid: Grid[Row]) -> None:
        self._decoding.adapt(grid.columns)
        self._blocks.keep(row for row in grid.cells if row)
        self._grid = grid
        idle = np.array([SCRATCH], np.int32)
        self._tables = [row.kept if row else idle for row in grid.cells]
        self._tables += [idle] * max(0, self._fewest - len(grid.cells))
        self._read: Tokens | None = None  # how many blocks of each row
        count, sequences = len(grid.cells), len(self._tables)
        self._inputs = _Inputs(
            tokens=np.zeros(count),
            positions=np.zeros(count),
            wanted=np.arange(count),
            past_lens=np.zeros(sequences),
            subsequence_begins=np.minimum(np.arange(sequences + 1), count),
            tables=self._tables,
            max_context_len=0,
        )

    def advance(self, cells: Cells) -> Tokens:
        lengths = cells.lengths.numpy()
        count, given = len(lengths), self._inputs
        given["tokens"][:] = cells.tokens.numpy()
        given["positions"][:] = lengths
        given["past_lens"][:count] = lengths
        given["max_context_len"][...] = lengths.max() + 1
        blocks = lengths // BLOCK + 1
        if self._read is None or not np.array_equal(blocks, self._read):
            # Every 32nd step of a row, and after rows have moved or left.
            self._read = blocks
            used = [table[:number] for table, number in zip(self._tables, blocks, strict=False)]
            given.look_up([*used, *self._tables[count:]])
        logits = self._decoding(self._cache, given)
        with one_thread():
            tokens = cells.choose(logits)
        cells.advance(tokens)
        return tokens.unsqueeze(0).numpy()


class _Call:
    """One of OpenVINO's requests, with adapters of its own."""

    def __init__(self, compiled: ov.CompiledModel, layout: Layout | None, kind: torch.dtype):
        self._request, self._layout, self._kind = compiled.create_infer_request(), layout, kind
        self._ranks, self._used = (0, 0), 0
        self._columns: tuple[Held | None, ...] = ()
        self._stacks: dict[str, torch.Tensor] = {}  # by the input's name, [columns, ...]
        self._held: list[ov.Tensor] = []  # the request does not keep alive what it points to,
        self._given: dict[str, Int32s] = {}  # neither this

    def adapt(self, columns: Sequence[Held | None]) -> None:
        """Let the columns have these adapters; what stands in its place already is not copied again."""
        if not self._layout:
            return
        present = [adapter for adapter in columns if isinstance(adapter, Adapter)]
        ranks = (
            _rounded(max((adapter.rank for adapter in present), default=1)),
            _rounded(max((adapter.embedding_rank for adapter in present), default=0)),
        )
        before = self._columns
        if ranks != self._ranks or len(columns) > len(before):
            self._ranks, self._used, before = ranks, 0, ()
            self._stacks = _empty_stacks(self._layout, self._kind, len(columns), *ranks)
        if self._used != len(columns):
            self._point(len(columns))
        for number, adapter in enumerate(columns):
            if number >= len(before) or before[number] is not adapter:
                self._put(number, adapter)
        self._columns = (*columns, *before[len(columns) :])

    def __call__(self, cache: "_Cache", given: "_Inputs") -> torch.Tensor:
        """Logits [wanted, vocabulary]; the next call overwrites them."""
        cache.lend(self._request)
        for name, value in given.items():
            # What stayed the same array is read where it was; its values may be others.
            if self._given.get(name) is not value:
                self._given[name] = value
                self._request.set_tensor(name, ov.Tensor(value, shared_memory=True))
        self._request.infer()
        return torch.from_numpy(self._request.get_output_tensor(0).data)

    def _point(self, count: int) -> None:
        """Let the request read the first `count` columns."""
        self._used = count
        self._held = [_shared(stack[:count]) for stack in self._stacks.values()]
        for name, tensor in zip(self._stacks, self._held, strict=True):
            self._request.set_tensor(name, tensor)

    def _put(self, number: int, adapter: Held | None) -> None:
        for stack in self._stacks.values():
            stack[number] = 0
        if isinstance(adapter, Adapter):
            parts = {name: stack[number] for name, stack in self._stacks.items()}
            put(adapter, _factors(parts))
            if "t" in parts:
                parts["t"][:] = parts["d"].T


def _empty_stacks(
    layout: Layout, kind: torch.dtype, columns: int, rank: int, embedding_rank: int
) -> dict[str, torch.Tensor]:
    shapes: dict[str, tuple[int, int]] = {}
    for number, (inputs, outputs) in enumerate(layout.linears):
        shapes |= {f"a.{number}": (inputs, rank), f"b.{number}": (rank, outputs)}
    if layout.tied:
        shapes |= {"e": (embedding_rank, layout.vocabulary), "d": (embedding_rank, layout.width)}
        shapes |= {"t": (layout.width, embedding_rank)}
    return {name: torch.zeros(columns, *shape, dtype=kind) for name, shape in shapes.items()}


def _factors(parts: dict[str, torch.Tensor]) -> Factors:
    linears = [(parts[name], parts[f"b{name[1:]}"]) for name in parts if name.startswith("a.")]
    return Factors(linears, (parts["e"], parts["d"]) if "e" in parts else None)


@cache
def _core() -> ov.Core:
    """OpenVINO, once for the process and never let go of.

    A core gives its thread another stack for signals and takes it back at its end, to what it found. Of two that end in
    the order in which they began, the second leaves a stack that is freed, and the next signal ends the process.
    """
    return ov.Core()


def has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 by itself."""
    return "BF16" in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _shared(stack: torch.Tensor) -> ov.Tensor:
    """The same memory."""
    if stack.dtype is torch.float32:
        return ov.Tensor(stack.numpy(), shared_memory=True)
    # NumPy has no bfloat16.
    return ov.Tensor(stack.view(torch.uint16).numpy(), ov.Shape(list(stack.shape)), ov.Type.bf16)


def _rounded(rank: int) -> int:
    """A rank of its shape; the least that can be multiplied with is 1."""
    return max(1, -(-rank // RANK_STEP) * RANK_STEP)


class _Inputs(dict[str, Int32s]):
    """What a call reads besides adapters and cache, by the graph's names; arrays to be written into between calls."""

    def __init__(self, tables: Sequence[Int32s], **values: Any):
        super().__init__({name: np.array(value, dtype=np.int32, order="C") for name, value in values.items()})
        self.look_up(tables)

    def look_up(self, tables: Sequence[Int32s]) -> None:
        """Let the sequences be in these blocks."""
        self["block_indices"] = np.concatenate(tables) if tables else np.zeros(0, np.int32)
        self["block_indices_begins"] = np.cumsum([0, *map(len, tables)], dtype=np.int32)


class _Cache:
    """Keys and values in blocks of `BLOCK` positions, a tensor a layer for either; grows when it has to."""

    def __init__(self, compiled: ov.CompiledModel, layers: int):
        names = [f"{name}_cache.{layer}" for layer in range(layers) for name in ("key", "value")]
        self._inputs = {name: compiled.input(name) for name in names}
        self._tensors: dict[str, ov.Tensor] = {}
        self.blocks, self._version = 0, 0
        self._lent: dict[int, int] = {}

    def lend(self, request: Any) -> None:
        """Let `request` read and write the cache."""
        if self._lent.get(id(request)) != self._version:
            self._lent[id(request)] = self._version
            for name, tensor in self._tensors.items():
                request.set_tensor(name, tensor)

    def grow(self, count: int) -> Iterable[int]:
        """Room for at least `count` more blocks, and for as many as there are: the new ones."""
        before, self.blocks = self.blocks, self.blocks + max(count, self.blocks, 16)
        for name, given in self._inputs.items():
            # The plugin decides on the type and the last dimensions, where scales stand beside int8.
            sizes = [dimension.get_length() for dimension in list(given.partial_shape)[1:]]
            tensor = ov.Tensor(given.element_type, [self.blocks, *sizes])
            tensor.data[before:] = 0
            if before:
                tensor.data[:before] = self._tensors[name].data
            self._tensors[name] = tensor
        self._version += 1
        return range(before, self.blocks)

    def copy(self, source: Int32s, target: Int32s) -> None:
        """Let the blocks `target` hold what the blocks `source` do."""
        for tensor in self._tensors.values():
            data = tensor.data
            data[target] = data[source]

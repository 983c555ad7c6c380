"""The decoder that uses `kernels.c`. It tells the kernels a step's rows, their voices, and where their caches are.

Knows rows, grids and the kernels. Does not know text, names or how anything is computed.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from huggingtweets.core.process.cpu import one_thread, usable_cores
from huggingtweets.generation.engine.adapters import Adapter, Held
from huggingtweets.generation.engine.blocks import BLOCK, SCRATCH, Blocks, Int32s, blocks_of, shared
from huggingtweets.generation.engine.decoder import AHEAD, Cells, Drawn
from huggingtweets.generation.engine.grid import Grid
from huggingtweets.generation.engine.native import (
    LOGITS,
    TILE,
    CallStruct,
    Group,
    PackedVoice,
    PackedWeights,
    Team,
    apart,
    chunks,
)
from huggingtweets.generation.engine.rows import Prompt, Row
from huggingtweets.generation.engine.sampling import nats_of
from huggingtweets.generation.engine.weights import Weights

BURST_SECONDS = 0.02  # newcomers, and whoever wants a draft to stop, wait about so long


class NativeDecoder:
    """`weights` in int8, adapters in int4, cache in fp16; `Decoder` says what it does.

    `products` is the one of `native.PRODUCTS` to multiply with, by default the fastest. Steps follow each other in the
    kernels for `burst_seconds`, or until a row has ended. Raises `RuntimeError` where the kernels do not run, and
    `ValueError` for shapes that they cannot compute.
    """

    column_cost = 0.0
    dtype = torch.float32

    def __init__(self, weights: Weights, *, threads: int = 0, products: str = "", burst_seconds: float = BURST_SECONDS):
        self.context, self.layout = weights.context, weights.layout
        self._team = Team(threads or usable_cores(), products)
        self._weights, self._burst_nanoseconds = PackedWeights(weights), round(1e9 * burst_seconds)
        self._cache: NDArray[np.float16] = np.zeros(
            (self._weights.layers, 0, BLOCK, 2, self._weights.key_width), np.float16
        )
        self._blocks = Blocks(self._grow)
        self.arrange(Grid(1, (), ()))

    @property
    def bytes(self) -> int:
        return self._weights.bytes

    def hold(self, adapter: Adapter) -> Held:
        return PackedVoice(adapter)

    def prefill(self, prompts: Sequence[Prompt]) -> torch.Tensor:
        self._blocks.give(prompts)
        # Prompts of one voice stand together.
        order = sorted(range(len(prompts)), key=lambda number: id(prompts[number].adapter))
        in_order = [prompts[number] for number in order]
        lengths = [len(prompt.tokens) for prompt in in_order]
        tables = [prompt.rows[0].kept[: blocks_of(length)] for prompt, length in zip(in_order, lengths, strict=True)]
        call = self._call([prompt.adapter for prompt in in_order], lengths, tables)
        call.tokens[:] = np.concatenate([prompt.tokens for prompt in in_order])
        call.positions[:] = np.concatenate([np.arange(length) for length in lengths])
        self._make(call)
        if pairs := shared(prompts):
            source, target = pairs
            self._cache[:, target] = self._cache[:, source]
        return torch.from_numpy(call.logits[np.argsort(order), : self._weights.vocabulary])

    def arrange(self, grid: Grid[Row]) -> None:
        self._blocks.keep(row for row in grid.cells if row)
        idle = np.array([SCRATCH], np.int32)
        adapters = [grid.columns[cell // grid.depth] for cell in range(len(grid.cells))]
        self._decoding = self._call(adapters, [1] * len(adapters), [row.kept if row else idle for row in grid.cells])

    def advance(self, cells: Cells) -> Drawn:
        call, bending = self._decoding, cells.bending
        call.choose_as(cells, 0 if bending else self._burst_nanoseconds)
        call.tokens[:], call.positions[:] = cells.tokens.numpy(), cells.lengths.numpy()
        steps = self._make(call)
        drawn = Drawn(call.chosen[:steps].astype(np.int64), call.nats[:steps].copy())
        last = torch.from_numpy(drawn.tokens[-1])
        if bending:
            # The kernels know no habits, so the tokens of these rows are drawn here, from the kernels' logits.
            logits = torch.from_numpy(call.logits[bending, : self._weights.vocabulary])
            with one_thread():
                bent = cells.bent(logits, bending)
                last[bending] = cells.choose(bent, bending)
                drawn.nats[-1, bending] = nats_of(bent, last[bending]).numpy()
        cells.advance(last, steps)
        return drawn

    def _call(self, adapters: Sequence[Held | None], lengths: Sequence[int], tables: Sequence[Int32s]) -> "_Call":
        """A call for sequences with these adapters, lengths and blocks."""
        voices = [adapter if isinstance(adapter, PackedVoice) else None for adapter in adapters]
        return _Call(self._weights, self._team.threads, voices, lengths, tables)

    def _make(self, call: "_Call") -> int:
        call.struct.cache, call.struct.cache_blocks = self._cache.ctypes.data, self._cache.shape[1]
        return self._team.step(self._weights, call.struct)

    def _grow(self, count: int) -> Iterable[int]:
        layers, before, *sizes = self._cache.shape
        after = before + max(count, before, 16)
        grown = np.zeros((layers, after, *sizes), np.float16)
        grown[:, :before] = self._cache
        self._cache = grown
        return range(before, after)


class _Call:
    """What one or more steps read and write. Fill in `tokens` and `positions` [tokens] before them."""

    def __init__(
        self,
        weights: PackedWeights,
        threads: int,
        voices: Sequence[PackedVoice | None],
        lengths: Sequence[int],
        tables: Sequence[Int32s],
    ):
        rows, count = sum(lengths), len(lengths)
        self._threads, self._vocabulary = threads, weights.vocabulary
        groups = _groups(voices, lengths)
        highest = max((voice.highest for voice in voices if voice), default=0)
        blocks = max(map(len, tables), default=0)
        room = max(max(weights.width, weights.heads_width) + blocks * BLOCK, TILE * highest)
        self._arrays: dict[str, NDArray[Any]] = {
            "tokens": np.zeros(rows, np.int32),
            "positions": np.zeros(rows, np.int32),
            "sequences": np.repeat(np.arange(count, dtype=np.int32), lengths),
            "tables": _even(tables, blocks),
            "wanted_rows": np.cumsum(lengths, dtype=np.int32) - 1,
            "x": np.empty((rows, apart(weights.width)), np.float32),
            "wide": np.empty((rows, apart(weights.widest)), np.float32),
            "logits": np.empty((count, apart(weights.vocabulary)), np.float32),
            "scratch": np.empty((threads, room), np.float32),
            "maxima": np.empty((threads, 2, -(-weights.vocabulary // LOGITS)), np.float32),
        }
        for name, height, width in (
            ("even", rows, max(weights.width, weights.heads_width)),
            ("inner", rows, weights.inner),
            ("low", rows * weights.side_by_side, highest),
        ):
            self._arrays |= {
                name: np.empty((height, width), np.int16),
                f"{name}_chunks": np.empty((height, chunks(width), 2), np.float32),  # scale and sum
            }
        self.tokens, self.positions = self._arrays["tokens"], self._arrays["positions"]
        self.logits, self.chosen = self._arrays["logits"], np.empty((0, 0), np.int32)
        self.nats = np.empty((0, 0), np.float32)
        self._voices = voices  # the structures point to them, so they must stay in memory
        self._cells: Cells | None = None
        self.struct = CallStruct(
            rows=rows,
            groups=len(groups),
            wanted=count,
            table_width=blocks,
            deepest=max((group.end - group.start for group in groups), default=0),
            highest=highest,
            steps=1,
            room=room,
            group=(Group * len(groups))(*groups),
        )
        self._point(self._arrays)

    def choose_as(self, cells: Cells, nanoseconds: int) -> None:
        """Let the next steps draw a token for each sequence into `chosen` [steps, cells], with the settings of `cells`.

        How unlikely each token was goes into `nats` [steps, cells]. Steps are made until a row ends or has all its
        tokens, or the random numbers made so far are used up. None begins after `nanoseconds`.
        """
        if self._cells is not cells:
            self._cells, count = cells, len(cells.tokens)
            most = min(cells.widest, self._vocabulary)
            self.chosen, self.nats = np.zeros((AHEAD, count), np.int32), np.zeros((AHEAD, count), np.float32)
            self._choosing = {
                "values": np.empty((self._threads, most), np.float32),
                "ranks": np.empty((self._threads, 2, most), np.uint64),
                "chosen": self.chosen,
                "nats": self.nats,
                **{name: getattr(cells, name).numpy() for name in ("temperature", "top_p", "top_k", "live")},
            }
            self.struct.most, self.struct.end, self.struct.ahead = most, cells.end_of_text, AHEAD
            self._point(self._choosing)
        uniforms, first = cells.ahead()
        self.struct.uniform = uniforms.data_ptr() + first * uniforms.element_size()
        self.struct.steps = max(1, min(cells.left, AHEAD - first))
        self.struct.nanoseconds = nanoseconds

    def _point(self, arrays: dict[str, NDArray[Any]]) -> None:
        for name, array in arrays.items():
            setattr(self.struct, name, array.ctypes.data)


def _even(tables: Sequence[Int32s], width: int) -> Int32s:
    """`tables` below each other, each filled up with zeros."""
    even = np.zeros((len(tables), width), np.int32)
    for number, table in enumerate(tables):
        even[number, : len(table)] = table
    return even


def _groups(voices: Sequence[PackedVoice | None], lengths: Sequence[int]) -> list[Group]:
    """One group for each run of sequences of one voice."""
    groups: list[Group] = []
    start = 0
    for number, (voice, length) in enumerate(zip(voices, lengths, strict=True)):
        if not number or voice is not voices[number - 1]:
            groups.append(Group(voice.pointer if voice else None, start, start, number, number))
        start += length
        groups[-1].end, groups[-1].wanted_end = start, number + 1
    return groups

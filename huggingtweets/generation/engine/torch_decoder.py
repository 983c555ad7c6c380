"""A model in plain torch, with one adapter for each column. Every cell of the grid has its place in one cache.

Knows weights, rows and grids; the formulas are in `model.block`. Does not know text, names or threads.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import nn

from huggingtweets.core.errors import first_line
from huggingtweets.generation.engine.adapters import Adapter, Factors, Held, put, size, views
from huggingtweets.generation.engine.decoder import Cells, Drawn
from huggingtweets.generation.engine.grid import Grid, arranged, bucket, padded
from huggingtweets.generation.engine.rows import Prompt, Row
from huggingtweets.generation.engine.sampling import nats_of
from huggingtweets.generation.engine.weights import Affine, Layout, Weights
from huggingtweets.model.block import angles_at, through_block

log = logging.getLogger(__name__)

Attend = Callable[[int, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
CACHE_STEP = 64  # positions by which the cache grows
CAPTURED_AFTER = 3  # bursts of one shape, because a capture only pays if many more follow
MOST_BURSTS = 16  # shapes that are kept prepared


class TorchDecoder:
    """`weights` on a CPU or a GPU; `Decoder` says what it does.

    With more than one of `steps` at once, a burst, the device chooses tokens and reads them again, and only what was
    drawn comes back. Rows that end within a burst go on to its end, and the tokens after their own end are dropped.
    Rows with habits make one step at a time, because habits are mixed in on the CPU. The grid is filled up to one of a
    few shapes. On a GPU the burst of a shape is captured as a graph, so that one call starts all of its kernels.
    """

    column_cost = 1.0

    def __init__(self, weights: Weights, *, device: str = "cpu", dtype: torch.dtype = torch.float32, steps: int = 1):
        self.dtype, self._device, self._steps = dtype, torch.device(device), steps
        self._single = steps == 1 and self._device.type == "cpu"  # no bursts: the host chooses each token
        self._layout = weights.layout
        self._weights = weights.to(self._device, dtype)
        self._bursts: OrderedDict[Hashable, Burst] = OrderedDict()
        self._burst: Burst | None = None
        self._room = torch.empty(0, dtype=dtype, device=self._device)
        self._banned = torch.tensor(weights.banned, dtype=torch.int64, device=self._device)
        self._stack = Stack(self._layout, self.dtype, self._device)
        self._grid: Grid[Row] = Grid(1, (), ())
        self._places: list[int] = []  # in it, of the cells that were asked for
        self._cache = self._empty_cache(0, 0)

    @property
    def context(self) -> int:
        return self._weights.context

    @property
    def layout(self) -> Layout:
        return self._layout

    @property
    def bytes(self) -> int:
        return self._weights.description.parameters * self.dtype.itemsize

    @torch.inference_mode()
    def hold(self, adapter: Adapter) -> Held:
        return adapter

    def prefill(self, prompts: Sequence[Prompt]) -> torch.Tensor:
        longest = max(len(prompt.tokens) for prompt in prompts)
        grid = arranged(prompts, self.column_cost / longest)
        prompt_tokens = [prompt.tokens if prompt else [0] for prompt in grid.cells]
        filled = [[*tokens, *[0] * (longest - len(tokens))] for tokens in prompt_tokens]
        tokens = torch.tensor(filled, device=self._device).view(len(grid.columns), -1)
        stack = Stack(self._layout, self.dtype, self._device)
        stack.fill(grid.columns)
        layers: list[torch.Tensor] = []

        def by_cell(part: torch.Tensor) -> torch.Tensor:
            """[cells, heads, longest, size] of [columns, heads, depth * longest, size]."""
            return part.reshape(*part.shape[:2], grid.depth, longest, -1).transpose(1, 2).flatten(0, 1)

        def attend(layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
            # Prompts are padded on their right side, and no token sees what is to its right.
            query, key, value = by_cell(query), by_cell(key), by_cell(value)
            layers.append(torch.stack([key, value]))
            scale = self._weights.blocks[layer].scale
            attention = nn.functional.scaled_dot_product_attention(
                query, key, value, is_causal=True, scale=scale, enable_gqa=query.shape[1] != key.shape[1]
            )
            return attention.view(-1, grid.depth, *attention.shape[1:]).transpose(1, 2).flatten(2, 3)

        positions = torch.arange(longest, device=self._device).repeat(grid.depth)
        hidden = self._hidden(tokens, positions, stack, attend).view(len(prompt_tokens), longest, -1)
        cells = torch.arange(len(prompt_tokens))
        last = hidden[cells, [len(tokens) - 1 for tokens in prompt_tokens]].view(-1, grid.depth, hidden.shape[-1])
        for cell, prompt in enumerate(grid.cells):
            if prompt:
                place = torch.stack([layer[:, cell, :, : len(prompt.tokens)] for layer in layers])
                for row in prompt.rows:
                    row.kept = place
        return self._logits(last, stack).flatten(0, 1)[grid.places(prompts)].cpu()

    @torch.inference_mode()
    def arrange(self, grid: Grid[Row]) -> None:
        stands, places = (grid, list(range(len(grid.cells)))) if self._single else padded(grid)
        self._stack.fill(stands.columns)
        longest = -(-max((row.most for row in grid.cells if row), default=0) // CACHE_STEP)
        cache = self._empty_cache(len(stands.cells), CACHE_STEP * (longest if self._single else bucket(longest)))
        for cell, row in enumerate(stands.cells):
            if row:
                row_cache = self._cache[:, :, row.kept] if isinstance(row.kept, int) else row.kept
                cache[:, :, cell, :, : row.length] = row_cache[..., : row.length, :]
        for cell, row in enumerate(stands.cells):
            if row:
                row.kept = cell
        self._cache = cache if self._single else self._in_its_room(cache)
        self._grid, self._burst = stands, None
        self._places = places

    @torch.inference_mode()
    def advance(self, cells: Cells) -> Drawn:
        if self._single or cells.bending:
            logits = cells.bent(self._next_logits(cells))
            tokens = cells.choose(logits)
            cells.advance(tokens)
            return Drawn(tokens.unsqueeze(0).numpy(), nats_of(logits, tokens).unsqueeze(0).numpy())
        burst = self._burst = self._burst or self._found_burst(cells)
        self._run(burst)
        cells.pass_over(self._steps)
        return Drawn(*(part.cpu()[:, self._places].numpy() for part in (burst.tokens, burst.nats)))

    def _next_logits(self, cells: Cells) -> torch.Tensor:
        """Logits [cells, vocabulary] after the next token of `cells`, where these are."""
        if self._single:
            return self._step(cells.tokens, cells.lengths)
        spread = cells.spread(self._places, len(self._grid.cells), self._device)
        return self._step(spread.tokens, spread.lengths)[self._places].cpu()

    def _in_its_room(self, cache: torch.Tensor) -> torch.Tensor:
        """`cache`, copied to the memory that all caches use: a graph reads the memory that it was captured with."""
        if cache.numel() > self._room.numel():
            self._room = torch.empty(cache.numel(), dtype=self.dtype, device=self._device)
        place = self._room[: cache.numel()].view(cache.shape)
        place.copy_(cache)
        return place

    def _found_burst(self, cells: Cells) -> "Burst":
        """The burst for the grid's shape, with the numbers of `cells`."""
        count = len(self._grid.cells)
        grid_cells = cells.spread(self._places, count, self._device)
        key = (self._cache.data_ptr(), self._cache.shape, len(self._grid.columns), self._stack.key, cells.widest)
        burst = self._bursts.get(key)
        if burst:
            burst.cells.load(grid_cells)
        else:
            shape, device = (self._steps, count), self._device
            tokens, nats = torch.zeros(shape, dtype=torch.int64, device=device), torch.zeros(shape, device=device)
            burst = self._bursts[key] = Burst(grid_cells, tokens, nats)
        self._bursts.move_to_end(key)
        while len(self._bursts) > MOST_BURSTS:
            self._bursts.popitem(last=False)
        return burst

    def _run(self, burst: "Burst") -> None:
        burst.runs += 1
        if burst.runs == CAPTURED_AFTER and self._device.type == "cuda":
            self._capture(burst)
        if burst.graph:
            burst.graph.replay()
        else:
            self._make(burst)

    def _make(self, burst: "Burst") -> None:
        cells = burst.cells
        cells.start()
        for step in range(self._steps):
            logits = self._step(cells.tokens, cells.lengths)
            tokens = cells.choose(logits)
            cells.advance(tokens)
            burst.tokens[step].copy_(tokens)
            burst.nats[step].copy_(nats_of(logits, tokens))

    def _capture(self, burst: "Burst") -> None:
        """Prepare the burst as a graph. If that fails, it is made step by step as before."""
        count = len(burst.cells.tokens)
        before = burst.cells.spread(range(count), count, self._device)
        aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            self._make(burst)  # libraries set themselves up for a stream, outside the graph
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        try:
            with torch.cuda.graph(graph):
                self._make(burst)
            burst.graph = graph
        except RuntimeError as error:
            log.warning("steps of %d rows cannot be captured: %s", count, first_line(error))
        burst.cells.load(before)

    def _step(self, tokens: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Logits [cells, vocabulary] after reading `tokens` [cells] at positions `lengths` [cells]."""
        count, places = len(lengths), self._cache.shape[4]
        # A row that has ended may go on for some steps. It then writes to its last place.
        lengths = lengths.clamp(max=min(places, self.context) - 1)
        # Asking a GPU for the longest length would mean waiting for it.
        reach = int(lengths.max()) + 1 if self._device.type == "cpu" else places
        cells, size = torch.arange(count, device=self._device), self._weights.description.head_size
        visible = (torch.arange(reach, device=self._device) <= lengths.unsqueeze(1)).view(count, 1, 1, reach)

        def attend(layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
            # Tokens of a decoding step are [columns, heads, depth, size] here, each one alone in its row of the cache.
            query, key, value = (part.transpose(1, 2).reshape(count, -1, size) for part in (query, key, value))
            keys, values = self._cache[layer]
            keys[cells, :, lengths] = key
            values[cells, :, lengths] = value
            # The heads that share a key head stand where a sequence's positions stand otherwise.
            out = nn.functional.scaled_dot_product_attention(
                query.view(count, key.shape[1], -1, size),
                keys[:, :, :reach],
                values[:, :, :reach],
                attn_mask=visible,
                scale=self._weights.blocks[layer].scale,
            )
            return out.reshape(len(self._grid.columns), self._grid.depth, -1, size).transpose(1, 2)

        grid = (len(self._grid.columns), self._grid.depth)
        hidden = self._hidden(tokens.view(grid), lengths.view(grid), self._stack, attend)
        return self._logits(hidden, self._stack).flatten(0, 1)

    def _hidden(self, tokens: torch.Tensor, positions: torch.Tensor, stack: "Stack", attend: Attend) -> torch.Tensor:
        """The last block's output, [columns, depth, width], of `tokens` [columns, depth]."""
        weights, description = self._weights, self._weights.description
        x, angles = weights.tokens[tokens], None
        if description.rotary:
            by_row = positions if positions.ndim == 2 else positions.unsqueeze(0)
            angles = angles_at(by_row, description.rotary, description.head_size)
        else:
            assert weights.positions is not None
            x = x + weights.positions[positions]
        factors = stack.factors()
        if factors and factors.embedding:
            e, d = factors.embedding
            own = e.gather(2, tokens.unsqueeze(1).expand(-1, e.shape[1], -1))
            x = torch.baddbmm(x, own.transpose(1, 2), d)
        places = {name: number for number, name in enumerate(description.linears)}

        def through(layer: int, name: str, x: torch.Tensor) -> torch.Tensor:
            affine = weights.blocks[layer].parts[name]
            if name not in places:
                return self._norm(x, affine)
            flat = x.flatten(0, 1)
            y = flat @ affine.weight if affine.bias is None else torch.addmm(affine.bias, flat, affine.weight)
            y = y.view(*x.shape[:2], -1)
            if not factors:
                return y
            a, b = factors.linears[layer * len(places) + places[name]]
            return torch.baddbmm(y, torch.bmm(x, a), b)

        for layer in range(description.layers):
            turning = angles if description.turns(layer) else None
            x = through_block(description, x, partial(through, layer), partial(attend, layer), turning)
        return x

    def _logits(self, hidden: torch.Tensor, stack: "Stack") -> torch.Tensor:
        """[columns, depth, vocabulary] of `hidden` [columns, depth, width]."""
        last = self._norm(hidden, self._weights.norm)
        logits = nn.functional.linear(last, self._weights.head)
        factors = stack.factors()
        if factors and factors.embedding:
            e, d = factors.embedding
            logits = torch.baddbmm(logits, torch.bmm(last, d.transpose(1, 2)), e)
        return logits.index_fill_(-1, self._banned, -torch.inf) if len(self._banned) else logits

    def _norm(self, x: torch.Tensor, affine: Affine) -> torch.Tensor:
        shape, epsilon = affine.weight.shape, self._weights.description.epsilon
        if self._weights.description.norm == "rms":
            return nn.functional.rms_norm(x, shape, affine.weight, epsilon)
        return nn.functional.layer_norm(x, shape, affine.weight, affine.bias, epsilon)

    def _empty_cache(self, cells: int, positions: int) -> torch.Tensor:
        """[layers, key and value, cells, key heads, positions, size]."""
        description = self._weights.description
        shape = (description.layers, 2, cells, description.key_heads, positions, description.head_size)
        return torch.zeros(shape, dtype=self.dtype, device=self._device)


@dataclass(slots=True)
class Burst:
    """Steps that are made without the host. `tokens` and their `nats` are [steps, cells]."""

    cells: Cells
    tokens: torch.Tensor
    nats: torch.Tensor
    runs: int = 0
    graph: torch.cuda.CUDAGraph | None = None


class Stack:
    """The adapters of a grid's columns in one tensor [columns, size]. Smaller ranks are filled up with zeros."""

    def __init__(self, layout: Layout, dtype: torch.dtype, device: torch.device):
        self._layout, self._dtype, self._device = layout, dtype, device
        self._ranks, self._used = (0, 0), 0
        self._columns: tuple[Held | None, ...] = ()
        self._flat = torch.empty(0, 0, dtype=dtype, device=device)

    @property
    def key(self) -> tuple[int, int, int]:
        """Changes if a graph that was captured with this stack cannot read it any more."""
        return (self._flat.data_ptr(), *self._ranks)

    def fill(self, columns: Sequence[Held | None]) -> None:
        """Load the adapters of `columns`. An adapter that is already in its place is not copied again."""
        present = [adapter for adapter in columns if isinstance(adapter, Adapter)]
        ranks = (
            max((adapter.rank for adapter in present), default=0),
            max((adapter.embedding_rank for adapter in present), default=0),
        )
        before = self._columns
        if ranks != self._ranks or len(columns) > len(self._flat):
            self._ranks, before = ranks, ()
            numbers = size(self._layout, *ranks)
            self._flat = torch.zeros(len(columns), numbers, dtype=self._dtype, device=self._device)
        for number, adapter in enumerate(columns):
            if number >= len(before) or before[number] is not adapter:
                self._put(number, adapter)
        # Columns beyond those in use keep their adapters.
        self._columns = (*columns, *before[len(columns) :])
        self._used = len(columns)

    def factors(self) -> Factors | None:
        """The factors of all columns, [columns, ...]; None if no column has an adapter."""
        return views(self._flat[: self._used], self._layout, *self._ranks) if self._ranks[0] else None

    def _put(self, number: int, adapter: Held | None) -> None:
        place = self._flat[number]
        if isinstance(adapter, Adapter) and (adapter.rank, adapter.embedding_rank) == self._ranks:
            place.copy_(adapter.flat)
            return
        place.zero_()
        if isinstance(adapter, Adapter):
            put(adapter, views(place, self._layout, *self._ranks))

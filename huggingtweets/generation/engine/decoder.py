"""The interface between a batch and a model, and the numbers of a batch's rows. Each way to compute is a decoder.

Knows rows, grids and sampling. Does not know how logits are computed.
"""

import copy
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from huggingtweets.generation.engine.adapters import Adapter, Held
from huggingtweets.generation.engine.grid import Grid
from huggingtweets.generation.engine.habits import Habits
from huggingtweets.generation.engine.rows import Prompt, Row
from huggingtweets.generation.engine.sampling import Likeliest, likeliest, uniforms
from huggingtweets.generation.engine.weights import Layout

Tokens = NDArray[np.int64]
# The numbers of a cell, and what they are when it is idle.
IDLE = {"tokens": 0, "lengths": 0, "seeds": 0, "steps": 0, "temperature": 1, "top_k": 1, "top_p": 1, "live": 0}
AHEAD = 16  # steps whose random numbers are made at once, because making them takes many small operations


class Drawn(NamedTuple):
    """The `tokens` of some steps, int64 [steps, cells], and how unlikely each was in nats, float32 [steps, cells].

    The nats are those of the model's own distribution, whatever temperature, top-k and top-p made of it.
    """

    tokens: Tokens
    nats: NDArray[np.float32]


class Decoder(Protocol):
    """One base in memory, with the keys and values of the rows that are under way."""

    @property
    def context(self) -> int:
        """Tokens the model can see at once."""

    @property
    def layout(self) -> Layout:
        """What an adapter can change."""

    @property
    def dtype(self) -> torch.dtype:
        """The type of numbers that adapters are loaded in."""

    @property
    def bytes(self) -> int:
        """What the base's weights take in memory."""

    @property
    def column_cost(self) -> float:
        """The cost of one more column in a grid, in cells."""

    def hold(self, adapter: Adapter) -> Held:
        """`adapter` in the form that this decoder computes with."""

    def prefill(self, prompts: Sequence[Prompt]) -> torch.Tensor:
        """Logits [prompts, vocabulary] after each prompt, computed once for all of its rows."""

    def arrange(self, grid: Grid[Row]) -> None:
        """Place the rows as in `grid`. The keys and values of other rows are dropped."""

    def advance(self, cells: "Cells") -> Drawn:
        """The next tokens of the grid's cells. The decoder decides how many steps it makes at once."""


class Cells:
    """The numbers of the rows in a grid, side by side: int64 and float32 tensors of shape [cells].

    `tokens` are to be read next, at position `lengths`; `steps` counts what was drawn. Idle cells hold zeros. `habits`
    are those of the cells that have any. A row ends with `end_of_text`, or when it has all its tokens, which no row has
    before `left` more steps.
    """

    def __init__(self, rows: Sequence[Row | None], end_of_text: int = -1):
        self.end_of_text, self.left = end_of_text, 1

        def column(of: str, dtype: torch.dtype, idle: float = 0) -> torch.Tensor:
            return torch.tensor([idle if row is None else getattr(row, of) for row in rows], dtype=dtype)

        samplings = [None if row is None else row.sampling for row in rows]

        def setting(of: str, dtype: torch.dtype) -> torch.Tensor:
            return torch.tensor([1 if item is None else getattr(item, of) for item in samplings], dtype=dtype)

        self.tokens = column("last", torch.int64)
        self.lengths = column("length", torch.int64)
        self.seeds = column("seed", torch.int64)
        self.steps = torch.tensor([0 if row is None else len(row.drawn) for row in rows], dtype=torch.int64)
        self.temperature = setting("temperature", torch.float32)
        self.top_k = setting("top_k", torch.int64)
        self.top_p = setting("top_p", torch.float32)
        self.widest = int(self.top_k.max()) if rows else 1
        self.live = torch.tensor([row is not None for row in rows], dtype=torch.bool)
        self.habits = {cell: row.habits for cell, row in enumerate(rows) if row and row.habits}
        self._ahead = 0  # steps since `_uniforms` was made, [cells, AHEAD]
        self._uniforms = torch.empty(0)

    def spread(self, places: Sequence[int], count: int, device: torch.device) -> "Cells":
        """A copy on `device` with `count` cells. These cells have the `places` there, and the others are idle."""
        other = copy.copy(self)
        for name, idle in IDLE.items():
            own = getattr(self, name)
            spread = own.new_full((count,), idle)
            spread[torch.tensor(places, dtype=torch.int64, device=own.device)] = own
            setattr(other, name, spread.to(device))
        other.start()
        return other

    def load(self, other: "Cells") -> None:
        """Copy the numbers of `other`, which has as many cells, into the memory of this one."""
        for name in IDLE:
            getattr(self, name).copy_(getattr(other, name))
        self.start()

    def start(self) -> None:
        """Make the next step compute its random numbers again."""
        self._ahead = 0

    def pass_over(self, steps: int) -> None:
        """Count `steps` that a copy has made."""
        self.start()
        self._count(steps)

    def ahead(self) -> tuple[torch.Tensor, int]:
        """Random numbers of each cell, in [0, 1), float64 [cells, AHEAD], and the place of this step's among them.

        Behind it are those of the steps that follow.
        """
        place = self._ahead % AHEAD
        if not place:
            steps = self.steps.unsqueeze(1) + torch.arange(AHEAD, device=self.steps.device)
            self._uniforms = uniforms(self.seeds.unsqueeze(1), steps)
        return self._uniforms, place

    def uniform(self) -> torch.Tensor:
        """This step's random number of each cell, in [0, 1), float64 [cells]."""
        all_uniforms, place = self.ahead()
        return all_uniforms[:, place]

    @property
    def bending(self) -> list[int]:
        """The cells whose logits the habits change: those of live rows with habits."""
        return [cell for cell in self.habits if self.live[cell]]

    def bent(self, logits: torch.Tensor, cells: Sequence[int] | None = None) -> torch.Tensor:
        """`logits` [cells, vocabulary] of `cells`, all of them unless named, mixed with the rows' habits."""
        if not self.habits:
            return logits
        logits = logits.float()
        places: dict[Habits, list[int]] = {}  # of the same person's rows, which are changed together
        cells = range(len(logits)) if cells is None else cells
        for place, cell in enumerate(cells):
            if habits := self.habits.get(cell):
                places.setdefault(habits, []).append(place)
        for habits, own in places.items():
            of = [cells[place] for place in own]
            bent = habits.bent(logits[own].numpy(), self.tokens[of].tolist(), self.temperature[of].numpy())
            logits[own] = torch.from_numpy(bent)
        return logits

    def choose(self, logits: torch.Tensor, cells: Sequence[int] | slice = slice(None)) -> torch.Tensor:
        """A token for each of `cells`, all of them unless named, from their `logits` [cells, vocabulary]."""
        return self._likeliest(logits, cells).drawn(self.uniform()[cells])

    def choose_alike(self, logits: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
        """A token for each cell. As many neighbours as `counts` [rows] says have one row of `logits` and all settings
        but the seed in common."""
        firsts = counts.cumsum(0) - counts
        return self._likeliest(logits, firsts).repeated(counts).drawn(uniforms(self.seeds, self.steps))

    def _likeliest(self, logits: torch.Tensor, cells: Sequence[int] | slice | torch.Tensor) -> Likeliest:
        return likeliest(
            logits,
            temperature=self.temperature[cells],
            top_k=self.top_k[cells],
            top_p=self.top_p[cells],
            widest=self.widest,
        )

    def advance(self, tokens: torch.Tensor, steps: int = 1) -> None:
        """Note that `tokens` [cells] were drawn in the last of `steps`. Idle cells do not change."""
        self.tokens.copy_(tokens)
        self._ahead += steps
        self._count(steps)

    def _count(self, steps: int) -> None:
        self.left -= steps
        self.lengths.add_(self.live, alpha=steps)
        self.steps.add_(self.live, alpha=steps)

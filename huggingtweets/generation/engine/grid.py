"""The places of a batch's rows. Each column has rows of one voice, so an adapter is read once for all rows in it.

Knows what has an adapter, and what a cell and a column cost. Does not know models, or when rows come and go.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from huggingtweets.generation.engine.adapters import Held


class OfAVoice(Protocol):
    """A row, or a prompt that is to be read."""

    adapter: Held | None


Item = TypeVar("Item", bound=OfAVoice)


@dataclass(frozen=True, slots=True)
class Grid(Generic[Item]):
    """`cells` [columns * depth], column by column; a cell without an item is idle."""

    depth: int
    columns: tuple[Held | None, ...]
    cells: tuple[Item | None, ...]

    def places(self, items: Sequence[Item]) -> list[int]:
        """The cell of each of `items`."""
        cells = {id(item): cell for cell, item in enumerate(self.cells)}
        return [cells[id(item)] for item in items]


def arranged(items: Sequence[Item], column_cost: float) -> Grid[Item]:
    """The cheapest grid for `items`: a cell costs 1 and a column `column_cost` besides.

    A voice with more items than the grid is deep has several columns.
    """
    voices: dict[int, list[Item]] = {}
    for item in items:
        voices.setdefault(id(item.adapter), []).append(item)
    counts = [len(members) for members in voices.values()]
    depth = min({1, *counts}, key=lambda depth: sum(-(-n // depth) for n in counts) * (depth + column_cost))
    columns: list[Held | None] = []
    cells: list[Item | None] = []
    for members in voices.values():
        for start in range(0, len(members), depth):
            column = members[start : start + depth]
            columns.append(column[0].adapter)
            cells += [*column, *[None] * (depth - len(column))]
    return Grid(depth, tuple(columns), tuple(cells))


def bucket(count: int) -> int:
    """The next of a few sizes, at most a quarter larger. What is prepared for a size serves all that round up to it."""
    step = 1 << max(0, count.bit_length() - 3)
    return -(-count // step) * step


def padded(grid: Grid[Item]) -> tuple[Grid[Item], list[int]]:
    """`grid` with idle cells up to the next `bucket` of columns and of rows, and the new places of its cells."""
    columns, depth = bucket(len(grid.columns)), bucket(grid.depth)
    places = [cell // grid.depth * depth + cell % grid.depth for cell in range(len(grid.cells))]
    cells: list[Item | None] = [None] * (columns * depth)
    for place, item in zip(places, grid.cells, strict=True):
        cells[place] = item
    return Grid(depth, grid.columns + (None,) * (columns - len(grid.columns)), tuple(cells)), places

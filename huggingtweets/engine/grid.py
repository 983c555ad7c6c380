"""Where the rows of a batch stand: voices in columns of equal depth, so that an adapter is read once for all its rows.

Knows rows and what a cell and a column cost. Does not know models or when rows come and go.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from huggingtweets.engine.adapters import Adapter
from huggingtweets.engine.rows import Row


@dataclass(frozen=True, slots=True)
class Grid:
    """`cells` [columns * depth], column by column; a cell without a row is idle."""

    depth: int
    columns: tuple[Adapter | None, ...]
    cells: tuple[Row | None, ...]


def arranged(rows: Sequence[Row], column_cost: float) -> Grid:
    """The cheapest grid for `rows`: a cell costs 1 and a column `column_cost` besides.

    A voice with more rows than the grid is deep has several columns.
    """
    voices: dict[int, list[Row]] = {}
    for row in rows:
        voices.setdefault(id(row.adapter), []).append(row)
    counts = [len(members) for members in voices.values()]
    depth = min(set(counts), default=1, key=lambda depth: sum(-(-n // depth) for n in counts) * (depth + column_cost))
    columns: list[Adapter | None] = []
    cells: list[Row | None] = []
    for members in voices.values():
        for start in range(0, len(members), depth):
            column = members[start : start + depth]
            columns.append(column[0].adapter)
            cells += [*column, *[None] * (depth - len(column))]
    return Grid(depth, tuple(columns), tuple(cells))

"""The blocks of a cache that hold each row's keys and values. A row has enough blocks for all that it may draw.

Knows rows and block numbers. Does not know what a block looks like or where it is.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from huggingtweets.generation.engine.rows import Prompt, Row

Int32s = NDArray[np.int32]
BLOCK = 32  # positions in a block; kernels.c has the same number
SCRATCH = 0  # the block that idle cells and padding write to; nobody reads it


class Blocks:
    """`grow(n)` makes room for at least n more blocks, and returns the new ones. The first block is `SCRATCH`."""

    def __init__(self, grow: Callable[[int], Iterable[int]]):
        self._grow, self._count = grow, 0
        self._free: list[int] = []
        self._more(1)
        self.keep([])

    def give(self, prompts: Sequence[Prompt]) -> None:
        """Blocks for every row of `prompts`."""
        for prompt in prompts:
            for row in prompt.rows:
                count = blocks_of(row.most)
                if len(self._free) < count:
                    self._more(count)
                blocks, self._free = self._free[:count], self._free[count:]
                row.kept = np.array(blocks, np.int32)

    def keep(self, rows: Iterable[Row]) -> None:
        """Free all blocks but those of `rows`."""
        in_use = {SCRATCH, *(block for row in rows for block in row.kept.tolist())}
        self._free = [block for block in range(self._count) if block not in in_use]

    def _more(self, count: int) -> None:
        new = list(self._grow(count))
        self._free += new
        self._count += len(new)


def shared(prompts: Sequence[Prompt]) -> tuple[Int32s, Int32s] | None:
    """The blocks to copy from and to: what was read for a prompt's first row is needed by its other rows, too."""
    pairs = [
        (prompt.rows[0].kept[:filled], row.kept[:filled])
        for prompt in prompts
        for filled in [blocks_of(len(prompt.tokens))]
        for row in prompt.rows[1:]
    ]
    if not pairs:
        return None
    sources, targets = zip(*pairs, strict=True)
    return np.concatenate(sources), np.concatenate(targets)


def blocks_of(positions: int) -> int:
    """How many blocks `positions` take."""
    return -(-positions // BLOCK)

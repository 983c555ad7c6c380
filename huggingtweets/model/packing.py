"""Packs documents into rows of a fixed length, so that little space is padding and no document sees another.

A document of tokens t1..tn takes n + 1 places. The model reads `<|endoftext|> t1 .. tn` and must predict
`t1 .. tn <|endoftext|>`. Positions start at 0 in every document, because a tweet is generated from position 0 too.

Knows numbers. Does not know tokenizers, models or torch.
"""

import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

IGNORED = -100  # torch's cross_entropy skips targets of this value
LOOKAHEAD = 4096  # documents packed together; with tweets, 0.6 % of the places stay empty (measured)

Tokens = NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True)
class Rows:
    """Packed documents. To save memory, only the tokens are stored; everything else is computed when it is needed.

    `inputs` [rows, length] holds documents one after another. Each begins with `end_of_text`. Empty places hold it too.
    `used` [rows] counts the places that hold documents, and `closing` [rows] is the target of the last of them.
    `unlearned` [rows, length] marks places whose target is read and does not count; None marks none.
    """

    inputs: NDArray[np.integer[Any]]
    used: NDArray[np.int64]
    closing: NDArray[np.int64]
    end_of_text: int
    unlearned: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def length(self) -> int:
        """Places in a row."""
        return int(self.inputs.shape[1])

    @property
    def token_count(self) -> int:
        """The number of targets that count, including one closing end-of-text for each document."""
        return int(self.used.sum()) - (0 if self.unlearned is None else int(self.unlearned.sum()))

    @property
    def targets(self) -> NDArray[np.int64]:
        """The token after each place, [rows, length]. It is -100 for places that are empty or do not count.

        The end-of-text that begins the next document also ends this one. So the targets are the row, moved by one.
        """
        targets = np.empty(self.inputs.shape, np.int64)
        targets[:, :-1] = self.inputs[:, 1:]
        targets[np.arange(len(self)), self.used - 1] = self.closing
        targets[self._empty] = IGNORED
        if self.unlearned is not None:
            targets[self.unlearned] = IGNORED
        return targets

    @property
    def documents(self) -> NDArray[np.int64]:
        """The number of the document at each place, [rows, length], from 0 in each row. It is -1 for empty places."""
        documents = np.cumsum(self.inputs == self.end_of_text, axis=1) - 1
        documents[self._empty] = -1
        return documents

    @property
    def positions(self) -> NDArray[np.int64]:
        """The position of each place within its document, [rows, length], from 0."""
        places = np.arange(self.length)
        begins = np.where(self.inputs == self.end_of_text, places, 0)
        return places - np.maximum.accumulate(begins, axis=1)

    @property
    def _empty(self) -> NDArray[np.bool_]:
        return np.arange(self.length) >= self.used[:, None]

    def take(self, index: slice | NDArray[np.int64]) -> "Rows":
        """Some of the rows."""
        unlearned = None if self.unlearned is None else self.unlearned[index]
        return Rows(self.inputs[index], self.used[index], self.closing[index], self.end_of_text, unlearned)

    def batches(self, size: int) -> Iterator["Rows"]:
        """Slices of at most `size` rows, in order."""
        for start in range(0, len(self), size):
            yield self.take(slice(start, start + size))


def pack(documents: Sequence[Tokens], length: int, end_of_text: int, unlearned: Sequence[int] | None = None) -> Rows:
    """`documents` (token ids without `end_of_text`) in rows of `length`. Best-fit-decreasing keeps the rows few.

    `unlearned` says how many tokens at the beginning of each document do not count as targets.
    A document that does not fit into a row loses its end. Then it has no closing end-of-text to predict.
    """
    rows: list[list[int]] = []
    for start in range(0, len(documents), LOOKAHEAD):
        sizes = [min(len(text) + 1, length) for text in documents[start : start + LOOKAHEAD]]
        rows += [[start + index for index in row] for row in _best_fit(sizes, length)]
    inputs = np.full((len(rows), length), end_of_text, documents[0].dtype if documents else np.int32)
    used = np.zeros(len(rows), np.int64)
    closing = np.full(len(rows), end_of_text, np.int64)
    marks = None if unlearned is None else np.zeros(inputs.shape, np.bool_)
    for row, members in enumerate(rows):
        for document in members:
            text = documents[document]
            begin = used[row] + 1
            if marks is not None and unlearned is not None:
                marks[row, begin - 1 : min(begin - 1 + unlearned[document], length)] = True
            used[row] = min(begin + len(text), length)
            inputs[row, begin : used[row]] = text[: used[row] - begin]
            if begin + len(text) > length:
                closing[row] = text[used[row] - begin]
    return Rows(inputs, used, closing, end_of_text, marks)


def pack_by_length(documents: Sequence[Tokens], lengths: Sequence[int], end_of_text: int) -> list[Rows]:
    """`documents` packed into rows of the ascending `lengths`. Each document goes into the shortest rows that hold it.

    A document that does not fit into the longest rows loses its end.
    """
    by_length: list[list[Tokens]] = [[] for _ in lengths]
    for document in documents:
        index = bisect.bisect_left(lengths, len(document) + 1)
        by_length[min(index, len(lengths) - 1)].append(document)
    return [pack(some, length, end_of_text) for some, length in zip(by_length, lengths, strict=True)]


def _best_fit(sizes: Sequence[int], length: int) -> list[list[int]]:
    """Indices of `sizes` by row. The largest comes first, and each goes into the fullest row that has room for it."""
    rows: list[list[int]] = []
    with_room: list[list[int]] = [[] for _ in range(length + 1)]  # [room left] -> rows
    for index in sorted(range(len(sizes)), key=lambda i: -sizes[i]):
        size = sizes[index]
        room = next((room for room in range(size, length + 1) if with_room[room]), None)
        if room is None:
            rows.append([])
            row, room = len(rows) - 1, length
        else:
            row = with_room[room].pop()
        rows[row].append(index)
        with_room[room - size].append(row)
    return rows


def spans(offsets: NDArray[np.int64], tokens: Tokens) -> list[Tokens]:
    """The documents of one flat array: document i is `tokens[offsets[i]:offsets[i + 1]]`."""
    return [tokens[start:stop] for start, stop in pairwise(offsets.tolist())]

"""The running batch of one base. It has rows of many requests and voices, which join and leave at any step.

Knows rows, a decoder and when a row has ended. Does not know text, names, threads or deadlines.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
import torch

from huggingtweets.core.process.cpu import one_thread
from huggingtweets.generation.engine.adapters import Held
from huggingtweets.generation.engine.decoder import Cells, Decoder, Drawn, Tokens
from huggingtweets.generation.engine.grid import Grid, arranged
from huggingtweets.generation.engine.rows import Prompt, Row, Sampling
from huggingtweets.generation.engine.sampling import nats_of, row_seeds

if TYPE_CHECKING:
    from huggingtweets.generation.engine.habits import Habits

IDLE_SHARE = 0.25  # of the cells; if more are idle, the rows are rearranged, which may copy their cache
SHORT_PROMPT = 16  # tokens; padding up to this length costs almost nothing
PREFILL_TOKENS = 2_048  # in one call, padding included, so that a long prompt does not delay others for long


@dataclass(slots=True, eq=False)
class DraftJob:
    """`count` drafts that continue `prompt`, token ids of which the first is end-of-text.

    The first token drawn is none of `barred` [vocabulary]. `begins` is the text that the drafts begin with.
    """

    prompt: Sequence[int]
    adapter: Held | None
    count: int
    sampling: Sampling
    seed: int
    begins: str = ""
    barred: torch.Tensor | None = None
    habits: "Habits | None" = None
    rows: list[Row] = field(default_factory=list)
    left: int = 0  # rows that have not ended


class Batch:
    """`join` adds jobs, and `step` draws tokens for all rows. Both return the jobs whose rows have all ended."""

    def __init__(self, decoder: Decoder, end_of_text: int):
        self._decoder, self._end_of_text = decoder, end_of_text
        self._jobs: dict[Row, DraftJob] = {}
        self._moved = False
        self._stand(Grid(1, (), ()))

    @property
    def rows(self) -> int:
        """How many rows are under way."""
        return len(self._jobs)

    def join(self, jobs: Sequence[DraftJob]) -> list[DraftJob]:
        """Read the prompts of `jobs` and draw their first tokens. Returns the jobs that are finished after that."""
        prompts: dict[tuple[int, tuple[int, ...]], Prompt] = {}
        all_seeds = row_seeds([job.seed for job in jobs], [job.count for job in jobs])
        for job, seeds in zip(jobs, all_seeds, strict=True):
            # The last token drawn is never read, so it needs no place.
            limit = max(1, min(job.sampling.max_new_tokens, self._decoder.context - len(job.prompt) + 1))
            job.rows = [
                Row(job.adapter, job.sampling, seed, len(job.prompt), limit, job.prompt[-1], job.habits)
                for seed in seeds
            ]
            job.left = job.count
            self._jobs |= dict.fromkeys(job.rows, job)
            # If several jobs give the same voice the same prompt, it is read once.
            prompt = prompts.setdefault((id(job.adapter), tuple(job.prompt)), Prompt(job.prompt, job.adapter, []))
            prompt.rows += job.rows
        return [ended_job for group in _groups(list(prompts.values())) for ended_job in self._prefill(group)]

    def step(self) -> list[DraftJob]:
        """Draw the next tokens of every row. Returns the jobs that are finished after that."""
        if not self._jobs:
            return []
        if self._moved or len(self._jobs) < (1 - IDLE_SHARE) * len(self._grid.cells):
            self._note()
            grid = arranged(list(self._jobs), self._decoder.column_cost)
            self._decoder.arrange(grid)
            self._stand(grid)
        drawn = self._decoder.advance(self._cells)
        self._history.append(drawn)
        return self._retire(drawn.tokens)

    def drop(self, job: DraftJob) -> None:
        """Stop `job`. It keeps the tokens drawn so far."""
        self._note()
        for row in job.rows:
            if self._jobs.pop(row, None):
                self._leave(row)

    def clear(self) -> list[DraftJob]:
        """Stop everything. Returns the jobs that were under way."""
        jobs = list(dict.fromkeys(self._jobs.values()))
        self._jobs.clear()
        self._stand(Grid(1, (), ()))
        return jobs

    def _prefill(self, prompts: Sequence[Prompt]) -> list[DraftJob]:
        logits = self._decoder.prefill(prompts)
        with one_thread():
            return self._begin(prompts, logits)

    def _begin(self, prompts: Sequence[Prompt], logits: torch.Tensor) -> list[DraftJob]:
        """Draw the first tokens by `logits` [prompts, vocabulary]. Returns the jobs that are finished after that."""
        # Drafts that begin alike share their logits; only their seeds differ.
        alike = [
            (place, list(group))
            for place, prompt in enumerate(prompts)
            for _, group in groupby(self._jobs_of(prompt), lambda job: (id(job.barred), id(job.habits), job.sampling))
        ]
        rows = [row for _, group in alike for job in group for row in job.rows]
        counts = torch.tensor([sum(job.count for job in group) for _, group in alike])
        cells, firsts = Cells(rows), counts.cumsum(0) - counts
        logits = cells.bent(logits[[place for place, _ in alike]], firsts.tolist())
        for (_, (job, *_)), own in zip(alike, logits, strict=True):
            if job.barred is not None:
                own[: len(job.barred)].masked_fill_(job.barred, -torch.inf)
        tokens = cells.choose_alike(logits, counts)
        all_nats = nats_of(logits, tokens, torch.arange(len(counts)).repeat_interleave(counts))
        ended_jobs = []
        for row, token, nats in zip(rows, tokens.tolist(), all_nats.tolist(), strict=True):
            row.last, row.nats = token, nats
            row.drawn.append(token)
            if token == self._end_of_text or row.limit == 1:
                job = self._jobs.pop(row)
                job.left -= 1
                if not job.left:
                    ended_jobs.append(job)
        self._moved = True
        return ended_jobs

    def _jobs_of(self, prompt: Prompt) -> list[DraftJob]:
        return list(dict.fromkeys(self._jobs[row] for row in prompt.rows))

    def _stand(self, grid: Grid[Row]) -> None:
        """Place the rows as in `grid`, and begin a new history."""
        self._grid, self._cells = grid, Cells(grid.cells, self._end_of_text)
        self._places = {row: cell for cell, row in enumerate(grid.cells) if row}
        self._limits = np.array([row.limit if row else 0 for row in grid.cells], np.int64)
        self._history: list[Drawn] = []
        self._moved = False
        self._look_ahead()

    def _retire(self, tokens: Tokens) -> list[DraftJob]:
        """Remove the rows that ended with one of `tokens` [steps, cells]. Returns the jobs that this has ended."""
        if self._cells.left > 0 and not (tokens == self._end_of_text).any():
            return []
        ended = (tokens == self._end_of_text).any(axis=0) | (self._cells.steps.numpy() >= self._limits)
        ended &= self._cells.live.numpy()
        if ended.any():
            self._note()
        ended_jobs = []
        for cell in ended.nonzero()[0]:
            row = self._grid.cells[cell]
            assert row
            job = self._jobs.pop(row)
            self._leave(row)
            job.left -= 1
            if not job.left:
                ended_jobs.append(job)
        self._look_ahead()
        return ended_jobs

    def _look_ahead(self) -> None:
        """Note how many steps there are until a row has all its tokens."""
        left = (self._limits - self._cells.steps.numpy())[self._cells.live.numpy()]
        self._cells.left = int(left.min(initial=self._decoder.context))

    def _leave(self, row: Row) -> None:
        """Free the row's cell. It stays idle until the rows are rearranged."""
        if (cell := self._places.pop(row, None)) is not None:
            self._cells.live[cell] = False
            self._cells.lengths[cell] = 0

    def _note(self) -> None:
        """Write the history into the rows under way."""
        if not self._history:
            return
        tokens, nats = (np.concatenate(parts) for parts in zip(*self._history, strict=True))
        self._history.clear()
        for row, cell in self._places.items():
            row.length += len(tokens)
            drawn = _until(tokens[:, cell].tolist(), self._end_of_text, row.limit - len(row.drawn))
            row.drawn += drawn
            row.nats += float(nats[: len(drawn), cell].sum())
            row.last = row.drawn[-1]


def _until(tokens: list[int], end: int, most: int) -> list[int]:
    """At most `most` of `tokens`, up to the first `end` and with it. A decoder may have drawn more than that."""
    tokens = tokens[:most]
    return tokens[: tokens.index(end) + 1] if end in tokens else tokens


def _groups(prompts: Sequence[Prompt]) -> list[list[Prompt]]:
    """Groups of prompts to read in one call each. Their lengths are similar, so that little is padding."""
    groups: list[list[Prompt]] = []
    longest = 0
    for prompt in sorted(prompts, key=lambda prompt: -len(prompt.tokens)):
        length = max(len(prompt.tokens), SHORT_PROMPT)
        if not groups or 2 * length < longest or (len(groups[-1]) + 1) * longest > PREFILL_TOKENS:
            groups.append([])
            longest = length
        groups[-1].append(prompt)
    return groups

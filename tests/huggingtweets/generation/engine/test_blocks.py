"""A cache in blocks grows, and its blocks are given to the right rows."""

import numpy as np
import pytest

from huggingtweets.generation.engine.batch import Batch, DraftJob
from huggingtweets.generation.engine.blocks import BLOCK
from huggingtweets.generation.engine.rows import Sampling
from huggingtweets.generation.engine.weights import Weights
from tests.huggingtweets.generation.engine.conftest import DECODERS


@pytest.mark.parametrize("name", [name for name in DECODERS if name != "torch"])
def test_blocks_are_nobodys_twice_and_come_back(gpt2, name: str) -> None:
    decoder = DECODERS[name](Weights.of(gpt2))
    batch = Batch(decoder, -1)
    for turn in range(12):
        jobs = [DraftJob([0] * (1 + 9 * n), None, 3, Sampling(max_new_tokens=3 + 12 * n), turn) for n in range(4)]
        batch.join(jobs)
        for _ in range(3):
            batch.step()
            rows = [row for row in batch._grid.cells if row]
            held = np.concatenate([row.kept for row in rows])
            assert len(set(held.tolist())) == len(held)
            assert 0 not in held
            assert all(len(row.kept) * BLOCK >= row.most for row in rows)
        for job in jobs[turn % 3 :]:
            batch.drop(job)
        while turn % 4 == 0 and batch.rows:
            batch.step()
    assert decoder._blocks._count <= 400

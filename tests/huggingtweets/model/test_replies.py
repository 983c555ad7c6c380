"""What was said before is read and never learned, and training, evaluation and drawing write it the same."""

import numpy as np
import pytest

from huggingtweets.core.config.settings import TrainingSettings
from huggingtweets.generation.engine.start import start_of
from huggingtweets.model import base as bases
from huggingtweets.model.base import Base
from huggingtweets.model.packing import IGNORED, pack
from huggingtweets.model.replies import MAX_TOKENS, context_tokens, with_contexts
from huggingtweets.model.tokenizer import encode_all
from huggingtweets.training.finetune import tokenized_rows, with_their_contexts
from huggingtweets.tweets.learned.dataset import Example


@pytest.fixture(scope="module")
def base() -> Base:
    return bases.load("models/base")


def tokens(base: Base, text: str) -> list[int]:
    ids: list[int] = encode_all(base.tokenizer, [text])[0].tolist()
    return ids


def test_a_reply_is_written_after_a_line_break_for_learning_and_for_drawing(base: Base) -> None:
    rows = tokenized_rows(base, ["so it is"], 128, ["is it thick?"])
    said, reply = tokens(base, "is it thick?\n"), tokens(base, "so it is")
    written = [base.end_of_text, *said, *reply]
    assert rows.inputs[0, : len(written)].tolist() == written
    goals = [*[IGNORED] * len(said), *reply, base.end_of_text]
    assert rows.targets[0, : len(goals)].tolist() == goals
    assert set(rows.targets[0, len(goals) :]) <= {IGNORED}
    assert rows.token_count == len(reply) + 1
    assert start_of(base, "", 20, "is it thick?").tokens == [base.end_of_text, *said]
    assert start_of(base, "so it", 20, "is it thick?").tokens == [base.end_of_text, *said, *tokens(base, "so it")]


def test_without_a_context_nothing_is_different(base: Base) -> None:
    texts = ["so it is", "and it stays"]
    plain, empty = tokenized_rows(base, texts, 128), tokenized_rows(base, texts, 128, ["", ""])
    assert (plain.inputs == empty.inputs).all()
    assert (plain.targets == empty.targets).all()
    assert start_of(base, "so it is!", 20).tokens == start_of(base, "so it is!", 20, "").tokens


def test_a_long_context_loses_its_beginning_and_a_reply_loses_nothing(base: Base) -> None:
    long = " ".join(f"word{n}" for n in range(200))
    [context] = context_tokens(base.tokenizer, [long])
    assert len(context) == MAX_TOKENS
    assert context.tolist() == tokens(base, long + "\n")[-MAX_TOKENS:]
    reply = np.arange(1, 41, dtype=np.int32)
    [document], [read] = with_contexts([context], [reply], 64)
    assert (read, len(document)) == (23, 63)
    assert document[read:].tolist() == reply.tolist()
    [document], [read] = with_contexts([context], [np.arange(1, 81, dtype=np.int32)], 64)
    assert (read, len(document)) == (0, 80)


def test_marks_stay_with_their_rows() -> None:
    documents = [np.array([1, 2, 3, 4], np.int32), np.array([5, 6], np.int32)]
    rows = pack(documents, 5, 0, [2, 0])
    assert sorted(map(tuple, rows.targets.tolist())) == sorted(
        [(IGNORED, IGNORED, 3, 4, 0), (5, 6, 0, IGNORED, IGNORED)]
    )
    assert [part.token_count for part in rows.batches(1)] == [3, 3]


def test_two_fifths_of_the_replies_are_learned_with_their_context_and_the_seed_decides_which() -> None:
    pairs = [Example(f"reply {n}", context=f"context {n}") for n in range(1_000)]
    contexts = with_their_contexts([*pairs, Example("no reply")], seed=1)
    assert contexts == with_their_contexts([*pairs, Example("no reply")], seed=1)
    assert contexts != with_their_contexts([*pairs, Example("no reply")], seed=2)
    assert 350 < sum(map(bool, contexts)) < 450
    assert contexts[-1] == ""
    assert all(context in ("", pair.context) for context, pair in zip(contexts, pairs, strict=False))
    assert TrainingSettings().seed == 1

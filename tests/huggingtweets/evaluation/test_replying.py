"""Whether a voice answers: only its own context counts, and never one with the reply in it."""

import pytest

from huggingtweets.evaluation.evaluate import text_losses
from huggingtweets.evaluation.replying import MIN_PAIRS, replying
from huggingtweets.model import base as bases
from huggingtweets.model.base import Base
from huggingtweets.tweets.learned.dataset import Example


@pytest.fixture(scope="module")
def base() -> Base:
    return bases.load("models/base")


def pairs(count: int) -> list[Example]:
    """Replies that repeat a rare word of what was said, so that any model finds them likelier after it."""
    words = [f"{one}{two}zq" for one in ("bo", "fi", "ka", "mu", "re") for two in ("lan", "pex", "tir", "vod", "wim")]
    return [Example(f"I like {word} too", context=f"who likes {word} and {word} again?") for word in words[:count]]


def test_a_reply_to_what_was_said_has_fewer_bits_with_its_own_context(base: Base) -> None:
    figures = replying(base, pairs(25), 128)
    assert figures
    assert figures.pairs == 25
    assert figures.right_is_better == 1.0
    assert figures.with_context < figures.without_context
    assert figures.with_context < figures.with_another
    many = replying(base, pairs(25), 128, others=8)
    assert many
    assert (many.pairs, many.with_context, many.right_is_better) == (25, figures.with_context, 1.0)
    assert many.with_another != figures.with_another
    losses = text_losses(base, [pair.text for pair in pairs(25)], 128)
    assert figures.without_context == losses.per_byte


def test_few_pairs_and_pairs_of_one_thread_say_nothing(base: Base) -> None:
    assert replying(base, pairs(MIN_PAIRS - 1), 128) is None
    thread = [Example(f"reply {n}", context="the one tweet\nof this thread") for n in range(30)]
    assert replying(base, thread, 128) is None

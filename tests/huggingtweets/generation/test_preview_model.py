"""A preview is in the person's words without training, passes every check, and never blocks for long."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import torch

from huggingtweets.core.config import Settings
from huggingtweets.core.errors import Busy, NotEnoughDrafts, TooLittleData, Unavailable, Usage
from huggingtweets.evaluation.evaluate import held_out_bits
from huggingtweets.generation import preview_model as few_shot
from huggingtweets.generation.checks import CopyCheck, LeftoverCheck, LengthCheck, first_objection
from huggingtweets.generation.engine.decode import Sampling
from huggingtweets.generation.preview_model import Habits, Previews, bits_per_byte, draw
from huggingtweets.model import base as bases
from huggingtweets.model.base import Base
from tests.conftest import sentences

# Words that the tiny base has never seen, each after any other.
OWN = [
    f"zarquon {word} blimfo {word[::-1]} quizzle {number}" for number, word in enumerate(["abba", "cdxc", "fgkf"] * 20)
]


@pytest.fixture(scope="module")
def base(tiny_base: Path) -> Base:
    return bases.load(str(tiny_base))


@pytest.fixture
async def previews(tiny_settings: Settings) -> AsyncIterator[Previews]:
    async with Previews(tiny_settings) as previews:
        yield previews


def test_the_mixture_is_a_distribution_and_follows_its_formula(base: Base) -> None:
    habits = Habits(base, ["a b"])
    size = base.model.config.vocab_size
    even = torch.full((2, size), 1 / size)
    end = base.end_of_text
    unknown = next(token for token in range(size) if token not in habits._following)
    mixed = habits.mixed(even, [end, unknown])
    assert mixed.sum(-1).tolist() == pytest.approx([1, 1])
    first = base.tokenizer.encode("a").ids[0]
    ground = 0.8 / size + 0.2 * float(habits._anywhere[first])
    assert float(mixed[0, first]) == pytest.approx((1 + 3 * ground) / (1 + 3)), (
        "one token was seen after the begin, once"
    )
    assert float(mixed[1, first]) == pytest.approx(ground)


def test_a_persons_own_words_make_their_tweets_likelier(base: Base) -> None:
    alone = held_out_bits(base, OWN[50:], 128)
    assert bits_per_byte(base, OWN[:50], OWN[50:]) < 0.6 * alone


def test_drafts_begin_with_the_prompt_and_repeat_with_the_seed(base: Base) -> None:
    habits, sampling = Habits(base, OWN), Sampling(max_new_tokens=40)
    drafts = [draw(base, habits, "zarquon", 4, sampling, seed, lambda: False) for seed in (1, 1, 2)]
    assert drafts[0] == drafts[1] != drafts[2]
    assert all(draft.text.startswith("zarquon") for draft in drafts[0])
    stopped = draw(base, habits, "zarquon", 2, sampling, 1, lambda: True)
    assert all(len(draft.text) < len("zarquon") + 20 and not draft.ended for draft in stopped)


async def test_previews_pass_the_checks_and_are_marked(previews: Previews) -> None:
    own = sentences(150, seed=8)
    tweets = await previews.write("ann", own, "  the\n crew ", 3, seed=5)
    assert (tweets.name, tweets.version, tweets.seed) == ("ann", "preview", 5)
    assert len(set(tweets.texts)) == 3
    checks = (LeftoverCheck(), LengthCheck(), CopyCheck(own))
    assert [first_objection(checks, text) for text in tweets.texts] == [None] * 3
    assert all(text.startswith("the crew") for text in tweets.texts)
    assert await previews.write("ann", own, "the crew", 3, seed=5) == tweets


async def test_what_cannot_be_previewed_is_told(previews: Previews, monkeypatch: pytest.MonkeyPatch) -> None:
    own = sentences(100, seed=8)
    with pytest.raises(Usage, match="ask for 1 to 50"):
        await previews.write("ann", own, count=0)
    with pytest.raises(TooLittleData, match="ann: only 10 characters"):
        await previews.write("ann", ["ten, or so"])
    with pytest.raises(NotEnoughDrafts, match="too long"):
        await previews.write("ann", own, "x" * 400)
    monkeypatch.setattr(few_shot, "MAX_WAITING", 0)
    with pytest.raises(Busy):
        await previews.write("ann", own)


async def test_a_preview_that_takes_too_long_is_given_up(tiny_settings: Settings) -> None:
    hasty = tiny_settings.model_copy(
        update={"generation": tiny_settings.generation.model_copy(update={"timeout_seconds": 0.001})}
    )
    async with Previews(hasty) as previews:
        with pytest.raises(Unavailable, match="took too long"):
            await previews.write("ann", sentences(100, seed=8), count=3)


async def test_leaving_ends_what_runs_and_what_waits(tiny_settings: Settings) -> None:
    own = sentences(100, seed=8)
    async with Previews(tiny_settings) as previews:
        asked = [asyncio.create_task(previews.write("ann", own, count=50)) for _ in range(3)]
        await asyncio.sleep(0.05)
    *_, last = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(last, Unavailable)
    assert str(last) == few_shot.STOPPING

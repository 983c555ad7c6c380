"""What somebody may choose about how tweets are drawn has bounds, and shorter and longer are about the person's own."""

from collections.abc import AsyncIterator
from statistics import median
from typing import Any

import pytest

from huggingtweets.core.config.settings import GenerationSettings, Settings
from huggingtweets.core.errors import Usage
from huggingtweets.generation.drawing_options import MAX_SEED, DrawingOptions, of_length
from huggingtweets.generation.engine import Engine, Request
from huggingtweets.generation.engine.decode import Draft
from huggingtweets.generation.writer import Writer
from huggingtweets.registry.version import Version
from huggingtweets.tweets.learned.dataset import Dataset
from huggingtweets.workflow.pipeline import Outcome


@pytest.fixture
def version(trained: tuple[Settings, Outcome]) -> Version:
    return trained[1].version


@pytest.fixture
async def engine(tiny_generation: GenerationSettings) -> AsyncIterator[Engine]:
    async with Engine(tiny_generation) as engine:
        yield engine


@pytest.mark.parametrize(
    ("choices", "why"),
    [
        ({"temperature": 0.4}, r"A temperature is 0.5 \(tame\) to 1.5 \(wild\), not 0.4\."),
        ({"temperature": float("nan")}, "not nan"),
        ({"seed": -1}, f"A seed is a whole number from 0 to {MAX_SEED}, not -1."),
        ({"seed": MAX_SEED + 1}, "A seed is"),
        ({"length": "tiny"}, 'Tweets can be usual, shorter or longer, not "tiny".'),
    ],
)
def test_what_is_out_of_bounds_is_refused_in_one_sentence(choices: dict[str, Any], why: str) -> None:
    with pytest.raises(Usage, match=why):
        DrawingOptions(**choices)


def test_only_what_was_chosen_is_kept_and_what_is_unknown_is_left_out() -> None:
    options = DrawingOptions(temperature=0.7, length="longer", seed=5)
    assert options.as_json == {"temperature": 0.7, "length": "longer", "seed": 5}
    assert options.unseeded == DrawingOptions(temperature=0.7, length="longer")
    assert DrawingOptions.from_json({**options.as_json, "mood": "grim"}) == options
    assert DrawingOptions().as_json == {}


def test_a_start_leaves_room_for_half_a_tweet() -> None:
    assert of_length("shorter", 60, "")[-1] == 60
    assert of_length("shorter", 60, "x" * 100)[-1] == 130
    assert of_length("longer", 60, "")[0] == 60
    assert 0 in of_length("usual", 60, "")
    assert len(of_length("longer", 1e9, "")) == 1


async def test_shorter_and_longer_tweets_lie_on_both_sides_of_the_persons_median(
    engine: Engine, version: Version
) -> None:
    middle = median(map(len, Dataset.load(version.dataset).texts))
    writer = Writer(engine)
    shorter = await writer.write(version, count=5, options=DrawingOptions(length="shorter", seed=1))
    longer = await writer.write(version, count=5, options=DrawingOptions(length="longer", seed=1))
    assert len(shorter.texts) == len(longer.texts) == 5
    assert max(map(len, shorter.texts)) <= middle <= min(map(len, longer.texts))


class Saying(Engine):
    """An engine that always answers with the same drafts."""

    def __init__(self, settings: GenerationSettings, *texts: str):
        super().__init__(settings)
        self.texts, self.requests = texts, list[Request]()

    async def draw(self, request: Request) -> list[Draft]:
        self.requests.append(request)
        return [Draft(text, ended=True) for text in self.texts]


async def test_where_no_draft_is_short_the_shortest_ones_are_answered_after_two_rounds(
    tiny_generation: GenerationSettings, version: Version
) -> None:
    long = [" ".join(f"{word} and so on and on" for word in (one, *"abcdefghij")) for one in ("first", "second")]
    engine = Saying(tiny_generation, f"{long[0]} for ever", long[1], "third " + long[0] + " and longer still")
    tweets = await Writer(engine).write(version, count=2, options=DrawingOptions(length="shorter"))
    assert tweets.texts == (long[1], f"{long[0]} for ever")
    assert len(engine.requests) == 2
    assert tweets.shortfall == ""


async def test_the_temperature_of_one_request_holds_for_it_alone(engine: Engine, version: Version) -> None:
    writer = Writer(engine)

    async def drawn(temperature: float | None) -> tuple[str, ...]:
        return (await writer.write(version, count=8, options=DrawingOptions(temperature=temperature, seed=3))).texts

    usual, tame, wild = await drawn(None), await drawn(0.5), await drawn(1.5)
    assert len({usual, tame, wild}) == 3
    assert await drawn(engine.settings.temperature) == usual, "the usual one is that of the settings"
    assert (await drawn(0.5), await drawn(1.5)) == (tame, wild), "the same choices give the same tweets"

    def words(texts: tuple[str, ...]) -> int:
        return len({word for text in texts for word in text.split()})

    assert words(tame) < words(wild)

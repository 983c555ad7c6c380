"""Many drafts are drawn and the most real ones are answered, where the voice has a discriminator and there is time."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from huggingtweets.core.config.settings import GenerationSettings, Settings
from huggingtweets.core.errors import NotNow
from huggingtweets.core.people.names import VoiceName
from huggingtweets.generation.discriminator_fit import fit
from huggingtweets.generation.drawing_options import DrawingOptions
from huggingtweets.generation.engine import Engine, Request
from huggingtweets.generation.engine.decode import Draft
from huggingtweets.generation.engine.preview_voice import preview_voice
from huggingtweets.generation.selection import FIRST_DRAFTS
from huggingtweets.generation.writer import SPARE_DRAFTS, Writer
from huggingtweets.registry.blend import Blend
from huggingtweets.registry.version import Version
from huggingtweets.tweets.learned.dataset import Dataset
from huggingtweets.workflow.pipeline import Outcome
from tests.conftest import sentences

REAL = sentences(200, seed=5)
FALSE = [f"{text.split()[0]} {text}" for text in sentences(200, seed=6)]  # what the voice below writes too often
COUNT, CANDIDATES = 5, 8


class Mixing(Engine):
    """An engine whose drafts are good ones in one of four cases. `seconds` is how long a draft takes."""

    def __init__(self, settings: GenerationSettings, seconds: float = 0.0):
        super().__init__(settings)
        self.seconds, self.requests = seconds, list[Request]()

    async def draw(self, request: Request) -> list[Draft]:
        self.requests.append(request)
        await asyncio.sleep(self.seconds * request.count)
        pool = [*sentences(200, seed=request.seed + 900), *FALSE]
        good, false = pool[:200], pool[200:]
        return [Draft(good[n] if n % 4 == 0 else false[n], ended=True) for n in range(request.count)]


@pytest.fixture
def settings(tiny_generation: GenerationSettings) -> GenerationSettings:
    return tiny_generation.model_copy(update={"candidates": CANDIDATES})


def version_in(folder: Path, like: Version, name: str = "bob", *, judged: bool = True) -> Version:
    """A version with a data set, and perhaps with a discriminator that knows what the voice writes too often."""
    folder.mkdir()
    version = Version(VoiceName(name), "v1", folder, like.manifest)
    Dataset.of_texts([f"{text} once" for text in REAL[:20]], ["something else"]).save(version.dataset)
    discriminator = fit(REAL[:150], REAL[150:], FALSE[:150])
    assert discriminator
    if judged:
        discriminator.write(version.discriminator)
    return version


@pytest.fixture
def bob(trained: tuple[Settings, Outcome], tmp_path: Path) -> Version:
    return version_in(tmp_path / "bob", trained[1].version)


def good_ones(texts: Sequence[str]) -> float:
    return sum(text not in FALSE for text in texts) / len(texts)


async def share_of_good_ones(writer: Writer, voice: Any) -> float:
    """Of the tweets of 20 answers."""
    answers = [await writer.write(voice, count=COUNT, options=DrawingOptions(seed=seed)) for seed in range(20)]
    assert all(len(answer.texts) == COUNT for answer in answers)
    return good_ones([text for answer in answers for text in answer.texts])


async def test_the_most_real_candidates_are_answered(settings: GenerationSettings, bob: Version) -> None:
    engine = Mixing(settings)
    assert await share_of_good_ones(Writer(engine), bob) > 0.5, "a quarter of the drafts are"
    assert {request.count for request in engine.requests} == {COUNT * CANDIDATES}


async def test_one_candidate_turns_it_off(settings: GenerationSettings, bob: Version) -> None:
    engine = Mixing(settings.model_copy(update={"candidates": 1}))
    assert await share_of_good_ones(Writer(engine), bob) < 0.5
    assert {request.count for request in engine.requests} == {COUNT + SPARE_DRAFTS}


async def test_a_voice_without_a_discriminator_answers_as_before(
    settings: GenerationSettings, trained: tuple[Settings, Outcome], tmp_path: Path
) -> None:
    engine = Mixing(settings)
    older = version_in(tmp_path / "old", trained[1].version, judged=False)
    answer = await Writer(engine).write(older, count=COUNT, options=DrawingOptions(seed=1))
    first = [draft.text for draft in await engine.draw(engine.requests[0])][:COUNT]
    assert [request.count for request in engine.requests] == [COUNT + SPARE_DRAFTS] * 2
    assert list(answer.texts) == first, "the first ones that pass"


async def test_a_damaged_discriminator_is_as_none(settings: GenerationSettings, bob: Version) -> None:
    bob.discriminator.write_bytes(b"half a file")
    engine = Mixing(settings)
    assert len((await Writer(engine).write(bob, count=COUNT)).texts) == COUNT
    assert engine.requests[0].count == COUNT + SPARE_DRAFTS


async def test_a_seed_gives_the_same_answer_and_others_give_others(settings: GenerationSettings, bob: Version) -> None:
    writer = Writer(Mixing(settings))
    answers = [await writer.write(bob, count=COUNT, options=DrawingOptions(seed=seed)) for seed in (1, 1, 2)]
    assert answers[0] == answers[1]
    assert answers[0].texts != answers[2].texts


async def test_fewer_candidates_are_drawn_where_time_is_short(settings: GenerationSettings, bob: Version) -> None:
    engine = Mixing(settings.model_copy(update={"candidate_seconds": 0.2}), seconds=0.01)
    writer = Writer(engine)
    for _ in range(3):
        await writer.write(bob, count=COUNT)
    first, *others = (request.count for request in engine.requests)
    assert first == FIRST_DRAFTS, "the pace is not known yet"
    assert all(COUNT + SPARE_DRAFTS <= count <= 20 for count in others)
    started = time.monotonic()
    await writer.write(bob, count=COUNT, options=DrawingOptions(seed=1))
    assert engine.requests[-1].count == COUNT * CANDIDATES, "a seed asks for the whole"
    assert time.monotonic() - started >= 0.4


async def test_after_a_draw_that_took_too_long_fewer_candidates_are_drawn(
    settings: GenerationSettings, bob: Version
) -> None:
    """Otherwise a slow machine would try the same again for ever."""

    class Slow(Mixing):
        async def draw(self, request: Request) -> list[Draft]:
            if request.count > 10:
                await asyncio.sleep(0.5)
                raise NotNow("Drawing took longer than 0.5 s.")
            return await super().draw(request)

    engine = Slow(settings.model_copy(update={"candidate_seconds": 0.05}))
    writer = Writer(engine)
    with pytest.raises(NotNow):
        await writer.write(bob, count=COUNT)
    assert len((await writer.write(bob, count=COUNT)).texts) == COUNT
    assert [request.count for request in engine.requests] == [COUNT + SPARE_DRAFTS]


async def test_fewer_candidates_are_drawn_while_others_wait(
    settings: GenerationSettings, bob: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = []
    for waiting in (0, 1, 3, 30):
        engine = Mixing(settings)
        writer = Writer(engine)
        monkeypatch.setattr(Engine, "waiting", waiting)
        for _ in range(2):
            await writer.write(bob, count=COUNT)
        counts.append(engine.requests[-1].count)
    assert counts == [40, 32, 16, COUNT + SPARE_DRAFTS]


async def test_no_more_candidates_are_drawn_than_there_are_rows(settings: GenerationSettings, bob: Version) -> None:
    engine = Mixing(settings)
    writer = Writer(engine)
    for _ in range(2):
        await writer.write(bob, count=20)
    assert engine.requests[-1].count == settings.max_rows


async def test_a_blend_is_judged_by_all_its_parts_or_not_at_all(
    settings: GenerationSettings, bob: Version, trained: tuple[Settings, Outcome], tmp_path: Path
) -> None:
    other = version_in(tmp_path / "eve", trained[1].version, "eve")
    unjudged = version_in(tmp_path / "old", trained[1].version, "old", judged=False)
    engine = Mixing(settings)
    assert await share_of_good_ones(Writer(engine), Blend(((1.0, bob), (0.5, other)))) > 0.5
    await Writer(engine).write(Blend(((1.0, bob), (1.0, unjudged))), count=COUNT)
    assert engine.requests[-1].count == COUNT + SPARE_DRAFTS


async def test_a_preview_is_not_selected(settings: GenerationSettings, tiny_base: Path) -> None:
    engine = Mixing(settings)
    await Writer(engine).write(preview_voice("ann", sentences(150, seed=8), str(tiny_base)), count=COUNT)
    assert engine.requests[0].count == COUNT + SPARE_DRAFTS


async def test_a_forgotten_voice_leaves_no_discriminator_in_memory(settings: GenerationSettings, bob: Version) -> None:
    writer = Writer(Mixing(settings))
    await writer.write(bob)
    assert writer._knowledge
    writer.forget("bob")
    assert not writer._knowledge


async def test_every_answer_passes_the_checks(settings: GenerationSettings, bob: Version) -> None:
    """What looks most real is a real tweet. It is refused before it can be selected."""

    class Copying(Mixing):
        async def draw(self, request: Request) -> list[Draft]:
            own = [Draft(text, ended=True) for text in Dataset.load(bob.dataset).learned]
            return [*own, *await super().draw(request)]

    answer = await Writer(Copying(settings)).write(bob, count=COUNT)
    assert not set(answer.texts) & set(Dataset.load(bob.dataset).texts)

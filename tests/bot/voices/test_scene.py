"""The use case "scene": turns, what each voice is told, and that a scene ends in time."""

import asyncio
import shutil

import pytest

from bot.core.servers import NO_SERVER
from bot.voices.scene import SceneAsk, Scenes, told
from bot.voices.tweeting import Ask
from huggingtweets.core.config.settings import Settings
from huggingtweets.core.errors import Busy, NotEnoughDrafts, NotNow, Usage
from huggingtweets.core.people.names import VoiceName
from huggingtweets.generation.checks import CopyCheck, LengthCheck, LinkCheck
from huggingtweets.generation.writer import Tweets
from huggingtweets.tweets.learned.contexts import MAX_CHARACTERS
from huggingtweets.tweets.learned.dataset import Dataset
from huggingtweets.workflow.pipeline import Outcome

ANN, BOB, CAROL = map(VoiceName, ("ann", "bob", "carol"))


@pytest.fixture
async def scenes(use_cases) -> Scenes:
    for name in (BOB, CAROL):
        shutil.copytree(use_cases.home.registry.root / "ann", use_cases.home.registry.root / name)
    tweeting = use_cases.tweeting
    return Scenes(tweeting=tweeting, limits=tweeting.limits, willing=tweeting._willing, seconds=120)


@pytest.mark.parametrize(
    ("ask", "why"),
    [
        ({"voices": (ANN,)}, "2 to 4 different voices"),
        ({"voices": (ANN, ANN)}, "2 to 4 different voices"),
        ({"voices": tuple(map(VoiceName, "abcde"))}, "2 to 4 different voices"),
        ({"voices": (ANN, BOB), "lines": 1}, "2 to 10 lines, not 1"),
        ({"voices": (ANN, BOB), "lines": 11}, "2 to 10 lines, not 11"),
        ({"voices": (ANN, BOB), "topic": "x" * 101}, "100 characters, yours has 101"),
    ],
)
def test_what_is_out_of_bounds_is_refused(ask, why: str) -> None:
    with pytest.raises(Usage, match=why):
        SceneAsk("test:1", **ask)


def test_each_is_told_the_topic_and_the_last_lines_without_other_peoples_handles() -> None:
    lines = ["one, @\u200bdan", "two", "three", "four"]
    assert told("", []) == ""
    assert told("fog &lt; rain", []) == "fog &lt; rain"
    assert told("", lines) == "two\nthree\nfour"
    assert told("fog", lines[:1]) == "fog\none,"
    assert told("fog", lines) == "fog\nthree\nfour"


def test_a_long_line_makes_room_before_the_topic_does() -> None:
    context = told("fog", ["x" * 200, "y" * 200])
    assert context == "fog\n" + "y" * 200
    assert len(told("fog " * 20, ["y" * 280])) <= MAX_CHARACTERS


async def test_voices_learned_without_contexts_take_turns_and_every_line_passes_the_checks(
    scenes: Scenes, trained: tuple[Settings, Outcome]
) -> None:
    ask = SceneAsk("test:1", (ANN, BOB, CAROL), "is the fog thick?", 7)
    lines = [line async for line in scenes.play(ask)]
    assert [line.name for line in lines] == ["ann", "bob", "carol", "ann", "bob", "carol", "ann"]
    texts = [line.texts[0] for line in lines]
    checks = (LengthCheck(), LinkCheck(), CopyCheck(Dataset.load(trained[1].version.dataset).texts))
    for number, text in enumerate(texts):
        assert [check(text) for check in (*checks, CopyCheck([ask.topic, *texts[:number]]))] == [None] * 4


class Scripted:
    """A use case that answers as it is told to, in place of drawing."""

    def __init__(self, *answers: str | Exception):
        self.answers, self.asked = list(answers), list[Ask]()

    async def tweet_more(self, ask: Ask) -> Tweets:
        self.asked.append(ask)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if answer == "slow":
            await asyncio.sleep(60)
        return Tweets((answer,), ask.voice, "v1", 1, 1)


async def played(scenes: Scenes, *answers: str | Exception, lines: int = 4) -> tuple[list[str], list[Ask]]:
    scripted = Scripted(*answers)
    scenes._tweeting = scripted  # type: ignore[assignment]
    ask = SceneAsk("test:1", (ANN, BOB), "fog", lines, "test:server")
    return [line.texts[0] async for line in scenes.play(ask)], scripted.asked


async def test_no_line_repeats_an_earlier_one_and_all_are_asked_for_by_one_person(scenes: Scenes) -> None:
    _, asked = await played(scenes, "one", "two", "three", "four")
    assert [ask.unlike for ask in asked] == [["fog"], ["fog", "one"], ["fog", "one", "two"],
                                             ["fog", "one", "two", "three"]]  # fmt: skip
    assert {(ask.person, ask.server, ask.count) for ask in asked} == {("test:1", "test:server", 1)}


@pytest.mark.parametrize("error", [Busy(1.0), NotNow("late"), NotEnoughDrafts("bob", {"copied": 3})])
async def test_a_scene_ends_early_where_no_next_line_comes(scenes: Scenes, error: Exception) -> None:
    assert (await played(scenes, "one", "two", error))[0] == ["one", "two"]
    with pytest.raises(type(error)):
        await played(scenes, error)


async def test_a_scene_ends_when_its_time_is_up(scenes: Scenes) -> None:
    scenes._seconds = 0.2
    assert (await played(scenes, "one", "slow"))[0] == ["one"]
    with pytest.raises(NotNow, match="took too long"):
        await played(scenes, "slow")


async def test_a_scene_counts_as_half_a_request_a_line_and_nothing_if_others_came_first(scenes: Scenes) -> None:
    limits = scenes._limits
    limits._person.per_minute = 2
    with pytest.raises(Busy):
        await played(scenes, Busy(1.0))
    await played(scenes, "one", "two", "three", "four")
    with pytest.raises(Exception, match="That was a lot at once"):
        await played(scenes, "one")


async def test_nobody_is_in_a_scene_who_wants_not_to_be_even_if_they_say_so_meanwhile(scenes: Scenes) -> None:
    store = scenes._willing._store
    lines = scenes.play(SceneAsk("test:1", (ANN, BOB), "", 4, NO_SERVER))
    assert (await anext(lines)).name == "ann"
    await store.consent.bury("ann", "test:ann")
    with pytest.raises(Exception, match="ann does not want to be imitated"):
        await anext(lines)
    with pytest.raises(Exception, match="ann does not want to be imitated"):
        await anext(scenes.play(SceneAsk("test:1", (BOB, CAROL, ANN))))

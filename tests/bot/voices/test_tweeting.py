"""The use case "tweet like": bounds, limits, suggestions, and what people hear if there is no such voice."""

from pathlib import Path

import pytest

from bot.core.errors import TooOften
from bot.store import Store, utc_now
from bot.voices.patience import WaitingRoom
from bot.voices.tastes import Tastes
from bot.voices.tweeting import MAX_PROMPT_CHARACTERS, Ask
from huggingtweets.core.errors import Busy, Usage
from huggingtweets.core.people.names import VoiceName
from huggingtweets.generation.checks import weighted_length
from huggingtweets.generation.drawing_options import DrawingOptions
from tests.bot.databases import sqlite_in


async def test_tweets_are_drawn_in_the_voice_that_was_asked_for(use_cases) -> None:
    tweets = await use_cases.tweeting.tweet_like(Ask("test:1", VoiceName("ann"), "our rover", 3))
    assert (tweets.name, tweets.version) == ("ann", "v1")
    assert len(tweets.texts) == len(set(tweets.texts)) == 3
    for text in tweets.texts:
        assert text.startswith("our rover")
        assert 1 <= weighted_length(text) <= 280


@pytest.mark.parametrize("count", [0, 6, -1])
async def test_a_count_out_of_bounds_is_refused(use_cases, count: int) -> None:
    with pytest.raises(Usage, match="1 to 5"):
        await use_cases.tweeting.tweet_like(Ask("test:1", VoiceName("ann"), "", count))


async def test_a_start_that_is_too_long_is_refused(use_cases) -> None:
    with pytest.raises(Usage, match=str(MAX_PROMPT_CHARACTERS)):
        await use_cases.tweeting.tweet_like(Ask("test:1", VoiceName("ann"), "x" * (MAX_PROMPT_CHARACTERS + 1)))


async def test_asking_too_often_is_refused(use_cases) -> None:
    use_cases.tweeting.limits._person.per_minute = 1
    await use_cases.tweeting.tweet_like(Ask("test:1", VoiceName("ann")))
    with pytest.raises(TooOften):
        await use_cases.tweeting.tweet_like(Ask("test:1", VoiceName("ann")))
    await use_cases.tweeting.tweet_like(Ask("test:2", VoiceName("ann")))


async def test_an_unknown_voice_names_the_known_ones(use_cases) -> None:
    with pytest.raises(Usage, match=r"I know ann; an admin can train"):
        await use_cases.tweeting.tweet_like(Ask("test:1", VoiceName("bob")))


async def test_without_any_voice_the_answer_says_how_to_get_one(use_cases_without_voices) -> None:
    with pytest.raises(Usage, match="I know nobody yet"):
        await use_cases_without_voices.tweeting.tweet_like(Ask("test:1", VoiceName("bob")))


async def test_a_voice_that_is_being_learned_is_promised(use_cases, tmp_path: Path) -> None:
    few = tmp_path / "few.txt"
    few.write_text("only these few words here\n")
    await use_cases.training.start("test:1", VoiceName("bob"), [few])
    with pytest.raises(Usage, match=r"still learning bob \(\d+ %\)"):
        await use_cases.tweeting.tweet_like(Ask("test:1", VoiceName("bob")))


async def test_a_voice_that_is_being_learned_is_previewed_and_marked(use_cases, sample_file: Path) -> None:
    await use_cases.training.start("test:1", VoiceName("bob"), [sample_file])
    tweets = await use_cases.tweeting.tweet_like(Ask("test:1", VoiceName("bob"), "the crew", 2))
    assert (tweets.name, tweets.version) == ("bob", "preview")
    assert len(tweets.texts) == 2
    assert all(text.startswith("the crew") for text in tweets.texts)


async def test_a_damaged_voice_does_not_hide_the_others(use_cases) -> None:
    broken = use_cases.home.folder / "models" / "bob"
    broken.mkdir()
    (broken / "current.json").write_text("{")
    assert [version.name for version in await use_cases.tweeting.models()] == ["ann"]


async def test_suggestions_take_an_at_and_any_case(use_cases) -> None:
    for name in ("anna", "joann", "zed"):
        home = use_cases.home.folder / "models" / name
        home.mkdir()
        (home / "current.json").write_text('{"version": "v1", "before": []}')
    assert await use_cases.tweeting.suggestions("@ANN") == ["ann", "anna", "joann"]
    assert await use_cases.tweeting.suggestions("") == ["ann", "anna", "joann", "zed"]
    assert await use_cases.tweeting.suggestions("nobody") == []


async def test_a_refusal_for_want_of_room_costs_nobody_anything(use_cases, monkeypatch: pytest.MonkeyPatch) -> None:
    tweeting, limits = use_cases.tweeting, use_cases.tweeting.limits
    monkeypatch.setattr(tweeting, "_waiting_room", WaitingRoom(seconds=0.0))
    limits._person.per_minute = limits._server.per_minute = limits._total.per_minute = 1

    async def busy(*_: object, **__: object) -> None:
        raise Busy(1.0)

    with monkeypatch.context() as patched:
        patched.setattr(tweeting._writer, "write", busy)
        for _ in range(3):
            with pytest.raises(Busy):
                await tweeting.tweet_like(Ask("test:1", VoiceName("ann"), server="test:server"))
    assert (await tweeting.tweet_like(Ask("test:1", VoiceName("ann"), server="test:server"))).texts


async def test_who_asks_for_what_there_is_not_pays_alone(use_cases) -> None:
    limits = use_cases.tweeting.limits
    limits._person.per_minute = limits._server.per_minute = limits._total.per_minute = 1
    with pytest.raises(Usage, match="I do not know bob yet"):
        await use_cases.tweeting.tweet_like(Ask("test:1", VoiceName("bob"), server="test:server"))
    with pytest.raises(TooOften, match="That was a lot at once"):
        await use_cases.tweeting.tweet_like(Ask("test:1", VoiceName("bob"), server="test:server"))
    assert (await use_cases.tweeting.tweet_like(Ask("test:2", VoiceName("ann"), server="test:server"))).texts


async def test_what_people_like_matters_in_chats_but_not_with_a_seed(use_cases, monkeypatch) -> None:
    tweeting = use_cases.tweeting
    async with Store(sqlite_in(use_cases.home.folder / "data")) as store:
        for number in range(60):
            text, thumb = (f"is number {number} foggy?", 1) if number % 2 else (f"number {number} is foggy.", -1)
            await store.feedback.answered(f"m{number}", person="test:1", voice=VoiceName("ann"), texts=[text])
            await store.feedback.vote(f"m{number}", "test:2", thumb)
        tweeting._tastes = tastes = Tastes(store, utc_now)
        heard = []
        write = tweeting._writer.write

        async def listening(*given, **more):
            heard.append(more["liked"])
            return await write(*given, **more)

        monkeypatch.setattr(tweeting._writer, "write", listening)
        await tweeting.tweet_like(Ask("test:1", VoiceName("ann")))
        assert heard == [None], "nobody waits until it is learned"
        await tastes.settled()
        tweets = await tweeting.tweet_like(Ask("test:1", VoiceName("ann"), count=2))
        assert len(tweets.texts) == 2
        asked, told = heard[-1](["is it foggy?", "it is foggy."])
        assert asked > told
        await tweeting.tweet_like(Ask("test:1", VoiceName("ann"), options=DrawingOptions(seed=1)))
        assert heard[-1] is None

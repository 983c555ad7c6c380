"""Real or AI?, as people play it."""

import asyncio
from pathlib import Path

import pytest

from bot.store import Store
from huggingtweets.registry.versions import Registry
from huggingtweets.tweets.learned.dataset import Dataset
from tests.bot.discord.conftest import MakeBot, ScriptedWriter, World

REAL = "A real one, of some length"


@pytest.fixture(autouse=True)
async def with_tweets(registry: Registry) -> None:
    await asyncio.to_thread(Dataset.of_texts((REAL,), ()).save, registry.current("nasa").dataset)


async def test_people_guess_for_a_minute_and_the_voice_keeps_its_score(
    there: World, store: Store, make_bot: MakeBot, writer: ScriptedWriter
) -> None:
    writer.texts = ("A drawn one, of that length",)
    result = await there.ann.slash(there.channel, "realornot", name="@NASA")
    assert result.response
    question = result.response.embeds[0]
    texts = {field.name: field.value for field in question.fields}
    assert set(texts.values()) == {REAL, "A drawn one, of that length"}
    right = "A is real" if texts["A"] == REAL else "B is real"
    wrong = "B is real" if right == "A is real" else "A is real"
    await there.ann.click(result.response, label=right)
    assert "Wait for the answer." in there.private(there.ann)
    await there.ann.click(result.response, label=wrong)
    assert "Your first guess counts" in there.private(there.ann)
    await there.member("bob").click(result.response, label=wrong)
    await there.env.advance_time(30)
    await there.env.restart_bot(make_bot())  # the round is taken up
    await there.env.advance_time(31)
    answer = there.said()[0]
    assert answer.embeds[0].title == right
    assert answer.embeds[0].footer.text == "1 of 2 guesses were right. In all, @nasa has fooled 1 of 2 who guessed."
    assert answer.components == []
    profile = await there.ann.slash(there.channel, "voice", name="nasa")
    assert profile.response
    assert "has fooled 1 of 2 who guessed" in str(profile.response.embeds[0].to_dict())
    assert there.errors() == ["Usage"]


async def test_who_opted_out_is_in_no_game(there: World, store: Store) -> None:
    await store.consent.bury("nasa", "discord:1")
    await there.ann.slash(there.channel, "realornot", name="nasa")
    assert "nasa does not want to be imitated." in there.private(there.ann)
    assert there.errors() == ["NotAllowed"]


async def test_a_voice_without_tweets_is_told(there: World, registry: Registry) -> None:
    Dataset.of_texts((), ()).save(registry.current("nasa").dataset)
    await there.ann.slash(there.channel, "realornot", name="nasa")
    assert "no tweets to compare with" in there.private(there.ann)
    assert there.errors() == ["Usage"]


async def test_names_are_suggested(there: World) -> None:
    choices = await there.ann.autocomplete(there.channel, "realornot", "name", "n")
    assert [choice["value"] for choice in choices] == ["nasa"]


async def test_a_round_whose_message_is_gone_ends_quietly(
    there: World, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    result = await there.ann.slash(there.channel, "realornot", name="nasa")
    assert result.response
    there.env.backend.delete_message(there.channel.id, result.response.id)
    await there.env.advance_time(61)
    assert "the end of round" in caplog.text
    assert await store.rounds.open() == []


async def test_a_forgotten_voice_ends_its_rounds(there: World, store: Store, tmp_path: Path) -> None:
    await there.ann.slash(there.channel, "realornot", name="nasa")
    await store.forgetting.voice("nasa", "discord:1")
    await there.env.advance_time(61)
    [embed] = there.said()[0].embeds
    assert "This round was withdrawn" in embed.description
    assert embed.fields == []


async def test_a_running_round_shows_no_answer_of_who_opted_out_meanwhile(there: World, store: Store) -> None:
    result = await there.ann.slash(there.channel, "realornot", name="nasa")
    assert result.response
    await store.consent.claim("s1", "discord:2", "nasa")
    await store.consent.confirm("s1", "discord:2", "nasa", "discord:3")
    await store.consent.opt_out("discord:2", "imitation")
    await there.ann.click(result.response, label="A is real")
    assert "This round was withdrawn" in there.private(there.ann)
    await there.env.advance_time(61)
    [embed] = there.said()[0].embeds
    assert "This round was withdrawn" in embed.description
    assert (embed.title, embed.fields) == (None, [])
    assert there.errors() == ["Usage"]


async def test_a_refused_question_is_told(there: World, store: Store) -> None:
    there.env.inject_error("PATCH", "/webhooks/*/*/messages/*", status=500)
    await there.ann.slash(there.channel, "realornot", name="nasa")
    assert "Something went wrong on my side" in there.private(there.ann)
    assert await store.rounds.open() == []
    assert there.errors() == ["HTTPException"]

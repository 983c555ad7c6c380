"""/tweetlike as people meet it."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
import simcord
from simcord import Env, ResponseMessage

from bot.store import Store
from huggingtweets.core.config.settings import Settings
from huggingtweets.core.errors import NotEnoughDrafts
from huggingtweets.generation.drawing_options import MAX_SEED, DrawingOptions
from huggingtweets.generation.engine import Engine
from huggingtweets.generation.writer import Tweets, Writer
from huggingtweets.registry.versions import Registry
from huggingtweets.tweets.kept.tweet_store import TweetStore
from huggingtweets.workflow.pipeline import Outcome
from tests.bot.discord.conftest import MakeBot, ScriptedWriter, World, add_voice, world

ID = r"\([0-9a-f]{6}\)"


async def private_sentence(there: World, result: simcord.InteractionResult) -> str:
    """Returns the one answer, which only the person who asked sees. Nothing else is left of the command."""
    answers: list[ResponseMessage | None] = [*result.followups] or [result.response]
    [answer] = answers
    assert answer
    assert answer.ephemeral
    assert there.said() == []
    return answer.content


async def test_tweets_are_drawn_by_the_trained_model_and_marked_as_ai(
    make_bot: MakeBot, trained: tuple[Settings, Outcome]
) -> None:
    settings, _ = trained
    async with Engine(settings.generation) as engine:
        bot = make_bot(writes=Writer(engine), knows=Registry(settings.storage.models))
        async with simcord.run(bot, settle_timeout=60) as env:
            there = world(env)
            result = await there.ann.slash(there.channel, "tweetlike", user="@Ann", prompt="the crew", count=2)
    assert result.response
    first, second = result.response.embeds
    for embed in (first, second):
        assert embed.author.name == "AI parody of Ann O'Nymous (@ann)"
        assert embed.footer.text == "Written by an AI, and by nobody else · ann v1"
        assert (embed.description or "").startswith("the crew ")
    assert first.description != second.description
    assert result.response.content == ""


async def test_prompt_and_count_may_be_left_out(there: World, writer: ScriptedWriter) -> None:
    result = await there.ann.slash(there.channel, "tweetlike", user="nasa")
    assert writer.asked == [("nasa", "", 1)]
    assert result.response
    assert result.response.embeds[0].description == "Tweet number 1"
    assert not result.response.ephemeral


async def test_how_they_are_drawn_can_be_chosen_and_again_keeps_that_but_not_the_seed(
    there: World, writer: ScriptedWriter
) -> None:
    result = await there.ann.slash(
        there.channel, "tweetlike", user="nasa", temperature=0.5, length="shorter", seed=MAX_SEED
    )
    assert result.response
    await there.ann.click(result.response, custom_id="tweets:again")
    await there.ann.slash(there.channel, "tweetlike", user="nasa")
    assert writer.options == [
        DrawingOptions(0.5, "shorter", MAX_SEED),
        DrawingOptions(0.5, "shorter"),
        DrawingOptions(),
    ]


async def test_it_works_in_a_direct_message(simcord_env: Env) -> None:
    result = await simcord_env.create_user("bob").slash("tweetlike", user="nasa", count=3)
    assert [one.description for one in result.response.embeds] == ["Tweet number 1", "Tweet number 2", "Tweet number 3"]


async def test_names_are_suggested_whatever_the_case_with_or_without_at(there: World, registry: Registry) -> None:
    for name in ("nasa_mars", "elon", "big_nasa"):
        add_voice(registry, name)
    choices = await there.ann.autocomplete(there.channel, "tweetlike", "user", "@NaS")
    assert [choice["value"] for choice in choices] == ["nasa", "nasa_mars", "big_nasa"]


async def test_at_most_25_names_are_suggested_and_none_that_discord_refuses(there: World, registry: Registry) -> None:
    for number in range(30):
        add_voice(registry, f"voice{number:02}")
    add_voice(registry, "a" * 30 + "-" + "b" * 30 + "-" + "c" * 30 + "-" + "d" * 30)
    assert len(await there.ann.autocomplete(there.channel, "tweetlike", "user", "voice")) == 25
    assert await there.ann.autocomplete(there.channel, "tweetlike", "user", "aaa") == []


async def test_an_unknown_voice_is_told_privately_with_an_id(there: World) -> None:
    result = await there.ann.slash(there.channel, "tweetlike", user="nobody")
    sentence = await private_sentence(there, result)
    assert re.fullmatch(rf"I do not know nobody yet\. I know nasa; .* {ID}", sentence)
    assert there.errors() == ["UnknownVoice"]


async def test_the_largest_count_is_the_settings(there: World) -> None:
    [command] = [one for one in there.env.backend.commands[None].values() if one["name"] == "tweetlike"]
    [count] = [option for option in command["options"] if option["name"] == "count"]
    assert (count["min_value"], count["max_value"]) == (1, 5)


async def test_a_count_out_of_range_is_told_when_discord_lets_it_through(there: World, make_bot: MakeBot) -> None:
    # The commands that Discord knows are older than the settings.
    await there.env.restart_bot(make_bot(max_count=10))
    small = make_bot(max_count=3)
    small.setup_hook = _nothing  # type: ignore[method-assign]
    await there.env.restart_bot(small)
    result = await there.ann.slash(there.channel, "tweetlike", user="nasa", count=7)
    assert "I write 1 to 3 tweets at once, not 7." in await private_sentence(there, result)
    assert there.errors() == ["Usage"]


async def _nothing() -> None:
    pass


async def test_the_defer_comes_before_a_slow_writer(there: World, writer: ScriptedWriter) -> None:
    writer.seconds = 40
    result = await there.ann.slash(there.channel, "tweetlike", user="nasa")
    assert result.deferred
    assert not result.ephemeral
    await there.env.advance_time(39)
    assert result.deferred
    await there.env.advance_time(2)
    assert result.response
    assert result.response.embeds[0].description == "Tweet number 1"


async def test_past_15_minutes_the_tweets_come_as_a_message_that_names_who_asked(
    there: World, writer: ScriptedWriter
) -> None:
    writer.seconds = 15 * 60 + 1
    await there.ann.slash(there.channel, "tweetlike", user="nasa")
    await there.env.advance_time(writer.seconds + 1)
    late = there.said()[-1]
    assert late.content == there.ann.mention
    assert late.embeds[0].description == "Tweet number 1"
    assert not there.env.backend.get_message(there.channel.id, late.id).ping_user_ids


async def test_past_15_minutes_a_failure_comes_as_a_message_too(there: World, writer: ScriptedWriter) -> None:
    writer.seconds, writer.error = 15 * 60 + 1, NotEnoughDrafts("nasa", {"copied": 7})
    await there.ann.slash(there.channel, "tweetlike", user="nasa")
    await there.env.advance_time(writer.seconds + 1)
    assert "No draft of nasa passed the checks" in there.said()[-1].content
    assert there.errors() == ["NotEnoughDrafts"]


async def test_nobody_is_pinged_by_a_tweet(there: World, writer: ScriptedWriter) -> None:
    writer.texts = (f"@everyone @here <@{there.ann.id}> look",)  # as if the writer's own guard had failed
    await there.ann.slash(there.channel, "tweetlike", user="nasa")
    await there.ann.send(there.channel, f"{there.me} nasa")
    assert len(there.said()) == 2
    for message in there.said():
        stored = there.env.backend.get_message(there.channel.id, message.id)
        assert not stored.mention_everyone
        assert not stored.ping_user_ids


async def test_a_failure_that_quotes_pings_nobody(there: World) -> None:
    await there.ann.send(there.channel, f"{there.me} *@nobody* @everyone".replace("@everyone", "@\u200beveryone"))
    await there.ann.slash(there.channel, "tweetlike", user="@here *bold*")
    for message in there.channel.history(viewer=there.ann):
        stored = there.env.backend.get_message(there.channel.id, message.id)
        assert not stored.mention_everyone
        assert "@here" not in message.content
    assert there.errors() == ["Usage"]


async def test_what_nobody_foresaw_is_told_without_its_detail(there: World, writer: ScriptedWriter) -> None:
    writer.error = ZeroDivisionError("secret detail")
    result = await there.ann.slash(there.channel, "tweetlike", user="nasa")
    sentence = await private_sentence(there, result)
    assert re.fullmatch(
        r"Something went wrong on my side; whoever runs me finds in the log what it was\. \([0-9a-f]{6}\)", sentence
    )
    assert there.errors() == ["ZeroDivisionError"]


async def test_too_many_requests_are_told_when_to_come_back(there: World) -> None:
    for _ in range(10):
        await there.ann.slash(there.channel, "tweetlike", user="nasa")
    before = len(there.said())
    result = await there.ann.slash(there.channel, "tweetlike", user="nasa")
    assert result.response
    assert re.search(r"try again in \d+ s", result.response.content)
    assert result.response.ephemeral
    assert len(there.said()) == before
    assert there.errors() == ["CheckFailure"]


async def test_many_long_tweets_are_split_over_messages(there: World, writer: ScriptedWriter) -> None:
    writer.texts = ("*" * 1_500,) * 5
    result = await there.ann.slash(there.channel, "tweetlike", user="nasa", count=5)
    assert result.response
    pages = [result.response, *result.followups]
    assert [len(page.embeds[0].description or "") for page in pages] == [3_000] * 5
    assert all(page.embeds[0].author.name == "AI parody of @nasa" for page in pages)


async def test_fewer_tweets_than_asked_are_said_so(there: World, writer: ScriptedWriter) -> None:
    writer.texts = ("one", "two")
    result = await there.ann.slash(there.channel, "tweetlike", user="nasa", count=5)
    assert result.response
    assert len(result.response.embeds) == 2
    assert result.response.content.startswith("Only 2 of 5 this time: my other drafts broke off")


async def test_a_resent_interaction_is_answered_once(there: World, writer: ScriptedWriter) -> None:
    await there.ann.slash(there.channel, "tweetlike", user="nasa")
    [event] = [payload for _, name, payload in there.env.backend.transcript if name == "INTERACTION_CREATE"]
    there.env.backend.emit("INTERACTION_CREATE", event)
    await there.env.settle()
    assert len(writer.asked) == 1
    assert len(there.said()) == 1


async def test_private_tweets_are_for_who_asked_alone(there: World) -> None:
    result = await there.ann.slash(there.channel, "tweetlike", user="nasa", private=True)
    assert result.response
    assert result.response.ephemeral
    assert there.said() == []


async def test_a_private_answer_after_15_minutes_is_not_made_public(there: World, writer: ScriptedWriter) -> None:
    writer.seconds = 15 * 60 + 1
    await there.ann.slash(there.channel, "tweetlike", user="nasa", private=True)
    await there.env.advance_time(writer.seconds + 1)
    assert all(not message.embeds for message in there.said())
    assert "after that I cannot answer privately" in there.said()[-1].content
    assert there.errors() == ["NotAllowed"]


async def test_a_picture_comes_with_the_tweets(there: World) -> None:
    result = await there.ann.slash(there.channel, "tweetlike", user="nasa", prompt="We", picture=True)
    assert result.response
    [picture] = result.response.attachments
    assert (await picture.read()).startswith(b"\x89PNG")
    assert result.response.embeds[0].image.url


async def test_voices_are_blended_where_no_cyborg_was_learned(
    there: World, registry: Registry, writer: ScriptedWriter
) -> None:
    add_voice(registry, "elon")
    await there.ann.slash(there.channel, "tweetlike", user="nasa", blend="0.5*elon", picture=True)
    assert writer.asked == [("nasa+0.5*elon", "", 1)]
    [shown] = there.said()
    assert shown.embeds[0].author.name == "AI parody of @nasa, @elon"
    assert shown.attachments[0].filename == "predictions.png"
    await there.ann.send(there.channel, "go on", reply_to=shown)
    await there.ann.slash(there.channel, "cyborg", a="nasa", b="elon")
    assert [asked[0] for asked in writer.asked[1:]] == ["nasa+0.5*elon", "nasa+elon"]


async def test_a_blend_with_nobody_or_with_who_opted_out_is_refused(there: World, store: Store) -> None:
    await there.ann.slash(there.channel, "tweetlike", user="nasa", blend="nobody")
    assert "I do not know nobody yet" in there.private(there.ann)
    await store.consent.bury("elon", "discord:1")
    await there.ann.slash(there.channel, "tweetlike", user="nasa", blend="elon")
    assert "elon does not want to be imitated" in there.private(there.ann)
    assert there.errors() == ["UnknownVoice", "NotAllowed"]


async def test_a_cyborg_is_the_voice_that_was_learned_from_all(
    there: World, registry: Registry, writer: ScriptedWriter
) -> None:
    add_voice(registry, "elon-nasa")
    await there.ann.slash(there.channel, "cyborg", a="@NASA", b="elon", prompt="We")
    assert writer.asked == [("elon-nasa", "We", 1)]
    assert there.said()[0].embeds[0].author.name == "AI parody of @elon, @nasa"
    assert "nasa" in str(await there.ann.autocomplete(there.channel, "cyborg", "b", "n"))


async def test_a_member_is_imitated_from_their_menu_once_they_have_a_voice(
    there: World, writer: ScriptedWriter, store: Store
) -> None:
    bob = there.member("bob")
    await there.ann.context_menu(there.channel, "Tweet like", bob)
    assert "I know no voice of theirs" in there.private(there.ann)
    await store.members.join(f"discord:server:{there.ann.guild.id}", f"discord:{bob.id}", "nasa")
    await there.ann.context_menu(there.channel, "Tweet like", bob)
    assert writer.asked == [("nasa", "", 1)]
    assert there.errors() == ["Usage"]


async def test_what_was_withdrawn_while_it_was_drawn_is_not_shown(
    there: World, writer: ScriptedWriter, commands_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tweets = TweetStore(commands_file.parent / "tweets")
    write = writer.write

    async def forgotten_meanwhile(*asked: Any, **more: Any) -> Tweets:
        drawn = await write(*asked, **more)
        await asyncio.to_thread(tweets.forget, "nasa")  # as the command line does, which knows no bot
        return drawn

    monkeypatch.setattr(writer, "write", forgotten_meanwhile)
    for _ in range(2):
        await there.ann.slash(there.channel, "tweetlike", user="nasa")
        assert "nasa does not want to be imitated." in there.private(there.ann)
    assert len(writer.asked) == 1, "the second time nothing is drawn"
    await there.ann.send(there.channel, f"{there.me} nasa")
    assert len(writer.asked) == 1
    assert await there.ann.autocomplete(there.channel, "tweetlike", "user", "") == []
    assert there.errors() == ["NotAllowed"] * 2

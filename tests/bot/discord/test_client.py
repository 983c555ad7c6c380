"""What the bot asks for, and how it ends."""

import asyncio

import pytest

from bot.core.config import DiscordSettings
from bot.discord.client import DiscordBot, intents
from tests.bot.discord.conftest import STOP_SECONDS, ScriptedWriter, World


def test_nothing_that_needs_discords_approval_is_asked_for() -> None:
    asked = {name for name, wanted in intents(DiscordSettings()) if wanted}
    assert asked == {"guilds", "guild_messages", "dm_messages"}


def test_the_content_of_messages_is_asked_for_only_to_learn_from_members() -> None:
    asked = {name for name, wanted in intents(DiscordSettings(member_messages=True)) if wanted}
    assert asked == {"guilds", "guild_messages", "dm_messages", "message_content"}


async def test_messages_ping_nobody_by_default(there: World) -> None:
    assert there.bot.allowed_mentions
    assert dict(there.bot.allowed_mentions.to_dict()) == {"parse": []}


async def close(there: World) -> asyncio.Task[None]:
    """Begin to close the bot in a task of its own, so that it runs on SimCord's clock."""
    with there.env._bot_scope():
        task = asyncio.create_task(there.bot.close())
    await there.env.settle()
    return task


async def test_an_answer_under_way_is_given_before_the_end(there: World, writer: ScriptedWriter) -> None:
    writer.seconds = STOP_SECONDS - 10
    result = await there.ann.slash(there.channel, "tweetlike", user="nasa")
    closing = await close(there)
    assert not there.bot.is_closed()
    await there.env.advance_time(STOP_SECONDS - 5)
    assert result.response
    assert result.response.embeds
    assert closing.done()
    assert there.bot.is_closed()


async def test_who_asks_meanwhile_is_told_to_come_back(there: World, writer: ScriptedWriter) -> None:
    writer.seconds = STOP_SECONDS - 10
    await there.ann.slash(there.channel, "tweetlike", user="nasa")
    await close(there)
    late = await there.ann.slash(there.channel, "tweetlike", user="nasa")
    assert late.response
    assert late.response.ephemeral
    assert "I am being restarted; ask me again in a minute." in late.response.content
    await there.ann.send(there.channel, f"{there.me} nasa")
    assert "I am being restarted" in there.said()[-1].content
    await there.env.advance_time(STOP_SECONDS)
    assert len(writer.asked) == 1
    assert there.errors() == ["CheckFailure"]


async def test_an_answer_that_takes_too_long_is_given_up(
    there: World, writer: ScriptedWriter, caplog: pytest.LogCaptureFixture
) -> None:
    writer.seconds = STOP_SECONDS * 3
    await there.ann.slash(there.channel, "tweetlike", user="nasa")
    closing = await close(there)
    await there.env.advance_time(STOP_SECONDS + 1)
    assert closing.done()
    assert there.bot.is_closed()
    assert "1 answers were not ready within 30 s" in caplog.text


async def test_a_bot_that_never_connected_can_be_closed(simcord_bot: DiscordBot) -> None:
    async with simcord_bot:
        pass
    assert simcord_bot.is_closed()

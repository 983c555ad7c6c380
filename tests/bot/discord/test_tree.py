"""Commands are registered when they changed, and no failure of theirs goes unanswered."""

import json
from pathlib import Path
from typing import Any

import discord
import pytest
from discord import app_commands

from bot.discord.asking.answering import Interaction
from tests.bot.discord.conftest import MakeBot, ScriptedWriter, World

EVERYBODYS = {"tweetlike", "cyborg", "scene", "reply", "models", "voice", "realornot"}
EVERYBODYS |= {"Tweet like", "Continue this as ...", "Reply as ..."}
EVERYBODYS |= {"privacy", "optout", "optin", "mydata", "forget", "help", "link", "unlink", "leave"}
ADMINS = {
    "train",
    "retrain",
    "jobs",
    "cancel",
    "promote",
    "rollback",
    "allow",
    "deny",
    "settings",
    "status",
    "sync",
    "schedule",
    "home",
    "deletevoice",
    "unpause",
}
SYNC = "/applications/*/commands"


def syncs(there: World) -> int:
    return sum(one.method == "PUT" and one.path.endswith("/commands") for one in there.env.http_requests)


async def test_commands_are_registered_once_and_globally(there: World, make_bot: MakeBot) -> None:
    assert set(there.env.backend.commands) == {None}
    assert {one["name"] for one in there.env.backend.commands[None].values()} == EVERYBODYS | ADMINS
    await there.env.restart_bot(make_bot())
    assert syncs(there) == 1


async def test_changed_commands_are_registered_again(there: World, make_bot: MakeBot) -> None:
    await there.env.restart_bot(make_bot(max_count=1))
    assert syncs(there) == 2


@pytest.mark.parametrize("content", ["", "{", '{"application": 1}'])
async def test_a_damaged_memory_means_registering_again(
    there: World, make_bot: MakeBot, commands_file: Path, content: str
) -> None:
    assert json.loads(commands_file.read_text())["application"] == there.bot.application_id
    commands_file.write_text(content)
    await there.env.restart_bot(make_bot())
    assert syncs(there) == 2


async def test_refused_commands_do_not_keep_the_bot_from_answering(
    there: World, make_bot: MakeBot, commands_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    commands_file.unlink()
    there.env.inject_error("PUT", SYNC, status=400)
    await there.env.restart_bot(make_bot())
    assert "could not be registered" in caplog.text
    assert not commands_file.exists()
    await there.ann.send(there.channel, f"{there.me} nasa")
    assert len(there.said()) == 1


async def test_an_ill_discord_ends_the_log_in_so_that_it_is_tried_again(
    there: World, make_bot: MakeBot, commands_file: Path
) -> None:
    commands_file.unlink()
    there.env.inject_error("PUT", SYNC, status=503)
    with pytest.raises(discord.HTTPException, match="503"):
        await there.env.restart_bot(make_bot())


async def test_a_command_that_is_gone_is_told_privately(there: World) -> None:
    there.bot.tree.remove_command("models")
    result = await there.ann.slash(there.channel, "models")
    assert result.response
    assert result.response.ephemeral
    assert "This command has changed" in result.response.content
    assert there.errors() == ["CommandNotFound"]


async def test_suggestions_of_a_command_that_is_gone_are_none(there: World) -> None:
    there.bot.tree.remove_command("tweetlike")
    assert await there.ann.autocomplete(there.channel, "tweetlike", "user", "n") == []
    assert there.errors() == ["CommandNotFound"]


async def add_command(there: World, command: app_commands.Command[Any, ..., None]) -> None:
    there.bot.tree.add_command(command)
    await there.bot.tree.sync()


@pytest.mark.parametrize("reason", ["The check functions for command 'forbidden' failed.", ""])
async def test_a_check_of_the_library_that_fails_is_told_in_our_words(
    there: World, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_: Interaction) -> bool:
        if reason:
            raise app_commands.NoPrivateMessage(reason)
        return False  # discord.py finds a sentence for this

    @app_commands.command(name="forbidden", description="For nobody")
    @app_commands.check(refuse)
    async def forbidden(_: Interaction) -> None:
        raise AssertionError("the check let it through")

    await add_command(there, forbidden)
    result = await there.ann.slash(there.channel, "forbidden")
    assert result.response
    assert result.response.ephemeral
    assert result.response.content.startswith("You may not use this command here; ask an admin of this server")
    assert "The check functions for command 'forbidden' failed." in caplog.text
    assert len(there.errors()) == 1


async def test_an_option_that_cannot_be_read_is_told_privately(there: World) -> None:
    class Unreadable(app_commands.Transformer):
        async def transform(self, interaction: Interaction, value: object, /) -> str:
            raise ValueError("never")

    @app_commands.command(name="odd", description="Takes nothing")
    async def odd(_: discord.Interaction[discord.Client], what: app_commands.Transform[str, Unreadable]) -> None:
        raise AssertionError(what)

    await add_command(there, odd)
    result = await there.ann.slash(there.channel, "odd", what="this")
    assert result.response
    assert 'I cannot make sense of "this"' in result.response.content
    assert there.errors() == ["TransformerError"]


async def test_an_error_of_the_library_is_told_as_unforeseen(there: World) -> None:
    def odd(_: Interaction) -> bool:
        raise app_commands.AppCommandError("odd")

    @app_commands.command(name="strange", description="Strange")
    @app_commands.check(odd)
    async def strange(_: Interaction) -> None:
        raise AssertionError

    await add_command(there, strange)
    result = await there.ann.slash(there.channel, "strange")
    assert result.response
    assert "Something went wrong on my side" in result.response.content
    assert there.errors() == ["AppCommandError"]


CALLBACK = "/interactions/*/*/callback"
ANSWER = "/webhooks/*/*/messages/*"
FOLLOW_UP = "/webhooks/*/*"


@pytest.mark.parametrize("status", [403, 404, 500])
async def test_when_no_answer_can_be_given_it_is_told_in_the_channel_and_the_next_is_given(
    there: World, status: int, caplog: pytest.LogCaptureFixture, writer: ScriptedWriter
) -> None:
    there.env.inject_error("POST", CALLBACK, status=status, times=2)
    await there.ann.slash(there.channel, "tweetlike", user="nasa", prompt="SECRET WORDS")
    assert "no answer reached interaction" in caplog.text
    assert "SECRET" not in caplog.text
    assert there.said()[0].content == f"{there.ann.mention} Discord did not let me answer you in time; ask me again."
    assert writer.asked == []
    assert len(there.errors()) == 1
    await there.ann.slash(there.channel, "tweetlike", user="nasa")
    assert len(there.said()) == 2


async def test_when_not_even_that_can_be_told_the_log_says_so(there: World, caplog: pytest.LogCaptureFixture) -> None:
    there.env.inject_error("POST", CALLBACK, status=404, times=2)
    there.env.inject_error("POST", "/channels/*/messages", status=403, times=None)
    await there.ann.slash(there.channel, "tweetlike", user="nasa")
    assert "nor was it told in the channel" in caplog.text
    assert len(there.errors()) == 1


async def test_when_the_tweets_are_refused_the_failure_is_told(there: World) -> None:
    there.env.inject_error("PATCH", ANSWER, status=500)
    result = await there.ann.slash(there.channel, "tweetlike", user="nasa")
    assert "Something went wrong on my side" in result.followups[0].content
    assert result.followups[0].ephemeral
    assert there.said() == []
    assert there.errors() == ["HTTPException"]


async def test_tweets_that_were_shown_stay_when_the_next_page_fails(there: World, writer: ScriptedWriter) -> None:
    writer.texts = ("*" * 1_500,) * 2
    writer.seconds = 20
    await there.ann.slash(there.channel, "tweetlike", user="nasa", count=2)
    fault = {"method": "POST", "path": FOLLOW_UP, "status": 400, "code": 0, "message": "ill", "times": 1}

    def fail_the_next_one(event: str, _: object) -> None:
        if event == "MESSAGE_UPDATE" and fault["times"]:  # the first page is there
            there.env.backend.faults.append(fault)

    there.env.backend.subscribers.append(fail_the_next_one)
    await there.env.advance_time(21)
    [page] = there.said()
    assert page.embeds[0].author.name == "AI parody of @nasa"
    assert page.content == ""
    [told] = [one for one in there.channel.history(viewer=there.ann) if one.flags.ephemeral]
    assert "Something went wrong on my side" in told.content
    assert there.errors() == ["HTTPException"]


async def test_a_failure_of_a_private_command_stays_in_place(there: World, registry: object) -> None:
    there.env.inject_error("PATCH", ANSWER, status=500)
    result = await there.ann.slash(there.channel, "models")
    assert result.response
    assert result.response.ephemeral
    assert "Something went wrong on my side" in result.response.content
    assert there.errors() == ["HTTPException"]

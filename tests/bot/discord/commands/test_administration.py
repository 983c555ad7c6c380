"""How admins make the bot behave, as they meet it."""

import asyncio

import discord
import pytest

from bot.background.telling import Delivery, Telling
from bot.core.config import DiscordSettings
from bot.core.process.live_settings import Difference
from bot.store import Store
from bot.store.notices import Notice
from huggingtweets.core.errors import Misconfigured
from huggingtweets.generation.checks import first_objection
from tests.bot.discord.conftest import MakeBot, ScriptedWriter, World


async def test_a_channel_has_a_voice_for_mentions_that_name_nobody(there: World, writer: ScriptedWriter) -> None:
    admin = there.admin()
    await there.ann.send(there.channel, f"{there.me} My dream is")
    result = await admin.slash(there.channel, "settings", voice="@NASA")
    assert result.response
    assert "is answered by: nasa." in result.response.content
    await there.ann.send(there.channel, f"{there.me} My dream is")
    await there.ann.send(there.channel, f"{there.me} nasa We")
    await there.ann.send(there.channel, there.me)
    assert writer.asked == [("nasa", "", 1)] * 3
    assert writer.contexts == ["My dream is", "We", ""]
    await admin.slash(there.channel, "settings", voice="-")
    await there.ann.send(there.channel, there.me)
    assert len(writer.asked) == 3


async def test_a_voice_that_is_not_there_is_no_setting(there: World) -> None:
    admin = there.admin()
    await admin.slash(there.channel, "settings", voice="nobody")
    assert "I do not know nobody yet" in there.private(admin)
    assert [choice["value"] for choice in await admin.autocomplete(there.channel, "settings", "voice", "n")] == ["nasa"]
    assert there.errors() == ["UnknownVoice"]


async def test_mentions_can_be_answered_in_threads(there: World, writer: ScriptedWriter) -> None:
    await there.admin().slash(there.channel, "settings", threads=True)
    await there.ann.send(there.channel, f"{there.me} nasa")
    [thread] = there.channel.threads
    assert thread.name == "AI parody of nasa"
    assert thread.history()[-1].embeds[0].description == "Tweet number 1"
    await there.ann.send(thread, f"{there.me} nasa We")
    assert thread.history()[-1].embeds[0].description == "Tweet number 1"
    assert len(there.channel.threads) == 1
    assert len(writer.asked) == 2


async def test_where_no_thread_can_be_made_the_answer_comes_in_the_channel(there: World) -> None:
    await there.admin().slash(there.channel, "settings", threads=True)
    there.env.inject_error("POST", "/channels/*/messages/*/threads", status=403)
    await there.ann.send(there.channel, f"{there.me} nasa")
    assert there.said()[-1].embeds[0].description == "Tweet number 1"


async def test_learning_needs_the_owner_first(there: World, make_bot: MakeBot) -> None:
    admin = there.admin()
    await admin.slash(there.channel, "settings", learning=True)
    assert "only whoever runs me can switch it on" in there.private(admin)
    await there.env.restart_bot(make_bot(settings=DiscordSettings(member_messages=True)))
    result = await admin.slash(there.channel, "settings", learning=True)
    assert result.response
    assert "in this channel: on." in result.response.content
    assert there.errors() == ["Usage"]


async def test_notices_come_to_the_channel_that_was_chosen(there: World, store: Store) -> None:
    now = discord.utils.utcnow()
    notice = Notice(1, "x:paused", "", "Posting on X is paused. @everyone", now, 0)
    assert await there.bot.notices.tell(notice) is Delivery.NOT_MINE
    admin = there.admin()
    await admin.slash(there.channel, "settings", notices=True)
    assert await there.bot.notices.tell(notice) is Delivery.TOLD
    said = there.said()[-1]
    assert said.content.startswith("Posting on X is paused.")
    assert not there.env.backend.get_message(there.channel.id, said.id).mention_everyone
    assert await there.bot.notices.tell(Notice(2, "k", "page", "for the page", now, 0)) is Delivery.NOT_MINE
    await admin.slash(there.channel, "settings", notices=False)
    assert await there.bot.notices.tell(notice) is Delivery.NOT_MINE


async def test_a_notice_for_a_channel_waits_until_discord_is_there(
    there: World, make_bot: MakeBot, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.background.telling.POLL_SECONDS", 0.01)
    now = discord.utils.utcnow()
    notice = Notice(1, "job:1:done", f"discord:channel:{there.channel.id}", "ann v2 is in use.", now, 0)
    bot = make_bot()
    assert await bot.notices.tell(notice) is Delivery.NOT_YET
    async with Telling(store, another_comes=True, clock=discord.utils.utcnow) as telling:
        await telling.notice(notice.key, notice.words, notice.place)
        telling.add(bot.notices.tell)
        await asyncio.sleep(0.1)
        assert [one.attempts for one in await store.notices.untold() if one.key == notice.key] == [0]
        await there.env.restart_bot(bot)
        async with asyncio.timeout(120):
            while await store.notices.untold():
                await asyncio.sleep(0.01)
    assert there.said()[-1].content == "ann v2 is in use."


async def test_status_says_how_it_is(there: World) -> None:
    result = await there.admin().slash(there.channel, "status")
    assert result.response
    assert result.response.ephemeral
    assert " minutes, on 1 server; Discord answers in " in result.response.content
    assert "Voices that can be asked for: 1. Trainings that wait or run: 0." in result.response.content


async def test_the_owner_registers_the_commands_again(there: World, make_bot: MakeBot) -> None:
    admin = there.admin()
    await there.env.restart_bot(make_bot(settings=DiscordSettings(owners=[admin.id])))
    before = sum(one.method == "PUT" for one in there.env.http_requests)
    result = await admin.slash(there.channel, "sync")
    assert result.response
    assert "The commands are registered" in result.response.content
    assert sum(one.method == "PUT" for one in there.env.http_requests) == before + 1


@pytest.mark.parametrize("command", ["settings", "status", "allow"])
async def test_a_failing_answer_is_told(there: World, command: str) -> None:
    there.env.inject_error("PATCH", "/webhooks/*/*/messages/*", status=500)
    admin = there.admin()
    await admin.slash(there.channel, command)
    assert "Something went wrong on my side" in there.private(admin)
    assert there.errors() == ["HTTPException"]


async def test_the_words_of_a_server_hold_there_alone(there: World, writer: ScriptedWriter) -> None:
    admin = there.admin()
    await admin.slash(there.channel, "settings", words="Spam, two words,heck*")
    assert "one of these 3 words: Spam, two words, heck\\*" in there.private(admin)
    await there.ann.slash(there.channel, "tweetlike", user="nasa")
    texts = ("all fine", "sp4m and eggs", "Two words!", "heckling")
    assert [bool(first_objection(writer.unwanted, text)) for text in texts] == [False, True, True, True]
    await admin.slash(there.channel, "settings", words="-")
    assert "No tweet here" not in there.private(admin)
    await there.ann.slash(there.channel, "tweetlike", user="nasa")
    assert not writer.unwanted


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        ("spam, ***", "no letter"),
        ("x" * 41, "may have 40 characters"),
        (",".join(map(str, range(101))), "up to 100"),
    ],
)
async def test_words_out_of_bounds_change_nothing(there: World, words: str, refusal: str) -> None:
    admin = there.admin()
    await admin.slash(there.channel, "settings", words=words)
    assert refusal in there.private(admin)
    await admin.slash(there.channel, "settings")
    assert "No tweet here" not in there.private(admin)
    assert there.errors() == ["Usage"]


async def test_the_owner_has_the_settings_read_again(there: World, make_bot: MakeBot) -> None:
    answers: list[Difference | Exception] = [
        Difference(now=("[x] voice", "[limits] strikes"), after_a_restart=("[discord] sharded",)),
        Misconfigured("/srv/config.toml: [limits] strikes is wrong."),
    ]

    async def reload() -> Difference:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    admin = there.admin()
    await there.env.restart_bot(make_bot(settings=DiscordSettings(owners=[admin.id]), reload=reload))
    await there.member("eve", manage_guild=True).slash(there.channel, "settings", reload=True)
    assert len(answers) == 2, "only the owner may"
    result = await admin.slash(there.channel, "settings", reload=True)
    assert result.response
    assert result.response.content == (
        "I have read my settings again: 2 changes hold now, and 1 only after a restart. My log names them."
    )
    await admin.slash(there.channel, "settings", reload=True)
    assert "I am not set up for this" in there.private(admin)
    assert there.errors() == ["NotAllowed", "Misconfigured"]

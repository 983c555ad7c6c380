"""Many people ask at once while Discord fails often. Everybody gets an answer, and the bot speaks by itself, too.

The whole process on loopback, a real engine with eight voices, all ways to ask in all kinds of places (see `crowd`).
Meanwhile people write messages, after which it may say something under the name of a voice, and the clock lets it
speak. An admin wants one word in no tweet, and somebody deletes the webhook. By default a short one; the whole is

    SOAK_INTERACTIONS=2000 python -m pytest -s tests/e2e/test_soak.py
"""

import asyncio
import itertools
import os
import re
import shutil
import time
from collections import Counter
from collections.abc import Awaitable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import psutil
import pytest
from simcord.backend.models import Message

from bot.core.clock.chatter import Chatter
from bot.discord.asking.channel_settings import VOICE
from bot.discord.speaking.personas import MARK, WEBHOOK
from bot.people.listening import CHANNELS
from bot.store import Store
from bot.store.voices.remarks import Remark
from bot.voices.chattering import CHATTER
from bot.voices.server_words import WORDS
from huggingtweets.core.config.settings import Settings
from huggingtweets.core.people.names import VoiceName
from huggingtweets.workflow.pipeline import Outcome
from tests.bot.databases import sqlite_in
from tests.e2e.crowd import MEMBERS_WORDS, Crowd, places
from tests.e2e.test_whole_process import TOKEN, WIDE_LIMITS, BotProcess, bot_process
from tests.fakes.discord_server import HANG_UP, DiscordServer, Trouble
from tests.fakes.own_webhooks import let_own_webhooks_have_buttons

INTERACTIONS = int(os.environ.get("SOAK_INTERACTIONS", "30"))
USERS, VOICES = 50, 8
AT_ONCE = 16
BY_THE_CLOCK = 3  # remarks that wait at the start
UNWANTED = "breakfast*"  # every seventh draft has it, sometimes with more letters behind it
# What a traceback in the log may end with: Discord's failures. Those who asked are told.
OF_DISCORD = ("Server disconnected", "discord.errors.DiscordServerError", "aiohttp.client_exceptions")
SETTINGS = """
[[schedule]]
name = "each-minute"
action = "say"
voice = "voice_7"
every_minutes = 1
channel = {channel}
"""
PAST = """[discord]
member_messages = true
past_messages = true
past_messages_reason = "This Discord has permitted it."
"""


def weather(failures: Counter[str]) -> Any:
    """Makes every tenth request fail or be slow, in the ways that Discord does, one after the other."""
    requests, kinds = itertools.count(1), itertools.cycle(["500", "502", "503", "429", "slow", "hang up", "lost"])

    def rain(method: str, path: str) -> Trouble | None:
        if not path.startswith(("/interactions", "/webhooks", "/channels")) or next(requests) % 10:
            return None
        kind = next(kinds)
        failures[kind] += 1
        match kind:
            case "429":
                return Trouble.rate_limit(method, path, seconds=0.2)
            case "503":
                return Trouble.html_503(method, path)
            case "slow":
                return Trouble(method, path, delay_seconds=0.3)
            case "lost":
                return Trouble(method, path, 502, afterwards=True)
            case "hang up":
                return Trouble(method, path, HANG_UP)
        return Trouble(method, path, int(kind))

    return rain


def resident_mib(process: int) -> float:
    return float(psutil.Process(process).memory_info().rss / 2**20)


async def while_it_runs(bot: BotProcess, doing: Awaitable[Any]) -> None:
    """Wait for `doing`. Fails with the log at once if the bot ends meanwhile."""
    done, ended = asyncio.ensure_future(doing), asyncio.ensure_future(bot.process.wait())
    await asyncio.wait({done, ended}, return_when=asyncio.FIRST_COMPLETED)
    if not done.done():
        done.cancel()
        pytest.fail((await bot.end())[1][-3_000:])
    ended.cancel()
    await done


async def let_it_speak(server: DiscordServer, store: Store) -> None:
    """An admin lets it speak after messages, and the clock has some remarks for the channel.

    The admin also wants a word in no tweet, and lets it learn in a lounge, where members have written before.
    """
    channel, here = f"discord:channel:{server.channel_id}", f"discord:server:{server.guild_id}"
    await store.settings.put(channel, VOICE, "voice_0", "discord:1")
    chatter = Chatter(datetime.now(UTC), percent=100, pause_minutes=0, a_day=100_000, quiet="")
    await store.settings.put(channel, CHATTER, chatter.as_stored, "discord:1")
    for number in range(BY_THE_CLOCK):
        schedule = f"hourly{number}"
        await store.remarks.schedule(
            f"schedule:{schedule}", schedule=schedule, channel=channel, voice=VoiceName(f"voice_{number}")
        )
    await store.settings.put(here, WORDS, [UNWANTED], "discord:1")
    lounge = server.backend.create_channel(server.guild_id, "lounge").id
    await store.settings.put(here, CHANNELS, [f"discord:channel:{lounge}"], "discord:1")
    members = [member for member in server.backend.get_guild(server.guild_id).members if member != server.ann.id]
    for text in MEMBERS_WORDS:
        for member in members:
            server.backend.create_message(lounge, member, text)


async def spoken(server: DiscordServer, store: Store) -> list[Remark]:
    """What it said by itself in the channel."""
    messages = list(server.backend.messages[server.channel_id])
    remarks = [await store.remarks.of_message(f"discord:{number}") for number in messages]
    return [remark for remark in remarks if remark]


async def lose_the_webhook(server: DiscordServer) -> None:
    """Somebody deletes the first webhook that the bot makes."""
    await server.until(lambda: len(worn(server)) > 0, seconds=600)
    for number in list(server.backend.webhooks):
        server.backend.delete_webhook(number)


def worn(server: DiscordServer) -> list[Message]:
    """What was said under the name of a voice."""
    return [one for one in server.backend.messages[server.channel_id].values() if one.webhook_id]


def stray(server: DiscordServer, remarks: list[Remark], on_their_way: list[Remark]) -> list[str]:
    """What the bot said for everybody in the first channel though nobody asked and it was not due, or was said already.

    The clock may have let it begin a remark just before it was stopped.
    """
    answers = {number for one in server.asked.values() for number in (one.message_id, *one.followup_ids)}
    known = answers | {int(remark.message.rpartition(":")[2]) for remark in remarks}
    said = [one for one in (*server.said(), *worn(server)) if one.id not in known]
    texts = [str(one.embeds) for one in said if not one.reference and not one.content.startswith("<@")]
    return [text for text in texts if not any(one.text and one.text in text for one in on_their_way)]


@pytest.mark.timeout(1_800)
async def test_everybody_is_answered_though_discord_fails_often(
    trained: tuple[Settings, Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_own_webhooks_have_buttons(monkeypatch)
    models, data = tmp_path / "models", tmp_path / "data"
    data.mkdir()
    voices = [f"voice_{number}" for number in range(VOICES)]
    for name in voices:
        shutil.copytree(trained[0].storage.models / "ann", models / name)
    failures = Counter[str]()
    async with DiscordServer(TOKEN) as server, Store(sqlite_in(data)) as store:
        others, users = places(server), [server.member(f"user{number}") for number in range(USERS)]
        await let_it_speak(server, store)
        settings = WIDE_LIMITS + SETTINGS.format(channel=server.channel_id)
        async with bot_process(server, models, tmp_path, settings, discord=PAST) as bot:
            crowd = Crowd(server, voices, users, others)
            await asyncio.wait_for(server.ready.wait(), 600)
            await while_it_runs(bot, crowd.begin())
            server.weather = weather(failures)
            turn, memory, began = asyncio.Semaphore(AT_ONCE), resident_mib(bot.process.pid), time.monotonic()
            everybody = (crowd.one(number, turn) for number in range(INTERACTIONS))
            await while_it_runs(bot, asyncio.gather(lose_the_webhook(server), *everybody))
            took, grown = time.monotonic() - began, resident_mib(bot.process.pid) - memory
            server.weather = lambda method, path: None
            await all_said(server, store, users[0])
            code, log = await bot.stop()
            by_itself, on_their_way = await spoken(server, store), await store.remarks.unfinished()
        channel = f"discord:channel:{server.channel_id}"
        webhooks = (await store.settings.get(channel, WEBHOOK))["made"]
        kept = [await store.members.messages(f"discord:{user}") for user in users]
    print(
        f"{INTERACTIONS} interactions in {took:.0f} s, answered after {median(crowd.seconds):.2f} s (median), "
        f"{quantiles(crowd.seconds, n=20)[-1]:.2f} s (95th percentile), "
        f"{quantiles(crowd.seconds, n=100)[-1]:.2f} s (99th); "
        f"memory grew by {grown:.0f} MiB; failures {dict(failures)}; "
        f"asked {dict(crowd.kinds)}; {server.resumed} resumed connections; not answered {crowd.silent}; "
        f"spoke {len(by_itself)} times by itself, {sum(bool(one.schedule) for one in by_itself)} of them by the clock"
    )
    assert crowd.silent == [], log[-3_000:]
    assert crowd.repeated() == []
    assert stray(server, by_itself, on_their_way) == []
    assert code == 0, log[-2_000:]
    assert "Task exception" not in log
    failed = [line[-2_000:] for line in log.splitlines() if "Traceback" in line]
    assert [line for line in failed if not any(fault in line for fault in OF_DISCORD)] == []
    assert {"", *(f"hourly{number}" for number in range(BY_THE_CLOCK))} <= {one.schedule for one in by_itself}
    assert kept == [[]] * USERS, "everybody who joined has left"
    assert webhooks == 2, "one was deleted, and made anew"
    for message in worn(server):
        assert str(message.author_name).endswith(MARK)
        assert "Written by an AI" in str(message.embeds)
    channels = [server.channel_id, *others.values()]
    said = [*worn(server), *(one for channel in channels for one in server.said(channel))]
    texts = [str(embed.get("description")) for one in said for embed in one.embeds]
    assert [text for text in texts if re.search(r"\bbreakfast", text)] == []
    assert not [one for one in said if one.mention_everyone or one.ping_user_ids or one.ping_role_ids]


async def all_said(server: DiscordServer, store: Store, person: int) -> None:
    """Wait until nothing is on its way, and something was said after a message."""
    async with asyncio.timeout(300):
        while await store.remarks.unfinished():
            await asyncio.sleep(0.5)
        # In a short run, all messages may have come while it said what the clock had for it.
        server.backend.create_message(server.channel_id, person, "what a day")
        while {bool(remark.schedule) for remark in await spoken(server, store)} == {True}:
            await asyncio.sleep(0.5)

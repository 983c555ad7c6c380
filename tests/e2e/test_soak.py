"""Many people ask at once while Discord fails often. Everybody gets an answer, and the bot speaks by itself, too.

The whole process on loopback, a real engine with eight voices. Meanwhile people write messages, after which it may say
something under the name of a voice, and the clock lets it speak. By default a short one; the whole is

    SOAK_INTERACTIONS=2000 python -m pytest -s tests/e2e/test_soak.py
"""

import asyncio
import os
import random
import shutil
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import psutil
import pytest
from simcord.backend.models import Message

from bot.core.clock.chatter import Chatter
from bot.discord.asking.channel_settings import VOICE
from bot.discord.speaking.personas import MARK
from bot.store import Store
from bot.store.voices.remarks import Remark
from bot.voices.chattering import CHATTER
from huggingtweets.core.config import Settings
from huggingtweets.core.names import VoiceName
from huggingtweets.workflow.pipeline import Outcome
from tests.e2e.test_whole_process import TOKEN, bot_process
from tests.fakes.discord_server import HANG_UP, DiscordServer, Trouble
from tests.fakes.own_webhooks import let_own_webhooks_have_buttons

INTERACTIONS = int(os.environ.get("SOAK_INTERACTIONS", "30"))
USERS, VOICES = 50, 8
AT_ONCE = 16
ANSWER_SECONDS = 300.0  # beside busy processes
BY_THE_CLOCK = 3  # remarks
KINDS = (
    ["tweetlike"] * 5 + ["reply", "scene", "mention"] * 2 + ["again", "thumb", "models", "voice", "unknown", "optin"]
)


def weather(chance: random.Random, failures: Counter[str]) -> Any:
    """Makes one request in ten fail or be slow, in the ways that Discord does."""

    def rain(method: str, path: str) -> Trouble | None:
        if not path.startswith(("/interactions", "/webhooks", "/channels")) or chance.random() > 0.1:
            return None
        kind = chance.choice(["500", "502", "503", "429", "slow", "hang up", "lost"])
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


@dataclass
class Crowd:
    """People who ask for all sorts of things, and what they got."""

    server: DiscordServer
    voices: list[str]
    chance: random.Random
    users: list[int] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    in_channel: int = 0
    twice: list[str] = field(default_factory=list)

    def answers(self, asked: Any) -> list[Message]:
        """The answers to an interaction, or to a message that calls the bot."""
        server = self.server
        if not isinstance(asked, Message):
            return server.answers(asked) or server.called_out(asked)
        return [one for one in server.said() if (one.reference or {}).get("message_id") in (asked.id, str(asked.id))]

    def ask(self, by: int) -> tuple[str, Any]:
        """Somebody asks for something. Returns what has to be answered: an interaction, or a message."""
        server, name = self.server, self.chance.choice(self.voices)
        shown = [one for one in server.said()[-20:] if one.components]
        kind = self.chance.choice(KINDS)
        match kind:
            case "reply":
                return kind, server.slash(kind, by=by, user=name, to="is the fog thick, @somebody?")
            case "scene":
                other = self.voices[self.voices.index(name) - 1]
                return kind, server.slash(kind, by=by, a=name, b=other, topic="fog", lines=3)
            case "mention":
                me = f"<@{server.backend.bot_user.id}>"
                return kind, server.backend.create_message(server.channel_id, by, f"{me} {name} is the fog thick?")
            case "again" | "thumb" if shown:
                custom_id = "tweets:again" if kind == "again" else "tweets:up"
                return kind, server.click(self.chance.choice(shown), custom_id, by=by)
            case "models" | "optin":
                return kind, server.slash(kind, by=by)
            case "voice":
                return kind, server.slash("voice", by=by, name=name)
            case "unknown":
                return kind, server.slash("tweetlike", by=by, user="nobody_at_all")
        return "tweetlike", server.slash("tweetlike", by=by, user=name, count=self.chance.randint(1, 3))

    async def one(self, number: int, turn: asyncio.Semaphore) -> None:
        """Ask, and wait for the answer."""
        async with turn:
            if number % 200 == 199:
                await self.server.drop()
            # Nobody asks twice at once, so a message that names a person answers their one question.
            by = self.users.pop(self.chance.randrange(len(self.users)))
            # After such a message the bot may speak by itself.
            self.server.backend.create_message(self.server.channel_id, by, "what a day")
            kind, asked = self.ask(by)
            started = time.monotonic()
            self.kinds[kind] += 1
            while not self.answers(asked):
                if time.monotonic() - started > ANSWER_SECONDS:
                    self.silent.append(kind)
                    return
                await asyncio.sleep(0.02)
            self.in_channel += not isinstance(asked, Message) and not self.server.answers(asked)
            self.seconds.append(time.monotonic() - started)
            said = [str(one.embeds) for one in self.answers(asked) if one.embeds]
            if len(said) > len(set(said)):
                self.twice.append(kind)
            self.users.append(by)


def resident_mib(process: int) -> float:
    return float(psutil.Process(process).memory_info().rss / 2**20)


async def let_it_speak(store: Store, channel: str) -> None:
    """An admin lets it speak after messages, and the clock has some remarks for the channel."""
    await store.settings.put(channel, VOICE, "voice_0", "discord:1")
    chatter = Chatter(datetime.now(UTC), percent=100, pause_minutes=0, a_day=100_000, quiet="")
    await store.settings.put(channel, CHATTER, chatter.as_stored, "discord:1")
    for number in range(BY_THE_CLOCK):
        schedule = f"hourly{number}"
        await store.remarks.schedule(
            f"schedule:{schedule}", schedule=schedule, channel=channel, voice=VoiceName(f"voice_{number}")
        )


async def spoken(server: DiscordServer, store: Store) -> list[Remark]:
    """What it said by itself in the channel."""
    messages = list(server.backend.messages[server.channel_id])
    remarks = [await store.remarks.of_message(f"discord:{number}") for number in messages]
    return [remark for remark in remarks if remark]


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
    chance, failures = random.Random(8), Counter[str]()
    async with (
        DiscordServer(TOKEN) as server,
        Store(f"sqlite:///{data / 'bot.db'}") as store,
        bot_process(server, models, tmp_path) as bot,
    ):
        channel = f"discord:channel:{server.channel_id}"
        await let_it_speak(store, channel)
        crowd = Crowd(server, voices, chance, [server.member(f"user{number}") for number in range(USERS)])
        await asyncio.wait_for(server.ready.wait(), 600)
        server.weather = weather(chance, failures)
        turn, memory, began = asyncio.Semaphore(AT_ONCE), resident_mib(bot.process.pid), time.monotonic()
        await asyncio.gather(*(crowd.one(number, turn) for number in range(INTERACTIONS)))
        took, grown = time.monotonic() - began, resident_mib(bot.process.pid) - memory
        server.weather = lambda method, path: None
        async with asyncio.timeout(300):
            while await store.remarks.unfinished():
                await asyncio.sleep(0.5)
            # In a short run, all messages may have come while it said what the clock had for it.
            server.backend.create_message(server.channel_id, crowd.users[0], "what a day")
            while all(remark.schedule for remark in await spoken(server, store)):
                await asyncio.sleep(0.5)
        code, log = await bot.stop()
        by_itself = await spoken(server, store)
    print(
        f"{INTERACTIONS} interactions in {took:.0f} s, answered after {median(crowd.seconds):.2f} s (median), "
        f"{quantiles(crowd.seconds, n=20)[-1]:.2f} s (95th percentile), "
        f"{quantiles(crowd.seconds, n=100)[-1]:.2f} s (99th); "
        f"memory grew by {grown:.0f} MiB; failures {dict(failures)}; "
        f"asked {dict(crowd.kinds)}; {server.resumed} resumed connections; "
        f"{crowd.in_channel} answered in the channel, not at all {crowd.silent}; "
        f"spoke {len(by_itself)} times by itself, {sum(bool(one.schedule) for one in by_itself)} of them by the clock"
    )
    assert crowd.silent == [], log[-3_000:]
    assert crowd.twice == []
    assert len(crowd.seconds) == INTERACTIONS
    assert code == 0, log[-2_000:]
    assert "Task exception" not in log
    assert {one.schedule for one in by_itself} == {"", *(f"hourly{number}" for number in range(BY_THE_CLOCK))}
    worn = [one for one in server.backend.messages[server.channel_id].values() if one.webhook_id]
    assert worn
    for message in worn:
        assert str(message.author_name).endswith(MARK)
        assert "Written by an AI" in str(message.embeds)

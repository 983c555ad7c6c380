"""Many people ask at once while Discord fails often. Everybody gets an answer.

The whole process on loopback, a real engine with eight voices. By default a short one; the whole is

    SOAK_INTERACTIONS=2000 python -m pytest -s tests/e2e/test_soak.py
"""

import asyncio
import os
import random
import shutil
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import pytest

from huggingtweets.core.config import Settings
from huggingtweets.workflow.pipeline import Outcome
from tests.e2e.test_whole_process import TOKEN, bot_process
from tests.fakes.discord_server import HANG_UP, DiscordServer, Trouble

INTERACTIONS = int(os.environ.get("SOAK_INTERACTIONS", "30"))
USERS, VOICES = 50, 8
AT_ONCE = 16
ANSWER_SECONDS = 60.0


def weather(chance: random.Random, failures: Counter[str]) -> Any:
    """Makes one request in ten fail or be slow, in the ways that Discord does."""

    def rain(method: str, path: str) -> Trouble | None:
        if not path.startswith(("/interactions", "/webhooks")) or chance.random() > 0.1:
            return None
        kind = chance.choice(["500", "502", "503", "429", "slow", "hang up"])
        failures[kind] += 1
        match kind:
            case "429":
                return Trouble.rate_limit(method, path, seconds=0.2)
            case "503":
                return Trouble.html_503(method, path)
            case "slow":
                return Trouble(method, path, delay_seconds=0.3)
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

    def ask(self, by: int) -> tuple[str, dict[str, Any]]:
        """Somebody asks for something."""
        server, name = self.server, self.chance.choice(self.voices)
        shown = [one for one in server.said()[-20:] if one.components]
        kind = self.chance.choice(["tweetlike"] * 5 + ["again", "thumb", "models", "voice", "unknown", "optin"])
        match kind:
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
            kind, asked = self.ask(by)
            started = time.monotonic()
            self.kinds[kind] += 1
            while not self.server.answers(asked) and not self.server.called_out(asked):
                if time.monotonic() - started > ANSWER_SECONDS:
                    self.silent.append(kind)
                    return
                await asyncio.sleep(0.02)
            self.in_channel += not self.server.answers(asked)
            self.seconds.append(time.monotonic() - started)
            self.users.append(by)


@pytest.mark.timeout(1_800)
async def test_everybody_is_answered_though_discord_fails_often(
    trained: tuple[Settings, Outcome], tmp_path: Path
) -> None:
    models = tmp_path / "models"
    voices = [f"voice_{number}" for number in range(VOICES)]
    for name in voices:
        shutil.copytree(trained[0].storage.models / "ann", models / name)
    chance, failures = random.Random(8), Counter[str]()
    async with DiscordServer(TOKEN) as server, bot_process(server, models, tmp_path, wide=True) as bot:
        crowd = Crowd(server, voices, chance, [server.member(f"user{number}") for number in range(USERS)])
        await asyncio.wait_for(server.ready.wait(), 600)
        server.weather = weather(chance, failures)
        turn, began = asyncio.Semaphore(AT_ONCE), time.monotonic()
        await asyncio.gather(*(crowd.one(number, turn) for number in range(INTERACTIONS)))
        took = time.monotonic() - began
        server.weather = lambda method, path: None
        code, log = await bot.stop()
    print(
        f"{INTERACTIONS} interactions in {took:.0f} s, answered after {median(crowd.seconds):.2f} s (median) and "
        f"{quantiles(crowd.seconds, n=20)[-1]:.2f} s (95th percentile); failures {dict(failures)}; "
        f"asked {dict(crowd.kinds)}; {server.resumed} resumed connections; "
        f"{crowd.in_channel} answered in the channel, not at all {crowd.silent}"
    )
    assert crowd.silent == [], log[-3_000:]
    assert len(crowd.seconds) == INTERACTIONS
    assert code == 0, log[-2_000:]
    assert "Task exception" not in log

"""The bot as people run it: a process with a config.toml and a token in its environment, Discord at the other end."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from huggingtweets.core.config import Settings
from huggingtweets.workflow.pipeline import Outcome
from tests.fakes.discord_server import DiscordServer, Trouble

REPOSITORY = Path(__file__).parents[2]
TOKEN = "MTIz.e2e.the-secret-token"

CONFIG = """
[storage]
models = "{models}"
data = "{data}"

[generation]
threads = 1
max_new_tokens = 60

[bot]
sample_account = false
log_level = "DEBUG"
stop_seconds = 30.0

[discord]
api_url = "{api_url}"
gateway_url = "{gateway_url}"

[playground]
enabled = false
"""

WIDE_LIMITS = """
[limits]
requests_per_minute = 10_000
server_requests_per_minute = 100_000
total_requests_per_minute = 100_000
"""


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with DiscordServer(TOKEN) as server:
        yield server


class BotProcess:
    """`python -m bot` and its log."""

    def __init__(self, process: asyncio.subprocess.Process):
        self.process = process
        assert process.stderr
        self._log = asyncio.create_task(process.stderr.read())

    async def stop(self) -> tuple[int, str]:
        """Send SIGTERM. Returns the exit code and the log."""
        self.process.send_signal(signal.SIGTERM)
        return await self.end()

    async def end(self) -> tuple[int, str]:
        async with asyncio.timeout(600):
            code = await self.process.wait()
            return code, (await self._log).decode()


@asynccontextmanager
async def bot_process(
    server: DiscordServer, models: Path, home: Path, token: str = TOKEN, *, wide: bool = False
) -> AsyncIterator[BotProcess]:
    """The bot, while the context lasts. `wide` raises the limits, so that people can ask as much as they like."""
    config = home / "config.toml"
    places = {"models": models, "data": home / "data", "api_url": server.api_url, "gateway_url": server.gateway_url}
    config.write_text(CONFIG.format(**places) + (WIDE_LIMITS if wide else ""))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "--config", str(config)),
        stderr=asyncio.subprocess.PIPE,
        cwd=REPOSITORY,
        env={**os.environ, "DISCORD_TOKEN": token},
    )
    bot = BotProcess(process)
    try:
        yield bot
    finally:
        if process.returncode is None:
            process.kill()
        await bot.end()


async def test_commands_and_mentions_are_answered_once_though_discord_misbehaves_and_the_bot_stops(
    server: DiscordServer, trained: tuple[Settings, Outcome], tmp_path: Path
) -> None:
    server.troubles = [Trouble.html_503("GET", "/users/@me")]
    async with bot_process(server, trained[0].storage.models, tmp_path) as bot:
        await asyncio.wait_for(server.ready.wait(), 600)

        command = server.slash("tweetlike", user="@Ann", prompt="the crew", count=2)
        server.backend.emit("INTERACTION_CREATE", command)
        await server.until(lambda: server.answers(command) != [])
        embeds = server.answers(command)[0].embeds
        assert [one["author"]["name"] for one in embeds] == ["AI parody of Ann O'Nymous (@ann)"] * 2
        assert [one["description"][:9] for one in embeds] == ["the crew ", "the crew "]

        await server.drop()
        mention = server.write("{me} ann the crew")
        server.backend.announce_message_create(mention)
        server.troubles = [Trouble.rate_limit("POST", "/channels/*/messages", seconds=0.2)]
        await server.until(lambda: len(server.said()) == 2 and server.said()[1].embeds != [])
        assert server.said()[1].embeds[0]["author"]["name"] == "AI parody of Ann O'Nymous (@ann)"
        server.ask_to_reconnect()
        await server.until(lambda: server.resumed == 2)
        server.backend.emit("INTERACTION_CREATE", command)
        server.backend.announce_message_create(mention)

        refused = server.slash("tweetlike", user="nobody")
        # The public "is thinking" is deleted once the private answer is there.
        await server.until(lambda: len(server.said()) == 3 and server.said()[2].is_ephemeral)
        assert "I do not know nobody yet. I know ann;" in server.said()[2].content
        assert refused["token"]

        # A stop delivers the answer in progress.
        server.troubles = [slow := Trouble("POST", "/interactions/*/callback", delay_seconds=1.0)]
        last = server.slash("tweetlike", user="ann")
        await slow.met.wait()
        assert server.answers(last) == []
        code, log = await bot.stop()
    assert code == 0, log
    assert len(server.said()) == 4
    assert server.answers(last)[0].embeds[0]["author"]["name"] == "AI parody of Ann O'Nymous (@ann)"
    assert server.identified == 1
    for secret in (TOKEN, command["token"], "the crew"):
        assert secret not in log


async def test_buttons_work_after_a_kill_and_a_thumb_is_remembered(
    server: DiscordServer, trained: tuple[Settings, Outcome], tmp_path: Path
) -> None:
    models = trained[0].storage.models
    async with bot_process(server, models, tmp_path) as bot:
        await asyncio.wait_for(server.ready.wait(), 600)
        asked = server.slash("tweetlike", user="ann", prompt="the crew")
        await server.until(lambda: server.answers(asked) != [])
        first = server.said()[0]
        thumb = server.click(first, "tweets:up")
        await server.until(lambda: server.answers(thumb) != [])
        bot.process.kill()
        await bot.end()
    server.ready.clear()
    async with bot_process(server, models, tmp_path) as bot:
        await asyncio.wait_for(server.ready.wait(), 600)
        again = server.click(first, "tweets:again")
        await server.until(lambda: server.answers(again) != [])
        assert server.answers(again)[0].embeds[0]["description"].startswith("the crew ")
        profile = server.slash("voice", name="ann")
        await server.until(lambda: server.answers(profile) != [])
        assert "👍 1 · 👎 0" in str(server.answers(profile)[0].embeds)
        code, log = await bot.stop()
    assert code == 0, log


async def test_a_refused_token_is_one_sentence_and_an_exit_code(server: DiscordServer, tmp_path: Path) -> None:
    async with bot_process(server, tmp_path / "models", tmp_path, token="wrong.token") as bot:
        code, log = await bot.end()
    assert code == 78, log
    assert "bot: Discord refuses the token in DISCORD_TOKEN: " in log
    assert "wrong.token" not in log

"""The bot as people run it: a process with a config.toml and tokens in its environment, Discord and X at the other end.

A start takes seconds of processor time, so one process shows many things, one after the other.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.store import Store
from huggingtweets.core.config.settings import Settings
from huggingtweets.core.people.names import VoiceName
from huggingtweets.workflow.pipeline import Outcome
from tests.bot.databases import sqlite_in
from tests.fakes import moods
from tests.fakes.discord_server import DiscordServer, Trouble
from tests.fakes.x_server import KEYS, XServer

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

ON_X = """
[x]
api_url = "{api_url}"
account = "thebot"
dry_run = false
quiet_hours = ""
"""
KEYS_OF_X = {
    "X_CONSUMER_KEY": KEYS.consumer_key,
    "X_CONSUMER_SECRET": KEYS.consumer_secret,
    "X_ACCESS_TOKEN": KEYS.access_token,
    "X_ACCESS_TOKEN_SECRET": KEYS.access_token_secret,
}


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
    server: DiscordServer,
    models: Path,
    home: Path,
    more: str = WIDE_LIMITS,
    *,
    token: str = TOKEN,
    log_file: Path | None = None,
    secrets: Mapping[str, str] | None = None,
    discord: str = "[discord]\n",
) -> AsyncIterator[BotProcess]:
    """The bot, while the context lasts. `more` is added to its settings, whose section for Discord begins as given."""
    config = home / "config.toml"
    places = {"models": models, "data": home / "data", "api_url": server.api_url, "gateway_url": server.gateway_url}
    text = CONFIG.format(**places).replace("[discord]\n", discord) + more
    if log_file:
        text = text.replace("[bot]", f'[bot]\nlog_file = "{log_file}"')
    config.write_text(text)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "--config", str(config)),
        stderr=asyncio.subprocess.PIPE,
        cwd=REPOSITORY,
        env={**os.environ, **(secrets or {}), "DISCORD_TOKEN": token},
        start_new_session=True,  # without a terminal: a hang-up is no stop
        # Who runs the tests under nohup ignores hang-ups, and a process inherits that.
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    )
    bot = BotProcess(process)
    try:
        yield bot
    finally:
        if process.returncode is None:
            process.kill()
        await bot.end()


async def test_all_is_answered_and_posted_once_settings_are_read_again_and_a_stop_is_in_order(
    server: DiscordServer, trained: tuple[Settings, Outcome], tmp_path: Path
) -> None:
    config, log_file = tmp_path / "config.toml", tmp_path / "bot.log"
    server.troubles = [Trouble.html_503("GET", "/users/@me")]
    async with XServer() as x, Store(sqlite_in(tmp_path / "data")) as store:
        await store.posts.add("one", "thebot", "good morning, harbour", state="queued")
        x.troubles = [moods.Trouble.hang_up("POST", "/2/tweets", done=True)]
        settings = WIDE_LIMITS + ON_X.format(api_url=x.url)
        models = trained[0].storage.models
        async with bot_process(server, models, tmp_path, settings, log_file=log_file, secrets=KEYS_OF_X) as bot:
            await asyncio.wait_for(server.ready.wait(), 600)
            asked = await _answered_once_though_discord_misbehaves(server)
            await _sent_though_the_answer_was_lost(store)
            refused = await _read_again_while_an_answer_is_in_flight(server, bot, config, log_file)

            # A stop delivers the answer in progress.
            server.troubles = [slow := Trouble("POST", "/interactions/*/callback", over=asyncio.Event())]
            last = server.slash("tweetlike", by=server.member("bob"), user="ann")
            await slow.met.wait()
            assert server.answers(last) == []
            bot.process.send_signal(signal.SIGTERM)
            slow.over.set()
            code, log = await bot.end()
        assert code == 0, log
        assert server.answers(last)[0].embeds[0]["author"]["name"] == "AI parody of Ann O'Nymous (@ann)"
        assert len(server.said()) == 6, "two answers, a refusal; an answer, a refusal; an answer"
        assert server.identified == 1
        assert x.texts() == ["good morning, harbour 🤖 AI"]
    lines = [json.loads(line) for line in log.splitlines()]
    assert [json.loads(line) for line in log_file.read_text().splitlines()] == lines
    events = [line["event"] for line in lines]
    assert "posts are sent once they are approved" in str(events)
    said = [line["event"] for line in lines if line["logger"] == "bot.app.reloading"]
    assert len(said) == 2
    assert said[0].startswith("the settings stay as they were: ")
    assert said[0].endswith("there is no section [limit]; did you mean [limits]?")
    assert said[1] == "settings are read again: [limits] requests_per_minute"
    # All that is done for one ask has its id, and the refusal is told under it.
    refusals = {line["request"] for line in lines if line["event"].startswith("refused ")}
    assert any(f"({ask})" in server.answers(refused)[0].content for ask in refusals)
    for secret in (TOKEN, *KEYS_OF_X.values(), asked["token"], refused["token"], "the crew", "good morning"):
        assert secret not in log


async def _answered_once_though_discord_misbehaves(server: DiscordServer) -> dict[str, Any]:
    """Returns a command that was answered, though it came twice."""
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
    return command


async def _sent_though_the_answer_was_lost(store: Store) -> None:
    async with asyncio.timeout(600):
        while not await store.posts.listed("thebot", ["sent"]):
            await asyncio.sleep(0.1)


async def _read_again_while_an_answer_is_in_flight(
    server: DiscordServer, bot: BotProcess, config: Path, log_file: Path
) -> dict[str, Any]:
    """Returns a command that was refused by a new setting."""
    server.troubles = [slow := Trouble("POST", "/interactions/*/callback", over=asyncio.Event())]
    cem = server.member("cem")  # who has asked for nothing yet
    in_flight = server.slash("tweetlike", by=cem, user="ann", prompt="the crew")
    await slow.met.wait()
    valid = config.read_text()
    for text in (valid.replace("[limits]", "[limit]"), valid.replace("10_000", "1")):
        config.write_text(text)
        lines = log_file.read_text().count("settings")
        bot.process.send_signal(signal.SIGHUP)
        await server.until(lambda lines=lines: log_file.read_text().count("settings") > lines)
    slow.over.set()
    await server.until(lambda: server.answers(in_flight) != [])
    assert server.answers(in_flight)[0].embeds
    refused = server.slash("tweetlike", by=cem, user="ann")
    await server.until(lambda: server.answers(refused) != [])
    assert "That was a lot at once" in server.answers(refused)[0].content
    return refused


async def test_after_a_kill_buttons_work_a_thumb_is_remembered_and_a_remark_is_there_once(
    server: DiscordServer, trained: tuple[Settings, Outcome], tmp_path: Path
) -> None:
    models, channel = trained[0].storage.models, f"discord:channel:{server.channel_id}"
    async with Store(sqlite_in(tmp_path / "data")) as store:
        await store.remarks.schedule("schedule:s:now", schedule="s", channel=channel, voice=VoiceName("ann"))
        # Discord makes the message of the remark when the process is dead already.
        slow = Trouble("POST", f"/channels/{server.channel_id}/messages", over=asyncio.Event())
        server.troubles = [slow]
        async with bot_process(server, models, tmp_path) as bot:
            await asyncio.wait_for(server.ready.wait(), 600)
            asked = server.slash("tweetlike", user="ann", prompt="the crew")
            await server.until(lambda: server.answers(asked) != [])
            thumb = server.click(server.answers(asked)[0], "tweets:up")
            await server.until(lambda: server.answers(thumb) != [])
            await asyncio.wait_for(slow.met.wait(), 600)
            bot.process.kill()
            await bot.end()
        before = len(server.said())
        slow.over.set()
        await server.until(lambda: len(server.said()) == before + 1)
        [doubtful] = await store.remarks.unfinished()
        assert doubtful.state == "sending"
        server.ready.clear()
        async with bot_process(server, models, tmp_path) as bot:
            await asyncio.wait_for(server.ready.wait(), 600)
            again = server.click(server.answers(asked)[0], "tweets:again")
            await server.until(lambda: server.answers(again) != [])
            assert server.answers(again)[0].embeds[0]["description"].startswith("the crew ")
            profile = server.slash("voice", name="ann")
            await server.until(lambda: server.answers(profile) != [])
            assert "👍 1 · 👎 0" in str(server.answers(profile)[0].embeds)
            async with asyncio.timeout(600):
                while await store.remarks.unfinished():
                    await asyncio.sleep(0.2)
            code, log = await bot.stop()
        assert code == 0, log
        answers = {one.id for ask in (asked, thumb, again, profile) for one in server.answers(ask)}
        [message] = [one for one in server.said() if one.id not in answers]
        remark = await store.remarks.of_message(f"discord:{message.id}")
        assert remark
        assert remark.state == "sent"


async def test_a_refused_token_is_one_sentence_and_an_exit_code(server: DiscordServer, tmp_path: Path) -> None:
    async with bot_process(server, tmp_path / "models", tmp_path, token="wrong.token") as bot:
        code, log = await bot.end()
    assert code == 78, log
    assert "bot: Discord refuses the token in DISCORD_TOKEN: " in log
    assert "wrong.token" not in log

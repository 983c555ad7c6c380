"""Staying connected, against a Discord on loopback that misbehaves. The pauses are made short."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress

import discord
import pytest
import yarl
from discord.gateway import DiscordWebSocket
from pydantic import SecretStr

from bot.core.config import DiscordSettings
from bot.core.process.log import ON_A_TERMINAL
from bot.discord import connection
from bot.discord.client import DiscordBot
from bot.discord.connection import AWAY, stay_connected
from huggingtweets.core.errors import Misconfigured, Unavailable
from tests.bot.discord.conftest import MakeBot
from tests.fakes.discord_server import HANG_UP, DiscordServer, Trouble


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "FIRST_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(connection, "LONGEST_PAUSE_SECONDS", 0.1)


@pytest.fixture(autouse=True)
def real_endpoints() -> Iterator[None]:
    yield
    connection.use_endpoints(DiscordSettings())


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as server:
        yield server


def settings_of(server: DiscordServer, token: str = "a.bot.token") -> DiscordSettings:
    return DiscordSettings(token=SecretStr(token), api_url=server.api_url, gateway_url=server.gateway_url)


@asynccontextmanager
async def running(bot: DiscordBot, settings: DiscordSettings) -> AsyncIterator[asyncio.Task[None]]:
    async with bot:
        task = asyncio.create_task(stay_connected(bot, settings))
        yield task
    async with asyncio.timeout(60):
        with suppress(Misconfigured, Unavailable):
            await task


async def mention_is_answered(server: DiscordServer) -> None:
    before = len(server.said())
    server.write("{me} nasa")
    await server.until(lambda: len(server.said()) == before + 1)


async def test_it_connects_answers_and_ends_in_order(server: DiscordServer, make_bot: MakeBot) -> None:
    settings = settings_of(server)
    async with running(make_bot(settings=settings), settings) as task:
        await server.ready.wait()
        await mention_is_answered(server)
        assert not task.done()
    assert task.done()
    assert server.identified == 1


async def test_in_shards_it_answers_and_survives_what_it_cannot_read(
    server: DiscordServer, make_bot: MakeBot, caplog: pytest.LogCaptureFixture
) -> None:
    settings = settings_of(server).model_copy(update={"sharded": True})
    bot = make_bot(settings=settings)
    assert isinstance(bot, discord.AutoShardedClient)
    async with running(bot, settings):
        await server.ready.wait()
        await mention_is_answered(server)
        server.send_raw("MESSAGE_CREATE", {"nonsense": True})
        await mention_is_answered(server)
        await server.drop()
        await mention_is_answered(server)
    assert "an event MESSAGE_CREATE cannot be read" in caplog.text
    assert (server.identified, server.resumed) == (1, 1)


async def reconnect(server: DiscordServer) -> None:
    server.ask_to_reconnect()


async def drop(server: DiscordServer) -> None:
    await server.drop()


@pytest.mark.parametrize("trouble", [reconnect, drop])
async def test_a_dropped_connection_is_resumed_and_what_was_missed_is_answered(
    server: DiscordServer, make_bot: MakeBot, trouble: Callable[[DiscordServer], Awaitable[None]]
) -> None:
    settings = settings_of(server)
    async with running(make_bot(settings=settings), settings):
        await server.ready.wait()
        await trouble(server)
        await mention_is_answered(server)
        await server.until(lambda: server.resumed == 1)
    assert server.identified == 1


async def test_an_event_that_cannot_be_read_costs_a_new_connection_and_no_more(
    server: DiscordServer, make_bot: MakeBot, caplog: pytest.LogCaptureFixture
) -> None:
    settings = settings_of(server)
    async with running(make_bot(settings=settings), settings):
        await server.ready.wait()
        server.send_raw("MESSAGE_CREATE", {"nonsense": True})
        await server.until(lambda: server.identified == 2)
        await mention_is_answered(server)
    assert "the connection to Discord failed; trying again" in caplog.text


async def test_an_ill_discord_is_asked_again_until_it_is_well(server: DiscordServer, make_bot: MakeBot) -> None:
    settings = settings_of(server)
    server.troubles = [Trouble.html_503("GET", "/users/@me"), Trouble.html_503("PUT", "/applications/*/commands")]
    async with running(make_bot(settings=settings), settings):
        await server.ready.wait()
        await mention_is_answered(server)
    assert server.backend.find_command("tweetlike", None)


async def nowhere() -> str:
    """Returns an address at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"127.0.0.1:{taken.getsockname()[1]}"


async def test_while_discord_is_away_each_attempt_is_one_sentence(
    make_bot: MakeBot, caplog: pytest.LogCaptureFixture
) -> None:
    away = await nowhere()
    settings = DiscordSettings(
        token=SecretStr("a.bot.token"), api_url=f"http://{away}/api", gateway_url=f"ws://{away}/"
    )
    async with running(make_bot(settings=settings), settings):
        async with asyncio.timeout(200):
            while len(told := [record for record in caplog.records if "cannot be reached" in record.message]) < 3:
                await asyncio.sleep(0.02)
    assert all(record.levelname == "WARNING" and not record.exc_info for record in told)
    assert all("Cannot connect to host" in record.message for record in told)
    on_a_terminal = [getattr(record, ON_A_TERMINAL) for record in told]
    assert on_a_terminal == [AWAY, *[""] * (len(told) - 1)], "a terminal shows it once"
    assert "Traceback" not in caplog.text


async def test_a_page_of_an_ill_discord_is_not_in_the_log(
    server: DiscordServer, make_bot: MakeBot, caplog: pytest.LogCaptureFixture
) -> None:
    settings = settings_of(server)
    server.troubles = [Trouble.html_503("GET", "/users/@me")]
    async with running(make_bot(settings=settings), settings):
        await server.ready.wait()
    assert "Discord cannot be reached (status 503)" in caplog.text
    assert "Traceback" not in caplog.text
    assert "<html" not in caplog.text.lower()


async def test_a_discord_that_goes_away_later_leaves_no_traceback_of_the_library_either(
    server: DiscordServer, make_bot: MakeBot, caplog: pytest.LogCaptureFixture
) -> None:
    settings = settings_of(server)
    bot = make_bot(settings=settings)
    async with running(bot, settings):
        await server.ready.wait()
        bot.ws.gateway = yarl.URL(f"ws://{await nowhere()}/")
        await server.drop()
        async with asyncio.timeout(300):
            while "reconnect in" not in caplog.text:
                await asyncio.sleep(0.02)
    assert "Traceback" not in caplog.text


async def test_a_gateway_that_is_not_there_at_first_is_tried_again(
    server: DiscordServer, make_bot: MakeBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(server)
    bot = make_bot(settings=settings)
    first = DiscordWebSocket.from_client
    attempts: list[None] = []

    async def from_client(*args: object, **kwargs: object) -> object:
        attempts.append(None)
        if len(attempts) == 1:
            raise ValueError("not this time")
        return await first(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(DiscordWebSocket, "from_client", from_client)
    async with running(bot, settings):
        await server.ready.wait()
        await mention_is_answered(server)


async def test_a_rate_limit_is_waited_for(server: DiscordServer, make_bot: MakeBot) -> None:
    settings = settings_of(server)
    async with running(make_bot(settings=settings), settings):
        await server.ready.wait()
        server.troubles = [Trouble.rate_limit("POST", "/channels/*/messages", seconds=0.3)]
        await mention_is_answered(server)


async def test_when_the_line_breaks_under_an_answer_the_next_one_is_given(
    server: DiscordServer, make_bot: MakeBot, caplog: pytest.LogCaptureFixture
) -> None:
    settings = settings_of(server)
    async with running(make_bot(settings=settings), settings):
        await server.ready.wait()
        server.troubles = [Trouble("POST", f"/channels/*/{path}", HANG_UP, times=8) for path in ("typing", "messages")]
        server.write("{me} nasa")
        await server.until(lambda: "no answer reached message" in caplog.text)
        server.troubles.clear()
        await mention_is_answered(server)


async def test_a_wrong_token_is_final_and_says_what_to_click(server: DiscordServer, make_bot: MakeBot) -> None:
    settings = settings_of(server, token="wrong.token")
    async with running(make_bot(settings=settings), settings) as task:
        with pytest.raises(Misconfigured, match=r"DISCORD_TOKEN: .* Bot > Reset Token") as raised:
            await task
    assert "wrong.token" not in str(raised.value)


@pytest.mark.parametrize(
    ("code", "error", "sentence"),
    [
        (4004, Misconfigured, "Reset Token"),
        (4014, Misconfigured, "Privileged Gateway Intents"),
        (4011, Unavailable, "close code 4011"),
    ],
)
async def test_what_another_attempt_cannot_mend_is_final(
    server: DiscordServer, make_bot: MakeBot, code: int, error: type[Exception], sentence: str
) -> None:
    settings = settings_of(server)
    async with running(make_bot(settings=settings), settings) as task:
        await server.ready.wait()
        await server.drop(code)
        with pytest.raises(error, match=sentence):
            await task


async def test_it_can_be_closed_while_it_logs_in(server: DiscordServer, make_bot: MakeBot) -> None:
    settings = settings_of(server)
    server.troubles = [slow := Trouble("GET", "/users/@me", delay_seconds=1)]
    async with running(make_bot(settings=settings), settings) as task:
        await slow.met.wait()
    assert task.done()


async def test_it_can_be_cancelled(server: DiscordServer, make_bot: MakeBot) -> None:
    settings = settings_of(server)
    async with make_bot(settings=settings) as bot:
        task = asyncio.create_task(stay_connected(bot, settings))
        await server.ready.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not bot.is_closed()


def test_the_pauses_double_up_to_a_minute_and_begin_anew_after_a_good_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.undo()
    pauses = connection._pauses()
    seconds = [next(pauses) for _ in range(12)]
    assert seconds[0] == 1
    assert all(max(1, 2**n / 2) <= pause <= 2**n for n, pause in enumerate(seconds[:6]))
    assert all(30 <= pause <= 60 for pause in seconds[6:])


async def test_a_good_connection_lets_the_pauses_begin_anew(
    server: DiscordServer, make_bot: MakeBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HEALTHY_SECONDS", 0)
    settings = settings_of(server)
    async with running(make_bot(settings=settings), settings):
        for connected in (1, 2, 3):
            await server.until(lambda connected=connected: server.identified == connected)  # type: ignore[misc]
            server.send_raw("MESSAGE_CREATE", {"nonsense": True})
        await server.until(lambda: server.identified == 4)

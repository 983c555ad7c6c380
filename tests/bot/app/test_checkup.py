"""`--check --online`: what is wrong is a line that says what to do, and nothing waits for ever."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.__main__ import main
from bot.app import checkup
from bot.app.checkup import Finding, check_up, far_ends, machine
from bot.app.checkup.asking import Asking
from bot.core.config import BlueskySettings, Config, DiscordSettings, MastodonSettings, XSettings
from bot.store.snapshots import _make_tables
from huggingtweets.core.config.settings import (
    CollectingSettings,
    GenerationSettings,
    PublishingSettings,
    StorageSettings,
)
from huggingtweets.core.errors import Misconfigured, Unavailable
from tests.fakes import bluesky_home, mastodon_server
from tests.fakes import hub as hub_fake
from tests.fakes.bluesky_server import BlueskyServer
from tests.fakes.discord_server import DiscordServer
from tests.fakes.x_server import KEYS, XServer

SECRET = SecretStr("the-secret-token")


@pytest.fixture
def hub() -> Iterator[hub_fake.Hub]:
    with hub_fake.running_hub() as hub:
        yield hub


def x_settings(url: str, **more: object) -> XSettings:
    names = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
    keys = {name: SecretStr(getattr(KEYS, name)) for name in names}
    return XSettings(api_url=url, timeout_seconds=1, settle_seconds=2, **keys, **more)


FarEnd = Callable[[Asking, str], Awaitable[str]]
FAR_ENDS: dict[str, FarEnd] = {
    "discord": lambda asking, url: far_ends.discord(asking, DiscordSettings(token=SECRET, api_url=url)),
    "x": lambda asking, url: far_ends.x(x_settings(url)),
    "bluesky": lambda asking, url: far_ends.bluesky(asking, CollectingSettings(bluesky_url=url)),
    "bluesky account": lambda asking, url: far_ends.bluesky_account(
        asking, BlueskySettings(url=url, account="ann.example", password=SECRET)
    ),
    "mastodon": lambda asking, url: far_ends.mastodon_account(asking, MastodonSettings(url=url, token=SECRET)),
    "hub": lambda asking, url: far_ends.hub(asking, PublishingSettings(token=SECRET, url=url)),
}


async def _html_503(_: web.Request) -> web.Response:
    return web.Response(status=503, text="<html>Service Unavailable</html>", content_type="text/html")


async def _unreadable(_: web.Request) -> web.Response:
    return web.Response(text="<html>Log in to the network</html>", content_type="text/html")


async def _no_object(_: web.Request) -> web.Response:
    return web.json_response(["the-secret-token"])


async def _endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"[" * 100_000)


async def _redirect(request: web.Request) -> web.Response:
    raise web.HTTPFound(f"http://{request.host}/elsewhere")


async def _cut(request: web.Request) -> web.Response:
    assert request.transport
    request.transport.abort()
    return web.Response()


async def _refusal(_: web.Request) -> web.Response:
    return web.json_response({"error": "no the-secret-token"}, status=401)


async def _hang(_: web.Request) -> web.Response:
    await asyncio.sleep(3600)
    return web.Response()


@asynccontextmanager
async def serving(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.01, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("name", FAR_ENDS)
async def test_a_far_end_that_misbehaves_is_one_line_without_secrets(name: str) -> None:
    for handler in (_html_503, _unreadable, _no_object, _endless, _redirect, _cut, _refusal, _hang):
        async with serving(handler) as url, aiohttp.ClientSession() as session:
            seconds, begin = 0.5 if handler in (_hang, _endless) else 60.0, time.monotonic()
            found = await checkup._finding(name, seconds, lambda url=url, at=session: FAR_ENDS[name](Asking(at), url))  # type: ignore[misc]
            assert found.is_fault, handler
            assert time.monotonic() - begin < 120
        line = str(found)
        assert line.startswith(f"FAULT {name}: ")
        assert "\n" not in line
        assert "secret" not in line
        assert "html" not in line.lower()
        assert len(line) < 300
        assert line.endswith("."), line


@pytest.mark.parametrize("name", FAR_ENDS)
async def test_a_far_end_that_is_not_there_is_one_line(name: str) -> None:
    async with serving(_hang) as url:
        pass
    async with aiohttp.ClientSession() as session:
        found = await checkup._finding(name, 5.0, lambda: FAR_ENDS[name](Asking(session), url))
    assert "cannot be reached" in str(found)
    assert found.is_fault == (name != "bluesky"), "what nothing turns on is no fault where there is no network"


async def test_when_all_is_well_each_part_is_a_line_and_the_code_is_0(tmp_path: Path, hub: hub_fake.Hub) -> None:
    async with (
        DiscordServer("a.b.c") as discord,
        XServer() as x,
        BlueskyServer() as bluesky,
        bluesky_home.BlueskyHome() as home,
        mastodon_server.MastodonServer() as mastodon,
    ):
        bluesky.add_profile("bsky.app")
        config = Config().model_copy(
            update={
                "storage": StorageSettings(models=tmp_path / "models", data=tmp_path / "data"),
                "discord": DiscordSettings(token=SecretStr("a.b.c"), api_url=discord.api_url),
                "x": x_settings(x.url, account="thebot"),
                "bluesky": BlueskySettings(
                    url=home.url, account=bluesky_home.HANDLE, password=SecretStr(bluesky_home.PASSWORD)
                ),
                "mastodon": MastodonSettings(url=mastodon.url, token=SecretStr(mastodon_server.TOKEN)),
                "collecting": CollectingSettings(bluesky_url=bluesky.url),
                "publishing": PublishingSettings(
                    enabled=True, owner=hub_fake.OWNER, token=SecretStr(hub_fake.WRITER), url=hub.url
                ),
            }
        )
        findings = await check_up(config, None)
    said = {finding.part: finding.said for finding in findings}
    faults = [str(finding) for finding in findings if finding.is_fault]
    assert faults == [] or faults[0].startswith("FAULT disk"), faults
    assert said["discord"].startswith("the token is of ")
    assert said["x"] == "the keys are of @thebot"
    assert said["bluesky account"] == f"the app password is of {bluesky_home.HANDLE}"
    assert said["mastodon"].startswith("the token is of ")
    assert said["hub"] == f"the token is of {hub_fake.OWNER}"
    assert said["clock"] == "right"
    assert said["database"] == "not there yet; the first start makes it"
    assert not (tmp_path / "data").exists(), "nothing is made"


async def test_a_missing_intent_is_told(tmp_path: Path) -> None:
    async with DiscordServer("a.b.c") as server, aiohttp.ClientSession() as session:
        settings = DiscordSettings(token=SecretStr("a.b.c"), api_url=server.api_url, member_messages=True)
        with pytest.raises(Misconfigured, match="Message Content Intent"):
            await far_ends.discord(Asking(session), settings)


async def test_keys_of_another_account_are_told() -> None:
    async with XServer() as server:
        with pytest.raises(Misconfigured, match="The keys are of @thebot and not of"):
            await far_ends.x(x_settings(server.url, account="somebody"))


async def test_a_token_of_somebody_else_is_told(hub: hub_fake.Hub) -> None:
    settings = PublishingSettings(enabled=True, owner="others", token=SecretStr(hub_fake.READER), url=hub.url)
    async with aiohttp.ClientSession() as session:
        with pytest.raises(Misconfigured, match="use another token, or another owner"):
            await far_ends.hub(Asking(session), settings)


@pytest.mark.parametrize(("ahead", "said"), [(90.0, "90 s behind"), (-500.0, "500 s ahead")])
async def test_a_wrong_clock_is_told(ahead: float, said: str) -> None:
    async with aiohttp.ClientSession() as session:
        asking = Asking(session)
        asking.ahead_seconds = [ahead, ahead, 0.0]
        with pytest.raises(Unavailable, match=said):
            await far_ends.clock(asking)
        assert await far_ends.clock(replace(asking, ahead_seconds=[ahead, 0.0, 1.0])) == "right"


def test_a_disk_without_room_or_rights_is_told(small_disk: Path) -> None:
    with pytest.raises(Unavailable, match="has room for 2 MB only"):
        machine.disk(StorageSettings(models=small_disk / "models", data=small_disk / "data"))


async def test_a_database_of_a_newer_release_or_of_none_is_told(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/bot.db"
    _make_tables(tmp_path / "bot.db", "head")
    assert await machine.database(url) == f"{tmp_path}/bot.db answers"
    with sqlite3.connect(tmp_path / "bot.db") as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
    newer.close()
    with pytest.raises(Unavailable, match="newer release"):
        await machine.database(url)
    (tmp_path / "bot.db").write_bytes(b"something else" * 999)
    with pytest.raises(Unavailable, match="not a database"):
        await machine.database(url)


def test_the_device_is_named() -> None:
    assert "torch" in machine.device(GenerationSettings(precision="fp32"))


def test_a_fault_gives_a_code_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.toml").write_text("")
    found = [Finding("clock", "right"), Finding("x", "gone; wait.", is_fault=True)]

    async def checked(*_: object) -> list[Finding]:
        return found

    monkeypatch.setattr(checkup, "check_up", checked)
    arguments = ["--config", str(tmp_path / "config.toml"), "--check", "--online"]
    assert main(arguments) == 76
    assert capsys.readouterr().out == "ok    clock: right\nFAULT x: gone; wait.\n"
    found.pop()
    assert main(arguments) == 0
    with pytest.raises(SystemExit, match="64"):
        main(["--online"])

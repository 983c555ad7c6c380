"""A visitor behind a proxy is known by the address that the proxy saw, whatever else they write into the header."""

import socket
from pathlib import Path

import httpx
import pytest

from bot.core.config import Config, PlaygroundSettings
from bot.web.entry.proxies import Trusted
from bot.web.entry.sessions import Sessions
from bot.web.server import _listening, serving
from huggingtweets.core.errors import Misconfigured
from tests.bot.web.conftest import Page

CLIENTS = (
    (["10.0.0.3"], "1.2.3.4", "1.2.3.4"),
    (["10.0.0.3"], "9.9.9.9, 1.2.3.4", "1.2.3.4"),
    (["10.0.0.3"], "1.2.3.4, 10.0.0.3", "1.2.3.4"),
    (["10.0.0.0/8"], "9.9.9.9,1.2.3.4,10.1.1.1,10.2.2.2", "1.2.3.4"),
    (["10.0.0.3"], "1.2.3.4, 10.0.0.4", "10.0.0.4"),
    (["10.0.0.3"], "1.2.3.4:5678", "1.2.3.4"),
    (["10.0.0.3"], "[2a00:1450::1]:5678", "2a00:1450::1"),
    (["10.0.0.3"], "2A00:1450:0:0:0:0:0:1", "2a00:1450::1"),
    (["10.0.0.3"], "::ffff:1.2.3.4", "1.2.3.4"),
    (["2a00:1450::/64"], "1.2.3.4, 2a00:1450::9", "1.2.3.4"),
    (["*"], "9.9.9.9, 1.2.3.4", "1.2.3.4"),
    (["*"], "9.9.9.9, 1.2.3.4, 10.16.1.1, 192.168.0.9, fd00::1", "1.2.3.4"),
    (["*"], "192.168.0.9", "192.168.0.9"),
    (["*"], "9.9.9.9, unknown", ""),
    (["*"], f"9.9.9.9, {'1' * 5_000}", ""),
    (["*"], "1.2.3.4, ", ""),
    (["*"], "1.2.3.400", ""),
    (["*"], "<b>", ""),
    (["*"], "", ""),
)


@pytest.mark.parametrize(("proxies", "header", "client"), CLIENTS)
def test_the_last_address_that_is_no_proxys_is_the_visitors(proxies: list[str], header: str, client: str) -> None:
    assert Trusted(proxies).client(header) == client


def test_only_a_proxy_that_is_named_is_believed() -> None:
    assert not Trusted([]).may_connect("127.0.0.1")
    assert Trusted(["127.0.0.1", "10.0.0.0/8"]).may_connect("10.7.7.7")
    assert not Trusted(["127.0.0.1", "10.0.0.0/8"]).may_connect("11.7.7.7")
    assert Trusted(["*"]).may_connect("11.7.7.7")
    assert not Trusted(["127.0.0.1"]).may_connect("somewhere")


def test_what_is_no_address_of_a_proxy_is_said_at_the_start(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    for wrong in ("proxy", "10.0.0.0/99", "10.0.0", ""):
        file.write_text(f'[playground]\ntrusted_proxies = ["{wrong}"]\n')
        with pytest.raises(Misconfigured, match="write an address such as"):
            Config.load(file, {})


async def test_nobody_gets_new_limits_by_writing_addresses_into_the_header(web: Page) -> None:
    """As in a Space: every proxy is trusted, and adds the address that it sees to what the visitor has sent."""
    web.parts.tweeting.limits.follow(
        web.parts.tweeting.limits._settings.model_copy(update={"requests_per_minute": 2, "strikes": 1_000})
    )
    settings = PlaygroundSettings(port=0, demo=True, trusted_proxies=["*"])
    async with serving(settings, web.parts, Sessions(b"key")) as address:
        own = {"Origin": address.replace("http:", "https:"), "X-Forwarded-Proto": "https"}
        async with httpx.AsyncClient(base_url=address, headers=own, timeout=60) as stranger:
            opened = await stranger.get("/", headers={"X-Forwarded-For": "5.9.0.1"})
            assert "; Secure" in opened.headers["set-cookie"]
            cookie = opened.headers["set-cookie"].partition(";")[0]

            async def draws(forwarded_for: str) -> int:
                headers = {"X-Forwarded-For": forwarded_for, "Cookie": cookie}
                return (await stranger.post("/try", data={"voice": "ann", "count": "1"}, headers=headers)).status_code

            assert [await draws(f"9.9.9.{number}, 5.9.0.1") for number in range(4)] == [303, 303, 429, 429]
            assert await draws("5.9.0.1, 5.9.0.2") == 303


def test_an_answer_goes_out_at_once() -> None:
    with (
        _listening("127.0.0.1", 0) as listening,
        socket.create_connection(listening.getsockname(), timeout=60),
        listening.accept()[0] as connection,
    ):
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

"""Nobody slows the others down by asking without end."""

import asyncio
from unittest.mock import patch

import httpx
import pytest

from bot.people.tokens import Tokens
from bot.web.entry import pace
from bot.web.entry.pace import Pace
from tests.bot.web.conftest import Page


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch, web: Page) -> Page:
    """The page, on which an address may ask three times, and is answered at once if that was too much."""
    monkeypatch.setattr(pace, "LATE_SECONDS", 0.0)
    pace_of(web)._asked.per_minute = 3
    return web


def pace_of(page: Page) -> Pace:
    found = page.app
    while not isinstance(found, Pace):
        found = found._app  # type: ignore[attr-defined]  # each middleware has the next one
    return found


async def asked(browser: httpx.AsyncClient, count: int, path: str = "/healthz") -> list[int]:
    return [(await browser.get(path)).status_code for _ in range(count)]


async def test_whoever_asks_without_end_is_refused_whatever_they_ask_for(few: Page) -> None:
    async with few.browser("192.0.2.7") as stranger, few.browser("192.0.2.8") as another:
        for path in ("/healthz", "/", "/static/page.css"):
            assert await asked(stranger, 1, path) == [200]
        for path in ("/healthz", "/", "/static/page.css", "/v1/models"):
            answer = await stranger.get(path)
            assert answer.status_code == 429
            assert 0 < int(answer.headers["retry-after"]) <= 60
            assert answer.text.startswith("That was a lot at once;")
        assert await asked(another, 3) == [200] * 3


async def test_guessing_tokens_counts_and_a_program_with_one_asks_on(few: Page) -> None:
    token = await Tokens(few.parts.store).new("a program")
    async with few.browser("192.0.2.8", Authorization=f"Bearer {token}") as program:
        assert await asked(program, 5, "/v1/models") == [200] * 5
    async with few.browser("192.0.2.7") as guesser:
        assert await asked(guesser, 5, "/v1/models") == [401] * 3 + [429] * 2


async def test_one_network_of_ipv6_is_one_address(few: Page) -> None:
    for number, status in ((1, 200), (2, 200), (3, 200), (4, 429)):
        async with few.browser(f"2001:db8:0:1::{number}") as stranger:
            assert await asked(stranger, 1) == [status]


async def test_whoever_runs_the_bot_has_no_such_limit(few: Page) -> None:
    async with few.browser() as operator:
        assert await asked(operator, 10) == [200] * 10


async def test_a_refusal_comes_late_and_few_wait_for_one_at_a_time(few: Page) -> None:
    async with few.browser("192.0.2.7") as stranger:
        await asked(stranger, 3)
        with patch.object(pace, "LATE_SECONDS", 3_600), patch.object(pace, "MOST_LATE", 1):
            waiting = asyncio.create_task(stranger.get("/"))
            async with asyncio.timeout(60):
                while pace_of(few)._late == 0:
                    await asyncio.sleep(0.01)
            assert await asked(stranger, 2) == [429, 429], "they do not wait as well"
            assert not waiting.done()
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        assert pace_of(few)._late == 0

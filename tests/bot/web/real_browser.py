"""A real browser, and the page at an address that it can open.

Needs Chromium (on Debian: `apt-get install chromium`).
"""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect
from playwright.async_api import Page as Tab

from bot.core.config import PlaygroundSettings
from bot.store import Store
from bot.web.entry.sessions import Sessions
from bot.web.entry.users import Users
from bot.web.server import serving
from tests.bot.conftest import UseCases
from tests.bot.databases import sqlite_in
from tests.bot.posting_parts import Parts as PostingParts
from tests.bot.web.conftest import Page, page_of

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
TOKEN = "a long token that nobody guesses"
SECONDS = 120_000  # for what takes 2 s on an idle machine

expect.set_options(timeout=SECONDS)


IN_ONE_LOOP = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")]


@asynccontextmanager
async def served(
    use_cases: UseCases, posting: PostingParts, folder: Path, **settings: bool
) -> AsyncIterator[tuple[str, Page]]:
    """The page and its address. Whoever has the token is an admin."""
    async with Store(sqlite_in(use_cases.home.folder / "data")) as store:
        made = page_of(use_cases, posting, store, folder, Users({}, TOKEN))
        async with serving(PlaygroundSettings(port=0, **settings), made.parts, Sessions(b"key")) as address:
            yield address, made


@asynccontextmanager
async def opened(chromium: Browser, address: str, **options: Any) -> AsyncIterator[Tab]:
    """The page in a browser of its own. An error of a script, or a request to elsewhere, fails the test."""
    context = await chromium.new_context(**options)
    context.set_default_timeout(SECONDS)
    tab = await context.new_page()
    errors: list[str] = []
    origin = "/".join(address.split("/")[:3])
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.on("request", lambda request: None if request.url.startswith((origin, "data:")) else errors.append(request.url))
    await tab.goto(address)
    yield tab
    await context.close()
    assert errors == []


async def write(tab: Tab, text: str = "") -> list[str]:
    """Press Write. Returns the tweets."""
    await tab.fill("textarea[name=text]", text)
    await tab.click("[data-go]")
    await tab.wait_for_selector("[data-cards][aria-busy=false] .tweet")
    return await tab.locator(".tweet .text").all_inner_texts()

"""What is tested in a real browser.

The tests of a module share one browser, because its start takes 1.5 s of processor time. Each test opens it as somebody
who was never there. A browser belongs to one event loop, so these tests and their fixtures share that as well.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from huggingtweets.core.config.settings import Settings
from huggingtweets.workflow.pipeline import Outcome
from tests.bot.conftest import Home, UseCases, use_cases_in
from tests.bot.posting_parts import Parts as PostingParts
from tests.bot.posting_parts import parts_in
from tests.bot.web.real_browser import CHROMIUM, served


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def use_cases(home: Home, trained: tuple[Settings, Outcome]) -> AsyncIterator[UseCases]:
    async with use_cases_in(home, trained) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def parts(tmp_path: Path, x_settings: dict[str, Any]) -> AsyncIterator[PostingParts]:
    async with parts_in(tmp_path, x_settings) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def address(use_cases: UseCases, parts: PostingParts, tmp_path: Path) -> AsyncIterator[str]:
    """The page for a real browser. Whoever opens it is an admin."""
    async with served(use_cases, parts, tmp_path, local_admin=True) as (address, _):
        yield address

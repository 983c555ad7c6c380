"""/docs describes the API on a page like all others, and its commands work as they stand there."""

import asyncio
import html
import os
import re
import shutil
from pathlib import Path

import httpx
import pytest

from bot.core.config import PlaygroundSettings
from bot.openai_api.asked import EXAMPLE_VOICE
from bot.people.tokens import Tokens
from bot.web.entry.sessions import Sessions
from bot.web.server import serving
from tests.bot.conftest import UseCases
from tests.bot.posting_parts import Parts as PostingParts
from tests.bot.web.conftest import Page, page_of


def commands(page: str) -> list[str]:
    """What the buttons of the page copy for a shell."""
    return [text for text in map(html.unescape, re.findall(r'data-copy="([^"]*)"', page)) if text.startswith("curl")]


async def test_strangers_read_it_too(web: Page, use_cases: UseCases, parts: PostingParts, tmp_path: Path) -> None:
    closed = page_of(use_cases, parts, use_cases.store, tmp_path)
    async with closed.browser("192.0.2.7") as stranger:
        page = await stranger.get("/docs")
        assert page.status_code == 200
        assert "ann" not in re.findall(r"\b\w+\b", page.text), "no voice is told"
        assert (await stranger.get("/openapi.json")).status_code == 200
        assert 'href="/docs"' in (await stranger.get("/signin")).text


async def test_it_loads_nothing_from_elsewhere(browser: httpx.AsyncClient) -> None:
    page = (await browser.get("/docs")).text
    loaded = re.findall(r'(?:src|href)="([^"#]+)"', page)
    assert {"/openapi.json", "/static/reference.js", "/static/page.css"} <= set(loaded)
    assert all(path.startswith("/") and not path.startswith("//") for path in loaded)
    for path in {path for path in loaded if path.startswith("/static")}:
        assert (await browser.get(path)).status_code == 200, path
    anchors = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= anchors


async def test_its_examples_name_the_address_at_which_it_was_opened(web: Page) -> None:
    transport = httpx.ASGITransport(web.app, client=("127.0.0.1", 1), root_path="/bot")
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:7860") as behind:
        page = (await behind.get("/bot/docs")).text
    assert all(" http://localhost:7860/bot/v1/" in command for command in commands(page))


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
async def test_its_commands_work(web: Page) -> None:
    token = await Tokens(web.parts.store).new("tests")
    async with (
        serving(PlaygroundSettings(port=0), web.parts, Sessions(b"key")) as address,
        httpx.AsyncClient() as browser,
    ):
        shown = commands((await browser.get(f"{address}/docs")).text)
        assert len(shown) == 4
        for command in shown:
            process = await asyncio.create_subprocess_exec(
                "bash",
                "-ec",
                command.replace(EXAMPLE_VOICE, "ann"),
                stdout=-1,
                env={"PATH": os.environ["PATH"], "HUGGINGTWEETS_TOKEN": token},
            )
            out, _ = await process.communicate()
            assert process.returncode == 0
            assert b'"error"' not in out
            assert b'"ann"' in out

"""The page in a real browser: each way from beginning to end, on a phone, by keyboard, without a script, under attack.

Needs Chromium (on Debian: `apt-get install chromium`); otherwise these tests are skipped. What axe-core says is tested
where it is found: `npm install --prefix .cache/axe axe-core`.
"""

import asyncio
import html
import os
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect
from playwright.async_api import Page as Tab

from huggingtweets.core.people.names import VoiceName
from tests.bot.conftest import UseCases
from tests.bot.posting_parts import Parts as PostingParts
from tests.bot.web.real_browser import CHROMIUM, SECONDS, TOKEN, launched, opened, served, write

AXE = Path(os.environ.get("AXE") or Path(__file__).parents[3] / ".cache/axe/node_modules/axe-core/axe.min.js")
LOOKED_AT = ("/voices", "/voices/ann", "/voices/ann/forget", "/desk", "/desk/clock", "/desk/people", "/desk/log")
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with launched() as browser:
        yield browser


@pytest.fixture
async def address(use_cases: UseCases, parts: PostingParts, tmp_path: Path) -> AsyncIterator[str]:
    async with served(use_cases, parts, tmp_path, local_admin=True) as (address, _):
        yield address


async def test_tweets_come_and_a_reload_shows_them_again(chromium: Browser, address: str) -> None:
    async with opened(chromium, address) as tab:
        texts = await write(tab, "our rover")
        assert texts
        assert all(text.startswith("our rover") for text in texts)
        await expect(tab).to_have_url(re.compile(r"/try/[\w-]+$"))
        await tab.locator(".tweet").first.get_by_role("button", name="I like it", exact=True).click()
        await expect(tab.locator(".act[aria-pressed=true]")).to_have_count(1)
        await tab.reload()
        await expect(tab.locator(".act[aria-pressed=true]")).to_have_attribute("value", "1")
        assert sorted(await tab.locator(".tweet .text").all_inner_texts()) == sorted(texts)
        async with tab.expect_download() as saving:
            await tab.get_by_role("link", name="Save as a picture").first.click()
        assert (await saving.value).suggested_filename == "ai-parody-of-ann.png"


async def test_what_cannot_be_drawn_is_said_on_the_page(chromium: Browser, address: str) -> None:
    async with opened(chromium, address) as tab:
        await tab.check("input[name=kind][value=answer]", force=True)
        await tab.click("[data-go]")
        await expect(tab.locator("[data-cards] .notice")).to_contain_text("Write the post that the voice should answer")
        await expect(tab.locator("[data-go]")).to_be_enabled()
        assert await write(tab, "what do you see?")


async def test_voices_talk_in_a_scene(chromium: Browser, address: str, use_cases: UseCases) -> None:
    shutil.copytree(use_cases.home.registry.root / "ann", use_cases.home.registry.root / "bob")
    async with opened(chromium, address) as tab:
        await tab.check("input[name=kind][value=scene]", force=True)
        await expect(tab.locator(".more")).to_be_hidden()
        await tab.locator("select[name=cast]").first.select_option("bob")
        await tab.select_option("select[name=lines]", "2")
        texts = await write(tab, "the moon")
        await tab.reload()
        assert await tab.locator(".tweet .text").all_inner_texts() == texts
        await expect(tab.locator("input[name=kind][value=scene]")).to_be_checked()
        await tab.check("input[name=kind][value=start]", force=True)
        await tab.get_by_text("More", exact=True).click()
        await tab.fill("input[name=seed]", "7")
        await tab.locator("input[name=daring]").focus()
        await tab.keyboard.press("ArrowRight")
        await expect(tab.locator(".more output")).to_have_text("1.1, wilder")
        assert await write(tab)


HIDE = """(hidden) => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


async def test_a_tab_that_nobody_sees_asks_for_nothing(chromium: Browser, address: str, parts: PostingParts) -> None:
    async with opened(chromium, f"{address}/desk") as tab:
        await tab.evaluate(HIDE, True)
        await parts.posting.propose(VoiceName("ann"), by="discord:1")
        await tab.wait_for_timeout(100)
        assert await tab.locator("[data-live=posts] textarea").count() == 0
        await tab.evaluate(HIDE, False)
        await expect(tab.locator("[data-live=posts] textarea")).to_have_count(1)


async def test_two_people_write_at_once(chromium: Browser, address: str) -> None:
    async with opened(chromium, address) as one, opened(chromium, address) as other:
        first, second = await asyncio.gather(write(one, "our rover"), write(other, "the moon"))
        assert all(text.startswith("our rover") for text in first)
        assert all(text.startswith("the moon") for text in second)
        await other.goto(one.url)
        await expect(other.locator("main")).to_contain_text("drawn for somebody else")


async def test_a_voice_is_made_with_a_reload_in_the_middle(chromium: Browser, address: str, sample_file: Path) -> None:
    async with opened(chromium, f"{address}/make") as tab:
        await tab.set_input_files(
            "input[type=file]", {"name": "bad.png", "mimeType": "image/png", "buffer": b"\x89PNG"}
        )
        await tab.fill("input[name=name]", "bob")
        await tab.click("[data-go]")
        await expect(tab.locator("[data-said]")).to_contain_text("it is a file of the kind PNG")
        await tab.set_input_files("input[type=file]", sample_file)
        await tab.click("[data-go]")
        await tab.wait_for_url(re.compile(r"/make/\w+\?who=bob"))
        learned = tab.locator(".counts .sum dd")
        before = await learned.inner_text()
        await tab.get_by_role("button", name="Strike out").first.click()
        await expect(tab.locator(".fate-struck")).to_have_count(1)
        assert await learned.inner_text() != before
        assert await tab.evaluate("document.activeElement.textContent") in ("Take back", "Strike out")
        await tab.select_option("select[name=show]", "struck")
        await expect(tab.locator(".tweets tbody tr")).to_have_count(1)
        await tab.click("[data-learn]")
        await tab.wait_for_url(re.compile(r"/trainings/\d+$"))
        await tab.reload()
        await expect(tab.locator("h1")).to_have_text("Learning @bob")
        await expect(tab.locator("h1")).to_have_text("@bob", timeout=SECONDS)
        await expect(tab.locator("main")).to_contain_text("How it did")


async def test_a_wrong_token_is_refused_and_the_right_one_lets_in(
    chromium: Browser, use_cases: UseCases, parts: PostingParts, tmp_path: Path
) -> None:
    async with served(use_cases, parts, tmp_path) as (address, _), opened(chromium, f"{address}/make") as tab:
        await expect(tab).to_have_url(re.compile("/signin"))
        await tab.fill("input[type=password]", "wrong")
        await tab.get_by_role("button", name="Sign in").click()
        await expect(tab.get_by_role("alert")).to_have_text("The token is wrong.")
        await tab.fill("input[type=password]", TOKEN)
        await tab.get_by_role("button", name="Sign in").click()
        await expect(tab.locator("h1")).to_have_text("Make a voice")
        await tab.get_by_role("button", name="Sign out").click()
        await expect(tab.get_by_role("link", name="Sign in")).to_be_visible()


async def test_another_site_can_ask_nothing(chromium: Browser, address: str, parts: PostingParts) -> None:
    """A page elsewhere, in the very browser of an admin."""
    async with opened(chromium, address) as tab:
        evil = await tab.context.new_page()
        await evil.route(
            "http://evil.example/",
            lambda route: route.fulfill(
                content_type="text/html",
                body=f'<form method="post" action="{address}/queue/pause"><button>x</button></form>',
            ),
        )
        await evil.goto("http://evil.example/")
        for mode in ("cors", "no-cors"):
            script = f"fetch('{address}/queue/pause', {{method: 'POST', mode: '{mode}', credentials: 'include'}})"
            told = await evil.evaluate(f"{script}.then((answer) => answer.status, () => 'refused')")
            assert told in ("refused", 0, 403)
        await evil.click("button")
        await expect(evil.locator("body")).to_contain_text("my own page")
        assert not (await parts.posting.status()).pause


async def test_it_works_without_a_script(chromium: Browser, address: str) -> None:
    async with opened(chromium, address, java_script_enabled=False) as tab:
        await tab.fill("textarea", "our rover")
        await tab.click("[data-go]")
        assert await tab.locator(".tweet").count() >= 1
        await tab.get_by_role("button", name="I like it", exact=True).first.click()
        assert await tab.locator(".tweet").count() >= 1


async def test_it_works_by_keyboard_alone(chromium: Browser, address: str) -> None:
    async with opened(chromium, address) as tab:
        names = []
        for _ in range(24):
            await tab.keyboard.press("Tab")
            names.append(await tab.evaluate("document.activeElement.name || document.activeElement.textContent.trim()"))
        assert names[0] == "Skip to the content"
        assert [name for name in ("voice", "kind", "text", "count", "Write") if name in names] == [
            "voice", "kind", "text", "count", "Write",
        ]  # fmt: skip
        await tab.focus("textarea")
        await tab.keyboard.type("our rover")
        await tab.keyboard.press("Control+Enter")
        await tab.wait_for_selector("[data-cards][aria-busy=false] .tweet")


async def test_a_phone_shows_it_whole(chromium: Browser, address: str) -> None:
    async with opened(chromium, address, **PHONE) as tab:
        box = await tab.locator("[data-go]").bounding_box()
        assert box
        assert box["y"] + box["height"] < 844, "no scrolling before one can write"
        assert (await tab.locator("textarea").bounding_box() or {})["width"] > 300
        for path in ("/", "/make", *LOOKED_AT):
            await tab.goto(address + path)
            assert await tab.evaluate("document.documentElement.scrollWidth") <= 390, path


async def test_the_first_paint_comes_soon(chromium: Browser, address: str) -> None:
    script = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
    async with opened(chromium, address) as tab:
        times = []
        for _ in range(5):
            await tab.reload()
            async with asyncio.timeout(60):
                while (painted := await tab.evaluate(script)) is None:
                    await tab.wait_for_timeout(50)
            times.append(painted)
    assert min(times) < 2_000


@pytest.mark.skipif(not AXE.exists(), reason="needs axe-core")
@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark"}, PHONE], ids=["light", "dark", "phone"])
async def test_nothing_keeps_people_out(
    chromium: Browser, address: str, sample_file: Path, options: dict[str, Any]
) -> None:
    async with opened(chromium, address, **options) as tab:
        await write(tab)
        assert await serious(tab) == []
        for path in ("/make", *LOOKED_AT, "/signin", "/nothing"):
            await tab.goto(address + path)
            assert await serious(tab) == [], path
        await tab.goto(f"{address}/make")
        await tab.set_input_files("input[type=file]", sample_file)
        await tab.fill("input[name=name]", "bob")
        await tab.click("[data-go]")
        await tab.wait_for_url(re.compile(r"/make/\w+\?who=bob"))
        await tab.get_by_role("button", name="Strike out").first.click()
        await expect(tab.locator(".fate-struck")).to_have_count(1)
        assert await serious(tab) == []


async def serious(tab: Tab) -> list[str]:
    """What axe-core finds that is serious or critical."""
    await tab.evaluate(AXE.read_text())
    found = await tab.evaluate("axe.run()")
    return [
        html.unescape(f"{rule['id']}: {node['html'][:120]} {node['failureSummary'][:200]}")
        for rule in found["violations"]
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]

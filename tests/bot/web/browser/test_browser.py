"""The page in a real browser: each way from beginning to end, on a phone, by keyboard, without a script, under attack.

Needs Chromium (on Debian: `apt-get install chromium`); otherwise these tests are skipped. What axe-core says is tested
where it is found: `npm install --prefix .cache/axe axe-core`.
"""

import asyncio
import html
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect
from playwright.async_api import Page as Tab

from huggingtweets.core.people.names import VoiceName
from tests.bot.conftest import UseCases
from tests.bot.posting_parts import Parts as PostingParts
from tests.bot.web.real_browser import IN_ONE_LOOP, SECONDS, TOKEN, opened, served, write

AXE = Path(os.environ.get("AXE") or Path(__file__).parents[4] / ".cache/axe/node_modules/axe-core/axe.min.js")
LOOKED_AT = (
    *("/voices", "/voices/ann", "/voices/ann/forget", "/desk", "/desk/clock", "/desk/people", "/desk/log", "/docs"),
)
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}

pytestmark = IN_ONE_LOOP


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


async def test_voices_are_mixed_with_sliders(chromium: Browser, address: str, use_cases: UseCases) -> None:
    for name in ("bob", "cara", "dan", "eve"):
        shutil.copytree(use_cases.home.registry.root / "ann", use_cases.home.registry.root / name)
    async with opened(chromium, address) as tab:
        await tab.get_by_text("Mix in another voice", exact=True).click()
        await tab.select_option("select[name=with]", "bob")
        await tab.locator("input[name=share]").focus()
        for _ in range(4):
            await tab.keyboard.press("ArrowLeft")
        await expect(tab.locator(".mix output")).to_have_text("30 %")
        assert await write(tab, "our rover")
        handles = await tab.locator(".tweet .handle").all_inner_texts()
        assert set(handles) == {"@ann @bob"}
        await tab.reload()
        await expect(tab.locator("input[name=share]")).to_be_visible()
        assert await tab.input_value("select[name=with]") == "bob"
        assert await tab.input_value("input[name=share]") == "30"
        assert set(await tab.locator(".tweet .handle").all_inner_texts()) == {"@ann @bob"}
        more = tab.get_by_role("button", name="Another one")
        for name in ("cara", "dan"):
            await more.click()
            await tab.locator("select[name=with]").last.select_option(name)
        await expect(more).to_be_hidden()
        assert await write(tab)
        newest = tab.locator(".tweet .handle").first
        await expect(newest).to_have_text("@ann @bob @cara @dan")


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


async def test_hiding_addresses_keeps_the_search_and_the_sort(chromium: Browser, address: str) -> None:
    texts = [f"call me at 555-123-456{number} or write, {'please ' * number}do" for number in range(5)]
    file = {"name": "five.txt", "mimeType": "text/plain", "buffer": "\n".join([*texts, "a fine day"]).encode()}
    async with opened(chromium, f"{address}/make") as tab:
        await tab.set_input_files("input[type=file]", file)
        await tab.fill("input[name=name]", "bob")
        await tab.click("[data-go]")
        await tab.wait_for_url(re.compile(r"/make/\w+\?who=bob"))
        await tab.fill("input[name=words]", "call")
        await tab.keyboard.press("Enter")
        await tab.wait_for_url(re.compile("words=call"))
        await tab.select_option("select[name=sort]", "longest")
        await tab.wait_for_url(re.compile("sort=longest"))
        rows = tab.locator(".tweets .words")
        await expect(rows).to_have_count(5)
        switch = tab.get_by_role("checkbox", name="Hide e-mail addresses")
        await switch.focus()
        await tab.keyboard.press("Space")
        await expect(rows.first).not_to_contain_text("555")
        await expect(rows).to_have_count(5)
        await expect(rows.first).to_contain_text("please please please please")
        await expect(switch).to_be_focused()
        await tab.reload()
        await expect(switch).to_be_checked()
        await expect(rows).to_have_count(5)
        assert await tab.input_value("input[name=words]") == "call"
        assert await tab.input_value("select[name=sort]") == "longest"
        await tab.keyboard.press("Shift+Tab")
        await switch.uncheck()
        await expect(rows.first).to_contain_text("555-123-4564")


async def test_a_training_is_cancelled_and_says_what_is_left(
    chromium: Browser, address: str, sample_file: Path, use_cases: UseCases
) -> None:
    async with opened(chromium, f"{address}/make") as tab:
        await tab.set_input_files("input[type=file]", sample_file)
        await tab.fill("input[name=name]", "bob")
        await tab.click("[data-go]")
        await tab.wait_for_url(re.compile(r"/make/\w+\?who=bob"))
        await tab.click("[data-learn]")
        await tab.wait_for_url(re.compile(r"/trainings/\d+$"))
        await tab.get_by_role("button", name="Cancel the training").click()
        await expect(tab.locator("main")).to_contain_text("The training of bob was cancelled.")
        await expect(tab.locator("main")).to_contain_text("Nothing of @bob is kept")
        assert not use_cases.home.registry.versions("bob")
        await tab.get_by_role("link", name="Give them again").click()
        await expect(tab.locator("h1")).to_have_text("Make a voice")


async def test_an_example_of_the_api_is_copied(chromium: Browser, address: str) -> None:
    async with opened(chromium, address, permissions=["clipboard-read", "clipboard-write"]) as tab:
        await tab.get_by_role("link", name="the API").click()
        await expect(tab.locator("h1")).to_have_text("The API")
        await tab.get_by_role("link", name="Tweets that begin with a prompt").click()
        await expect(tab.get_by_role("heading", name="Tweets that begin with a prompt")).to_be_in_viewport()
        await tab.get_by_role("button", name="Copy the example of POST /completions").press("Enter")
        await expect(tab.get_by_role("button", name="Copied")).to_have_count(1)
        copied = await tab.evaluate("navigator.clipboard.readText()")
        assert copied.startswith(f"curl -s {address}/v1/completions ")


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
    # What is in order is not written down as well: that took half of the processor time.
    violations = await tab.evaluate("axe.run({resultTypes: ['violations']}).then(found => found.violations)")
    return [
        html.unescape(f"{rule['id']}: {node['html'][:120]} {node['failureSummary'][:200]}")
        for rule in violations
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]

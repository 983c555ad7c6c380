"""Texts of people and models that look like markup, in a real browser: each is shown as it is, and runs nothing.

The browser is told not to mind the content security policy, which is a second wall: here the first one stands alone.
"""

import csv
import io
import logging
import re
import shutil
from collections import deque
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest
import pytest_asyncio
import sqlalchemy as sa
from playwright.async_api import Browser, expect
from playwright.async_api import Page as Tab

from bot.core.clock.schedule_entry import Schedule
from bot.core.process.last_errors import LAST_ERRORS
from bot.store import Store, utc_now
from bot.store.tables import jobs
from bot.web.voices.starts import MIN_TWEETS
from huggingtweets.core.people.names import VoiceName
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.registry.manifest import LearnedAccount, Manifest, read
from huggingtweets.registry.versions import Registry
from huggingtweets.tweets.learned.dataset import Dataset
from tests.bot.conftest import UseCases
from tests.bot.posting_parts import Parts as PostingParts
from tests.bot.web.conftest import Page
from tests.bot.web.real_browser import IN_ONE_LOOP, opened, served

IMAGE = "<img src=x onerror=window.ran=1>"
SCRIPT = '"><script>window.ran=1</script>'
QUOTES = "' onmouseover='window.ran=1' x=\" autofocus onfocus=window.ran=1 y=\""
LINK = "javascript:window.ran=1"
TEXTS = (IMAGE, SCRIPT, QUOTES, LINK)
ANN, BOB = VoiceName("ann"), VoiceName("bob")
RAN = """() => {
  const found = window.ran ? ["a script ran"] : [];
  for (const element of document.querySelectorAll("*")) {
    if (element.localName === "script" && !new URL(element.src).pathname.startsWith("/static/")) found.push("a script");
    for (const { name, value } of element.attributes) {
      if (name.startsWith("on") || (/^(href|src|action|formaction)$/.test(name) && /^\\s*javascript:/i.test(value))) {
        found.push(`${element.localName} has ${name}`);
      }
    }
    if (element.localName === "img" && element.getAttribute("src") === "x") found.push("an image");
  }
  return found;
}"""

pytestmark = IN_ONE_LOOP


@pytest_asyncio.fixture(loop_scope="module")
async def page(use_cases: UseCases, parts: PostingParts, tmp_path: Path) -> AsyncIterator[tuple[str, Page]]:
    """The page, whose voice `ann` has learned from somebody who calls themselves `IMAGE` and writes such things."""
    registry = use_cases.home.registry
    first = registry.current("ann")
    manifest = read(first.folder)
    accounts = (LearnedAccount(handle="ann", display_name=IMAGE, counts=manifest.counts),)
    manifest = manifest.model_copy(update={"accounts": accounts, "samples": TEXTS})
    manifest.write(first.folder)
    texts = [f'"><img/src=x/onerror=window.ran=1> says {number} things' for number in range(MIN_TWEETS)]
    Dataset.of_texts(texts, ["a tweet that is held out"]).save(first.dataset)
    second_version(registry, manifest)
    async with served(use_cases, parts, tmp_path, local_admin=True) as (address, made):
        yield address, made


def second_version(registry: Registry, manifest: Manifest) -> None:
    with registry.staged("ann") as staged:
        shutil.copytree(registry.current("ann").folder, staged, dirs_exist_ok=True)
        registry.add("ann", staged, manifest)


async def nothing_ran(tab: Tab) -> None:
    """Nothing of what was written has become markup, or has run."""
    assert await tab.evaluate(RAN) == []


async def shows(tab: Tab, *texts: str) -> None:
    """The page shows each of `texts` as it is, and nothing ran."""
    for text in texts:
        await expect(tab.locator("body")).to_contain_text(text)
    await nothing_ran(tab)


async def test_a_check_sees_what_runs(chromium: Browser, page: tuple[str, Page]) -> None:
    async with opened(chromium, page[0], bypass_csp=True) as tab:
        await nothing_ran(tab)
        await tab.evaluate("(text) => document.body.insertAdjacentHTML('beforeend', text)", IMAGE)
        await tab.wait_for_function("window.ran")
        assert len(await tab.evaluate(RAN)) == 3


async def test_try_shows_it(chromium: Browser, page: tuple[str, Page]) -> None:
    address, _ = page
    async with opened(chromium, address, bypass_csp=True) as tab:
        await shows(tab, *TEXTS[:3])
        await tab.locator("[data-start]").first.click()
        assert (await tab.input_value("textarea[name=text]")).startswith('"><img/src=x/onerror=window.ran=1> says')
        await tab.locator("input[name=voice]").first.dispatch_event("change")
        for text in TEXTS:
            await tab.fill("textarea[name=text]", text)
            await tab.click("[data-go]")
            await tab.wait_for_selector("[data-cards][aria-busy=false] .tweet")
            await expect(tab.locator(".tweet .text").first).to_contain_text(text)
            await shows(tab, IMAGE)
            await tab.reload()
            assert await tab.input_value("textarea[name=text]") == text
            await shows(tab, text)
        copied = tab.locator("[data-copy]").first
        assert LINK in (await copied.get_attribute("data-copy") or "")
        for link in await tab.get_by_role("link", name="Open in").all():
            assert re.match("https://(x.com|bsky.app)/intent/", await link.get_attribute("href") or "")
        for text in TEXTS:
            await tab.goto(f"{address}/?voice={quote(text)}&text={quote(text)}")
            assert await tab.input_value("textarea[name=text]") == text
            await nothing_ran(tab)
            await tab.goto(f"{address}/voices/{quote(text, safe='')}")
            await nothing_ran(tab)


async def test_make_shows_it(chromium: Browser, page: tuple[str, Page]) -> None:
    lines = io.StringIO()
    rows = csv.writer(lines)
    rows.writerow(("author", "text"))
    rows.writerows(
        (author, f"{text} on day {day}") for author in (IMAGE, SCRIPT) for day in range(20) for text in TEXTS
    )
    file = {"name": f"{IMAGE}.csv", "mimeType": "text/csv", "buffer": lines.getvalue().encode()}
    async with opened(chromium, f"{page[0]}/make", bypass_csp=True) as tab:
        await tab.set_input_files("input[type=file]", file)
        await shows(tab, f"{IMAGE}.csv")
        await tab.fill("input[name=name]", IMAGE)
        await tab.click("[data-go]")
        await expect(tab.locator("[data-said] .notice")).to_contain_text(IMAGE)
        await nothing_ran(tab)
        await tab.fill("input[name=name]", "")
        await tab.click("[data-go]")
        await tab.wait_for_selector("select[name=author]")
        await shows(tab, "onerror_window.ran_1_.csv", IMAGE, SCRIPT)
        await tab.select_option("select[name=author]", IMAGE)
        await tab.fill("input[name=name]", "bob")
        await tab.get_by_role("main").get_by_role("button").first.click()
        await tab.wait_for_selector("[data-tweets] tbody tr")
        await shows(tab, *TEXTS)
        await tab.fill("input[name=words]", SCRIPT.split(">", 1)[0] + ">")
        await tab.keyboard.press("Enter")
        await tab.wait_for_url(re.compile("words="))
        await tab.get_by_role("button", name="Strike out").first.click()
        await expect(tab.locator(".fate-struck")).to_have_count(1)
        await shows(tab, SCRIPT)


async def test_voices_show_it(chromium: Browser, page: tuple[str, Page]) -> None:
    address, _ = page
    async with opened(chromium, f"{address}/voices", bypass_csp=True) as tab:
        await shows(tab, IMAGE)
        await tab.goto(f"{address}/voices/ann")
        await shows(tab, *TEXTS[:3])
        await tab.fill("input[name=text]", SCRIPT)
        await tab.get_by_role("button", name="Compare", exact=True).click()
        await tab.wait_for_url(re.compile("/comparisons/"))
        await shows(tab, SCRIPT)
        await tab.get_by_role("button", name="A is better").click()
        await shows(tab, SCRIPT, "Your vote is counted")
        await tab.goto(f"{address}/voices/ann/forget")
        await nothing_ran(tab)


async def on_the_desk(store: Store) -> int:
    """Everything that the desk shows, with such texts in it. Returns the number of a training that failed."""
    await store.schedules.put(Schedule(IMAGE, "post", ANN, cron="30 9 * * *"), "discord:1")
    await store.schedules.claim(IMAGE, utc_now(), "here")
    [run] = await store.schedules.runs(IMAGE)
    await store.schedules.settle(IMAGE, run.due_at, f"failed: {SCRIPT}")
    await store.pauses.pause(SCRIPT, Phrase(QUOTES), "limits")
    await store.consent.claim(IMAGE, SCRIPT, "ann")
    await store.settings.put(IMAGE, SCRIPT, value=QUOTES, by=LINK)
    await store.audit.add(IMAGE, SCRIPT, QUOTES, file=LINK)
    failed = {"name": BOB, "person": SCRIPT, "state": "failed", "error": IMAGE, "created_at": utc_now()}
    async with store.database.writing() as connection:
        row = failed | {"ended_at": utc_now(), "files": [SCRIPT], "options": {}}
        return int(await connection.scalar(sa.insert(jobs).values(row).returning(jobs.c.id)) or 0)


async def test_the_desk_shows_it(
    chromium: Browser, page: tuple[str, Page], parts: PostingParts, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, made = page
    monkeypatch.setattr(LAST_ERRORS, "_lines", deque())
    LAST_ERRORS.emit(logging.makeLogRecord({"name": IMAGE, "msg": SCRIPT, "levelname": "WARNING"}))
    job = await on_the_desk(made.parts.store)
    parts.drawing.texts = (IMAGE,)
    await parts.posting.propose(ANN, by=SCRIPT)
    async with opened(chromium, f"{address}/desk", bypass_csp=True) as tab:
        await expect(tab.locator("[data-live=posts] textarea")).to_have_value(re.compile(re.escape(IMAGE)))
        await shows(tab, IMAGE)
        parts.drawing.texts = (SCRIPT,)
        await parts.posting.propose(ANN, by=SCRIPT)
        await expect(tab.locator("[data-live=posts] textarea")).to_have_count(2)
        await nothing_ran(tab)
        for path, texts in (
            ("/desk/clock", (IMAGE, SCRIPT, QUOTES)),
            ("/desk/people", (IMAGE, SCRIPT)),
            ("/desk/log", (*TEXTS, IMAGE)),
            (f"/desk/log?id={quote(SCRIPT)}", (SCRIPT,)),
            (f"/trainings/{job}", (IMAGE,)),
            (f"/signin?next={quote(SCRIPT)}", ()),
            (f"/signin?next={LINK}", ()),
            (f"/{quote(SCRIPT)}", ()),
        ):
            await tab.goto(address + path)
            await shows(tab, *texts)

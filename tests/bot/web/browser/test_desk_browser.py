"""The desk in a real browser: what is scheduled, and an error that is looked up by the id that somebody was told.

Needs Chromium (on Debian: `apt-get install chromium`); otherwise these tests are skipped.
"""

import logging
import re
from collections import deque
from collections.abc import Iterator

import pytest
from playwright.async_api import Browser, expect

from bot.core.process.last_errors import LAST_ERRORS
from tests.bot.conftest import UseCases
from tests.bot.web.real_browser import IN_ONE_LOOP, opened

pytestmark = IN_ONE_LOOP


@pytest.fixture
def last_errors(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The log as the bot sets it up, as far as the desk shows it."""
    monkeypatch.setattr(LAST_ERRORS, "_lines", deque())
    logging.getLogger().addHandler(LAST_ERRORS)
    yield
    logging.getLogger().removeHandler(LAST_ERRORS)


async def test_a_schedule_is_made_switched_off_and_removed(chromium: Browser, address: str) -> None:
    async with opened(chromium, f"{address}/desk", timezone_id="Europe/Paris") as tab:
        await tab.get_by_role("link", name="Clock").click()
        await expect(tab.locator("main")).to_contain_text("Nothing is scheduled.")
        await expect(tab.get_by_label("Whose clock?")).to_have_value("Europe/Paris")
        await tab.get_by_label("In whose voice?").select_option("ann")
        await tab.get_by_label("How often?").select_option(label="every so many hours")
        await expect(tab.get_by_label("At what time?")).to_be_hidden()
        await expect(tab.get_by_label("How many hours?")).to_be_visible()
        await tab.get_by_label("How often?").select_option(label="every Monday")
        await expect(tab.get_by_label("How many hours?")).to_be_hidden()
        await tab.get_by_label("At what time?").fill("07:30")
        await tab.get_by_role("button", name="Schedule it").click()
        said = "It proposes a post in the voice of @ann every Monday at 07:30 (Europe/Paris). Next: "
        await expect(tab.locator("main")).to_contain_text(re.compile(re.escape(said) + r"\d{4}-\d\d-\d\d 0[56]:30 UTC"))
        await tab.reload()
        await tab.get_by_role("button", name="Switch off: posts of @ann").click()
        await expect(tab.locator("main")).not_to_contain_text("Next:")
        await tab.get_by_role("button", name="Switch on: posts of @ann").click()
        await expect(tab.locator("main")).to_contain_text("Next:")
        await tab.get_by_text("Schedule something").click()
        await tab.get_by_label("Call it").fill("posts of @ann")
        await tab.get_by_role("button", name="Schedule it").click()
        await expect(tab.get_by_role("status")).to_contain_text("There is a schedule called posts of @ann already.")
        await tab.get_by_role("link", name="Back to Desk").click()
        await tab.get_by_role("link", name="Clock").click()
        await tab.get_by_role("button", name="Remove: posts of @ann").click()
        await expect(tab.locator("main")).to_contain_text("Nothing is scheduled.")
        await tab.get_by_role("link", name="Log", exact=True).click()
        await expect(tab.locator("main")).to_contain_text("removed a schedule: posts of @ann")


@pytest.mark.usefixtures("last_errors")
async def test_an_error_is_looked_up_by_the_id_that_somebody_was_told(
    chromium: Browser, address: str, use_cases: UseCases
) -> None:
    folder = use_cases.home.registry.current("ann").folder
    for weights in folder.rglob("*.safetensors"):
        weights.write_bytes(b"not weights")
    async with opened(chromium, address) as tab:
        await tab.click("[data-go]")
        told = tab.locator("[data-cards] .notice code")
        failure_id = await told.inner_text()
        await tab.goto(f"{address}/desk")
        await expect(tab.get_by_role("list", name="What needs you")).to_contain_text("in the log since the start")
        await tab.get_by_role("link", name="Log", exact=True).click()
        await tab.get_by_label("The id that somebody was told").fill(f" ({failure_id}) ")
        await tab.get_by_role("button", name="Find").click()
        await expect(tab.locator(".rows code").first).to_contain_text(failure_id)
        await tab.get_by_label("The id that somebody was told").fill("nothing")
        await tab.get_by_role("button", name="Find").click()
        await expect(tab.locator("main")).to_contain_text("No line since the start has this id.")
        await tab.get_by_role("link", name="Show all").click()
        await expect(tab.locator("main")).to_contain_text(failure_id)

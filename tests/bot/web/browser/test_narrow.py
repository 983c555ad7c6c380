"""The page on a narrow phone, with words that are wider than it."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.bot.conftest import UseCases
from tests.bot.web.real_browser import IN_ONE_LOOP, opened, write

HANDLE = "donaudampfschifffahrtsgesellsc"
NAME = "Donaudampfschifffahrtsgesellschaftskapitänswitwenrentenauszahlungsstelle"
TEXTS = ["Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz" * 2, "吾輩は猫である名前はまだ無い" * 6]
NARROW: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "color_scheme": "dark"}
# What is wider than the screen, unless it is in a row that can be moved.
TOO_WIDE = """() => [...document.querySelectorAll("main *, header *")].filter((one) => {
    for (let box = one; box && box !== document.body; box = box.parentElement) {
        const { overflowX, position } = getComputedStyle(box);
        if (overflowX !== "visible" || position === "absolute") return false;
    }
    const { left, right, width } = one.getBoundingClientRect();
    return width > 0 && (right > 361 || left < -1);
}).map((one) => one.outerHTML.slice(0, 120))"""
LEAVES_ITS_CARD = """() => [...document.querySelectorAll(".card select, .card input, .card .button")].filter((one) =>
    one.offsetWidth > 1 && one.getBoundingClientRect().right > one.closest(".card").getBoundingClientRect().right
).map((one) => one.outerHTML.slice(0, 120))"""

pytestmark = IN_ONE_LOOP


@pytest.fixture
def long_names(use_cases: UseCases) -> None:
    """A second voice, of somebody whose name and tweets have long words."""
    home = use_cases.home.registry.root
    shutil.copytree(home / "ann", home / HANDLE)
    for path in Path(home, HANDLE).glob("*/manifest.json"):
        manifest = json.loads(path.read_text())
        manifest |= {"name": HANDLE, "samples": TEXTS}
        manifest["accounts"] = [account | {"handle": HANDLE, "display_name": NAME} for account in manifest["accounts"]]
        path.write_text(json.dumps(manifest))


@pytest.mark.usefixtures("long_names")
async def test_a_long_word_makes_nothing_wider_than_the_screen(chromium: Browser, address: str) -> None:
    async with opened(chromium, address, **NARROW) as tab:
        for path in (f"/?voice={HANDLE}", "/voices", f"/voices/{HANDLE}", f"/voices/{HANDLE}/forget", "/desk"):
            await tab.goto(address + path)
            assert await tab.evaluate("document.documentElement.scrollWidth") <= 360, path
            assert await tab.evaluate(TOO_WIDE) == [], path
            assert await tab.evaluate(LEAVES_ITS_CARD) == [], path
        await tab.goto(f"{address}/?voice={HANDLE}")
        await write(tab, "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz")
        assert await tab.evaluate(TOO_WIDE) == []


@pytest.mark.usefixtures("long_names")
async def test_the_voice_that_is_chosen_can_be_seen(chromium: Browser, address: str) -> None:
    async with opened(chromium, address, **NARROW) as tab:
        await tab.goto(f"{address}/?voice={HANDLE}")
        chosen = tab.locator(".voice:has(:checked)")
        await expect(chosen).to_contain_text(HANDLE)
        await expect(chosen).to_be_in_viewport(ratio=0.9)


async def test_a_session_that_is_over_is_a_page_with_a_way_back(chromium: Browser, address: str) -> None:
    async with opened(chromium, address, **NARROW) as tab:
        await tab.goto(f"{address}/signin")
        await tab.context.clear_cookies()
        await tab.fill("input[name=password]", "a password")
        await tab.get_by_role("button", name="Sign in").click()
        await expect(tab.locator("h1")).to_have_text("Your session is over")
        await expect(tab.locator(".notice")).to_have_css("border-left-width", "4px")  # its styles are there
        await tab.get_by_role("link", name="Open the page").click()
        await expect(tab.locator("h1")).to_have_text("Sign in")
        await tab.goto(address)
        await tab.context.clear_cookies()
        await tab.click("[data-go]")
        await expect(tab.locator("[data-cards] .notice")).to_contain_text("Your session here is over.")

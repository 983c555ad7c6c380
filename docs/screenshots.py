"""Pictures of the page: `python docs/screenshots.py http://127.0.0.1:7860` while the bot runs, with a local admin.

It makes the pictures of the documents, which show what the sample account's voice has just drawn. With a folder as a
second argument it makes one of every page there instead, in light, dark and on a phone, to be looked at. It needs
Chromium, and a font with emoji. Look at every picture before you commit it.
"""

import shutil
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).parent
KINDS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1280, "height": 860}},
    "dark": {"viewport": {"width": 1280, "height": 860}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True},
}
VOICE = "keeper_brindle"
ASKED = {"light": ("Fog report:", "4"), "dark": ("Good morning, ships.", "6")}  # a start and a seed
PAGES = {
    "try": "/",
    "make": "/make",
    "voices": "/voices",
    "voice": f"/voices/{VOICE}",
    "forget": f"/voices/{VOICE}/forget",
    "desk": "/desk",
    "desk-clock": "/desk/clock",
    "desk-people": "/desk/people",
    "desk-log": "/desk/log",
    "sign-in": "/signin",
    "nothing": "/nothing",
    "api": "/docs",
}


def of_the_documents(page: Page, address: str, kind: str) -> None:
    page.goto(address)
    if kind in ASKED:
        start, seed = ASKED[kind]
        page.fill("textarea[name=text]", start)
        page.click(".more summary")
        page.fill("input[name=seed]", seed)
        page.click(".more summary")
        page.click("[data-go]")
        page.wait_for_selector("[data-cards][aria-busy=false] .tweet", timeout=120_000)
        page.wait_for_timeout(500)  # cards come in slowly
    page.screenshot(path=HERE / f"page-{kind}.png")


def of_everything(page: Page, address: str, kind: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, path in PAGES.items():
        page.goto(address + path)
        page.screenshot(path=folder / f"{name}-{kind}.png", full_page=True)


def main(address: str, folder: str = "") -> None:
    with sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("google-chrome")
        browser: Browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for kind, options in KINDS.items():
            page = browser.new_context(**options).new_page()
            if folder:
                of_everything(page, address, kind, Path(folder))
            else:
                of_the_documents(page, address, kind)
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The page's server as app.py starts it, asked over HTTP."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.core.config import PlaygroundSettings
from bot.core.readiness import Readiness
from bot.playground.attachments import Attachments
from bot.playground.chat import Chat
from bot.playground.server import serving
from tests.bot.posting_parts import Parts


@dataclass
class Page:
    """A browser that has opened the page, and the parts behind the page that tests look at."""

    browser: httpx.AsyncClient
    attachments: Attachments
    config: dict[str, Any]
    parts: Parts

    @property
    def address(self) -> str:
        return str(self.browser.base_url)

    def function(self, inputs: int, outputs: int) -> int:
        """The id of the first function of the page with so many inputs and outputs."""
        return next(
            call["id"]
            for call in self.config["dependencies"]
            if (len(call["inputs"]), len(call["outputs"])) == (inputs, outputs)
        )

    def only(
        self, *, inputs: Sequence[str] = (), outputs: list[str] | None = None, targets: list[str] | None = None
    ) -> int:
        """The id of the last function with inputs and outputs of these types, or that these events cause."""
        types = {one["id"]: one["type"] for one in self.config["components"]}
        return [
            call["id"]
            for call in self.config["dependencies"]
            if (
                outputs is None
                or ([types[one] for one in call["outputs"]], [types[one] for one in call["inputs"]])
                == (outputs, list(inputs))
            )
            and (targets is None or [event for _, event in call["targets"]] == targets)
        ][-1]

    async def say(self, message: dict[str, Any], history: object = None, *, count: int = 1, session: str = "a") -> str:
        """Returns all that the page answers to a line in the chat."""
        return await self.event(self.function(3, 2), [message, history, count], session=session)

    async def event(self, function: int, data: list[Any], *, session: str = "a") -> str:
        body = {"data": data, "fn_index": function, "session_hash": session}
        # Written by hand, because httpx refuses half a surrogate pair.
        headers = {"content-type": "application/json"}
        joined = await self.browser.post("/gradio_api/queue/join", content=json.dumps(body), headers=headers)
        if joined.status_code != 200:
            return joined.text
        shown = ""
        async with self.browser.stream("GET", f"/gradio_api/queue/data?session_hash={session}") as events:
            async for line in events.aiter_lines():
                shown += line
                if "process_completed" in line or "close_stream" in line:
                    break
        return shown

    async def upload(self, name: str, content: bytes) -> str:
        """Attach a file. Returns the path that Gradio gives it."""
        answer = await self.browser.post("/gradio_api/upload", files={"files": (name, content)})
        assert answer.status_code == 200, answer.text
        [path] = answer.json()
        return str(path)


@pytest.fixture
async def open_page(use_cases, parts: Parts, tmp_path: Path) -> AsyncIterator[Callable[[], Awaitable[Page]]]:
    """Opens the page in a new browser each time."""
    attachments = Attachments(tmp_path / "page-uploads")
    chat = Chat(tweeting=use_cases.tweeting, training=use_cases.training, attachments=attachments)
    readiness = Readiness()
    readiness.started()
    async with serving(
        PlaygroundSettings(port=0),
        chat,
        parts.posting,
        attachments=attachments,
        max_count=3,
        suggestions=["/models"],
        readiness=readiness,
        alive=lambda: True,
    ) as address:
        browsers: list[httpx.AsyncClient] = []

        async def page() -> Page:
            browser = httpx.AsyncClient(base_url=address, timeout=300, headers={"Origin": address})
            browsers.append(browser)
            assert (await browser.get("/")).status_code == 200
            config = (await browser.get("/config")).json()
            return Page(browser, attachments, config, parts)

        yield page
        for browser in browsers:
            await browser.aclose()


@pytest.fixture
async def page(open_page: Callable[[], Awaitable[Page]]) -> Page:
    return await open_page()

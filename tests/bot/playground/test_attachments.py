"""Files that visitors attach: who may use them, and when they are deleted."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from bot.playground.attachments import CUT_OFF_SECONDS, UNCLAIMED_SECONDS, Attachments
from huggingtweets.core.errors import Usage
from tests.bot.playground.conftest import Page


def left(path: Path, seconds_ago: float) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"tweets")
    os.utime(path, (time.time() - seconds_ago,) * 2)
    return path


def test_a_sweep_deletes_what_was_cut_off_and_what_nobody_sent_along(tmp_path: Path) -> None:
    outside = left(tmp_path / "outside", 2 * UNCLAIMED_SECONDS)
    uploads = tmp_path / "uploads"
    under_way = left(uploads / "tmp1", CUT_OFF_SECONDS - 60)
    cut_off = left(uploads / "tmp2", CUT_OFF_SECONDS + 1)
    waiting = left(uploads / "abc" / "waiting.zip", UNCLAIMED_SECONDS - 60)
    unclaimed = left(uploads / "def" / "unclaimed.zip", UNCLAIMED_SECONDS + 1)
    (uploads / "link").symlink_to(tmp_path)
    attachments = Attachments(uploads)
    attachments.came("a", [str(waiting), str(unclaimed)])
    attachments.sweep()
    assert under_way.exists()
    assert waiting.exists()
    assert outside.exists()
    assert not cut_off.exists()
    assert not unclaimed.parent.exists()
    assert attachments.taken("a", [waiting]) == [waiting]
    with pytest.raises(Usage, match="attach it again"):
        attachments.taken("a", [unclaimed])


def test_a_sweep_of_nothing_is_nothing(tmp_path: Path) -> None:
    Attachments(tmp_path / "never made").sweep()


def form(name: bytes, *, end: bool = True) -> bytes:
    """The body of an upload of one file."""
    start = b'--x\r\nContent-Disposition: form-data; name="files"; filename="' + name + b'"\r\n\r\n'
    return start + b"0" * 100_000 + (b"\r\n--x--\r\n" if end else b"")


FORM = {"content-type": "multipart/form-data; boundary=x"}


async def test_an_upload_that_is_cut_off_is_deleted_at_once(page: Page, caplog: pytest.LogCaptureFixture) -> None:
    async def half_an_upload() -> AsyncIterator[bytes]:
        yield form(b"a.zip", end=False)
        while not lying_in(page.attachments.home):
            await asyncio.sleep(0.01)
        raise ConnectionResetError

    whole = Path(await page.upload("whole.csv", b"tweets"))
    with pytest.raises((ConnectionResetError, httpx.TransportError)):
        await page.browser.post(
            "/gradio_api/upload", content=half_an_upload(), headers={**FORM, "content-length": "301000000"}
        )
    async with asyncio.timeout(200):
        while lying_in(page.attachments.home) != [whole]:
            await asyncio.sleep(0.01)
    assert [record.levelname for record in caplog.records if record.exc_info and record.levelno > 10] == []


@pytest.mark.parametrize("name", [b"..", b"a/..", b"../.."])
async def test_an_upload_that_is_refused_leaves_nothing(page: Page, name: bytes) -> None:
    """The files before the refused one are deleted, too."""
    first = form(b"first.csv", end=False) + b"\r\n"
    answer = await page.browser.post("/gradio_api/upload", content=first + form(name), headers=FORM)
    assert (name, answer.status_code) == (name, 400)
    assert list(page.attachments.home.rglob("*")) == []


@pytest.fixture
def small_uploads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.playground.server.MAX_UPLOAD", "50kb")


@pytest.mark.usefixtures("small_uploads")
async def test_an_upload_that_is_too_large_leaves_nothing(page: Page) -> None:
    answer = await page.browser.post("/gradio_api/upload", content=form(b"large.zip"), headers=FORM)
    assert answer.status_code == 413
    assert list(page.attachments.home.rglob("*")) == []
    assert await page.upload("small.csv", b"tweets")


async def test_a_refused_upload_takes_nothing_from_one_that_is_under_way(page: Page) -> None:
    begun, refused = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        body = form(b"slow.csv")
        yield body[:50_000]
        while not lying_in(page.attachments.home):
            await asyncio.sleep(0.01)
        begun.set()
        await refused.wait()
        yield body[50_000:]

    async def uploaded() -> httpx.Response:
        return await page.browser.post("/gradio_api/upload", content=slow(), headers=FORM)

    under_way = asyncio.create_task(uploaded())
    await begun.wait()
    assert (await page.browser.post("/gradio_api/upload", content=form(b".."), headers=FORM)).status_code >= 400
    refused.set()
    [path] = (await under_way).json()
    assert lying_in(page.attachments.home) == [Path(path)]


def lying_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]

"""What visitors attach: whose it is, and when it goes."""

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


async def test_an_upload_that_is_cut_off_is_swept(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    async def half_an_upload() -> AsyncIterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.zip"\r\n\r\n' + b"0" * 100_000
        while not lying_in(page.attachments.home):
            await asyncio.sleep(0.01)
        raise ConnectionResetError

    with pytest.raises((ConnectionResetError, httpx.TransportError)):
        await page.browser.post(
            "/gradio_api/upload",
            content=half_an_upload(),
            headers={"content-type": "multipart/form-data; boundary=x", "content-length": "301000000"},
        )
    assert lying_in(page.attachments.home), "Gradio leaves what it has so far"
    monkeypatch.setattr("bot.playground.attachments.CUT_OFF_SECONDS", 0.0)
    page.attachments.sweep()
    assert lying_in(page.attachments.home) == []


def lying_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]

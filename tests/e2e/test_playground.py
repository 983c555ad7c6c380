"""The whole process without Discord: it starts, learns the sample account, serves the page, and stops in order."""

import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

CONFIG = """
[training]
base = "{base}"
min_characters = 1_000
max_epochs = 1
row_tokens = 128
lora_rank = 4
[jobs]
niceness = 0
[playground]
port = {port}
"""


class Bot:
    def __init__(self, folder: Path, base: Path, port: int = 0, token: str = ""):
        (folder / "config.toml").write_text(CONFIG.format(base=base, port=port))
        self.log = folder / "log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot", "--config", str(folder / "config.toml")],
                stderr=log,
                env={"PATH": "/usr/bin", "HOME": str(folder), "DISCORD_TOKEN": token},
            )

    def wait_for(self, pattern: str, seconds: float = 150) -> re.Match[str]:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if match := re.search(pattern, self.log.read_text()):
                return match
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.05)
        raise AssertionError(f"{pattern} did not come: {self.log.read_text()}")

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


@pytest.fixture
def bot(tmp_path: Path, tiny_base: Path) -> Iterator[Bot]:
    started = Bot(tmp_path, tiny_base)
    try:
        yield started
    finally:
        started.process.kill()
        started.process.wait()


def get(address: str, host: str | None = None) -> tuple[int, str]:
    return answered(urllib.request.Request(address, headers={"Host": host} if host else {}))


@contextmanager
def browser(address: str) -> Iterator[httpx.Client]:
    """A browser that has opened the page."""
    with httpx.Client(base_url=address, timeout=60, headers={"Origin": address}) as opened:
        assert opened.get("/").status_code == 200
        yield opened


def say(page: httpx.Client, line: str, *files: str, count: int = 1) -> str:
    """All that the page shows while it answers `line`."""
    functions = page.get("/config").json()["dependencies"]
    [respond] = [call["id"] for call in functions if len(call["inputs"]) == 3]
    attached = [{"path": path, "meta": {"_type": "gradio.FileData"}} for path in files]
    body = {"data": [{"text": line, "files": attached}, None, count], "fn_index": respond, "session_hash": "a"}
    assert page.post("/gradio_api/queue/join", json=body).status_code == 200
    shown = [""]
    with page.stream("GET", "/gradio_api/queue/data?session_hash=a") as events:
        for event in events.iter_lines():
            shown.append(event)
            if "process_completed" in event:
                break
    return "".join(shown)


def answered(request: urllib.request.Request) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_a_first_start_learns_the_sample_account_and_draws_tweets(bot: Bot) -> None:
    bot.wait_for("Discord is off: DISCORD_TOKEN is not set")
    address = bot.wait_for(r"http://127\.0\.0\.1:\d+")[0]
    assert get(f"{address}/healthz") == (200, '{"status":"alive"}')
    assert get(f"{address}/readyz") == (200, '{"status":"ready"}')
    status, page = get(address)
    assert status == 200
    assert not re.findall(r'(?:src|href)="https?://(?!127\.0\.0\.1)[^"]*\.(?:js|css|woff2?)"', page)
    assert get(address, host="rebound.example")[0] == 400
    bot.wait_for("job 1 gave v1")
    with browser(address) as page:
        shown = say(page, "/tweetlike @keeper_brindle Good morning", count=2)
    assert shown.count("AI parody") == 2
    assert "Good morning" in shown
    assert bot.stop() == 0


def test_what_is_uploaded_is_ours_alone_and_deleted(bot: Bot, tmp_path: Path, sample_file: Path) -> None:
    address = bot.wait_for(r"http://127\.0\.0\.1:\d+")[0]
    uploads = tmp_path / "data" / "page-uploads"
    with browser(address) as page:
        other_port = {"Origin": "http://127.0.0.1:1"}
        refused = page.post("/gradio_api/upload", files={"files": sample_file.read_bytes()}, headers=other_port)
        assert refused.status_code == 403
        assert files_in(uploads) == []
        unused, used = (
            page.post("/gradio_api/upload", files={"files": (name, sample_file.read_bytes())}).json()[0]
            for name in ("unused.jsonl", "used.jsonl")
        )
        assert sorted(files_in(uploads)) == sorted([Path(unused), Path(used)])
        assert page.get("/config").json()["max_file_size"] == 4 << 30
        assert "Whose tweets are these" in say(page, "/train", used)
    assert files_in(uploads) == [Path(unused)], "what came with a line is not kept"
    assert bot.stop() == 0
    assert files_in(uploads) == []


def test_what_a_kill_has_left_of_uploads_is_deleted_at_a_start(tmp_path: Path, tiny_base: Path) -> None:
    left = tmp_path / "data" / "page-uploads" / "abc" / "archive.zip"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"somebody's tweets")
    bot = Bot(tmp_path, tiny_base)
    try:
        bot.wait_for("playground is at")
        assert not left.exists()
    finally:
        bot.process.kill()
        bot.process.wait()


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_killed_bot_goes_on_with_its_training(bot: Bot, tmp_path: Path, tiny_base: Path) -> None:
    bot.wait_for("learning the sample account")
    bot.wait_for("playground is at")
    bot.process.kill()
    bot.process.wait()
    again = Bot(tmp_path, tiny_base)
    try:
        again.wait_for("job 1 gave v1")
        assert again.stop() == 0
    finally:
        again.process.kill()
        again.process.wait()


def test_a_taken_port_is_one_sentence_and_an_exit_code(tmp_path: Path, tiny_base: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        bot = Bot(tmp_path, tiny_base, taken.getsockname()[1])
        assert bot.process.wait(60) == 69
    assert "cannot listen on 127.0.0.1" in bot.log.read_text()
    assert "Traceback" not in bot.log.read_text()

"""The whole process without Discord: it starts, learns the sample account, serves the page, and stops in order."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from gradio_client import Client, handle_file

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
    def __init__(self, folder: Path, base: Path, port: int = 0):
        (folder / "config.toml").write_text(CONFIG.format(base=base, port=port))
        self.log = folder / "log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot", "--config", str(folder / "config.toml")],
                stderr=log,
                env={"PATH": "/usr/bin", "HOME": str(folder), "DISCORD_TOKEN": ""},
            )

    def wait_for(self, pattern: str, seconds: float = 60) -> re.Match[str]:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if found := re.search(pattern, self.log.read_text()):
                return found
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


def upload(address: str, origin: str | None = None) -> tuple[int, str]:
    """Upload a small file, as a page of `origin` would."""
    body = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.zip"\r\n\r\nnever sent along\r\n--x--\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=x"} | ({"Origin": origin} if origin else {})
    return answered(urllib.request.Request(f"{address}/gradio_api/upload", body, headers))


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
    bot.wait_for("training of keeper_brindle gave v1")
    client = Client(address, verbose=False, analytics_enabled=False)
    config = client.config
    respond = next(call["id"] for call in config["dependencies"] if len(call["inputs"]) == 3)
    message = {"text": "/tweetlike @keeper_brindle Good morning", "files": []}
    drawing = client.submit(message, [], 2, fn_index=respond)
    drawing.result(timeout=60)
    shown = max((json.dumps(output) for output in drawing.outputs()), key=len)
    assert shown.count("AI parody") == 2
    assert "Good morning" in shown
    assert bot.stop() == 0


def test_what_is_uploaded_is_ours_alone_and_deleted(bot: Bot, tmp_path: Path, sample_file: Path) -> None:
    address = bot.wait_for(r"http://127\.0\.0\.1:\d+")[0]
    uploads = tmp_path / "data" / "page-uploads"
    for origin in ("https://evil.example", "http://127.0.0.1.evil.example", "http://[", "null"):
        assert upload(address, origin)[0] == 403, "a page elsewhere sends nothing here"
    assert files_in(uploads) == []
    for origin in (None, address, "http://localhost:1"):
        status, paths = upload(address, origin)
        assert status == 200
        assert [Path(path) for path in json.loads(paths)] == files_in(uploads)
    [unused] = files_in(uploads)
    client = Client(address, verbose=False, analytics_enabled=False)
    assert client.config["max_file_size"] == 4 << 30
    respond = next(call["id"] for call in client.config["dependencies"] if len(call["inputs"]) == 3)
    message = {"text": "/train", "files": [handle_file(str(sample_file))]}
    client.submit(message, [], 1, fn_index=respond).result(timeout=60)
    assert files_in(uploads) == [unused], "what came with a line is not kept"
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
        again.wait_for("training of keeper_brindle gave v1")
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

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

from huggingtweets.core.process.running_bot import NOTE
from tests.huggingtweets.cli.running import in_own_process

CONFIG = """
[training]
base = "{base}"
threads = 1
min_characters = 1_000
max_epochs = 1
row_tokens = 128
lora_rank = 4
lora_embedding_rank = 4
[gate]
drafts = 20
[generation]
threads = 1
max_new_tokens = 60
[jobs]
niceness = 0
[playground]
local_admin = true
port = {port}
"""
NOTHING_TO_LEARN = "[bot]\nsample_account = false\n"


class Bot:
    def __init__(self, folder: Path, base: Path, more: str = "", *, port: int = 0, token: str = ""):
        """`more` is added to config.toml."""
        (folder / "config.toml").write_text(CONFIG.format(base=base, port=port) + more)
        self.log = folder / "log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot", "--config", str(folder / "config.toml")],
                stderr=log,
                env={"PATH": "/usr/bin", "HOME": str(folder), "DISCORD_TOKEN": token, "OMP_WAIT_POLICY": "passive"},
            )

    def wait_for(self, pattern: str, seconds: float = 600) -> re.Match[str]:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if match := re.search(pattern, self.log.read_text()):
                return match
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.05)
        raise AssertionError(f"{pattern} did not come: {self.log.read_text()}")

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(120)


@contextmanager
def ended(bot: Bot) -> Iterator[Bot]:
    """The bot does not outlive the context."""
    try:
        yield bot
    finally:
        bot.process.kill()
        bot.process.wait()


def get(address: str, host: str | None = None) -> tuple[int, str]:
    return answered(urllib.request.Request(address, headers={"Host": host} if host else {}))


def wait_until_ready(address: str) -> None:
    """Beside busy processes the database may not answer in time at first."""
    deadline = time.monotonic() + 300
    while get(f"{address}/readyz") != (200, '{"status":"ready"}'):
        assert time.monotonic() < deadline
        time.sleep(0.1)


@contextmanager
def browser(address: str) -> Iterator[httpx.Client]:
    """A browser that has opened the page."""
    with httpx.Client(base_url=address, timeout=600, headers={"Origin": address}) as opened:
        assert opened.get("/").status_code == 200
        yield opened


def drawn(page: httpx.Client, voice: str, text: str = "", count: int = 1) -> str:
    """The page that shows tweets of a voice."""
    answer = page.post("/try", data={"voice": voice, "text": text, "count": str(count)}, follow_redirects=True)
    assert answer.status_code == 200, answer.text
    return answer.text


def answered(request: urllib.request.Request) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_a_first_start_learns_the_sample_account_also_after_a_kill_and_what_is_uploaded_is_deleted(
    tmp_path: Path, tiny_base: Path, sample_file: Path
) -> None:
    uploads = tmp_path / "data" / "page-uploads"
    with ended(Bot(tmp_path, tiny_base)) as killed:
        killed.wait_for("learning the sample account")
    left = uploads / "abc" / "archive.zip"  # as a kill leaves it
    left.parent.mkdir(parents=True)
    left.write_bytes(b"somebody's tweets")
    with ended(Bot(tmp_path, tiny_base)) as bot:
        bot.wait_for("Discord is off: DISCORD_TOKEN is not set")
        address = bot.wait_for(r"http://127\.0\.0\.1:\d+")[0]
        assert get(f"{address}/healthz") == (200, '{"status":"alive"}')
        wait_until_ready(address)
        status, page = get(address)
        assert status == 200
        assert not re.findall(r'(?:src|href)="https?://(?!127\.0\.0\.1)[^"]*\.(?:js|css|woff2?)"', page)
        assert get(address, host="rebound.example")[0] == 400
        assert files_in(uploads) == [], "what a kill has left is deleted at a start"
        bot.wait_for("job 1 gave v1")
        with browser(address) as page:
            shown = drawn(page, "keeper_brindle", "Good morning", count=2)
            _learned_and_cancelled(page, sample_file, uploads)
        assert shown.count('aria-label="AI parody of') == 2
        assert "Good morning" in shown
        before = answers_counted(address)
        code, texts, _ = in_own_process(
            "generate", "keeper_brindle", "Good", "-n", 1, "--config", tmp_path / "config.toml", folder=tmp_path
        )
        assert (code, len(texts.splitlines())) == (0, 1)
        assert answers_counted(address) == before + 1, "the command has asked the bot"
        assert (tmp_path / "data" / NOTE).exists()
        assert bot.stop() == 0
    assert not (tmp_path / "data" / NOTE).exists()
    assert files_in(uploads) == []


def _learned_and_cancelled(page: httpx.Client, tweets: Path, uploads: Path) -> None:
    """Give files, learn from them, cancel that, and give others, which are left."""
    files = {"files": ("mine.jsonl", tweets.read_bytes())}
    other_port = {"Origin": "http://127.0.0.1:1"}
    refused = page.post("/make/files", data={"name": "ann"}, files=files, headers=other_port)
    assert refused.status_code == 403
    draft = page.post("/make/files", data={"name": "ann"}, files=files).headers["location"].partition("?")[0]
    assert len(files_in(uploads)) == 1
    assert page.post(f"{draft}/learn").headers["location"] == "/trainings/2"
    assert files_in(uploads) == [], "the training has its own copy"
    page.post("/trainings/2/cancel")
    assert page.post("/make/files", data={"name": "bob"}, files=files).status_code == 303
    assert len(files_in(uploads)) == 1


def answers_counted(address: str) -> int:
    """How many asks the bot says that it has answered."""
    counted = re.search(r'huggingtweets_answers_total\{outcome="answered"\} (\d+)', get(f"{address}/metrics")[1])
    return int(counted[1]) if counted else 0


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_taken_port_is_one_sentence_and_an_exit_code(tmp_path: Path, tiny_base: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        ended(Bot(tmp_path, tiny_base, NOTHING_TO_LEARN, port=taken.getsockname()[1])) as bot,
    ):
        assert bot.process.wait(600) == 69
    assert "cannot listen on 127.0.0.1" in bot.log.read_text()
    assert "Traceback" not in bot.log.read_text()

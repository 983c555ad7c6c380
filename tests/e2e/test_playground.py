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


@contextmanager
def browser(address: str) -> Iterator[httpx.Client]:
    """A browser that has opened the page."""
    with httpx.Client(base_url=address, timeout=600, headers={"Origin": address}) as opened:
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
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_a_first_start_learns_the_sample_account_and_draws_tweets_also_after_a_kill(
    tmp_path: Path, tiny_base: Path
) -> None:
    with ended(Bot(tmp_path, tiny_base)) as killed:
        killed.wait_for("learning the sample account")
    with ended(Bot(tmp_path, tiny_base)) as bot:
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


def test_what_is_uploaded_is_ours_alone_and_deleted(tmp_path: Path, tiny_base: Path, sample_file: Path) -> None:
    uploads = tmp_path / "data" / "page-uploads"
    left = uploads / "abc" / "archive.zip"  # by a bot that was killed
    left.parent.mkdir(parents=True)
    left.write_bytes(b"somebody's tweets")
    with ended(Bot(tmp_path, tiny_base, NOTHING_TO_LEARN)) as bot:
        address = bot.wait_for(r"http://127\.0\.0\.1:\d+")[0]
        assert files_in(uploads) == [], "what a kill has left is deleted at a start"
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

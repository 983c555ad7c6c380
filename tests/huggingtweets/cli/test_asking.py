"""`generate` asks the running bot, and draws by itself whatever is amiss with that one."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from huggingtweets.core.config.settings import Settings
from huggingtweets.core.process.running_bot import RunningBot, announced
from huggingtweets.generation.asking import PATH, Answer, drawing_key
from tests.huggingtweets.cli.running import Run, sentence

TOKEN = "token-of-the-test"
ASKED = ("generate", "ann", "the crew", "-n", 1, "--seed", 5)
FROM_THE_BOT = Answer(texts=("the crew waits.",), name="ann", version="v7", seed=5)


class FarEnd:
    """A program that listens where the note says that the bot is."""

    def __init__(self, status: int, body: bytes):
        self.asked: list[tuple[str, str | None, dict[str, object]]] = []
        far_end = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                question = json.loads(self.rfile.read(length))
                far_end.asked.append((self.path, self.headers["authorization"], question))
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def config(tmp_path: Path, trained_config: Path) -> Path:
    """The session's trained voice, with data of its own."""
    path = tmp_path / "config.toml"
    models = trained_config.parent / "models"
    path.write_text(f'{trained_config.read_text()}[storage]\nmodels = "{models}"\ndata = "data"\n')
    return path


@pytest.fixture
def bot_at(config: Path) -> Iterator[Callable[[int], None]]:
    """Notes that the bot listens on a port."""
    with ExitStack() as stack:
        data = config.parent / "data"
        yield lambda port: stack.enter_context(announced(data, RunningBot("127.0.0.1", port, TOKEN)))


@pytest.fixture
def far_end(bot_at: Callable[[int], None]) -> Iterator[Callable[..., FarEnd]]:
    with ExitStack() as stack:

        def listen(body: bytes, status: int = 200) -> FarEnd:
            made = FarEnd(status, body)
            stack.callback(made.close)
            bot_at(made.port)
            return made

        yield listen


def line(answer: Answer) -> bytes:
    return b"\n\n" + answer.model_dump_json().encode() + b"\n"


def texts(run: Run, config: Path) -> list[str]:
    code, out, err = run(*ASKED, "--config", config)
    assert (code, err) == (0, "")
    return out.splitlines()


def test_a_running_bot_is_asked_and_its_answer_is_shown(run: Run, config: Path, far_end: Callable[..., FarEnd]) -> None:
    bot = far_end(line(FROM_THE_BOT))
    assert texts(run, config) == ["the crew waits."]
    out = run(*ASKED, "--json", "--config", config)[1]
    assert json.loads(out) == {"text": "the crew waits.", "model": "ann", "version": "v7", "seed": 5}
    path, authorization, question = bot.asked[0]
    assert (path, authorization) == (PATH, f"Bearer {TOKEN}")
    assert question["settings"] == drawing_key(Settings.load(config))
    assert (question["name"], question["prompt"], question["count"], question["seed"]) == ("ann", "the crew", 1, 5)


def test_a_word_on_missing_tweets_and_a_refusal_come_from_the_bot(
    run: Run, config: Path, far_end: Callable[..., FarEnd]
) -> None:
    far_end(line(FROM_THE_BOT.model_copy(update={"shortfall": "Only 1 of 2 this time."})))
    assert run(*ASKED, "--config", config)[2] == "Only 1 of 2 this time.\n"
    far_end(line(Answer(refused="ann does not want to be imitated.", exit_code=65)))
    assert sentence(run(*ASKED, "--config", config), 65) == "huggingtweets: ann does not want to be imitated.\n"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (409, b"other settings"),
        (403, b"another token"),
        (404, b"not the bot"),
        (200, b""),
        (200, b"<html>another program</html>"),
        (200, b'\n{"texts": 7}\n'),
        (200, line(Answer(refused="I am being stopped.", exit_code=69, not_now=True))),
    ],
)
def test_whoever_else_answers_the_command_draws_by_itself(
    run: Run, config: Path, far_end: Callable[..., FarEnd], status: int, body: bytes
) -> None:
    alone = texts(run, config)
    bot = far_end(body, status)
    assert texts(run, config) == alone
    assert len(bot.asked) == 1


def test_a_bot_that_is_gone_or_hangs_is_not_waited_for(
    run: Run, config: Path, bot_at: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingtweets.cli.asking.SILENCE_SECONDS", 0.1)
    alone = texts(run, config)
    with socket.create_server(("127.0.0.1", 0)) as hung:  # it takes connections and never answers
        port = hung.getsockname()[1]
        bot_at(port)
        assert texts(run, config) == alone
    assert texts(run, config) == alone


def test_a_preview_is_never_asked_for(
    run: Run, config: Path, sample_file: Path, far_end: Callable[..., FarEnd]
) -> None:
    bot = far_end(line(FROM_THE_BOT))
    code, out, _ = run("generate", "--preview", "bob", "-n", 1, "--from", sample_file, "--config", config)
    assert (code, len(out.splitlines())) == (0, 1)
    assert bot.asked == []

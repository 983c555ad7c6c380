"""What a request must pass: its token, the limits, the size of its body, the deadline; and programs that go away."""

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from bot.core.config import ApiSettings
from bot.openai_api import guard
from bot.openai_api.app import openai_app
from bot.people.tokens import TokenLimits
from bot.voices.patience import WaitingRoom
from tests.bot.openai_api.conftest import Api, served

ASKED = {"model": "ann", "prompt": "our rover"}


class Program:
    """A program as the server sees it: a body in pieces, perhaps slow, and what it has received."""

    def __init__(self, token: str, *pieces: bytes, whole: bool = True):
        self.headers = [(b"authorization", f"Bearer {token}".encode()), (b"content-type", b"application/json")]
        self._messages = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
        if whole:
            self._messages.append({"type": "http.request", "body": b"", "more_body": False})
        self.gone = asyncio.Event()
        self.received: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        if self._messages:
            return self._messages.pop(0)
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.received.append(message)

    async def ask(self, app: Any, path: str = "/completions") -> int | None:
        """The status of the answer, or None if there was none."""
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": self.headers,
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        await app(scope, self.receive, self.send)
        return self.received[0]["status"] if self.received else None


def guarded(api: Api, settings: ApiSettings | None = None, **options: Any) -> Any:
    """The application of `api` behind a guard of its own."""
    limits = TokenLimits(api.store, settings or ApiSettings())
    app, _ = openai_app(api.use_cases.tweeting, api.tokens, limits)
    return guard.Guard(app, tokens=api.tokens, limits=limits, **options)


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(120):
        while not happened():
            await asyncio.sleep(0.01)


async def test_without_a_valid_token_nothing_is_answered(api: Api) -> None:
    for headers in (
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": f"Basic {api.token}"},
        {"Authorization": f"Bearer {api.token}x"},
        {"Authorization": f"Bearer {api.token[:-1]}"},
        {"Authorization": f"Bearer htw-{'a' * 43}"},
        {"Authorization": "Bearer " + "x" * 10_000},
        {"Authorization": b"Bearer htw-\xe9" + b"a" * 42},
        {"X-Api-Key": api.token},
    ):
        for method, path in (("GET", "models"), ("POST", "completions"), ("GET", "nothing")):
            answer = await api.stranger.request(method, f"/v1/{path}", headers=headers, json=ASKED)
            error = answer.json()["error"]
            assert (answer.status_code, error["code"]) == (401, "invalid_api_key"), headers
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
            assert api.token[4:20] not in answer.text


async def test_the_word_bearer_may_be_written_anyhow(api: Api) -> None:
    answer = await api.stranger.get("/v1/models", headers={"Authorization": f"bearer  {api.token}"})
    assert answer.status_code == 200


async def test_a_revoked_token_is_refused_at_once(api: Api) -> None:
    assert (await api.client.get("/v1/models")).status_code == 200
    await api.tokens.revoke("tests")
    assert (await api.client.get("/v1/models")).status_code == 401


async def test_the_body_of_a_stranger_is_not_read(api: Api) -> None:
    program = Program("htw-" + "a" * 43, whole=False)
    async with asyncio.timeout(120):
        assert await program.ask(guarded(api)) == 401


async def test_a_body_that_is_too_long_is_refused(api: Api) -> None:
    piece = b"x" * 64_000
    assert await Program(api.token, *[piece] * 5, whole=False).ask(guarded(api)) == 413
    for length in (str(guard.MAX_BYTES + 1), "9" * 5_000, "-1", "many"):
        program = Program(api.token, whole=False)
        program.headers.append((b"content-length", length.encode()))
        assert await program.ask(guarded(api)) == 413
    fitting = json.dumps({**ASKED, "metadata": {"a": "x" * (guard.MAX_BYTES - 200)}})
    assert (await api.client.post("/v1/completions", content=fitting, headers=JSON)).status_code == 200


JSON = {"Content-Type": "application/json"}


async def test_a_body_that_does_not_arrive_is_not_waited_for(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "BODY_SECONDS", 0.2)
    assert await Program(api.token, b'{"model":', whole=False).ask(guarded(api)) == 408


async def test_a_program_that_goes_away_while_it_sends_gets_nothing(api: Api) -> None:
    program = Program(api.token, b'{"model":', whole=False)
    program.gone.set()
    assert await program.ask(guarded(api)) is None


async def test_a_program_that_goes_away_frees_its_rows(api: Api) -> None:
    """The engine still has work for seconds. It stops once nobody waits."""
    engine = api.use_cases.tweeting._writer._engine
    app = guarded(api)
    programs = [Program(api.token, json.dumps({**ASKED, "n": 10, "seed": seed}).encode()) for seed in range(6)]
    asking = [asyncio.create_task(program.ask(app)) for program in programs]
    await until(lambda: engine.waiting > 0)
    for program in programs:
        program.gone.set()
    assert await asyncio.gather(*asking) == [None] * 6
    await until(lambda: engine.waiting == 0)
    answer = await api.client.post("/v1/completions", json=ASKED)
    assert answer.status_code == 200


async def test_an_answer_that_takes_too_long_is_given_up(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow(*_: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(api.use_cases.tweeting, "tweet_more", slow)
    program = Program(api.token, json.dumps(ASKED).encode())
    assert await program.ask(guarded(api, answer_seconds=0.2)) == 503
    assert dict(program.received[0]["headers"])[b"retry-after"] == b"5"


async def test_a_slow_reader_does_not_hold_the_engine(api: Api) -> None:
    class Slow(Program):
        async def send(self, message: Any) -> None:
            self.received.append(message)
            await asyncio.sleep(60)

    engine = api.use_cases.tweeting._writer._engine
    program = Slow(api.token, json.dumps({**ASKED, "stream": True}).encode())
    asking = asyncio.create_task(program.ask(guarded(api, answer_seconds=5)))
    await until(lambda: bool(program.received))
    assert engine.waiting == 0
    assert (await api.client.post("/v1/completions", json=ASKED)).status_code == 200
    # Its connection has a deadline, too.
    assert await asking == 200


async def test_a_limit_a_minute_holds_for_a_token(api: Api) -> None:
    await api.tokens.new("few", requests_per_minute=2)
    token = await api.tokens.new("fewer", requests_per_minute=2)
    async with served(api.app, Authorization=f"Bearer {token}") as client:
        answers = [await client.post("/v1/completions", json={"model": "nobody"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [404, 404, 429]
    error = answers[-1].json()["error"]
    assert (error["type"], error["code"]) == ("rate_limit_error", "rate_limit_exceeded")
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert (await api.client.get("/v1/models")).status_code == 200


async def test_a_limit_at_a_time_holds_for_a_token(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, under_way = asyncio.Event(), []
    real = api.use_cases.tweeting.tweet_more

    async def held(*ask: Any) -> Any:
        under_way.append(ask)
        await go_on.wait()
        return await real(*ask)

    monkeypatch.setattr(api.use_cases.tweeting, "tweet_more", held)
    app = guarded(api, ApiSettings(at_a_time=2))
    programs = [Program(api.token, json.dumps(ASKED).encode()) for _ in range(3)]
    first = [asyncio.create_task(program.ask(app)) for program in programs[:2]]
    await until(lambda: len(under_way) == 2)
    assert await programs[2].ask(app) == 429
    assert dict(programs[2].received[0]["headers"])[b"retry-after"] == b"1"
    go_on.set()
    assert await asyncio.gather(*first) == [200, 200]
    assert await Program(api.token, json.dumps(ASKED).encode()).ask(app) == 200


async def test_a_limit_a_day_holds_for_a_token(api: Api) -> None:
    token = await api.tokens.new("few", tweets_a_day=3)
    async with served(api.app, Authorization=f"Bearer {token}") as client:
        for count, status in ((2, 200), (2, 429), (1, 200), (1, 429)):
            answer = await client.post("/v1/completions", json={**ASKED, "n": count})
            assert answer.status_code == status
    error = answer.json()["error"]
    assert (error["type"], error["code"]) == ("insufficient_quota", "insufficient_quota")
    assert 1 <= int(answer.headers["Retry-After"]) <= 24 * 3600


async def test_a_busy_engine_is_told_with_the_time_to_come_back(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingtweets.core.errors import Busy

    async def busy(*_: object, **__: object) -> None:
        raise Busy(3.0)

    monkeypatch.setattr(api.use_cases.tweeting, "_waiting_room", WaitingRoom(seconds=0))
    monkeypatch.setattr(api.use_cases.tweeting._writer, "write", busy)
    answer = await api.client.post("/v1/completions", json=ASKED)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3")
    assert answer.json()["error"]["code"] == "overloaded"


async def test_neither_tokens_nor_texts_are_in_the_log(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        for asked in ({**ASKED, "prompt": "s3cret start"}, {"model": "s3cret"}, {**ASKED, "s3cret": 1}):
            await api.client.post("/v1/completions", json=asked)
        await api.stranger.get("/v1/models", headers={"Authorization": "Bearer s3cret"})
    ours = [record for record in caplog.records if not record.name.startswith(("httpx", "aiosqlite", "httpcore"))]
    said = "\n".join(record.getMessage() for record in ours)
    assert api.token not in said
    assert "s3cret" not in said


async def test_a_websocket_is_closed(api: Api) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await guarded(api)({"type": "websocket", "path": "/models"}, None, send)
    assert [message["type"] for message in sent] == ["websocket.close"]

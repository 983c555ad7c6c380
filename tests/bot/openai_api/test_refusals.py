"""Every failure has OpenAI's form, the right status, and a sentence that helps."""

import json
from typing import Any

import pytest

from bot.core.errors import StoreUnavailable
from bot.openai_api.refusals import refusal_of
from huggingtweets.core.errors import Busy, EngineDead, NotNow
from tests.bot.openai_api.conftest import Api

HELLO = [{"role": "user", "content": "hi"}]


def error_in(text: str) -> dict[str, Any]:
    row: dict[str, Any] = json.loads(text)
    assert set(row) == {"error"}
    assert set(row["error"]) == {"message", "type", "param", "code"}
    assert row["error"]["message"].endswith((".", "supplied: colour")), row
    return dict(row["error"])


@pytest.mark.parametrize(
    ("asked", "param", "code", "says"),
    [
        ({}, "model", "missing_required_parameter", "Missing required parameter: 'model'."),
        ({"model": 5}, "model", "invalid_value", "valid string"),
        ({"model": "ann", "colour": "red"}, "colour", "unknown_parameter", "Unrecognized request argument"),
        ({"model": "ann", "n": 0}, "n", "invalid_value", "greater than or equal to 1"),
        ({"model": "ann", "n": 10**30}, "n", "invalid_value", "less than or equal to 10"),
        ({"model": "ann", "n": "2"}, "n", "invalid_value", "valid integer"),
        ({"model": "ann", "n": True}, "n", "invalid_value", "valid integer"),
        ({"model": "ann", "temperature": 2.1}, "temperature", "invalid_value", "less than or equal to 2"),
        ({"model": "ann", "top_p": -0.1}, "top_p", "invalid_value", "greater than or equal to 0"),
        ({"model": "ann", "max_tokens": 0}, "max_tokens", "invalid_value", "greater than or equal to 1"),
        ({"model": "ann", "seed": 1.5}, "seed", "invalid_value", "valid integer"),
        ({"model": "ann", "prompt": "x" * 201}, "prompt", "invalid_value", "at most 200 characters"),
        ({"model": "ann", "prompt": [1, 2]}, "prompt", "invalid_value", "valid string"),
        ({"model": "ann", "stop": ["a"] * 5}, "stop", "invalid_value", "."),
        ({"model": "ann", "stop": ["a"] * 20_000}, "stop", "invalid_value", "."),
        ({"model": "ann", "stop": ""}, "stop", "invalid_value", "at least 1 character"),
        ({"model": "ann", "logprobs": 3}, "logprobs", "invalid_value", "not supported here"),
        ({"model": "ann", "stream": "yes"}, "stream", "invalid_value", "valid boolean"),
    ],
)
async def test_what_is_wrong_is_named(api: Api, asked: dict[str, Any], param: str, code: str, says: str) -> None:
    answer = await api.client.post("/v1/completions", json=asked)
    assert answer.status_code == 400
    error = error_in(answer.text)
    assert error["type"] == "invalid_request_error"
    assert error["param"].startswith(param)
    assert (error["code"], says in error["message"]) == (code, True), error


@pytest.mark.parametrize(
    ("messages", "says"),
    [
        ([], "at least 1 item"),
        ("hi", "valid list"),
        ([{"role": "tool", "content": "hi"}], "Input should be"),
        ([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}], "messages.0.content"),
        ([{"role": "user", "content": "hi", "colour": 1}], "messages.0.colour"),
    ],
)
async def test_what_is_wrong_in_a_chat_is_named(api: Api, messages: Any, says: str) -> None:
    answer = await api.client.post("/v1/chat/completions", json={"model": "ann", "messages": messages})
    assert answer.status_code == 400
    assert says in json.loads(answer.text)["error"]["message"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"model"',
        b"null",
        b"\xff\xfe",
        b'{"model": "ann", "temperature": NaN}',
        b'{"model": "ann", "top_p": Infinity}',
        b'{"model": "ann", "temperature": 1e999}',
        b'{"model": "ann", "prompt": "\\ud800"}',
        b'{"model": "ann", "n": ' + b"9" * 5_000 + b"}",
        b'{"model": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"model": "ann", "metadata": ' + b'{"a":' * 30_000 + b"1" + b"}" * 30_000 + b"}",
    ],
)
async def test_a_body_that_is_none_is_refused(api: Api, body: bytes) -> None:
    answer = await api.client.post("/v1/completions", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400, answer.text
    assert error_in(answer.text)["type"] == "invalid_request_error"


async def test_what_is_not_said_to_be_json_is_refused(api: Api) -> None:
    """A form on a page elsewhere can send such a body without asking the browser."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = await api.client.post("/v1/completions", content=b'{"model": "ann"}', headers={"Content-Type": kind})
        assert answer.status_code == 400
        assert "JSON" in error_in(answer.text)["message"]


async def test_a_start_with_an_unwanted_word_is_refused(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        api.use_cases.tweeting._writer, "unwanted", (lambda text: "unwanted" if "grue" in text else None,)
    )
    answer = await api.client.post("/v1/completions", json={"model": "ann", "prompt": "a grue"})
    assert answer.status_code == 400
    assert "has a word that I do not write" in error_in(answer.text)["message"]


async def test_other_addresses_and_methods_are_told(api: Api) -> None:
    answer = await api.client.post("/v1/embeddings", json={})
    assert (answer.status_code, error_in(answer.text)["code"]) == (404, "unknown_url")
    for method, path in (("GET", "completions"), ("DELETE", "models/ann"), ("PUT", "models"), ("OPTIONS", "models")):
        answer = await api.client.request(method, f"/v1/{path}")
        assert (answer.status_code, error_in(answer.text)["code"]) == (405, "method_not_supported")
        assert answer.headers["Allow"]
        assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    ("error", "status", "wait"),
    [
        (Busy(7.2), 503, "8"),
        (NotNow("I am being stopped; try again when I am back."), 503, "5"),
        (EngineDead(), 503, "60"),
        (StoreUnavailable("The database /srv/secret.db cannot be used"), 503, "5"),
        (RuntimeError("secret detail"), 500, None),
    ],
)
def test_a_failure_of_ours_is_told_without_its_details(error: Exception, status: int, wait: str | None) -> None:
    answer = refusal_of(error).response()
    assert (answer.status_code, answer.headers.get("Retry-After")) == (status, wait)
    told = error_in(bytes(answer.body).decode().replace(")", ")."))
    assert told["type"] == "server_error"
    assert "secret" not in told["message"]


async def test_an_unexpected_failure_is_an_answer_too(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(api.use_cases.tweeting, "tweet_more", broken)
    answer = await api.client.post("/v1/chat/completions", json={"model": "ann", "messages": HELLO})
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert await api.tweets_counted() == 0

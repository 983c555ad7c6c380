"""/v1/chat/completions: the user's last message is answered, in OpenAI's form."""

from typing import Any

import pytest

from bot.openai_api.asked import ChatAsked, Message, said
from huggingtweets.generation.engine import Request
from tests.bot.openai_api.conftest import Api
from tests.bot.openai_api.test_completions import events

QUESTION = {"role": "user", "content": "What does the rover do?"}


async def answered(api: Api, status: int = 200, **asked: Any) -> dict[str, Any]:
    answer = await api.client.post("/v1/chat/completions", json={"model": "ann", "messages": [QUESTION], **asked})
    assert answer.status_code == status, answer.text
    row: dict[str, Any] = answer.json()
    return row


@pytest.fixture
def requests(api: Api, monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    """What the engine is asked; it draws as ever."""
    requests: list[Request] = []
    engine = api.use_cases.tweeting._writer._engine
    real = engine.draw

    async def draw(request: Request) -> Any:
        requests.append(request)
        return await real(request)

    monkeypatch.setattr(engine, "draw", draw)
    return requests


async def test_a_message_is_answered_and_marked_as_an_ais(api: Api, requests: list[Request]) -> None:
    row = await answered(api, n=2)
    assert (row["object"], row["model"], row["ai_generated"]) == ("chat.completion", "ann", True)
    assert [choice["message"]["role"] for choice in row["choices"]] == ["assistant", "assistant"]
    assert all(choice["message"]["content"] for choice in row["choices"])
    assert {request.context for request in requests} == {"What does the rover do?"}
    assert row["usage"]["prompt_tokens"] > 5


async def test_earlier_messages_are_context_and_orders_are_passed_over(api: Api, requests: list[Request]) -> None:
    await answered(
        api,
        messages=[
            {"role": "system", "content": "You are a pirate."},
            {"role": "user", "content": "too old"},
            {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": "our rover is fine", "refusal": None, "tool_calls": None},
            {"role": "developer", "content": "Say arr."},
            {"role": "user", "content": [{"type": "text", "text": "And @bob?"}, {"type": "text", "text": "Where?"}]},
            {"role": "assistant", "content": "never read"},
        ],
    )
    assert requests[0].context == "Hello\nour rover is fine\nAnd ? Where?"


def test_what_is_answered_is_bounded_however_long_the_messages_are() -> None:
    messages = [Message(role="user", content="word " * 100_000) for _ in range(200)]
    context = said(messages)
    assert 100 < len(context) <= 280
    assert said([]) == said([Message(role="system", content="x")]) == ""
    assert said([Message(role="assistant", content=None)]) == ""


def test_a_sign_of_html_that_somebody_typed_stays() -> None:
    assert said([Message(role="user", content="is &lt; a sign or < one?")]) == "is &lt; a sign or < one?"


async def test_a_message_with_nothing_to_answer_gets_a_tweet(api: Api) -> None:
    assert (await answered(api, messages=[{"role": "user", "content": ""}]))["choices"][0]["message"]["content"]


def test_the_newer_name_of_the_most_tokens_wins() -> None:
    asked = {"model": "ann", "messages": [QUESTION], "max_tokens": 5}
    assert ChatAsked.model_validate(asked).most_tokens == 5
    assert ChatAsked.model_validate({**asked, "max_completion_tokens": 7}).most_tokens == 7


@pytest.mark.parametrize("counts", [True, False])
async def test_a_stream_has_role_text_and_reason_of_each_choice(api: Api, counts: bool) -> None:
    asked = {"model": "ann", "messages": [QUESTION], "n": 2, "seed": 5}
    options = {"stream": True, "stream_options": {"include_usage": counts}}
    answer = await api.client.post("/v1/chat/completions", json={**asked, **options})
    whole = (await api.client.post("/v1/chat/completions", json=asked)).json()
    rows = events(answer)
    assert answer.headers["X-AI-Generated"] == "true"
    assert {row["object"] for row in rows} == {"chat.completion.chunk"}
    assert all(row["ai_generated"] for row in rows)
    for choice in whole["choices"]:
        own = [part for row in rows for part in row["choices"] if part["index"] == choice["index"]]
        assert [part["delta"] for part in own] == [
            {"role": "assistant", "content": ""},
            {"content": choice["message"]["content"]},
            {},
        ]
        assert [part["finish_reason"] for part in own] == [None, None, "stop"]
    if counts:
        assert rows[-1]["choices"] == []
        assert rows[-1]["usage"] == whole["usage"]
        assert all(row["usage"] is None for row in rows[:-1])
    else:
        assert not any("usage" in row for row in rows)

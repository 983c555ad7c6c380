"""/v1/completions: tweets that begin with a prompt, in OpenAI's form."""

import json
from typing import Any

import httpx
import pytest

from bot.openai_api.drawing import continuation
from huggingtweets.generation.checks import defused
from tests.bot.openai_api.conftest import Api


async def completed(api: Api, status: int = 200, **asked: Any) -> dict[str, Any]:
    answer = await api.client.post("/v1/completions", json={"model": "ann", "prompt": "our rover", **asked})
    assert answer.status_code == status, answer.text
    row: dict[str, Any] = answer.json()
    return row


async def test_tweets_go_on_from_the_prompt_and_are_marked_as_an_ais(api: Api) -> None:
    answer = await api.client.post("/v1/completions", json={"model": "@Ann", "prompt": "our rover", "n": 3})
    row = answer.json()
    assert answer.headers["X-AI-Generated"] == "true"
    assert answer.headers["X-Request-Id"] == row["id"]
    assert row["ai_generated"] is True
    assert row["notice"] is None
    assert (row["object"], row["model"], row["system_fingerprint"]) == ("text_completion", "ann", "v1")
    assert [choice["index"] for choice in row["choices"]] == [0, 1, 2]
    assert {choice["finish_reason"] for choice in row["choices"]} == {"stop"}
    for choice in row["choices"]:
        assert choice["text"].startswith(" ")
        assert "our rover" not in choice["text"]
    usage = row["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert usage["prompt_tokens"] >= 2
    assert usage["completion_tokens"] >= 3


async def test_the_prompt_is_repeated_where_that_is_asked_for(api: Api) -> None:
    row = await completed(api, echo=True)
    assert row["choices"][0]["text"].startswith("our rover ")


async def test_each_of_several_prompts_has_its_choices(api: Api) -> None:
    row = await completed(api, prompt=["our rover", "the crew"], n=2, echo=True)
    texts = [choice["text"] for choice in row["choices"]]
    assert [choice["index"] for choice in row["choices"]] == [0, 1, 2, 3]
    assert [text.startswith("our rover") for text in texts] == [True, True, False, False]
    assert [text.startswith("the crew") for text in texts] == [False, False, True, True]


async def test_a_whole_number_may_be_written_with_a_point(api: Api) -> None:
    assert len((await completed(api, n=2.0, max_tokens=60.0, seed=1e3))["choices"]) == 2


async def test_without_a_prompt_a_tweet_begins_anyhow(api: Api) -> None:
    for prompt in (None, ""):
        assert (await completed(api, prompt=prompt))["choices"][0]["text"]


async def test_the_same_seed_gives_the_same_tweets(api: Api) -> None:
    for seed in (7, -1, 2**63 - 1, 10**30):
        first, second = [await completed(api, n=2, seed=seed, temperature=1.2, top_p=0.8) for _ in range(2)]
        assert first["choices"] == second["choices"]
    assert (await completed(api, n=2, seed=8))["choices"] != (await completed(api, n=2, seed=7))["choices"]


async def test_a_choice_ends_with_the_tokens_it_may_have(api: Api) -> None:
    row = await completed(api, n=2, max_tokens=3)
    assert [choice["finish_reason"] for choice in row["choices"]] == ["length", "length"]
    assert row["usage"]["completion_tokens"] == 6
    assert all(1 <= len(choice["text"]) <= 60 for choice in row["choices"])


async def test_a_choice_ends_before_a_stop(api: Api) -> None:
    for stop in (" ", [" w", " d", " p", " i", " l"][:4]):
        row = await completed(api, prompt="", n=2, stop=stop)
        for choice in row["choices"]:
            assert not any(one in choice["text"] for one in ([stop] if isinstance(stop, str) else stop))
            assert choice["finish_reason"] == "stop"


@pytest.mark.parametrize("temperature", [0, 0.0, 2, 1.7])
@pytest.mark.parametrize("top_p", [0, 1])
async def test_every_temperature_that_clients_know_is_taken(api: Api, temperature: float, top_p: float) -> None:
    assert (await completed(api, temperature=temperature, top_p=top_p))["choices"][0]["text"]


async def test_what_a_voice_cannot_follow_is_passed_over(api: Api) -> None:
    row = await completed(
        api, user="u1", presence_penalty=0.5, frequency_penalty=-2, logit_bias={"50256": -100}, best_of=3, logprobs=None
    )
    assert len(row["choices"]) == 1


async def test_choices_for_which_no_draft_was_fit_are_empty_and_cost_nothing(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.use_cases.tweeting._writer, "unwanted", (OnlyFirst(),))
    row = await completed(api, n=3)
    assert [choice["finish_reason"] for choice in row["choices"]] == ["stop", "content_filter", "content_filter"]
    assert [bool(choice["text"]) for choice in row["choices"]] == [True, False, False]
    assert row["notice"].startswith("Only 1 of 3 this time")
    assert await api.tweets_counted() == 1


async def test_without_any_fit_draft_all_choices_are_empty_and_a_notice_says_so(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        api.use_cases.tweeting._writer, "unwanted", (lambda text: None if text == "our rover" else "dull",)
    )
    row = await completed(api, n=2)
    assert [(choice["text"], choice["finish_reason"]) for choice in row["choices"]] == [("", "content_filter")] * 2
    assert row["notice"].startswith("Only 0 of 2 this time")
    assert row["usage"]["completion_tokens"] == 0
    assert await api.tweets_counted() == 0


class OnlyFirst:
    """Lets the prompt and the first draft through."""

    def __init__(self) -> None:
        self.first = ""

    def __call__(self, text: str) -> str | None:
        if text == "our rover":
            return None
        self.first = self.first or text
        return None if text == self.first else "dull"


def events(answer: httpx.Response) -> list[Any]:
    """The data of the events, of which the last is no JSON."""
    assert answer.headers["content-type"].startswith("text/event-stream")
    lines = [line.removeprefix("data: ") for line in answer.text.split("\n\n") if line]
    assert lines.pop() == "[DONE]"
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("counts", [True, False])
async def test_a_stream_has_an_event_a_choice_and_ends_with_done(api: Api, counts: bool) -> None:
    options = {"stream": True, "stream_options": {"include_usage": counts}}
    asked = {"model": "ann", "prompt": "our rover", "n": 2, "seed": 5}
    answer = await api.client.post("/v1/completions", json={**asked, **options})
    rows = events(answer)
    whole = (await api.client.post("/v1/completions", json=asked)).json()
    assert answer.headers["X-AI-Generated"] == "true"
    assert all(row["ai_generated"] and row["object"] == "text_completion" for row in rows)
    assert [choice for row in rows for choice in row["choices"]] == whole["choices"]
    assert [row["usage"] for row in rows if row.get("usage")] == ([whole["usage"]] if counts else [])
    assert all(("usage" in row) == counts for row in rows)


async def test_a_stream_that_fails_has_a_status(api: Api) -> None:
    answer = await api.client.post("/v1/completions", json={"model": "nobody", "stream": True})
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "model_not_found"


@pytest.mark.parametrize(
    ("tweet", "prompt", "rest"),
    [
        ("we are here", "we", " are here"),
        ("we are here", " we  ", "are here"),
        ("tomorrow it rains", "tomorr", "ow it rains"),
        (defused("@everyone is here"), "@everyone", " is here"),
        (defused("see www.example.org/a now"), "see www.example.org/a", " now"),
        ("🚀 up", "🚀", " up"),
        ("something else", "we", "something else"),
        ("we", "", "we"),
        ("", "we", ""),
    ],
)
def test_what_follows_a_prompt(tweet: str, prompt: str, rest: str) -> None:
    assert continuation(tweet, prompt) == rest

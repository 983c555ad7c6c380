"""The real client of OpenAI works with the API, as its users know it."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import httpx2
import pytest

from tests.bot.openai_api.conftest import Api

if TYPE_CHECKING:
    import openai


@pytest.fixture
async def client(api: Api) -> "AsyncIterator[openai.AsyncOpenAI]":
    import openai  # takes a second, in each process that runs tests

    async with (
        httpx2.AsyncClient(transport=httpx2.ASGITransport(api.app)) as http,
        openai.AsyncOpenAI(
            base_url="http://localhost/v1", api_key=api.token, http_client=http, max_retries=0
        ) as client,
    ):
        yield client


async def test_models(client: "openai.AsyncOpenAI") -> None:
    assert [model.id async for model in client.models.list()] == ["ann"]
    assert (await client.models.retrieve("ann+0.5*ann")).id == "1.5*ann"


async def test_completions(client: "openai.AsyncOpenAI") -> None:
    answer = await client.completions.create(
        model="ann", prompt="our rover", n=2, seed=3, temperature=0.9, top_p=0.9, max_tokens=60, stop=["\n"], user="me"
    )
    assert [choice.finish_reason for choice in answer.choices] == ["stop", "stop"]
    assert all(choice.text for choice in answer.choices)
    assert answer.usage
    assert answer.usage.completion_tokens > 2
    assert answer.model_extra == {"ai_generated": True, "notice": None}


async def test_streamed_completions(client: "openai.AsyncOpenAI") -> None:
    stream = await client.completions.create(
        model="ann", prompt="our rover", stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]
    assert "".join(choice.text for chunk in chunks for choice in chunk.choices)
    assert chunks[-1].usage


async def test_chat(client: "openai.AsyncOpenAI") -> None:
    first = await client.chat.completions.create(
        model="ann", messages=[{"role": "system", "content": "x"}, {"role": "user", "content": "Where is the rover?"}]
    )
    message = first.choices[0].message
    assert message.content
    second = await client.chat.completions.create(
        model="ann",
        # What was answered is sent back as it came.
        messages=[{"role": "user", "content": "Where?"}, message, {"role": "user", "content": "Why?"}],  # type: ignore[list-item]
        max_completion_tokens=5,
        seed=1,
    )
    assert second.choices[0].finish_reason in ("length", "stop")
    assert second._request_id == second.id


async def test_streamed_chat(client: "openai.AsyncOpenAI") -> None:
    stream = await client.chat.completions.create(
        model="ann",
        messages=[{"role": "user", "content": "Where?"}],
        stream=True,
        stream_options={"include_usage": True},
        n=2,
    )
    texts = {0: "", 1: ""}
    usage = None
    async for chunk in stream:
        usage = chunk.usage or usage
        for choice in chunk.choices:
            texts[choice.index] += choice.delta.content or ""
    assert all(texts.values())
    assert usage
    assert usage.total_tokens > 0


async def test_errors_are_the_clients_own(api: Api, client: "openai.AsyncOpenAI") -> None:
    import openai

    with pytest.raises(openai.NotFoundError, match="I do not know nobody yet"):
        await client.completions.create(model="nobody", prompt="x")
    with pytest.raises(openai.BadRequestError) as wrong:
        await client.completions.create(model="ann", prompt="x", n=99)
    assert (wrong.value.param, wrong.value.code, wrong.value.type) == ("n", "invalid_value", "invalid_request_error")
    with pytest.raises(openai.BadRequestError, match="colour"):
        await client.completions.create(model="ann", prompt="x", extra_body={"colour": 1})
    few = await api.tokens.new("few", tweets_a_day=1)
    with pytest.raises(openai.RateLimitError) as limited:
        await client.with_options(api_key=few).completions.create(model="ann", prompt="x", n=2)
    assert limited.value.code == "insufficient_quota"
    with pytest.raises(openai.AuthenticationError, match="not valid"):
        await client.with_options(api_key="sk-wrong").models.list()
    with pytest.raises(openai.NotFoundError, match="nothing at this address"):
        await client.embeddings.create(model="ann", input="x", encoding_format="float")

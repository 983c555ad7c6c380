"""Many programs ask at once for many voices: everybody is answered, each by the voice that was asked for."""

import asyncio
import shutil

import pytest

from bot.core.config import ApiSettings
from tests.bot.openai_api.conftest import Api, served

PROGRAMS, VOICES = 60, 8


@pytest.fixture
def api_settings() -> ApiSettings:
    return ApiSettings(requests_per_minute=1_000, at_a_time=1_000)


async def test_everybody_is_answered_by_the_voice_that_was_asked_for(api: Api) -> None:
    models = api.use_cases.home.registry.root
    names = [f"copy_{number}" for number in range(VOICES)]
    for name in names:
        shutil.copytree(models / "ann", models / name)
    tokens = [await api.tokens.new(f"program {number}") for number in range(4)]

    async def ask(number: int) -> bool:
        name = names[number % VOICES]
        async with served(api.app, Authorization=f"Bearer {tokens[number % 4]}") as client:
            asked = {"model": name, "prompt": "our rover", "stream": number % 2 == 0}
            answer = await client.post("/v1/completions", json=asked)
            return answer.status_code == 200 and f'"{name}"' in answer.text

    assert await asyncio.gather(*(ask(number) for number in range(PROGRAMS))) == [True] * PROGRAMS
    assert api.use_cases.tweeting._writer._engine.waiting == 0
    assert await api.tweets_counted() == PROGRAMS

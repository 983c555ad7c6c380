"""The API in front of a real engine, a real voice and a real database, asked in this process."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
from fastapi import FastAPI

from bot.core.config import ApiSettings
from bot.openai_api.app import add_api
from bot.people.tokens import TokenLimits, Tokens
from bot.store import Store
from tests.bot.conftest import UseCases


@dataclass
class Api:
    """`client` sends a valid token, and `stranger` sends none."""

    app: FastAPI
    client: httpx.AsyncClient
    stranger: httpx.AsyncClient
    token: str
    tokens: Tokens
    limits: TokenLimits
    store: Store
    use_cases: UseCases

    async def tweets_counted(self) -> int:
        """How many tweets count for today, of all tokens, when what nobody asked for is uncounted."""
        await self.limits.aclose()
        return sum(today for _, today in await self.tokens.listed())


def served(app: FastAPI, **headers: str) -> httpx.AsyncClient:
    """A client of `app`, which runs in this process."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost", headers=headers)


@pytest.fixture
def api_settings() -> ApiSettings:
    return ApiSettings()


@pytest.fixture
async def api(use_cases: UseCases, api_settings: ApiSettings) -> AsyncIterator[Api]:
    store = use_cases.store
    tokens = Tokens(store)
    token = await tokens.new("tests")
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    limits = TokenLimits(store, api_settings)
    add_api(app, use_cases.tweeting, tokens, limits)
    async with served(app, Authorization=f"Bearer {token}") as client, served(app) as stranger:
        yield Api(app, client, stranger, token, tokens, limits, store, use_cases)

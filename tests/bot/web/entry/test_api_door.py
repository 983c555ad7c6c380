"""The API stands behind the page's door: programs need a token and no session, and no page elsewhere can ask."""

from dataclasses import replace

import httpx
import pytest

from bot.core.config import ApiSettings
from bot.openai_api.guard import MAX_BYTES
from bot.people.tokens import Tokens
from bot.web.application import routes
from tests.bot.web.conftest import ADDRESS, Page

ASKED = {"model": "ann", "prompt": "our rover"}


@pytest.fixture
async def program(web: Page) -> httpx.AsyncClient:
    """A program with a token, which says of no page that it comes from there."""
    token = await Tokens(web.parts.store).new("tests")
    transport = httpx.ASGITransport(web.app, client=("10.0.0.7", 50_000))
    return httpx.AsyncClient(
        transport=transport, base_url=ADDRESS, headers={"Authorization": f"Bearer {token}"}, timeout=300
    )


async def test_a_program_needs_a_token_and_no_session(program: httpx.AsyncClient) -> None:
    answer = await program.post("/v1/completions", json=ASKED)
    assert answer.status_code == 200
    assert answer.json()["choices"][0]["text"]
    assert "set-cookie" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"
    del program.headers["Authorization"]
    assert (await program.post("/v1/completions", json=ASKED)).status_code == 401


async def test_a_page_elsewhere_cannot_ask_even_with_a_token(program: httpx.AsyncClient) -> None:
    for origin in ("https://example.org", "null", "http://127.0.0.1:1"):
        for method in ("POST", "OPTIONS"):
            answer = await program.request(
                method,
                "/v1/completions",
                json=ASKED,
                headers={"Origin": origin, "Access-Control-Request-Headers": "authorization"},
            )
            assert answer.status_code == 403
            assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_another_name_for_this_machine_is_refused(program: httpx.AsyncClient) -> None:
    answer = await program.post("/v1/completions", json=ASKED, headers={"Host": "rebound.example.org"})
    assert answer.status_code == 400


async def test_a_program_may_send_longer_messages_than_a_page(program: httpx.AsyncClient) -> None:
    words = "word " * (MAX_BYTES // 5 - 100)
    asked = {"model": "ann", "messages": [{"role": "user", "content": words}]}
    assert (await program.post("/v1/chat/completions", json=asked)).status_code == 200
    asked["messages"][0]["content"] += words  # type: ignore[index]
    answer = await program.post("/v1/chat/completions", json=asked)
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "request_too_large"


async def test_the_description_can_be_read_without_a_token(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/docs")
    assert page.status_code == 200
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert (await browser.get("/openapi.json")).json()["servers"] == [{"url": "/v1"}]


async def test_the_api_can_be_turned_off(web: Page) -> None:
    for enabled in (True, False):
        app = routes(replace(web.parts, api=ApiSettings(enabled=enabled)))
        paths = {getattr(route, "path", "") for route in app.routes}
        assert ({"/v1", "/docs", "/openapi.json"} & paths != set()) == enabled

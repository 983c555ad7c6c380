"""What answers an interaction is there once, although the network loses what Discord says to it."""

import asyncio
import json
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import aiohttp
import discord
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from discord.webhook import async_

from bot.discord.asking import once
from bot.discord.asking.once import acknowledge, is_acknowledged, is_thinking, send
from tests.bot.discord.conftest import World

USER = {"id": "5", "username": "ann", "discriminator": "0", "avatar": None, "global_name": None}


class Losing:
    """A Discord that does what it is asked, and whose answers to the first requests of each kind are lost."""

    def __init__(self, lost: int):
        self._lost = lost
        self.hangs_up = 0  # so many first messages are taken, and then the connection ends
        self.asked: dict[str, int] = {}
        self.messages: dict[str, str] = {}
        self.acknowledged = 0
        self.app = web.Application()
        self.app.router.add_post("/interactions/{id}/{token}/callback", self._callback)
        self.app.router.add_patch("/webhooks/{id}/{token}/messages/@original", self._original)
        self.app.router.add_post("/webhooks/{id}/{token}", self._follow_up)

    def _answer(self, kind: str, status: int, body: Any) -> web.Response:
        self.asked[kind] = self.asked.get(kind, 0) + 1
        if self.asked[kind] <= self._lost:
            body, status = {}, 502
        # As bytes: for a text aiohttp adds a charset to the content type, and then discord.py does not read it as JSON.
        return web.Response(status=status, body=json.dumps(body).encode(), content_type="application/json")

    async def _callback(self, request: web.Request) -> web.Response:
        self.acknowledged += 1
        if self.acknowledged > 1:
            taken = {"message": "Interaction has already been acknowledged.", "code": once.ALREADY_ACKNOWLEDGED}
            return self._answer("callback", 400, taken)
        callback = {"interaction": {"id": "1", "type": 2}, "resource": {"type": 5}}
        return self._answer("callback", 200, callback)

    async def _original(self, request: web.Request) -> web.Response:
        self.messages["@original"] = (await request.json())["content"]
        if self.hangs_up:
            self.hangs_up -= 1
            assert request.transport
            request.transport.close()
        return self._answer("original", 200, self._message("7", self.messages["@original"]))

    async def _follow_up(self, request: web.Request) -> web.Response:
        number = str(100 + len(self.messages))
        self.messages[number] = (await request.json())["content"]
        return self._answer("follow-up", 200, self._message(number, self.messages[number]))

    def _message(self, number: str, content: str) -> dict[str, Any]:
        empty: dict[str, Any] = {"embeds": [], "attachments": [], "mentions": [], "mention_roles": [], "components": []}
        flags = {"pinned": False, "mention_everyone": False, "tts": False, "type": 0, "edited_timestamp": None}
        at = "2026-01-01T00:00:00+00:00"
        return {"id": number, "channel_id": "3", "content": content, "author": USER, "timestamp": at, **empty, **flags}


@pytest.fixture(params=[1, 2, 4])
async def lost(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Losing]:
    """How many answers are lost: discord.py asks five times."""

    async def at_once(seconds: float) -> None:
        await asyncio.sleep(0) if seconds else None

    monkeypatch.setattr(async_, "asyncio", SimpleNamespace(sleep=at_once, Lock=asyncio.Lock))
    discord_server = Losing(request.param)
    outside = async_.async_context.set(async_.AsyncWebhookAdapter())
    try:
        async with TestServer(discord_server.app) as server:
            monkeypatch.setattr(discord.http.Route, "BASE", str(server.make_url("")).rstrip("/"))
            yield discord_server
    finally:
        async_.async_context.reset(outside)


@pytest.fixture
async def interaction(lost: Losing) -> AsyncIterator[discord.Interaction[Any]]:
    client = discord.Client(intents=discord.Intents.none())
    data: Any = {
        "id": "1",
        "application_id": "2",
        "token": "token",
        "version": 1,
        "type": 2,
        "data": {"id": "9", "name": "help", "type": 1},
        "user": USER,
        "locale": "en-US",
        "entitlements": [],
        "app_permissions": "0",
        "authorizing_integration_owners": {"1": "5"},
        "attachment_size_limit": 1,
    }
    async with aiohttp.ClientSession() as session:
        client.http._HTTPClient__session = session  # type: ignore[attr-defined]
        made = discord.Interaction[Any](data=data, state=client._connection)
        yield made


async def test_the_first_message_stands_once_however_many_answers_are_lost(
    interaction: discord.Interaction[Any], lost: Losing
) -> None:
    await acknowledge(interaction, interaction.response.defer(ephemeral=True, thinking=True), thinking=True)
    assert is_acknowledged(interaction)
    assert is_thinking(interaction)
    await send(interaction, private=True, content="Hello.")
    assert lost.messages == {"@original": "Hello."}
    assert lost.asked["original"] > 1, "discord.py has asked again"
    assert not is_thinking(interaction)


async def test_the_first_message_is_sent_again_if_the_connection_ends(
    interaction: discord.Interaction[Any], lost: Losing
) -> None:
    lost.hangs_up = 1
    await acknowledge(interaction, interaction.response.defer(ephemeral=True, thinking=True), thinking=True)
    sent = await send(interaction, private=True, content="Hello.")
    assert sent.content == "Hello."
    assert lost.messages == {"@original": "Hello."}
    lost.hangs_up = 2
    interaction.extras[once.THINKING] = True
    with pytest.raises(aiohttp.ClientConnectionError):
        await send(interaction, private=True, content="Hello.")


async def test_a_further_message_is_sent_in_one_try(interaction: discord.Interaction[Any], lost: Losing) -> None:
    await acknowledge(interaction, interaction.response.defer(ephemeral=True, thinking=True), thinking=True)
    await send(interaction, private=True, content="Hello.")
    with pytest.raises(aiohttp.ClientResponseError):
        await send(interaction, private=True, content="And more.")
    assert list(lost.messages.values()) == ["Hello.", "And more."]


async def several(there: World) -> discord.Interaction[Any]:
    """Returns an interaction whose first message is there already."""
    seen: list[discord.Interaction[Any]] = []
    check = there.bot.tree.interaction_check

    async def noted(interaction: discord.Interaction[Any], /) -> bool:
        seen.append(interaction)
        return await check(interaction)

    there.bot.tree.interaction_check = noted  # type: ignore[method-assign]
    await there.ann.slash(there.channel, "tweetlike", user="nasa")
    return seen[0]


async def test_a_message_in_doubt_is_looked_for_where_that_is_possible(
    there: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    interaction = await several(there)
    before, real, tries = len(there.said()), once._in_one_try, 0

    async def lost_after_it_was_made(*arguments: Any) -> discord.Message:
        nonlocal tries
        tries += 1
        await real(*arguments)
        raise aiohttp.ServerDisconnectedError

    monkeypatch.setattr(once, "_in_one_try", lost_after_it_was_made)
    sent = await send(interaction, private=False, content="And more.")
    assert (tries, sent.content) == (1, "And more.")
    assert [one.content for one in there.said()[before:]] == ["And more."]


async def test_a_message_that_is_not_there_is_sent_again(there: World, monkeypatch: pytest.MonkeyPatch) -> None:
    interaction = await several(there)
    before, real, tries = len(there.said()), once._in_one_try, 0

    async def lost_before(*arguments: Any) -> discord.Message:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise aiohttp.ServerDisconnectedError
        return await real(*arguments)

    monkeypatch.setattr(once, "_in_one_try", lost_before)
    await send(interaction, private=False, content="And more.")
    assert [one.content for one in there.said()[before:]] == ["And more."]

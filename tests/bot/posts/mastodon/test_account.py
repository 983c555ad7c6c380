"""Mastodon as a destination: what its answers mean, its bot flag, lengths, visibility, warnings and mentions."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.core.config import MastodonSettings
from bot.core.errors import PostRefused
from bot.core.post_text.room import RoomOnMastodon
from bot.posts.mastodon import account
from bot.posts.mastodon.account import MastodonAccount
from bot.posts.mastodon.client import MastodonClient
from bot.posts.place import MASTODON, Place
from bot.store import Store
from bot.store.posts.engagement import Counts
from huggingtweets.core.people.names import VoiceName
from huggingtweets.remote.upstream import NotReached, Patience
from tests.bot.databases import sqlite_in
from tests.bot.posting_parts import QUICK, SECONDS, Time
from tests.bot.posts.elsewhere import AT_ONCE, Elsewhere
from tests.fakes.mastodon_server import TOKEN, MastodonServer
from tests.fakes.moods import HANG_UP, Trouble

POST = ("POST", "/api/v1/statuses")
LIMITED = '{"error": "Too many requests"}'


@dataclass
class World(Elsewhere):
    """Everything that posts on a Mastodon server, without a task that runs by itself."""

    server: MastodonServer = field(kw_only=True)
    account: MastodonAccount = field(kw_only=True)


@pytest.fixture
async def world(tmp_path: Path, changed: dict[str, Any]) -> AsyncIterator[World]:
    time = Time()
    given: dict[str, Any] = {"account": "thebot", "token": SecretStr(TOKEN)}
    async with MastodonServer() as server, Store(sqlite_in(tmp_path), time) as store:
        server.add_account("5", "cat@other.example")
        settings = MastodonSettings(**(AT_ONCE | given | {"url": server.url} | changed))
        assert settings.token
        token, room = settings.token.get_secret_value(), RoomOnMastodon(settings.content_warning)
        client = MastodonClient(server.url, token, timeout_seconds=SECONDS, patience=QUICK)
        place = Place(MASTODON, settings.name, room)
        account = MastodonAccount(client, settings, place, room)
        yield World(place, settings, store, time, server=server, account=account)


@pytest.mark.parametrize("changed", [{"visibility": "public", "content_warning": "an AI parody"}])
async def test_a_post_goes_out_as_the_settings_say(world: World, changed: Any) -> None:
    await world.queued("Tom & Jerry  <3")
    await world.steps()
    [status] = world.server.statuses
    assert (status["visibility"], status["spoiler_text"]) == ("public", "an AI parody")
    [post] = await world.store.posts.latest(world.place.account, ["sent"])
    assert post.external_id == status["id"]


async def test_what_may_have_been_made_is_looked_up_and_never_repeated_blindly(world: World) -> None:
    world.server.forgets_keys = True
    for number, trouble in enumerate(
        [
            Trouble(*POST, HANG_UP, done=True),
            Trouble(*POST, 503, "<html>Bad gateway</html>", "text/html", done=True),
            Trouble(*POST, 200, '{"id": "1', done=True),
            Trouble(*POST, 200, "<html>Just a moment</html>", "text/html", done=True),
            Trouble(*POST, 200, "[]", done=True),
        ]
    ):
        world.server.troubles = [trouble]
        await world.queued(f"Tom & Jerry #{number}a <3")
        await world.steps()
    assert world.server.texts() == [f"Tom & Jerry #{number}a <3" for number in range(5)]
    assert set((await world.states()).values()) == {"sent"}
    assert world.server.requests.count("POST /api/v1/statuses") == 5


async def test_a_try_that_comes_late_makes_no_second_post_within_the_hour(world: World) -> None:
    await world.queued("one")
    world.server.troubles = [
        Trouble(*POST, HANG_UP, done=True),
        Trouble("GET", "/api/v1/accounts/12/statuses", 200, "[]"),
    ]
    await world.steps()
    world.time.pass_by(seconds=100)
    await world.steps()
    await world.steps()
    assert world.server.texts() == ["one"], "the timeline did not show it yet, and the key was known"
    assert set((await world.states()).values()) == {"sent"}


async def test_after_the_hour_the_timeline_decides(world: World) -> None:
    world.server.troubles = [Trouble(*POST, HANG_UP, done=True)]
    await world.queued("one")
    await world.outbox.step()
    world.server.forget_keys_after(4_000)
    world.time.pass_by(hours=2)
    await world.steps()
    assert world.server.texts() == ["one"]
    assert set((await world.states()).values()) == {"sent"}


async def test_a_limit_is_waited_for_with_and_without_its_end(world: World) -> None:
    ends = (datetime.now(UTC) + timedelta(seconds=600)).isoformat().replace("+00:00", "Z")
    world.server.troubles = [
        Trouble(*POST, 429, LIMITED, headers={"X-RateLimit-Reset": ends}),
        Trouble(*POST, 429, LIMITED),
    ]
    await world.queued("one")
    await world.steps()
    world.time.pass_by(seconds=590)
    await world.steps()
    assert world.server.requests.count("POST /api/v1/statuses") == 1
    for _ in range(3):
        world.time.pass_by(seconds=30)
        await world.steps()
    assert world.server.texts() == ["one"]


async def test_a_header_that_cannot_be_read_leaves_a_post_in_doubt_and_not_lost(world: World) -> None:
    world.server.troubles = [Trouble(*POST, 200, "{}", headers={"X-RateLimit-Reset": "soon"}, done=True)]
    await world.queued("one")
    await world.steps()
    assert world.server.texts() == ["one"]
    assert set((await world.states()).values()) == {"sent"}


async def test_an_ended_token_pauses_and_is_told_without_it(world: World) -> None:
    await world.queued("one")
    await world.steps()
    world.server.has_token = False
    await world.queued("two")
    await world.steps()
    [notice] = await world.notices()
    assert notice.startswith("Posting on Mastodon as @thebot@127.0.0.1")
    assert "does not let me in" in notice
    assert "SECRET" not in notice
    world.server.has_token = True
    assert await world.posting.resume("discord:1")
    await world.steps()
    assert world.server.texts() == ["one", "two"]


@pytest.mark.parametrize("changed", [{"account": "somebody"}])
async def test_a_token_of_another_account_pauses_before_anything_is_sent(world: World, changed: Any) -> None:
    await world.queued("one")
    await world.steps()
    [notice] = await world.notices()
    assert "My token for Mastodon is of @thebot and not of @somebody" in notice
    assert world.server.texts() == []


async def test_a_post_that_the_server_refuses_fails_alone(world: World) -> None:
    world.server.troubles = [Trouble(*POST, 422, '{"error": "Validation failed"}')]
    await world.queued("bad", "good")
    await world.steps()
    assert await world.states() == {"bad": "failed", "good": "sent"}


async def test_without_a_label_in_the_text_the_account_must_have_the_bot_flag(world: World) -> None:
    world.server.accounts["12"] |= {"bot": False, "display_name": "Harbour"}
    await world.queued("one")
    await world.steps()
    assert world.server.texts() == []
    assert "turn on the flag for automated accounts" in (await world.notices())[0]
    world.server.accounts["12"]["note"] = "<p>An AI writes here.</p>"
    assert await world.posting.resume("discord:1")
    await world.steps()
    assert world.server.texts() == ["one"], "the account is read again"


@pytest.mark.parametrize("changed", [{"label_account": True}])
async def test_the_bot_flag_is_set_where_the_settings_ask_for_it(world: World, changed: Any) -> None:
    world.server.accounts["12"] |= {"bot": False, "display_name": "Harbour"}
    await world.queued("one")
    await world.steps()
    assert world.server.accounts["12"]["bot"] is True
    assert world.server.texts() == ["one"]


@pytest.mark.parametrize("changed", [{"content_warning": "0123456789"}])
async def test_a_post_is_as_long_as_the_server_says_less_its_warning(world: World, changed: Any) -> None:
    offer = {"voice": VoiceName("ann"), "version": "v1", "by": "discord:1"}
    with pytest.raises(PostRefused, match="too long"):
        await world.posting.offer("x" * 491, **offer)
    await world.posting.offer("x" * 490, **offer)
    world.server.max_characters = 1_000
    await world.steps()
    await world.posting.offer("y" * 990, **offer)
    await world.steps()
    assert [len(text) for text in world.server.texts()] == [490, 990]


async def test_a_mention_is_answered_once_naming_its_author_and_no_wider_than_it(world: World) -> None:
    world.server.mention("@thebot before you came")
    await world.answer_mentions()
    public = world.server.mention("@thebot Bob, say something")
    private = world.server.mention("@thebot hello", visibility="direct")
    for _ in range(2):
        await world.answer_mentions()
    answers = [status for status in world.server.statuses if status["account"]["id"] == "12"]
    assert [(answer["in_reply_to_id"], answer["visibility"]) for answer in answers] == [
        (public["id"], "unlisted"),
        (private["id"], "direct"),
    ]
    assert all(answer["said"].startswith("@cat@other.example ") for answer in answers)
    assert [voice for voice, _ in world.drawing.asked] == ["bob", "ann"]
    assert await world.mention_states(public["id"], private["id"]) == ["answered", "answered"]


async def test_an_answer_in_doubt_is_found_though_the_server_shows_its_author_without_a_server(world: World) -> None:
    world.server.forgets_keys = True
    asked = world.server.mention("@thebot hello")
    world.server.troubles = [Trouble(*POST, HANG_UP, done=True)]
    await world.queued("gulls", in_reply_to=asked["id"])
    await world.steps()
    assert world.server.texts() == ["@cat@other.example gulls"]
    assert await world.states() == {"gulls": "sent"}


async def test_a_stop_a_bot_and_a_thread_that_is_full_get_no_answer(world: World) -> None:
    await world.answer_mentions()
    world.server.add_account("6", "dan@other.example", bot=True)
    stop = world.server.mention("@thebot stop")["id"]
    again = world.server.mention("@thebot hello again")["id"]
    bot = world.server.mention("@thebot hello", "6")["id"]
    root = parent = world.server.add_status("12", "a post of ours")
    thread = []
    for number in range(20, 24):
        world.server.add_account(str(number), f"person{number}")
        parent = world.server.mention("@thebot hm", str(number), in_reply_to_id=parent["id"])
        thread.append(parent["id"])
    words = ("a gull", "the pier", "my dog", "this fog", "tea")
    world.drawing.texts = [f"{word} is another thing" for word in words]
    await world.answer_mentions()
    assert await world.mention_states(stop, again, bot) == ["stop", "opted out", "bot"]
    assert await world.mention_states(*thread) == ["answered"] * 3 + ["thread cap"]
    assert root["id"] not in thread


@pytest.mark.parametrize("changed", [{"thread_parts": 3}])
async def test_a_thread_hangs_together_and_does_not_name_its_own_account(world: World, changed: Any) -> None:
    text = "".join(f"Sentence number {number} is about the fog over the old harbour. " for number in range(20)).strip()
    await world.queued(text)
    for _ in range(4):
        await world.steps()
    first, second, third = world.server.statuses
    assert " ".join(world.server.texts()) == text
    assert [status["in_reply_to_id"] for status in (first, second, third)] == [None, first["id"], second["id"]]


async def test_the_figures_of_posts_are_read(world: World) -> None:
    await world.queued("one")
    await world.steps()
    [status] = world.server.statuses
    status |= {"favourites_count": 3, "reblogs_count": 1, "replies_count": 2}
    assert await world.account.engagement([status["id"], "99"]) == {status["id"]: Counts(3, 1, 2)}


async def test_without_a_connection_nothing_was_done() -> None:
    async with MastodonServer() as server:
        url = server.url
    client = MastodonClient(url, TOKEN, timeout_seconds=1, patience=Patience(attempts=1))
    with pytest.raises(NotReached):
        await client.post("one", key="k", visibility="public")


@pytest.mark.parametrize("changed", [{"thread_parts": 3}])
async def test_a_post_that_a_server_finds_too_long_since_today_goes_out_in_parts(world: World, changed: Any) -> None:
    await world.account.ready()
    assert world.place.has_room("x" * 500)
    world.server.max_characters = 200
    text = " ".join(f"Sentence number {number} is about the fog." for number in range(8))
    await world.queued(text)
    for _ in range(6):
        await world.steps()
        world.time.pass_by(seconds=60)
    assert " ".join(world.server.texts()) == text
    assert all(len(part) <= 200 for part in world.server.texts())
    assert set((await world.states()).values()) == {"sent"}


async def test_a_longer_limit_is_learned_within_the_hour(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.account.ready()
    world.server.max_characters = 5_000
    await world.account.ready()
    assert not world.place.has_room("x" * 600), "it is not asked each time"
    now = account.time.monotonic()
    monkeypatch.setattr(account.time, "monotonic", lambda: now + account.LIMIT_HOLDS_SECONDS)
    await world.account.ready()
    assert world.place.has_room("x" * 5_000)


async def test_a_refusal_for_another_reason_fails_that_post_alone(world: World) -> None:
    world.server.troubles = [Trouble(*POST, 422, '{"error": "Validation failed: not today"}')]
    await world.queued("one", "two")
    await world.steps()
    assert await world.states() == {"one": "failed", "two": "sent"}

"""Bluesky as a destination: what its answers mean, its labels, facets, replies, mentions, sessions and points."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.core.config import BlueskySettings
from bot.core.post_text.room import room_on_bluesky
from bot.posts.bluesky.account import BlueskyAccount
from bot.posts.bluesky.client import BlueskyClient
from bot.posts.bluesky.records import record_key
from bot.posts.place import BLUESKY, Place
from bot.store import Store
from bot.store.posts.engagement import Counts
from huggingtweets.remote.upstream import RateLimited
from tests.bot.databases import sqlite_in
from tests.bot.posting_parts import QUICK, SECONDS, Time
from tests.bot.posts.elsewhere import AT_ONCE, Elsewhere
from tests.fakes.bluesky_home import DID, HANDLE, PASSWORD, PROFILE, BlueskyHome
from tests.fakes.moods import HANG_UP, Trouble

ACCOUNT = f"bluesky:{HANDLE}"
PUT = ("POST", "/xrpc/com.atproto.repo.putRecord")
LIMITED = '{"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}'


@dataclass
class World(Elsewhere):
    """Everything that posts on Bluesky, without a task that runs by itself."""

    home: BlueskyHome = field(kw_only=True)
    account: BlueskyAccount = field(kw_only=True)


@pytest.fixture
async def world(tmp_path: Path, changed: dict[str, Any]) -> AsyncIterator[World]:
    time = Time()
    given: dict[str, Any] = {"account": HANDLE, "password": SecretStr(PASSWORD)}
    async with BlueskyHome() as home, Store(sqlite_in(tmp_path), time) as store:
        settings = BlueskySettings(**(AT_ONCE | given | {"url": home.url} | changed))
        assert settings.password
        password = settings.password.get_secret_value()
        async with BlueskyClient(home.url, HANDLE, password, timeout_seconds=SECONDS, patience=QUICK) as client:
            account = BlueskyAccount(client, settings, time)
            place = Place(BLUESKY, ACCOUNT, room_on_bluesky)
            yield World(place, settings, store, time, home=home, account=account)


async def test_a_post_goes_out_with_its_tags_and_links_marked_in_bytes(world: World) -> None:
    await world.queued("fög at the #pier, see https://example.com/a", "plain")
    await world.steps()
    [first, second] = [record for (kind, _), record in sorted(world.home.records.items()) if kind != PROFILE]
    facets = [(facet["features"][0], facet["index"]) for facet in first["facets"]]
    text = first["text"].encode()
    shown = {feature["$type"].partition("#")[2]: text[at["byteStart"] : at["byteEnd"]] for feature, at in facets}
    assert shown == {"tag": b"#pier", "link": b"https://example.com/a"}
    assert "facets" not in second
    assert set((await world.states()).values()) == {"sent"}
    posts = await world.store.posts.latest(ACCOUNT, ["sent"])
    assert {post.external_id for post in posts} == {
        f"at://{DID}/app.bsky.feed.post/{record_key(post)}" for post in posts
    }


async def test_what_may_have_been_made_is_asked_by_its_key(world: World) -> None:
    for number, trouble in enumerate(
        [
            Trouble(*PUT, HANG_UP, done=True),
            Trouble(*PUT, 503, "<html>Bad gateway</html>", "text/html", done=True),
            Trouble(*PUT, 200, '{"uri": "at://', done=True),
            Trouble(*PUT, 200, "<html>Just a moment</html>", "text/html", done=True),
        ]
    ):
        world.home.troubles = [trouble]
        await world.queued(f"text {number}")
        await world.steps()
    assert world.home.texts() == [f"text {number}" for number in range(4)]
    assert set((await world.states()).values()) == {"sent"}
    assert world.home.requests.count("POST /xrpc/com.atproto.repo.putRecord") == 4


async def test_what_was_not_made_is_sent_again_and_a_late_first_try_makes_no_second_post(world: World) -> None:
    late = asyncio.Event()
    world.home.troubles = [Trouble(*PUT, HANG_UP), Trouble(*PUT, until=late)]
    await world.queued("one", "two")
    await world.steps()
    assert world.home.texts() == []
    late.set()
    for _ in range(4):
        world.time.pass_by(seconds=40)
        await world.steps()
    assert world.home.texts() == ["one", "two"]
    assert set((await world.states()).values()) == {"sent"}


async def test_an_expired_session_is_renewed_and_nothing_is_lost(world: World) -> None:
    await world.queued("one")
    await world.steps()
    world.home.end_session()
    await world.queued("two")
    await world.steps()
    assert world.home.texts() == ["one", "two"]
    assert world.home.sessions == 2


@pytest.mark.parametrize("changed", [{"password": SecretStr("wrong-SECRET")}])
async def test_a_wrong_password_pauses_and_is_told_without_it(world: World, changed: Any) -> None:
    await world.queued("one")
    await world.steps()
    [notice] = await world.notices()
    assert notice.startswith(f"Posting on Bluesky as @{HANDLE} is paused: Bluesky does not let me in")
    assert "SECRET" not in notice
    assert await world.store.pauses.get(ACCOUNT)
    assert world.home.requests.count("POST /xrpc/com.atproto.server.createSession") == 1


async def test_a_limit_is_waited_for_and_points_that_are_used_up_are_not_asked_for(world: World) -> None:
    world.home.troubles = [Trouble(*PUT, 429, LIMITED, headers={"ratelimit-reset": "1"})]
    await world.queued("one")
    await world.steps()
    world.time.pass_by(seconds=1)
    await world.steps()
    assert world.home.texts() == ["one"]
    world.home.points_left = 4
    await world.queued("two", "three")
    await world.steps()
    assert world.home.texts() == ["one", "two"]
    asked = len(world.home.requests)
    with pytest.raises(RateLimited):
        await world.account._client.put("3kaaaaaaaaaaa", {"$type": "app.bsky.feed.post", "text": "x"})
    assert len(world.home.requests) == asked, "Bluesky was not even asked"
    assert (await world.states())["three"] == "queued"


async def test_a_suspended_account_pauses_and_a_post_that_is_refused_fails_alone(world: World) -> None:
    refused = '{"error": "InvalidRequest", "message": "too long"}'
    world.home.troubles = [Trouble(*PUT, 400, refused)]
    await world.queued("bad", "good")
    await world.steps()
    assert await world.states() == {"bad": "failed", "good": "sent"}
    world.home.troubles = [Trouble(*PUT, 401, '{"error": "AccountTakedown", "message": "Account has been taken down"}')]
    await world.queued("three")
    await world.steps()
    pause = await world.store.pauses.get(ACCOUNT)
    assert pause
    assert "has suspended" in pause.reason
    assert (await world.states())["three"] == "queued"


async def test_without_a_label_in_the_text_the_account_must_have_one(world: World) -> None:
    world.home.set_profile(displayName="Harbour", description="Gulls and fog.")
    await world.queued("one")
    await world.steps()
    assert world.home.texts() == []
    [notice] = await world.notices()
    assert 'set the self-label "bot"' in notice
    world.home.set_profile("bot", displayName="Harbour")
    assert await world.posting.resume("discord:1")
    await world.steps()
    assert world.home.texts() == ["one"], "the profile is read again"


@pytest.mark.parametrize("changed", [{"label_account": True}])
async def test_the_label_is_set_where_the_settings_ask_for_it_and_nothing_else_is_changed(
    world: World, changed: Any
) -> None:
    world.home.set_profile("graphic-media", description="Gulls and fog.", pinnedPost={"uri": "at://x", "cid": "y"})
    before = dict(world.home.records[PROFILE, "self"])
    await world.queued("one")
    await world.steps()
    after = world.home.records[PROFILE, "self"]
    assert [value["val"] for value in after["labels"]["values"]] == ["bot", "graphic-media"]
    assert {key: value for key, value in after.items() if key != "labels"} == {
        key: value for key, value in before.items() if key != "labels"
    }
    assert world.home.texts() == ["one"]


async def test_a_mention_is_answered_once_below_it(world: World) -> None:
    world.home.mention("@thebot before you came")
    await world.answer_mentions()
    root = {"uri": "at://did:plc:dan/app.bsky.feed.post/3kroot", "cid": "bafyroot"}
    reply = {"reply": {"root": root, "parent": root}}
    asked = world.home.mention("@thebot Bob, say something", record=reply)
    # Rows that cannot be read, and one with odd things in it.
    world.home.notifications.insert(0, {"reason": "mention", "author": "nobody"})
    world.home.notifications.insert(0, {"reason": "mention", "author": {}, "record": []})
    odd = world.home.mention("@thebot stop", handle="odd.example", record={"reply": "x"}, author={"labels": 3})
    for _ in range(2):
        await world.answer_mentions()
    [record] = [record for (kind, _), record in world.home.records.items() if kind != PROFILE]
    assert record["reply"]["parent"]["uri"] == asked
    assert record["reply"]["root"] == root
    assert world.drawing.asked == [("bob", 5)]
    assert await world.mention_states(asked, odd) == ["answered", "stop"]


async def test_what_is_answered_and_cannot_be_read_holds_no_other_post_up(world: World) -> None:
    asked = world.home.mention("@thebot hello")
    world.home.others[asked].pop("cid")
    await world.queued("an answer", in_reply_to=asked)
    await world.queued("gulls")
    await world.steps()
    assert await world.states() == {"an answer": "failed", "gulls": "sent"}
    look = ("GET", "/xrpc/app.bsky.feed.getPosts")
    world.home.troubles = [Trouble(*look, 503, "<html>Bad gateway</html>", "text/html", times=2)]
    later = world.home.mention("@thebot hello again")
    await world.queued("another answer", in_reply_to=later)
    await world.steps()
    assert (await world.states())["another answer"] == "queued", "nothing was written, so nothing is in doubt"
    world.time.pass_by(seconds=10)
    await world.steps()
    assert (await world.states())["another answer"] == "sent"


async def test_a_stop_a_bot_and_a_post_that_is_gone_get_no_answer(world: World) -> None:
    await world.answer_mentions()
    stop = world.home.mention("@thebot stop")
    again = world.home.mention("@thebot hello again")
    bot = world.home.mention("@thebot hello", handle="dan.example", author={"labels": [{"val": "bot"}]})
    gone = world.home.mention("@thebot hello", handle="eve.example")
    del world.home.others[gone]
    await world.answer_mentions()
    assert await world.mention_states(stop, again, bot, gone) == ["stop", "opted out", "bot", "failed"]
    assert world.home.texts() == []


@pytest.mark.parametrize("changed", [{"thread_parts": 3}])
async def test_a_thread_hangs_together_though_the_appview_does_not_know_it_yet(world: World, changed: Any) -> None:
    text = "".join(f"Sentence number {number} is about the fog over the old harbour. " for number in range(12)).strip()
    await world.queued(text)
    for _ in range(4):
        await world.steps()
        world.home.others.clear()
    rows = {key: record for (kind, key), record in world.home.records.items() if kind != PROFILE}
    first, second, third = rows.values()
    assert " ".join(record["text"] for record in (first, second, third)) == text
    root, parent = (f"at://{DID}/app.bsky.feed.post/{key}" for key in list(rows)[:2])
    assert "reply" not in first
    assert (second["reply"]["root"]["uri"], second["reply"]["parent"]["uri"]) == (root, root)
    assert (third["reply"]["root"]["uri"], third["reply"]["parent"]["uri"]) == (root, parent)


async def test_the_figures_of_posts_are_read_by_their_addresses(world: World) -> None:
    await world.queued("one")
    await world.steps()
    [uri] = world.home.others
    world.home.others[uri] |= {"likeCount": 3, "repostCount": 1, "quoteCount": 1, "replyCount": 2}
    assert await world.account.engagement([uri, "at://did:plc:gone/app.bsky.feed.post/3k"]) == {uri: Counts(3, 2, 2)}


def test_a_post_on_bluesky_has_300_graphemes_and_3000_bytes() -> None:
    family = "👨‍👩‍👧‍👦"  # one grapheme of 25 bytes
    assert room_on_bluesky("x" * 300)
    assert not room_on_bluesky("x" * 301)
    assert room_on_bluesky(family * 120)
    assert not room_on_bluesky(family * 121)


@pytest.mark.parametrize("changed", [{"thread_parts": 4}])
async def test_a_session_that_ends_in_the_middle_of_a_thread_costs_no_part_of_it(world: World, changed: Any) -> None:
    text = " ".join(f"Sentence number {number} is about the fog over the harbour." for number in range(14))
    await world.queued(text)
    for number in range(12):
        if number % 2:
            world.home.end_session()
        await world.outbox.step()
    assert " ".join(world.home.texts()) == text
    assert len(world.home.texts()) == len(world.home.written) >= 3
    assert set((await world.states()).values()) == {"sent"}
    assert world.home.sessions > 1

"""Strangers are deleted some days after their last mention or visit, and no mention is answered twice for that."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.core.servers import PAGE
from bot.store import Store
from bot.store.people.strangers import LONGEST, answer_key, bounded, hashed
from bot.store.tables import metadata
from huggingtweets.core.people.names import VoiceName
from tests.bot.posting_parts import Time

ACCOUNT = "bluesky:bot.example"
CAT, DOG = "bluesky:did:plc:cat", "bluesky:did:plc:dog"
URI = "at://did:plc:cat/app.bsky.feed.post/3k1"
MONTH = timedelta(days=30)
VISITOR, USER = f"{PAGE}:203.0.113.7", f"{PAGE}:user:ann"


async def everything(store: Store) -> str:
    """All rows of all tables, to look for what must not be there any more."""
    async with store.database.reading() as connection:
        rows = [row for table in metadata.sorted_tables for row in await connection.execute(sa.select(table))]
    return repr(rows)


async def answered(store: Store, mention: str, author: str, conversation: str = "") -> None:
    """A mention that got an answer."""
    await store.mentions.take(ACCOUNT, mention, author=author, conversation=conversation or mention)
    key = answer_key(ACCOUNT, mention)
    post = await store.posts.add(key, ACCOUNT, "so it is", state="queued", in_reply_to=mention, voice="ann")
    assert post
    await store.posts.move(post.id, "queued", "sending")
    await store.posts.move(post.id, "sending", "sent", external_id="1")
    await store.mentions.settle(ACCOUNT, mention, "answered")


async def test_who_mentioned_the_bot_is_deleted_after_a_month_and_no_mention_is_answered_again(
    store: Store, time: Time
) -> None:
    await answered(store, URI, CAT)
    time.pass_by(days=29)
    assert await store.strangers.forget(time() - MONTH) == 0
    assert "did:plc:cat" in await everything(store)
    time.pass_by(days=2)
    assert await store.strangers.forget(time() - MONTH) == 1
    assert "did:plc:cat" not in await everything(store)
    assert await store.mentions.state(ACCOUNT, URI) == "answered"
    assert await store.mentions.answered(ACCOUNT, since=time() - timedelta(days=365), conversation=URI) == 1
    [post] = await store.posts.latest(ACCOUNT, ["sent"])
    assert post.in_reply_to, "it is still known as an answer"
    assert await store.posts.last_sent_at(ACCOUNT) is None
    assert await store.strangers.forget(time() - MONTH) == 0, "once is enough"


async def test_a_later_mention_keeps_the_earlier_ones(store: Store, time: Time) -> None:
    await answered(store, URI, CAT)
    await answered(store, "at://did:plc:dog/app.bsky.feed.post/3k1", DOG)
    time.pass_by(days=20)
    await answered(store, f"{URI}2", CAT)
    time.pass_by(days=20)
    assert await store.strangers.forget(time() - MONTH) == 1
    left = await everything(store)
    assert "did:plc:dog" not in left
    assert f"{URI}2" in left


async def test_what_is_not_settled_stays_until_it_is(store: Store, time: Time) -> None:
    await store.mentions.take(ACCOUNT, URI, author=CAT, conversation=URI)
    time.pass_by(days=31)
    assert await store.strangers.forget(time()) == 0
    assert await store.mentions.state(ACCOUNT, URI) == "taken"


async def test_to_be_forgotten_unnames_mentions_at_once(store: Store) -> None:
    await answered(store, URI, CAT, conversation=f"{URI}0")
    assert await store.forgetting.person(CAT, CAT) == 1
    async with store.database.reading() as connection:
        rows = {table.name: (await connection.execute(sa.select(table))).all() for table in metadata.sorted_tables}
    del rows["tombstones"]  # it says that they must get no answer any more
    assert "did:plc:cat" not in repr(rows)
    assert await store.mentions.state(ACCOUNT, URI) == "answered"


async def test_an_id_as_long_as_somebody_likes_is_kept_as_a_hash(store: Store) -> None:
    uri = f"at://did:web:{'a' * 200}.example/app.bsky.feed.post/{'k' * 500}"
    await answered(store, uri, CAT)
    assert await store.mentions.state(ACCOUNT, uri) == "answered"
    assert len(answer_key(ACCOUNT, uri)) < 200
    assert bounded(uri) == hashed(uri) != hashed(f"{uri}x")
    assert bounded("a" * LONGEST) == "a" * LONGEST


async def test_visitors_of_the_page_are_deleted_after_a_month_and_their_votes_count_on(
    store: Store, time: Time
) -> None:
    for message, person in (("m1", VISITOR), ("m2", USER), ("m3", "discord:1")):
        await store.feedback.answered(
            message,
            person=person,
            voice=VoiceName("ann"),
            version="v1",
            prompt="my 203",
            context="is it so?",
            texts=["a"],
        )
        await store.feedback.vote("m1", person, 1)
    await store.pauses.strike(VISITOR, "asked too often", server=PAGE, since=time() - MONTH)
    time.pass_by(days=31)
    await store.feedback.vote("m2", f"{PAGE}:198.51.100.9", 1)
    assert await store.strangers.forget(time() - MONTH) == 3
    left = await everything(store)
    assert "203.0.113.7" not in left
    assert all(person in left for person in (USER, "discord:1", "198.51.100.9"))
    assert (await store.feedback.tally("ann")).up == 4
    answer = await store.feedback.answer("m1")
    assert answer
    assert (answer.prompt, answer.context, answer.texts) == ("", "", ["a"])


@pytest.mark.parametrize("days", [1, 30])
async def test_nothing_to_delete_is_nothing(store: Store, time: Time, days: int) -> None:
    assert await store.strangers.forget(time() - timedelta(days=days)) == 0

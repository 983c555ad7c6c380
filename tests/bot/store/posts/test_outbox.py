"""Posts and costs: every step is checked, every key is used once, and the budget is never exceeded."""

import asyncio
from datetime import timedelta

import pytest

from bot.core.errors import OverBudget
from bot.core.process.measures import Stored
from bot.store import Store


async def test_a_post_goes_its_way(store: Store, time) -> None:
    post = await store.posts.add("daily:1", "bot", "good morning", voice="ann", version="v1")
    assert post
    assert (post.state, post.due_at) == ("proposed", time.now)
    assert await store.posts.due("bot") is None
    assert await store.posts.move(post.id, "proposed", "queued", decided_by="discord:1")
    due = await store.posts.due("bot")
    assert due
    assert (due.id, due.decided_by) == (post.id, "discord:1")
    sending = await store.posts.move(post.id, "queued", "sending")
    assert sending
    assert (sending.attempts, sending.sending_at) == (1, time.now)
    assert await store.posts.in_doubt("bot") == [sending]
    sent = await store.posts.move(post.id, "sending", "sent", external_id="77", cost_micro_usd=15_000)
    assert sent
    assert (sent.sent_at, sent.external_id, sent.cost_micro_usd) == (time.now, "77", 15_000)
    assert await store.posts.in_doubt("bot") == []
    assert await store.posts.get(post.id) == sent == await store.posts.by_key("daily:1")


async def test_a_key_queues_once(store: Store, url: str, time) -> None:
    async with Store(url, time) as other:
        added = await asyncio.gather(*(one.posts.add("daily:1", "bot", "a") for one in (store, other) * 4))
    assert sum(post is not None for post in added) == 1
    assert len(await store.posts.listed("bot", ["proposed"])) == 1


async def test_one_alone_sends_a_post(store: Store, url: str, time) -> None:
    post = await store.posts.add("daily:1", "bot", "a", state="queued")
    assert post
    async with Store(url, time) as other:
        moves = [one.posts.move(post.id, "queued", "sending") for one in (store, other) * 3]
        assert sum(moved is not None for moved in await asyncio.gather(*moves)) == 1


async def test_there_is_no_way_back_from_an_end(store: Store) -> None:
    post = await store.posts.add("daily:1", "bot", "a")
    assert post
    assert await store.posts.move(post.id, "queued", "sending") is None
    for old, new in [("sent", "queued"), ("proposed", "sending"), ("rejected", "queued"), ("failed", "sent")]:
        with pytest.raises(ValueError, match=f"from {old} to {new}"):
            await store.posts.move(post.id, old, new)


async def test_a_post_is_edited_until_it_is_on_its_way(store: Store) -> None:
    post = await store.posts.add("daily:1", "bot", "a")
    assert post
    edited = await store.posts.edit(post.id, "b", by="discord:1")
    assert edited
    assert (edited.text, edited.decided_by, edited.state) == ("b", "discord:1", "proposed")
    await store.posts.move(post.id, "proposed", "queued")
    await store.posts.move(post.id, "queued", "sending")
    assert await store.posts.edit(post.id, "c", by="discord:1") is None


async def test_posts_wait_for_their_time_in_order(store: Store, time) -> None:
    for number in (2, 1):
        due_at = time.now + timedelta(hours=number)
        await store.posts.add(str(number), "bot", str(number), state="queued", due_at=due_at)
    assert await store.posts.due("bot") is None
    time.pass_by(hours=3)
    assert (await store.posts.due("bot")).key == "1"
    assert await store.posts.due("another") is None


async def test_the_last_texts_are_those_that_may_be_out(store: Store) -> None:
    for key, state in [("a", "proposed"), ("b", "queued"), ("c", "sending"), ("d", "sent"), ("e", "rejected")]:
        await store.posts.add(key, "bot", f"text {key}", state=state)
    assert await store.posts.last_texts("bot") == ["text d", "text c", "text b"]
    assert await store.posts.last_texts("bot", limit=1) == ["text d"]


async def test_costs_are_counted_and_never_pass_the_budget(store: Store, url: str, time) -> None:
    start = time.now
    await store.posts.spend("bot", "read", 5_000)
    async with Store(url, time) as other:
        asked = [
            one.posts.spend_within("bot", "post", 15_000, since=start, budget=50_000, share=50_000)
            for one in (store, other) * 5
        ]
        assert sum(await asyncio.gather(*asked)) == 3
    assert await store.posts.spent("bot", start) == 50_000
    assert await store.posts.spent("bot", time.pass_by(days=31)) == 0
    assert await store.posts.spent("another", start) == 0


async def test_one_kind_of_costs_stays_within_its_share(store: Store, time) -> None:
    await store.posts.spend("bot", "post", 20_000)
    month = {"since": time.now, "budget": 100_000}
    assert await store.posts.spend_within("bot", "read", 10_000, share=15_000, **month)
    assert not await store.posts.spend_within("bot", "read", 10_000, share=15_000, **month)
    assert await store.posts.spent("bot", time.now, "read") == 10_000
    assert await store.posts.spent("bot", time.now) == 30_000


async def test_sending_and_its_cost_are_noted_together_and_once(store: Store, url: str, time) -> None:
    month, facts = time.now, {"text": "a", "kind": "post", "micro_usd": 15_000}
    posts = [await store.posts.add(key, "bot", key, state="queued") for key in "abc"]
    a, b, c = [post.id for post in posts if post]
    async with Store(url, time) as other:
        tries = [one.posts.send(a, was="a", since=month, budget=40_000, **facts) for one in (store, other) * 3]
        sending = [post for post in await asyncio.gather(*tries) if post]
    assert [(post.state, post.attempts, post.cost_micro_usd) for post in sending] == [("sending", 1, 15_000)]
    assert await store.posts.spent("bot", month) == 15_000
    await store.posts.move(a, "sending", "queued")
    again = await store.posts.send(a, was="a", since=month, budget=0, **facts)
    assert again
    assert (again.attempts, await store.posts.spent("bot", month)) == (2, 15_000)
    assert await store.posts.send(b, was="a", since=month, budget=40_000, **facts) is None, "it was edited"
    assert await store.posts.send(b, was="b", since=month, budget=40_000, **facts)
    with pytest.raises(OverBudget):
        await store.posts.send(c, was="c", since=month, budget=40_000, **facts)
    left = await store.posts.get(c)
    assert left
    assert (left.state, left.attempts) == ("queued", 0)
    assert await store.posts.spent("bot", month) == 30_000


async def test_the_newest_id_is_the_largest_number(store: Store, time) -> None:
    assert await store.posts.newest_external_id("bot") == ""
    assert await store.posts.last_sent_at("bot") is None
    for external_id, reply in [("99", ""), ("1000", ""), ("998", ""), ("5000", "7")]:
        post = await store.posts.add(external_id, "bot", external_id, state="queued", in_reply_to=reply)
        assert post
        await store.posts.move(post.id, "queued", "sending")
        await store.posts.move(post.id, "sending", "sent", external_id=external_id)
        time.pass_by(minutes=1)
    assert await store.posts.newest_external_id("bot") == "5000"
    assert await store.posts.last_sent_at("bot") == time.now - timedelta(minutes=2), "an answer is no post"
    assert await store.posts.newest_external_id("another") == ""
    assert [post.key for post in await store.posts.latest("bot", ["sent"], 2)] == ["5000", "998"]
    assert await store.posts.counts("bot") == {"sent": 4}


async def test_answers_can_be_asked_for_alone(store: Store) -> None:
    await store.posts.add("post", "bot", "a", state="queued")
    await store.posts.add("reply", "bot", "b", state="queued", in_reply_to="7")
    first, reply = await store.posts.due("bot"), await store.posts.due("bot", only_replies=True)
    assert first
    assert reply
    assert (first.key, reply.key) == ("post", "reply")


async def test_figures_are_sums_that_name_nobody(store: Store, time) -> None:
    await store.jobs.add("ann", "discord:1", max_waiting=3)
    await store.posts.add("a", "nasa", "text")
    await store.posts.add("b", "nasa", "text", state="sent")
    await store.posts.spend("nasa", "post", 5)
    time.pass_by(days=31)
    await store.posts.spend("nasa", "post", 7)
    await store.posts.spend("nasa", "read", 1)
    now = await store.figures.now()
    assert now == Stored({"waiting": 1}, {"proposed": 1, "sent": 1}, {"post": 7, "read": 1})

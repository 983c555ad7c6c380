"""A long text goes out as a thread: each part once, each below the one before, and none after a part that failed."""

import random
from typing import Any

import pytest

from bot.core.errors import PostRefused
from bot.posts.outbox import BROKEN_OFF
from bot.store.posts.outbox import Post
from huggingtweets.core.people.names import VoiceName
from tests.bot.posting_parts import Parts
from tests.fakes.moods import Trouble
from tests.fakes.x_server import refusing

ADMIN = "discord:1"
POST = ("POST", "/2/tweets")
LABEL = "🤖 AI"
THREE = "".join(
    f"Sentence number {number} is about the fog over the old harbour wall. " for number in range(12)
).strip()
threaded = pytest.mark.parametrize("x_settings", [{"thread_parts": 4, "ai_label": LABEL}])


async def offered(parts: Parts, text: str = THREE) -> Post:
    return await parts.posting.offer(text, voice=VoiceName("ann"), version="v1", by=ADMIN)


def chain(parts: Parts) -> list[tuple[str, str]]:
    """Returns each post with the text of the one that it replies to."""
    by_id = {post["id"]: post["text"] for post in parts.x.posts}
    answered = [(post.get("referenced_tweets") or [{"id": ""}])[0]["id"] for post in parts.x.posts]
    return [(post["text"], by_id.get(before, "")) for post, before in zip(parts.x.posts, answered, strict=True)]


@threaded
async def test_each_part_is_posted_once_below_the_one_before_and_carries_the_label(
    parts: Parts, x_settings: Any
) -> None:
    post = await offered(parts)
    assert post.text == f"{THREE} {LABEL}", "people see and approve the whole text"
    parts.x.troubles = [
        Trouble.hang_up(*POST, done=True),
        Trouble.html_503(*POST, done=False),
        Trouble(*POST, 201, b'{"data": {"id": "19', done=True),
        refusing(*POST, 429, "Too Many Requests"),
    ]
    for _ in range(12):
        await parts.steps()
        parts.time.pass_by(seconds=60)
    texts = parts.x.texts()
    assert all(text.endswith(f" {LABEL}") for text in texts)
    assert " ".join(text.removesuffix(f" {LABEL}") for text in texts) == THREE
    assert [before for _, before in chain(parts)] == ["", *texts[:-1]]
    assert len(texts) == len(set(texts)) >= 3
    assert set((await parts.states()).values()) == {"sent"}
    assert await parts.store.posts.spent("thebot", parts.budget.since, "post") == len(texts) * 15_000


@threaded
async def test_a_process_that_dies_at_any_step_posts_each_part_once(parts: Parts, x_settings: Any) -> None:
    chance = random.Random(5)
    await offered(parts)
    for _ in range(40):
        # What a kill leaves: the row says `sending`, and the call was made or not.
        if (due := await parts.store.posts.due("thebot")) and len(due.text) < 300 and chance.random() < 0.5:
            given = {"kind": "post", "micro_usd": 15_000, "since": parts.budget.since, "budget": 10**9}
            sending = await parts.store.posts.send(due.id, was=due.text, text=due.text, **given)
            if sending and chance.random() < 0.5:
                await parts.account.post(sending)
        await parts.outbox.step()
        parts.time.pass_by(seconds=100)
    texts = parts.x.texts()
    assert " ".join(text.removesuffix(f" {LABEL}") for text in texts) == THREE
    assert set((await parts.states()).values()) == {"sent"}


@threaded
async def test_after_a_part_that_fails_nothing_follows(parts: Parts, x_settings: Any) -> None:
    await offered(parts)
    await parts.outbox.step()
    await parts.outbox.step()
    assert len(parts.x.texts()) == 1
    parts.x.troubles = [refusing(*POST, 400, "No")]
    await parts.steps()
    posts = await parts.store.posts.latest("thebot", ["sent", "failed", "rejected"])
    assert sorted(post.state for post in posts) == ["failed", "rejected", "sent"]
    assert [post.error for post in posts if post.state == "rejected"] == [BROKEN_OFF]
    assert len(parts.x.texts()) == 1


@threaded
async def test_an_admin_can_break_a_thread_off(parts: Parts, x_settings: Any) -> None:
    await offered(parts)
    await parts.outbox.step()
    await parts.outbox.step()
    second, *_ = await parts.posting.queue()
    await parts.posting.reject(second.id, ADMIN)
    await parts.steps()
    assert len(parts.x.texts()) == 1
    assert await parts.posting.queue() == []


@pytest.mark.parametrize("x_settings", [{"thread_parts": 4, "minutes_between_posts": 15.0}])
async def test_what_was_begun_is_finished_before_the_next_post(parts: Parts, x_settings: Any) -> None:
    await offered(parts)
    await offered(parts, "gulls over the pier")
    await parts.steps()
    assert [before != "" for _, before in chain(parts)] == [False, True, True]
    parts.time.pass_by(minutes=16)
    await parts.steps()
    assert parts.x.texts()[-1] == "gulls over the pier"


@pytest.mark.parametrize("x_settings", [{"thread_parts": 4, "dry_run": True}])
async def test_a_dry_run_shows_the_parts(parts: Parts, x_settings: Any) -> None:
    await offered(parts)
    await parts.steps()
    posts = await parts.store.posts.latest("thebot", ["sent"])
    assert len(posts) == 3
    assert all(post.dry_run for post in posts)
    assert parts.x.requests == []


@pytest.mark.parametrize(("x_settings", "fits"), [({"thread_parts": 2}, False), ({"thread_parts": 3}, True)])
async def test_a_text_is_as_long_as_its_thread_may_be(parts: Parts, x_settings: Any, fits: bool) -> None:
    assert (await parts.posting.objection_to(THREE) == "") is fits
    if not fits:
        with pytest.raises(PostRefused, match="too long"):
            await offered(parts)


@threaded
async def test_a_thread_of_somebody_forgotten_ends(parts: Parts, x_settings: Any) -> None:
    await offered(parts)
    await parts.outbox.step()
    await parts.outbox.step()
    await parts.store.forgetting.voice("ann", by=ADMIN)
    await parts.steps()
    assert len(parts.x.texts()) == 1
    assert set(await parts.states()) == {""}


@threaded
async def test_a_part_is_edited_as_one_post_and_never_becomes_a_thread_of_its_own(
    parts: Parts, x_settings: Any
) -> None:
    post = await offered(parts)
    await parts.outbox.step()  # it is in parts now, and none was sent
    queued = await parts.posting.queue()
    assert len(queued) >= 3
    for part in queued:
        with pytest.raises(PostRefused, match="too long"):
            await parts.posting.edit(part.id, THREE, ADMIN)
    await parts.posting.edit(post.id, "The fog is gone.", ADMIN)
    for _ in range(8):
        await parts.steps()
        parts.time.pass_by(seconds=60)
    assert [text for text, _ in chain(parts)] == [f"The fog is gone. {LABEL}", *(part.text for part in queued[1:])]
    assert set((await parts.states()).values()) == {"sent"}


@pytest.mark.parametrize("x_settings", [{"thread_parts": 4, "ai_label": LABEL, "max_queued": 1}])
async def test_the_rest_of_a_thread_takes_no_place_in_the_queue(parts: Parts, x_settings: Any) -> None:
    await offered(parts)
    await parts.outbox.step()
    await parts.outbox.step()
    # A kill here leaves the rest in the queue, and the first part sent.
    assert await parts.store.posts.waiting("thebot", ["queued"]) == 0
    assert len(await parts.posting.queue()) >= 2
    await parts.posting.offer("A short one.", voice=VoiceName("ann"), version="v1", by=ADMIN)
    with pytest.raises(PostRefused, match="1 posts are waiting already"):
        await parts.posting.offer("Another one.", voice=VoiceName("ann"), version="v1", by=ADMIN)

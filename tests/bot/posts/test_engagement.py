"""What people made of posts: it is read within the budget, kept beside the thumbs, and forgotten with the voice."""

from typing import Any

import pytest

from bot.posts.engagement import EngagementReading
from bot.store.posts.engagement import Counts
from tests.bot.posting_parts import QUICK, Parts


@pytest.fixture
def reading(parts: Parts) -> EngagementReading:
    return EngagementReading(
        store=parts.store, destination=parts.account, posting=parts.posting, settings=parts.settings, clock=parts.time,
        patience=QUICK,
    )  # fmt: skip


async def sent(parts: Parts, *texts: str, voice: str = "ann") -> list[str]:
    """Send posts. Returns their ids on X."""
    for text in texts:
        await parts.store.posts.add(text, "thebot", text, state="queued", voice=voice, due_at=parts.time.now)
    await parts.steps()
    posts = {post.text: post.external_id for post in await parts.store.posts.latest("thebot", ["sent"])}
    return [posts[text] for text in texts]


def liked(parts: Parts, post_id: str, likes: int, reposts: int = 0, replies: int = 0) -> None:
    parts.x.metrics[post_id] |= {"like_count": likes, "retweet_count": reposts, "reply_count": replies}


async def test_the_figures_of_a_voice_are_the_sums_of_its_posts(parts: Parts, reading: EngagementReading) -> None:
    one, two = await sent(parts, "one", "two")
    [other] = await sent(parts, "three", voice="bob")
    liked(parts, one, 3, 1)
    liked(parts, two, 4, 0, 2)
    liked(parts, other, 100)
    before = await parts.spent()
    await reading.step()
    response = await parts.store.engagement.of("ann")
    assert (response.posts, response.counts) == (2, Counts(7, 1, 2))
    assert await parts.spent() - before == 3 * 1_000, "an own read each"


async def test_each_post_is_looked_at_once_in_the_time_of_the_settings(
    parts: Parts, reading: EngagementReading
) -> None:
    [one] = await sent(parts, "one")
    await reading.step()
    await reading.step()
    looks = parts.x.requests.count("GET /2/tweets")
    assert looks == 1
    liked(parts, one, 5)
    parts.time.pass_by(hours=25)
    await reading.step()
    assert (await parts.store.engagement.of("ann")).counts.likes == 5
    parts.time.pass_by(days=8)
    await reading.step()
    assert parts.x.requests.count("GET /2/tweets") == looks + 1, "it is too old to be looked at"


async def test_a_post_that_was_deleted_there_keeps_its_last_figures(parts: Parts, reading: EngagementReading) -> None:
    [one] = await sent(parts, "one")
    liked(parts, one, 5)
    await reading.step()
    parts.x.posts.clear()
    parts.time.pass_by(hours=25)
    await reading.step()
    assert (await parts.store.engagement.of("ann")).counts.likes == 5
    looks = parts.x.requests.count("GET /2/tweets")
    await reading.step()
    assert parts.x.requests.count("GET /2/tweets") == looks


@pytest.mark.parametrize("x_settings", [{"monthly_budget_usd": 0.316}])
async def test_what_is_kept_for_looking_up_posts_is_not_spent_on_figures(
    parts: Parts, reading: EngagementReading, x_settings: Any
) -> None:
    await sent(parts, "one")
    spent = await parts.spent()
    assert await reading.step() > 0
    assert await parts.spent() == spent
    assert (await parts.store.engagement.of("ann")).posts == 0
    assert "GET /2/tweets" not in parts.x.requests


async def test_a_pause_and_a_forgotten_voice_end_it(parts: Parts, reading: EngagementReading) -> None:
    [one] = await sent(parts, "one")
    liked(parts, one, 5)
    await parts.posting.pause("discord:1")
    await reading.step()
    assert (await parts.store.engagement.of("ann")).posts == 0
    await parts.posting.resume("discord:1")
    await reading.step()
    assert (await parts.store.engagement.of("ann")).posts == 1
    await parts.store.forgetting.voice("ann", by="discord:1")
    assert (await parts.store.engagement.of("ann")).posts == 0
    parts.time.pass_by(hours=25)
    await reading.step()
    assert (await parts.store.engagement.of("ann")).posts == 0

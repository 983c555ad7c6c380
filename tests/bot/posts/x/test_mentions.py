"""Mentions on X: who gets an answer, who does not, and that no mention is lost or answered twice."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.core.errors import OverBudget
from bot.posts.mentions import STREAM, AnsweredMentions, Author, looks_like_a_bot, says_forget, says_stop
from bot.store import tables
from huggingtweets.core.people.names import VoiceName
from tests.bot.posting_parts import QUICK, Parts
from tests.fakes.moods import Trouble
from tests.fakes.x_server import refusing


async def voices() -> list[VoiceName]:
    return [VoiceName("ann"), VoiceName("bob")]


def answering(parts: Parts) -> AnsweredMentions:
    return AnsweredMentions(
        store=parts.store,
        account=parts.account,
        posting=parts.posting,
        voices=voices,
        settings=parts.settings,
        clock=parts.time,
        patience=QUICK,
    )


@pytest.fixture
async def mentions(parts: Parts) -> AnsweredMentions:
    """The mentions of an account that nobody has mentioned yet, with their position."""
    parts.x.add_user("5", "cat")
    made = answering(parts)
    parts.drawing.texts = [f"answer number {number} of many" for number in ("one", "two", "three", "four", "five")]
    await made.step()
    return made


async def settled(parts: Parts, mentions: AnsweredMentions, most: int = 40) -> None:
    """Let mentions and outbox take turns until nothing happens any more."""
    for _ in range(most):
        waits = await mentions.step()
        await parts.steps()
        if waits > 1:
            return


def mention(parts: Parts, text: str = "@thebot hello", author: str = "5", **more: Any) -> str:
    post: dict[str, Any] = parts.x.add_post(author, text, **more)
    return str(post["id"])


async def states(parts: Parts, *ids: str) -> list[str | None]:
    return [await parts.store.mentions.state("thebot", one) for one in ids]


async def test_a_mention_is_answered_once_in_the_voice_that_it_names(parts: Parts, mentions: AnsweredMentions) -> None:
    asked = mention(parts, "@thebot @Bob, say something")
    await settled(parts, mentions)
    await settled(parts, mentions)
    [answer] = [post for post in parts.x.posts if post["author_id"] == "12"]
    assert answer["referenced_tweets"] == [{"type": "replied_to", "id": asked}]
    assert parts.drawing.asked == [("bob", 5)]
    assert await states(parts, asked) == ["answered"]
    assert await parts.store.mentions.position("thebot", STREAM) == asked
    kinds = [post.in_reply_to for post in await parts.store.posts.latest("thebot", ["sent"])]
    assert kinds == [asked]
    assert await parts.spent() == 10_000 + 5_000, "an answer, and the mention read once"


async def test_what_was_written_before_is_left_alone(parts: Parts, mentions: AnsweredMentions) -> None:
    await parts.store.mentions.move("thebot", STREAM, "1")
    old = mention(parts)
    async with parts.store.database.writing() as connection:
        from bot.store.tables import positions

        await connection.execute(positions.delete())
    await settled(parts, mentions)
    assert parts.x.texts() == []
    assert await parts.store.mentions.position("thebot", STREAM) == old


@pytest.mark.parametrize("x_settings", [{"monthly_budget_usd": 0.8}])
async def test_a_look_needs_only_what_it_may_cost_this_time(
    parts: Parts, mentions: AnsweredMentions, x_settings: Any
) -> None:
    """A page of 100 reads would cost 0.50 USD, more than the budget has for reading mentions."""
    asked = mention(parts)
    noted: list[int] = []
    spend = parts.store.posts.spend_within

    async def noting(account: str, kind: str, micro_usd: int, **more: Any) -> bool:
        noted.append(micro_usd)
        return await spend(account, kind, micro_usd, **more)

    parts.store.posts.spend_within = noting  # type: ignore[method-assign]
    await settled(parts, mentions)
    assert await states(parts, asked) == ["answered"]
    assert max(noted) == 20 * 5_000, "what a kill in a look would cost"
    assert await parts.spent() == 10_000 + 5_000


@pytest.mark.parametrize("x_settings", [{"monthly_budget_usd": 0.8}])
async def test_a_flood_of_mentions_leaves_half_of_the_budget_to_posts(
    parts: Parts, mentions: AnsweredMentions, x_settings: Any
) -> None:
    parts.x.add_user("6", "dan")
    asked = [mention(parts, f"@thebot {number}", "6" if number == 69 else "12") for number in range(70)]
    await settled(parts, mentions, 200)
    assert (await states(parts, asked[69], asked[68])) == ["answered", "own"], "what was paid for is answered"
    assert await parts.store.posts.spent("thebot", parts.budget.since, "read") == 40 * 5_000
    for _ in range(3):
        with suppress(OverBudget):
            await parts.account.mentions(asked[0])
    assert await parts.store.posts.spent("thebot", parts.budget.since, "read") <= 50 * 5_000
    await parts.store.posts.add("one", "thebot", "gulls", state="queued", due_at=parts.time.now)
    await parts.steps()
    assert "gulls" in parts.x.texts()


async def test_the_position_moves_only_past_what_is_settled(parts: Parts, mentions: AnsweredMentions) -> None:
    first, second = mention(parts), mention(parts)
    parts.x.troubles = [Trouble.html_503("POST", "/2/tweets")]
    await mentions.step()
    await parts.steps()
    await mentions.step()
    assert await parts.store.mentions.position("thebot", STREAM) == "1"
    assert await states(parts, first, second) == ["taken", None]
    fresh = answering(parts)
    parts.time.pass_by(seconds=100)
    await settled(parts, fresh)
    assert len(parts.x.texts()) == 2
    assert await states(parts, first, second) == ["answered", "answered"]
    assert await parts.store.mentions.position("thebot", STREAM) == second


async def test_an_answer_that_cannot_be_is_not_tried_for_ever(parts: Parts, mentions: AnsweredMentions) -> None:
    asked = mention(parts)
    parts.x.troubles = [refusing("POST", "/2/tweets", 403, "You cannot reply to this conversation.")]
    await settled(parts, mentions)
    assert await states(parts, asked) == ["failed"]
    assert await parts.store.mentions.position("thebot", STREAM) == asked


async def test_stop_is_honoured_at_once_and_for_good(parts: Parts, mentions: AnsweredMentions) -> None:
    stop = mention(parts, "@thebot STOP!")
    await settled(parts, mentions)
    later = mention(parts, "@thebot hello again")
    parts.time.pass_by(days=400)
    await settled(parts, mentions)
    assert parts.x.texts() == []
    assert await states(parts, stop, later) == ["stop", "opted out"]


async def test_bots_and_its_own_posts_get_no_answer(parts: Parts, mentions: AnsweredMentions) -> None:
    parts.x.add_user("6", "weatherbot")
    parts.x.add_user("7", "dan", description="Automated quotes")
    parts.x.add_user("8", "eve")
    parts.settings.never_reply_to.append("@Eve")
    ids = [mention(parts, author=author) for author in ("6", "7", "8", "12")]
    ids.append(mention(parts, "RT @thebot: hello", referenced_tweets=[{"type": "retweeted", "id": "1"}]))
    old = (datetime.now(UTC) - timedelta(days=2)).isoformat().replace("+00:00", "Z")
    ids.append(mention(parts, created_at=old))
    await settled(parts, mentions)
    assert parts.x.texts() == ["@thebot hello"], "its own, and no answer"
    assert await states(parts, *ids) == ["bot", "bot", "excluded", "own", "retweet", "old"]


async def test_caps_of_an_author_and_of_a_thread_hold(parts: Parts, mentions: AnsweredMentions) -> None:
    ids = [mention(parts) for _ in range(4)]
    await settled(parts, mentions)
    assert await states(parts, *ids) == ["answered"] * 3 + ["author cap"]
    for number in range(20, 24):
        parts.x.add_user(str(number), f"person{number}")
        ids.append(mention(parts, author=str(number), conversation_id="77"))
    parts.drawing.texts = [f"{word} is another thing" for word in ("a gull", "the pier", "my dog", "this fog", "tea")]
    await settled(parts, mentions)
    assert await states(parts, *ids[4:]) == ["answered"] * 3 + ["thread cap"]
    assert len(parts.x.texts()) == 6


async def test_where_nothing_can_be_drawn_the_mention_is_passed(parts: Parts, mentions: AnsweredMentions) -> None:
    parts.drawing.texts = ["see example.com"]
    asked = mention(parts)
    await settled(parts, mentions)
    assert await states(parts, asked) == ["no draft"]


async def test_a_refusal_while_reading_pauses(parts: Parts, mentions: AnsweredMentions) -> None:
    parts.x.troubles = [refusing("GET", "/2/users/12/mentions", 402, "No credits")]
    assert await mentions.step() > 1
    pause = (await parts.posting.status()).pause
    assert pause
    assert "wants to be paid first" in pause.reason
    requests = len(parts.x.requests)
    await mentions.step()
    assert len(parts.x.requests) == requests


@pytest.mark.parametrize(
    ("text", "stops"),
    [
        ("@thebot stop", True),
        ("@thebot please STOP, now", True),
        ("stop @thebot, I really do not want any of these messages ever again", True),
        ("@thebot unsubscribe", True),
        ("@thebot opt out", True),
        ("@thebot hello", False),
        ("@thebot what a nonstop show", False),
        ("@thebot I was waiting at the bus stop for an hour and nobody came", False),
    ],
)
def test_a_stop_is_understood(text: str, stops: bool) -> None:
    assert says_stop(text) is stops


@pytest.mark.parametrize(
    ("user", "is_bot"),
    [
        (Author("1", "WeatherBot"), True),
        (Author("1", "ann", name="Ann (bot)"), True),
        (Author("1", "ann", description="An automated account"), True),
        (Author("1", "abbott"), False),
        (Author("1", "ann", description="I collect bottles"), False),
    ],
)
def test_a_bot_is_known_by_what_it_says(user: Author, is_bot: bool) -> None:
    assert looks_like_a_bot(user) is is_bot


async def test_who_asks_to_be_forgotten_is_and_never_gets_an_answer_again(
    parts: Parts, mentions: AnsweredMentions
) -> None:
    first = mention(parts, "@thebot hello")
    await settled(parts, mentions)
    asked = mention(parts, "@thebot please forget me")
    later = mention(parts, "@thebot hello again")
    await settled(parts, mentions)
    assert await states(parts, first, asked, later) == ["answered", "opted out", "opted out"]
    assert len(parts.x.texts()) == 1
    async with parts.store.database.reading() as connection:
        authors = set(await connection.scalars(sa.select(tables.mentions.c.author)))
    assert authors == {""}, "who wrote them is kept nowhere"


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("@thebot forget me", True),
        ("@thebot Delete my data, please.", True),
        ("@thebot what would make you forget me in a hundred years or so?", False),
        ("@thebot do not forget the milk", False),
    ],
)
def test_only_a_clear_wish_to_be_forgotten_is_one(text: str, asks: bool) -> None:
    assert says_forget(text) is asks

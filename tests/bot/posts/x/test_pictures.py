"""A post on X carries a picture of itself, described in words; without one it goes out all the same, and once."""

import asyncio
from dataclasses import replace

import pytest

from bot.posts.x.account import XAccount
from bot.posts.x.pictures import Pictures
from bot.store.posts.outbox import Post
from huggingtweets.core.errors import Unavailable
from huggingtweets.remote.x import XClient
from huggingtweets.remote.x_session import Credentials
from tests.bot.posting_parts import QUICK, SECONDS, Parts
from tests.fakes.moods import Trouble
from tests.fakes.x_server import KEYS, refusing

UPLOAD = ("POST", "/1.1/media/upload.json")
PNG = b"\x89PNG picture of "


async def paint(post: Post) -> bytes:
    return PNG + post.text.encode()


async def steps(parts: Parts, paint=paint, keys: Credentials = KEYS) -> None:  # type: ignore[no-untyped-def]
    """Let an outbox post with pictures, for a while."""
    async with XClient(keys, api_url=parts.x.url, timeout_seconds=SECONDS, patience=QUICK) as client:
        pictures = Pictures(client, paint, parts.x.url)
        parts.outbox._destination = XAccount(client, parts.budget, "thebot", pictures=pictures)
        for _ in range(3):
            await parts.steps()
            parts.time.pass_by(seconds=100)


async def queued(parts: Parts, text: str, in_reply_to: str = "") -> None:
    await parts.store.posts.add(
        text, "thebot", text, state="queued", due_at=parts.time.now, in_reply_to=in_reply_to, voice="ann"
    )


async def test_a_post_carries_its_picture_and_an_answer_none(parts: Parts) -> None:
    await queued(parts, "gulls & fog")
    await queued(parts, "an answer", in_reply_to="7")
    await steps(parts)
    assert list(parts.x.pictures.values()) == [{"content": PNG + b"gulls & fog", "description": "gulls & fog"}]
    assert [post.get("attachments") for post in parts.x.posts] == [{"media_keys": ["3_1000"]}, None]


@pytest.mark.parametrize(
    "trouble",
    [
        Trouble.html_503(*UPLOAD),
        Trouble.hang_up(*UPLOAD, done=True),
        Trouble(*UPLOAD, 200, b'{"media_id', done=True),
        Trouble(*UPLOAD, until=asyncio.Event()),
        refusing(*UPLOAD, 429, "Too Many Requests"),
        Trouble.html_503("POST", "/1.1/media/metadata/create.json"),
        Trouble.hang_up("POST", "/2/tweets", done=True),
    ],
)
async def test_a_picture_that_is_lost_on_the_way_makes_no_second_post(parts: Parts, trouble: Trouble) -> None:
    parts.x.troubles = [replace(trouble)]
    await queued(parts, "gulls")
    await steps(parts)
    assert parts.x.texts() == ["gulls"]
    assert parts.x.posts[0]["attachments"]
    assert await parts.states() == {"gulls": "sent"}


@pytest.mark.parametrize("status", [400, 403, 413])
async def test_a_picture_that_x_refuses_keeps_no_post_back(parts: Parts, status: int) -> None:
    parts.x.troubles = [refusing(*UPLOAD, status, "no")]
    await queued(parts, "gulls")
    await steps(parts)
    assert parts.x.texts() == ["gulls"]
    assert "attachments" not in parts.x.posts[0]


async def test_a_picture_that_cannot_be_drawn_keeps_no_post_back(parts: Parts) -> None:
    async def fails(_: Post) -> bytes:
        raise Unavailable("no fonts")

    await queued(parts, "gulls")
    await steps(parts, fails)
    assert parts.x.texts() == ["gulls"]
    assert parts.x.pictures == {}


async def test_wrong_keys_pause_before_anything_is_posted(parts: Parts) -> None:
    parts.x.troubles = [refusing(*UPLOAD, 401, "Unauthorized")]
    await queued(parts, "gulls")
    await steps(parts)
    assert parts.x.texts() == []
    assert await parts.store.pauses.get("x:thebot")
    assert await parts.states() == {"gulls": "queued"}

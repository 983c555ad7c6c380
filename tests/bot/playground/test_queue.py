"""The queue on the page: every button does what it says, and tells the result."""

import html

import pytest

from bot.playground.page import plain
from bot.playground.queue import Queue
from bot.playground.visitors import Visitor
from tests.bot.posting_parts import Parts

HERE = Visitor("0" * 32)


async def test_a_post_is_proposed_edited_approved_and_shown_as_sent(parts: Parts) -> None:
    queue = Queue(parts.posting)
    assert await queue.propose(HERE, "@Ann ") == "Post 1 waits for approval."
    [(label, post_id)] = await queue.choices(HERE)
    assert label == "1 · @ann · waits for approval · a fine day at the shore"
    assert await queue.text(HERE, post_id) == "a fine day at the shore"
    assert await queue.act(HERE, "save", post_id, "a fine day, <b>really</b>") == "Post 1 waits for approval."
    assert (
        await queue.act(HERE, "approve", post_id, "a fine day, really & truly")
        == "Post 1 is approved and waits for its time."
    )
    await parts.steps()
    assert parts.x.texts() == ["a fine day, really &amp; truly"]
    shown = await queue.status(HERE)
    assert "<b>" not in shown
    assert "AI parody" in shown
    assert "a fine day, really & truly" in html.unescape(shown)
    assert "X: as @thebot; 0 to approve, 0 approved; 0.016 of 5.00 USD spent this month." in html.unescape(shown)
    assert await queue.choices(HERE) == []


async def test_rejecting_and_asking_again(parts: Parts) -> None:
    queue = Queue(parts.posting)
    await queue.propose(HERE, "ann")
    parts.drawing.texts = ["gulls over the pier"]
    assert await queue.act(HERE, "again", 1) == "Post 2 waits for approval."
    assert await queue.act(HERE, "reject", 2) == "Post 2 was rejected."
    assert await queue.choices(HERE) == []
    assert "Post 2 is rejected already, by playground." in await queue.act(HERE, "approve", 2)


async def test_a_failure_is_an_answer(parts: Parts) -> None:
    queue = Queue(parts.posting)
    assert await queue.act(HERE, "approve", None) == "Choose a post first."
    assert "There is no post 7." in await queue.act(HERE, "reject", 7)
    parts.drawing.texts = ["see example.com"]
    assert "No draft of ann passed the checks" in await queue.propose(HERE, "ann")
    assert "a link" in await queue.propose(HERE, "ann")


async def test_pausing_is_shown(parts: Parts) -> None:
    queue = Queue(parts.posting)
    assert await queue.pause(HERE) == plain("Posting is paused.")
    assert "Paused: somebody asked for it" in html.unescape(await queue.status(HERE))
    assert await queue.resume(HERE) == plain("Posting goes on.")
    assert await queue.resume(HERE) == plain("Posting was not paused.")


async def test_a_failed_post_says_why(parts: Parts) -> None:
    await parts.store.posts.add("k", "thebot", "x", state="queued")
    await parts.store.posts.move(1, "queued", "sending")
    await parts.store.posts.move(1, "sending", "failed", error="X refuses <it>")
    assert "X refuses &lt;it&gt;" in (await Queue(parts.posting).status(HERE)).replace("&#60;", "&lt;")


@pytest.mark.parametrize("elsewhere", [Visitor("0" * 32, "192.0.2.7"), Visitor("0" * 32, proxied=True)])
async def test_nobody_elsewhere_sees_or_decides_anything(parts: Parts, elsewhere: Visitor) -> None:
    queue = Queue(parts.posting)
    await queue.propose(HERE, "ann")
    sentence = "Only somebody at the machine that I run on may ask me to post."
    assert sentence in await queue.propose(elsewhere, "ann")
    for action in ("approve", "save", "reject", "again"):
        assert sentence in await queue.act(elsewhere, action, 1, "something else")
    assert plain(sentence) in await queue.pause(elsewhere)
    assert plain(sentence) in await queue.resume(elsewhere)
    assert (await queue.choices(elsewhere), await queue.status(elsewhere), await queue.text(elsewhere, 1)) == (
        [],
        "",
        "",
    )
    assert [post_id for _, post_id in await queue.choices(HERE)] == [1]
    assert await parts.states() == {"a fine day at the shore": "proposed"}

"""The page's queue: every button does what it says, and says what came of it."""

import html

from bot.playground.queue import Queue
from tests.bot.posting_parts import Parts


async def test_a_post_is_proposed_edited_approved_and_shown_as_sent(parts: Parts) -> None:
    queue = Queue(parts.posting)
    assert await queue.propose("@Ann ") == "Post 1 waits for approval."
    [(label, post_id)] = await queue.choices()
    assert label == "1 · @ann · waits for approval · a fine day at the shore"
    assert await queue.text(post_id) == "a fine day at the shore"
    assert await queue.act("save", post_id, "a fine day, <b>really</b>") == "Post 1 waits for approval."
    assert await queue.act("approve", post_id, "a fine day, really & truly") == "Post 1 approved, waits for its time."
    await parts.steps()
    assert parts.x.texts() == ["a fine day, really &amp; truly"]
    shown = await queue.status()
    assert "<b>" not in shown
    assert "AI parody" in shown
    assert "a fine day, really & truly" in html.unescape(shown)
    assert "X: as @thebot; 0 to approve, 0 approved; 0.016 of 5.00 USD spent this month." in html.unescape(shown)
    assert await queue.choices() == []


async def test_rejecting_and_asking_again(parts: Parts) -> None:
    queue = Queue(parts.posting)
    await queue.propose("ann")
    parts.drawing.texts = ["gulls over the pier"]
    assert await queue.act("again", 1) == "Post 2 waits for approval."
    assert await queue.act("reject", 2) == "Post 2 rejected."
    assert await queue.choices() == []
    assert "Post 2 is rejected already, by playground." in await queue.act("approve", 2)


async def test_a_failure_is_an_answer(parts: Parts) -> None:
    queue = Queue(parts.posting)
    assert await queue.act("approve", None) == "Choose a post first."
    assert "There is no post 7." in await queue.act("reject", 7)
    parts.drawing.texts = ["see example.com"]
    assert "No draft of ann passed the checks" in await queue.propose("ann")
    assert "a link" in await queue.propose("ann")


async def test_pausing_is_shown(parts: Parts) -> None:
    queue = Queue(parts.posting)
    assert await queue.pause() == "Posting is paused."
    assert "Paused: somebody asked for it" in html.unescape(await queue.status())
    assert await queue.resume() == "Posting goes on."
    assert await queue.resume() == "It was not paused."


async def test_a_failed_post_says_why(parts: Parts) -> None:
    await parts.store.posts.add("k", "thebot", "x", state="queued")
    await parts.store.posts.move(1, "queued", "sending")
    await parts.store.posts.move(1, "sending", "failed", error="X refuses <it>")
    assert "X refuses &lt;it&gt;" in (await Queue(parts.posting).status()).replace("&#60;", "&lt;")

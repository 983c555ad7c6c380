"""The queue: what is proposed, who decides, and that every decision is made once."""

import asyncio
from typing import Any

import pytest

from bot.core.errors import PostRefused
from huggingtweets.core.errors import NotEnoughDrafts
from huggingtweets.core.people.names import VoiceName
from tests.bot.posting_parts import Parts

ADMIN = "discord:1"


async def test_the_candidate_least_like_the_last_posts_is_proposed(parts: Parts) -> None:
    await parts.store.posts.add("old", "thebot", "the fog came in late", state="sent")
    parts.drawing.texts = ["the fog came in so late", "see example.com", "@ann hello", "gulls over the pier"]
    post = await parts.posting.propose(VoiceName("ann"), by=ADMIN)
    assert (post.text, post.state, post.voice, post.version) == ("gulls over the pier", "proposed", "ann", "v1")
    assert parts.drawing.asked == [("ann", 5)]
    assert [waiting.id for waiting in await parts.posting.queue()] == [post.id]
    await parts.steps()
    assert parts.x.texts() == [], "nobody has approved it"


async def test_an_approved_post_goes_out_and_the_approval_is_on_record(parts: Parts) -> None:
    post = await parts.posting.propose(by=ADMIN)
    approved = await parts.posting.approve(post.id, "discord:2")
    assert (approved.state, approved.decided_by) == ("queued", "discord:2")
    await parts.steps()
    assert parts.x.texts() == ["a fine day at the shore"]
    acts = [(act.person, act.action, act.subject) for act in await parts.store.audit.recent()]
    assert acts == [("discord:2", "x.approve", f"post:{post.id}"), (ADMIN, "x.propose", f"post:{post.id}")]
    assert [sent.text for sent in await parts.posting.recent()] == ["a fine day at the shore"]


async def test_of_two_who_decide_at_once_one_does(parts: Parts) -> None:
    post = await parts.posting.propose(by=ADMIN)
    decisions = [parts.posting.approve(post.id, "discord:2"), parts.posting.reject(post.id, "discord:3")]
    decided = await asyncio.gather(*decisions, *[parts.posting.approve(post.id, "discord:4")], return_exceptions=True)
    refused = [error for error in decided if isinstance(error, PostRefused)]
    assert len(refused) >= 1
    assert all("already, by discord:" in str(error) for error in refused)


async def test_an_edit_passes_the_same_checks(parts: Parts) -> None:
    post = await parts.posting.propose(by=ADMIN)
    edited = await parts.posting.edit(post.id, "  a fine\nday, really ", ADMIN)
    assert (edited.text, edited.state) == ("a fine day, really", "proposed")
    for text, reason in [
        ("see example.com", "a link"),
        ("", "empty"),
        ("x" * 300, "too long"),
        ("@ann", "a mention"),
        ("s l a n d e r", "a blocked word"),
    ]:
        with pytest.raises(PostRefused, match=reason):
            await parts.posting.edit(post.id, text, ADMIN)
    await parts.posting.approve(post.id, ADMIN)
    assert (await parts.posting.edit(post.id, "a fine day, really!", ADMIN)).state == "queued", "its own words are free"
    await parts.steps()
    assert parts.x.texts() == ["a fine day, really!"]
    with pytest.raises(PostRefused, match="cannot be edited any more"):
        await parts.posting.edit(post.id, "too late", ADMIN)


async def test_a_rejected_post_never_goes_out(parts: Parts) -> None:
    proposed = await parts.posting.propose(by=ADMIN)
    await parts.posting.reject(proposed.id, ADMIN)
    approved = await parts.posting.propose(by=ADMIN)
    await parts.posting.approve(approved.id, ADMIN)
    await parts.posting.reject(approved.id, ADMIN)
    await parts.steps()
    assert parts.x.texts() == []
    with pytest.raises(PostRefused, match=f"Post {proposed.id} is decided already, by {ADMIN}: it was rejected"):
        await parts.posting.approve(proposed.id, ADMIN)
    with pytest.raises(PostRefused, match="There is no post 99"):
        await parts.posting.reject(99, ADMIN)


async def test_again_gives_another_one_and_the_same_when_asked_twice(parts: Parts) -> None:
    post = await parts.posting.propose(by=ADMIN)
    parts.drawing.texts = ["gulls over the pier"]
    other = await parts.posting.again(post.id, ADMIN)
    assert (other.text, other.state) == ("gulls over the pier", "proposed")
    assert (await parts.posting.again(post.id, ADMIN)).id == other.id
    assert [waiting.id for waiting in await parts.posting.queue()] == [other.id]
    await parts.posting.approve(other.id, ADMIN)
    await parts.steps()
    with pytest.raises(PostRefused, match="cannot be replaced any more"):
        await parts.posting.again(other.id, ADMIN)


async def test_a_proposal_with_a_key_is_made_once(parts: Parts) -> None:
    made = await asyncio.gather(
        *(parts.posting.propose(VoiceName("ann"), by="clock", key="daily 9:00") for _ in range(4))
    )
    assert len({post.id for post in made}) == 1


@pytest.mark.parametrize("x_settings", [{"automatic": True}])
async def test_without_approval_only_where_the_settings_say_so(parts: Parts, x_settings: Any) -> None:
    await parts.posting.propose(by="clock")
    await parts.steps()
    assert parts.x.texts() == ["a fine day at the shore"]


async def test_a_text_that_an_admin_picked_is_queued_if_it_may_be_posted(parts: Parts) -> None:
    post = await parts.posting.offer(
        "gulls over the pier", voice=VoiceName("ann"), version="v1", by=ADMIN, key="discord:7"
    )
    again = await parts.posting.offer(
        "gulls over a pier", voice=VoiceName("ann"), version="v1", by=ADMIN, key="discord:7"
    )
    assert (post.state, again.id) == ("queued", post.id)
    with pytest.raises(PostRefused, match="a cashtag"):
        await parts.posting.offer("buy $TSLA", voice=VoiceName("ann"), version="v1", by=ADMIN)
    with pytest.raises(PostRefused, match="posted before"):
        await parts.posting.offer("Gulls over the PIER", voice=VoiceName("ann"), version="v1", by=ADMIN)
    await parts.steps()
    assert parts.x.texts() == ["gulls over the pier"]


async def test_where_nothing_may_be_posted_the_reasons_are_told(parts: Parts) -> None:
    parts.drawing.texts = ["see example.com", "hello @ann"]
    with pytest.raises(NotEnoughDrafts, match="3 a link, 3 a mention"):
        await parts.posting.propose(VoiceName("ann"), by=ADMIN)
    assert await parts.posting.queue() == []


@pytest.mark.parametrize("x_settings", [{"voice": "", "max_queued": 1}])
async def test_without_a_voice_or_with_a_full_queue_the_mend_is_told(parts: Parts, x_settings: Any) -> None:
    with pytest.raises(PostRefused, match="Name one"):
        await parts.posting.propose(by=ADMIN)
    await parts.posting.propose(VoiceName("ann"), by=ADMIN)
    with pytest.raises(PostRefused, match="1 posts are waiting already"):
        await parts.posting.propose(VoiceName("ann"), by=ADMIN)
    with pytest.raises(PostRefused, match="1 posts are waiting already"):
        await parts.posting.offer("gulls", voice=VoiceName("ann"), version="v1", by=ADMIN)


async def test_a_post_that_would_repeat_what_was_sent_meanwhile_is_not_approved(parts: Parts) -> None:
    post = await parts.posting.propose(VoiceName("ann"), by=ADMIN)
    await parts.store.posts.add("other", "thebot", post.text, state="sent")
    with pytest.raises(PostRefused, match="posted before"):
        await parts.posting.approve(post.id, ADMIN)


async def test_the_status_says_how_things_stand(parts: Parts) -> None:
    post = await parts.posting.propose(by=ADMIN)
    await parts.posting.approve(post.id, ADMIN)
    await parts.steps()
    await parts.posting.pause(ADMIN, "holidays")
    status = await parts.posting.status()
    assert (status.place.account, status.connected, status.dry_run, status.automatic) == ("thebot", True, False, False)
    assert status.counts == {"sent": 1}
    assert (status.spent_usd, status.budget_usd) == (0.016, 5.0)
    assert status.pause
    assert (status.pause.reason, status.pause.by) == ("holidays", ADMIN)


async def test_nothing_is_proposed_of_somebody_who_does_not_want_it(parts: Parts) -> None:
    await parts.store.consent.bury("ann", by="discord:1")
    for asked in (
        parts.posting.propose(VoiceName("ann"), by=ADMIN),
        parts.posting.offer("gulls", voice=VoiceName("bob-ann"), version="v1", by=ADMIN),
        parts.posting.answer(VoiceName("ann"), in_reply_to="7", key="k"),
    ):
        with pytest.raises(PostRefused, match="does not want to be imitated"):
            await asked
    assert parts.drawing.asked == []


async def test_of_what_the_clock_proposes_the_admins_are_told_once(parts: Parts) -> None:
    for _ in range(2):
        await parts.posting.propose_by_clock(VoiceName("ann"), by="schedule:daily", key="schedule:daily:9:00")
    [notice] = await parts.notices()
    first, _, rest = notice.partition("\n")
    assert first == "A post for X waits for approval: /queue, or the queue on the page."
    assert rest == "@ann: a fine day at the shore"


@pytest.mark.parametrize("x_settings", [{"automatic": True}])
async def test_what_goes_out_without_approval_is_not_announced(parts: Parts, x_settings: Any) -> None:
    await parts.posting.propose_by_clock(VoiceName("ann"), by="schedule:daily", key="schedule:daily:9:00")
    assert await parts.notices() == []

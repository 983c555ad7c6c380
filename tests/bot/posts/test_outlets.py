"""One queue for several places: a schedule posts to several, and a decision reaches the place of its post."""

from typing import Any

import pytest

from bot.core.config import BlueskySettings
from bot.core.errors import PostRefused
from bot.core.post_text.room import RoomOnMastodon
from bot.posts.outlets import Outlets
from bot.posts.place import MASTODON, Place, network_of, on_x
from bot.posts.post_words import told_of
from bot.posts.status import standing
from huggingtweets.core.people.names import VoiceName
from tests.bot.posting_parts import Parts
from tests.bot.posts.elsewhere import AT_ONCE, Elsewhere

ADMIN = "discord:1"
ACCOUNT = "mastodon:thebot@example.social"


class NowhereYet:
    """Stands in for a network, which these tests do not reach."""


@pytest.fixture
def elsewhere(parts: Parts) -> Elsewhere:
    settings = BlueskySettings(**AT_ONCE | {"account": "thebot.example"})
    place = Place(MASTODON, ACCOUNT, RoomOnMastodon())
    return Elsewhere(place, settings, parts.store, parts.time, account=NowhereYet(), drawing=parts.drawing)


@pytest.fixture
def outlets(parts: Parts, elsewhere: Elsewhere) -> Outlets:
    return Outlets(parts.store, [parts.posting, elsewhere.posting])


async def test_one_proposal_is_the_same_text_at_each_place_and_each_is_decided_alone(
    outlets: Outlets, parts: Parts
) -> None:
    posts = await outlets.propose(VoiceName("ann"), by=ADMIN)
    assert [(network_of(post.account), post.text) for post in posts] == [
        ("X", "a fine day at the shore"),
        ("Mastodon", "a fine day at the shore"),
    ]
    assert parts.drawing.asked == [("ann", 5)], "it was drawn once"
    assert told_of(posts) == "Post 1 for X waits for approval. Post 2 for Mastodon waits for approval."
    await outlets.approve(posts[0].id, ADMIN)
    await outlets.reject(posts[1].id, ADMIN)
    await parts.steps()
    assert parts.x.texts() == ["a fine day at the shore"]
    acts = {act.action for act in await parts.store.audit.recent()}
    assert acts == {"x.propose", "mastodon.propose", "x.approve", "mastodon.reject"}
    with pytest.raises(PostRefused, match="There is no post 99"):
        await outlets.approve(99, ADMIN)


async def test_where_a_text_cannot_be_posted_another_one_is_drawn(outlets: Outlets, parts: Parts) -> None:
    await parts.store.posts.add("old", ACCOUNT, "a fine day at the shore", state="sent")
    first, second = await outlets.propose(VoiceName("ann"), by=ADMIN)
    assert (first.text, second.text) == ("a fine day at the shore", "the fog came in early")


async def test_a_schedule_posts_once_to_each_network_that_it_names(outlets: Outlets) -> None:
    every = [await outlets.propose_by_clock(VoiceName("ann"), by="s", key="s:9:00") for _ in range(2)]
    assert [post.id for post in every[0]] == [post.id for post in every[1]]
    assert len(every[0]) == 2
    one = await outlets.propose_by_clock(VoiceName("ann"), by="s", key="s:10:00", networks=["mastodon"])
    assert [post.account for post in one] == [ACCOUNT]
    with pytest.raises(PostRefused, match="I have no account on Bluesky"):
        await outlets.propose_by_clock(VoiceName("ann"), by="s", key="s:11:00", networks=["bluesky"])


async def test_a_picked_text_goes_where_it_has_room(outlets: Outlets) -> None:
    given: dict[str, Any] = {"voice": VoiceName("ann"), "version": "v1", "by": ADMIN}
    assert await outlets.objection_to("x" * 400) == ""
    [long] = await outlets.offer("x" * 400, key="a", **given)
    assert long.account == ACCOUNT, "X has no room for it"
    both = await outlets.offer("gulls over the pier", key="b", **given)
    assert [post.id for post in await outlets.offered("b")] == [post.id for post in both]
    with pytest.raises(PostRefused, match="a link"):
        await outlets.offer("see example.com", key="c", **given)
    assert await outlets.objection_to("see example.com") == "a link"


async def test_a_pause_holds_everywhere(outlets: Outlets, parts: Parts, elsewhere: Elsewhere) -> None:
    await outlets.pause(ADMIN, "holidays")
    lines = [standing(status) for status in await outlets.statuses()]
    assert lines == [
        "X: as @thebot; 0 to approve, 0 approved; 0.000 of 5.00 USD spent this month. Paused: holidays.",
        "Mastodon: as @thebot@example.social; 0 to approve, 0 approved. Paused: holidays.",
    ]
    assert outlets.networks == "X and Mastodon"
    assert await outlets.resume(ADMIN)
    assert not await outlets.resume(ADMIN)
    assert await parts.store.pauses.get(elsewhere.place.subject) is None


async def test_posts_of_a_withdrawn_voice_leave_every_queue(outlets: Outlets, parts: Parts) -> None:
    await outlets.propose(VoiceName("ann"), by=ADMIN)
    await parts.store.consent.bury("ann", by=ADMIN)
    assert await outlets.sweep() == 2
    assert await outlets.queue() == []
    assert [post.text for post in await outlets.recent()] == ["", ""]


def test_accounts_of_different_networks_have_names_and_pauses_of_their_own() -> None:
    assert (on_x("ann").account, on_x("ann").subject, on_x("ann").handle) == ("ann", "x:ann", "ann")
    place = Place(MASTODON, ACCOUNT)
    assert (place.subject, place.handle, place.act("edit")) == (ACCOUNT, "thebot@example.social", "mastodon.edit")
    assert [network_of(name) for name in ("ann", ACCOUNT, "bluesky:ann.example")] == ["X", "Mastodon", "Bluesky"]


class Killed(Exception):
    """The process was killed here."""


@pytest.mark.parametrize("dies_at", [0, 1])
async def test_a_kill_between_two_networks_leaves_one_post_at_each_after_the_next_try(
    outlets: Outlets, parts: Parts, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch, dies_at: int
) -> None:
    postings = [parts.posting, elsewhere.posting]

    async def killed(*_: Any, **__: Any) -> Any:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(postings[dies_at], "propose_by_clock", killed)
        with pytest.raises(Killed):
            await outlets.propose_by_clock(VoiceName("ann"), by="s", key="s:9:00")
    posts = await outlets.propose_by_clock(VoiceName("ann"), by="s", key="s:9:00")
    assert [(network_of(post.account), post.text) for post in posts] == [
        ("X", "a fine day at the shore"),
        ("Mastodon", "a fine day at the shore"),
    ]
    assert len(await outlets.queue()) == 2


async def test_what_was_rejected_at_one_place_before_a_kill_is_not_proposed_at_the_next(
    outlets: Outlets, parts: Parts
) -> None:
    first = await parts.posting.propose_by_clock(VoiceName("ann"), by="s", key="s:9:00")
    await outlets.reject(first.id, ADMIN)
    _, second = await outlets.propose_by_clock(VoiceName("ann"), by="s", key="s:9:00")
    assert (second.state, second.text) == ("proposed", "a fine day at the shore")
    assert len(parts.drawing.asked) == 2, "it was drawn anew"


async def test_a_picked_text_that_reached_one_place_before_a_kill_reaches_the_other_at_the_next_click(
    outlets: Outlets, parts: Parts
) -> None:
    facts: dict[str, Any] = {"voice": VoiceName("ann"), "version": "v1", "by": ADMIN, "key": "answer:discord:9:0"}
    await parts.posting.offer("gulls over the pier", **facts)
    posts = [await outlets.offer("gulls over the pier", **facts) for _ in range(2)]
    assert [[post.id for post in made] for made in posts] == [[1, 2], [1, 2]]

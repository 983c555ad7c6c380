"""Posts of Bluesky: reposts, links behind words, their author, and every way in which reading them fails."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huggingtweets.core.records import Account, Said
from huggingtweets.remote.upstream import InDoubt, NoAccount, NotReached, Patience, RateLimited, Refused
from huggingtweets.sources.archives.bluesky_posts import with_links
from huggingtweets.sources.networks.bluesky import BLUESKY, NOT_FOR_GUESTS, Bluesky
from huggingtweets.sources.networks.json_answers import JSONServers
from huggingtweets.tweets.learned.clean import clean
from tests.fakes.bluesky_server import FEED, LINK, PROFILE, BlueskyServer, limited
from tests.fakes.moods import Trouble

QUICK = Patience(attempts=3, first_seconds=0.001, longest_seconds=5.0)


@pytest.fixture
async def server() -> AsyncIterator[BlueskyServer]:
    async with BlueskyServer() as server:
        yield server


@pytest.fixture
async def bluesky(server: BlueskyServer) -> AsyncIterator[Bluesky]:
    async with JSONServers(BLUESKY, timeout_seconds=60.0) as servers:
        yield Bluesky(servers, server.url, QUICK)


def link(text: str, shown: str, uri: str) -> dict[str, Any]:
    start = text.encode().index(shown.encode())
    index = {"byteStart": start, "byteEnd": start + len(shown.encode())}
    return {"index": index, "features": [{"$type": LINK, "uri": uri}]}


async def test_a_feed_is_read_whole_with_whose_it_is(server: BlueskyServer, bluesky: Bluesky) -> None:
    ann, bob = server.add_profile("ann.bsky.social"), server.add_profile("bob.example")
    for number in range(120):
        server.add_post(ann, f"post {number} of mine")
    text = "ünïcode 🦋 & <b> example.com/lo…"
    linked = server.add_post(ann, text, facets=[link(text, "example.com/lo…", "https://example.com/long/way")])
    reply = server.add_post(ann, "@bob.example well said", reply={"parent": {"uri": "at://x"}})
    repost = server.add_post(bob, "something by bob", reposted_by=ann)
    server.feeds[ann].append(server.feeds[ann][-1])
    collected = await bluesky.read("ann.bsky.social", most=3_200)
    assert collected.account == Account("ann.bsky.social", "Ann.Bsky.Social", f"https://cdn.example/{ann}")
    tweets = {tweet.id: tweet for tweet in collected.tweets}
    assert len(tweets) == len(collected.tweets) == 123
    assert server.requests == [" ".join(PROFILE), *[" ".join(FEED)] * 2]
    assert clean(tweets[linked].text) == "ünïcode 🦋 & <b>"
    assert tweets[linked].created_at == datetime(2026, 1, 1, 0, 2, 1, tzinfo=UTC)
    assert (tweets[reply].is_reply, tweets[reply].lang) == (True, "en")
    assert tweets[f"repost:{repost}"].is_retweet
    assert tweets[f"repost:{repost}"].text == "RT @bob.example: something by bob"
    assert {tweet.source for tweet in collected.tweets} == {f"bluesky:{ann}"}


async def test_no_more_are_read_than_asked(server: BlueskyServer, bluesky: Bluesky) -> None:
    ann = server.add_profile("ann.bsky.social")
    uris = [server.add_post(ann, f"post {number}") for number in range(250)]
    collected = await bluesky.read(ann, most=150)
    assert [tweet.id for tweet in collected.tweets] == uris[:99:-1]
    assert server.requests.count(" ".join(FEED)) == 2


async def test_a_feed_that_turns_in_circles_ends(server: BlueskyServer, bluesky: Bluesky) -> None:
    server.add_post(server.add_profile("ann.bsky.social"), "a post")
    server.turns_for_ever = True
    assert len((await bluesky.read("ann.bsky.social", most=3_200)).tweets) == 1
    assert server.requests.count(" ".join(FEED)) == 2


async def test_accounts_that_cannot_be_read_are_told_apart(server: BlueskyServer, bluesky: Bluesky) -> None:
    server.add_profile("ann.bsky.social")
    server.add_profile("bob.bsky.social", "!no-unauthenticated")
    server.errors = {"cat.bsky.social": "AccountTakedown", "dan.bsky.social": "AccountDeactivated"}
    for handle, told, gone in [
        ("nobody.bsky.social", "is unknown", False),
        ("did:plc:nobody", "is unknown", True),
        ("ann.bsky.social", "has no posts", True),
        ("bob.bsky.social", "asks not to be shown to people who are not signed in", True),
        ("cat.bsky.social", "is suspended", True),
        ("dan.bsky.social", "is switched off by its owner", True),
    ]:
        with pytest.raises(NoAccount, match=f"@{handle} on Bluesky {told}") as raised:
            await bluesky.read(handle, most=100)
        assert raised.value.gone is gone
    server.errors = {"eve.bsky.social": "MethodNotImplemented"}
    with pytest.raises(Refused, match="Account has been suspended"):
        await bluesky.read("eve.bsky.social", most=100)


async def test_troubles_pass_or_are_told(server: BlueskyServer, bluesky: Bluesky) -> None:
    server.add_post(server.add_profile("ann.bsky.social"), "a post")
    server.troubles = [Trouble.html_503(*PROFILE), limited(*FEED, seconds=1)]
    assert len((await bluesky.read("ann.bsky.social", most=100)).tweets) == 1
    server.troubles = [limited(*FEED, seconds=600)]
    with pytest.raises(RateLimited, match="Bluesky takes no more requests now; try again after"):
        await bluesky.read("ann.bsky.social", most=100)
    for body in ("<html>", "[]", "[" * 100_000, b" " * (9 << 20)):
        server.troubles = [Trouble(*PROFILE, 200, body, times=3)]
        with pytest.raises(InDoubt, match="cannot be read"):
            await bluesky.read("ann.bsky.social", most=100)
    server.troubles = [Trouble(*PROFILE, 200, '{"did": "../etc"}')]
    with pytest.raises(InDoubt, match="no DID"):
        await bluesky.read("ann.bsky.social", most=100)
    async with JSONServers(BLUESKY) as servers:
        with pytest.raises(NotReached):
            await Bluesky(servers, "http://127.0.0.1:9", QUICK).read("ann.bsky.social", most=100)


async def test_what_is_no_post_is_passed_over(server: BlueskyServer, bluesky: Bluesky) -> None:
    ann, bob = server.add_profile("ann.bsky.social"), server.add_profile("bob.example")
    server.add_post(ann, "mine")
    server.add_post(bob, "in a thread of mine", reposted_by=ann)
    del server.feeds[ann][0]["reason"]
    server.feeds[ann] += [None, {}, {"post": 3}, {"post": {"uri": 1, "record": {"text": "a"}}}, {"post": {"uri": "a"}}]  # type: ignore[list-item]
    assert [tweet.text for tweet in (await bluesky.read("ann.bsky.social", most=100)).tweets] == ["mine"]


async def test_a_post_from_the_future_is_dated_by_when_it_was_seen(server: BlueskyServer, bluesky: Bluesky) -> None:
    server.add_post(server.add_profile("ann.bsky.social"), "mine", createdAt="2999-01-01T00:00:00Z")
    [tweet] = (await bluesky.read("ann.bsky.social", most=100)).tweets
    assert tweet.created_at == datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC)


def test_links_are_put_back_and_mentions_stay() -> None:
    text = "🦋 see here and there @ann"
    mention = {"index": {"byteStart": 24, "byteEnd": 28}, "features": [{"$type": "app.bsky.richtext.facet#mention"}]}
    facets = [link(text, "here", "https://a.example/1"), mention, link(text, "there", "https://b.example/2")]
    assert with_links(text, facets) == "🦋 see https://a.example/1 and https://b.example/2 @ann"


@pytest.mark.parametrize(
    "index",
    [
        {"byteStart": 1, "byteEnd": 3},
        {"byteStart": -1, "byteEnd": 3},
        {"byteStart": 5, "byteEnd": 99},
        {"byteStart": 6, "byteEnd": 5},
        {"byteStart": "0", "byteEnd": 4},
        {},
        None,
    ],
)
def test_a_facet_that_makes_no_sense_is_passed_over(index: Any) -> None:
    facet = {"index": index, "features": [{"$type": LINK, "uri": "https://a.example"}]}
    assert with_links("🦋 text", [facet, None, {"features": 3}]) == "🦋 text"


def test_only_the_last_of_overlapping_links_is_put_back() -> None:
    facets = [link("one two", "one two", "https://a.example"), link("one two", "two", "https://b.example")]
    assert with_links("one two", facets) == "one https://b.example"


@settings(max_examples=30)
@given(st.text(max_size=30), st.lists(st.tuples(st.integers(-2, 40), st.integers(-2, 40)), max_size=5))
def test_no_facets_break_a_text(text: str, places: list[tuple[int, int]]) -> None:
    facets = [
        {"index": {"byteStart": start, "byteEnd": stop}, "features": [{"$type": LINK, "uri": "https://a.example"}]}
        for start, stop in places
    ]
    with_links(text, facets).encode()


async def test_a_reply_has_what_was_said_before_unless_its_author_does_not_want_that(
    server: BlueskyServer, bluesky: Bluesky
) -> None:
    ann, bob = server.add_profile("ann.bsky.social"), server.add_profile("bob.example")
    shy = server.add_profile("shy.example", NOT_FOR_GUESTS)
    first = server.add_post(ann, "the fog is thick")
    answers = {
        "of bob": server.answer(ann, "so it is", server.add_post(bob, "is it <thick>?")),
        "of shy": server.answer(ann, "good morning to you", server.add_post(shy, "a word among friends")),
        "of ann": server.answer(ann, "and it stays", first),
        "of nobody": server.answer(ann, "who said that", "at://gone/app.bsky.feed.post/1"),
    }
    tweets = {tweet.id: tweet for tweet in (await bluesky.read("ann.bsky.social", most=100)).tweets}
    assert {who: tweets[answer].said for who, answer in answers.items()} == {
        "of bob": Said("is it &lt;thick&gt;?", f"bluesky:{bob}"),
        "of shy": None,
        "of ann": None,
        "of nobody": None,
    }
    assert tweets[answers["of ann"]].reply_to == first
    assert tweets[first].reply_to == ""

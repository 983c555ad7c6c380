"""The public posts of a Mastodon account, without a key, and every way in which reading them fails."""

import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from huggingtweets.core.config.settings import CollectingSettings, Settings, StorageSettings
from huggingtweets.core.errors import Usage
from huggingtweets.core.records import Account, Collected, Tweet
from huggingtweets.remote.upstream import InDoubt, NoAccount, NotReached, Patience, RateLimited, Refused
from huggingtweets.sources.networks.json_answers import JSONServers
from huggingtweets.sources.networks.mastodon_api import MASTODON, MastodonServers, parse_handle, servers_at
from huggingtweets.sources.networks.network import Gathered
from huggingtweets.sources.networks.public_addresses import PublicAddresses
from huggingtweets.sources.remote_sources import Collector, Origin
from huggingtweets.tweets.kept.tweet_store import TweetStore
from tests.fakes.mastodon_server import MastodonServer
from tests.fakes.moods import HANG_UP, Trouble

QUICK = Patience(attempts=3, first_seconds=0.001, longest_seconds=5.0)
ANN = "ann@m.example"
LOOKUP, STATUSES = "/api/v1/accounts/lookup", "/api/v1/accounts/5/statuses"


@pytest.fixture
async def server() -> AsyncIterator[MastodonServer]:
    async with MastodonServer() as server:
        server.shows_guests = True
        server.add_account("5", "ann", url="https://m.example/@ann", avatar="https://m.example/ann.png")
        server.add_account("6", "bob", url="https://m.example/@bob")
        yield server


@pytest.fixture
async def servers(server: MastodonServer) -> AsyncIterator[MastodonServers]:
    async with JSONServers(MASTODON, timeout_seconds=60.0) as asked:
        yield MastodonServers(asked, server.url, QUICK)


def say(server: MastodonServer, text: str, **more: object) -> str:
    """Ann posts. Returns the address of the post."""
    status = server.add_status("5", text, **more)
    status["uri"] = f"https://m.example/users/ann/statuses/{status['id']}"
    return str(status["uri"])


async def test_a_timeline_is_read_whole_with_whose_it_is(server: MastodonServer, servers: MastodonServers) -> None:
    for number in range(85):
        say(server, f"post {number} of mine")
    linked = say(server, "the fog is <thick> & grey")
    parent = server.statuses[-1]
    reply = say(server, "and it stays", in_reply_to_id=parent["id"], in_reply_to_account_id="5", language="en")
    boosted = server.add_status("6", "something by bob")
    boost = say(server, "", reblog=boosted)
    say(server, "for followers", visibility="private")
    collected = await servers.read(ANN, most=3_200)
    tweets = {tweet.id: tweet for tweet in collected.tweets}
    assert collected.account == Account("ann", "Ann", "https://m.example/ann.png")
    assert len(tweets) == len(collected.tweets) == 88
    assert tweets[linked].text == "the fog is &lt;thick&gt; &amp; grey"
    assert (tweets[reply].is_reply, tweets[reply].reply_to, tweets[reply].lang) == (True, linked, "en")
    assert (tweets[boost].is_retweet, tweets[boost].text) == (True, "RT @bob: something by bob")
    assert {tweet.source for tweet in collected.tweets} == {f"mastodon:{ANN}"}
    assert server.requests == [f"GET {LOOKUP}", *[f"GET {STATUSES}"] * 4]


async def test_no_more_are_read_than_asked(server: MastodonServer, servers: MastodonServers) -> None:
    for number in range(50):
        say(server, f"post {number}")
    assert len((await servers.read(ANN, most=45)).tweets) == 45
    assert len((await servers.read(ANN, most=5)).tweets) == 5


async def test_accounts_that_cannot_be_read_are_told_apart(server: MastodonServer, servers: MastodonServers) -> None:
    for handle, gone, why in [
        ("nobody@m.example", True, "@nobody@m.example on Mastodon is unknown"),
        (ANN, False, "has no public posts"),
    ]:
        with pytest.raises(NoAccount, match=why) as refused:
            await servers.read(handle, most=10)
        assert refused.value.gone == gone
    server.shows_guests = False
    with pytest.raises(NoAccount, match="shows posts only to people who are signed in; ask its owner for") as refused:
        await servers.read(ANN, most=10)
    assert not refused.value.gone
    server.accounts["5"]["suspended"] = True
    with pytest.raises(NoAccount, match="is suspended"):
        await servers.read(ANN, most=10)


async def test_troubles_pass_or_are_told(server: MastodonServer, servers: MastodonServers) -> None:
    say(server, "the fog")
    server.troubles += [
        Trouble("GET", LOOKUP, HANG_UP),
        Trouble("GET", STATUSES, 503, "<html>Over capacity</html>", "text/html"),
        Trouble("GET", STATUSES, 200, b'[{"id": "1"'),
    ]
    assert len((await servers.read(ANN, most=10)).tweets) == 1
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    for trouble, error in [
        (Trouble("GET", STATUSES, 429, headers={"X-RateLimit-Reset": later}), RateLimited),
        (Trouble("GET", STATUSES, 422, '{"error": "no\\nway"}', times=9), Refused),
        (Trouble("GET", STATUSES, 500, times=9), InDoubt),
        (Trouble("GET", STATUSES, 200, "{}", times=9), NoAccount),
    ]:
        server.troubles[:] = [trouble]
        with pytest.raises(error):
            await servers.read(ANN, most=10)


async def test_the_server_that_has_an_account_is_found_by_webfinger(
    server: MastodonServer, servers: MastodonServers
) -> None:
    say(server, "the fog")
    page = Trouble("GET", LOOKUP, 404, "<html>a shop</html>", "text/html")
    server.troubles.append(page)
    with pytest.raises(Refused, match="404"):
        await servers.read("ann@fog.example", most=10)
    server.webfinger = {"links": [{"rel": "profile-page"}, {"rel": "self", "href": "https://m.example/users/ann"}]}
    page.times = 1
    assert len((await servers.read("ann@fog.example", most=10)).tweets) == 1
    for to in ("https://[half", "http://m.example/", "https://localhost/", ""):
        server.troubles[:] = [page, Trouble("GET", "/.well-known/webfinger", 302, headers={"Location": to})]
        page.times = 1
        with pytest.raises(Refused):
            await servers.read("ann@fog.example", most=10)
    for links in (None, [{"rel": "self", "href": "https://[bad/"}], [{"rel": "self", "href": 7}], "x"):
        server.webfinger, page.times = {"links": links}, 1
        with pytest.raises(Refused):
            await servers.read("ann@fog.example", most=10)


class Private(AbstractResolver):
    """Says that every server is this machine, as somebody's own name server may."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        facts = {"hostname": host, "port": port, "family": family, "proto": 0, "flags": 0}
        return [ResolveResult(host=address, **facts) for address in ("127.0.0.1", "10.0.0.7", "169.254.169.254", "::1")]

    async def close(self) -> None:
        pass


async def test_a_server_in_a_private_network_is_not_asked(server: MastodonServer) -> None:
    with pytest.raises(OSError, match="no public address"):
        await PublicAddresses(Private()).resolve("m.example")
    connector = aiohttp.TCPConnector(resolver=PublicAddresses(Private()))
    async with aiohttp.ClientSession(connector=connector) as session:
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get("http://m.example/")
    async with servers_at("") as asked:
        with pytest.raises(NotReached):
            await asked.ask("http://localhost:1/", {})
    assert server.requests == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("ann", "write it whole, as in @ann@mastodon.social"),
        ("@ann@", "is half a handle"),
        ("ann@localhost", "is no handle of Mastodon"),
        ("ann@127.0.0.1", "is no handle of Mastodon"),
        ("ann@m.example:8080", "is no handle of Mastodon"),
        ("an n@m.example", "is no handle of Mastodon"),
        ("https://m.example/@Ann", "here mastodon:@Ann@m.example"),
        ("https://m.example/users/ann", "here mastodon:@ann@m.example"),
        ("https://m.example/@bob@n.example", "here mastodon:@bob@n.example"),
        ("https://m.example/about", "write the handle alone."),
        ("🦣@m.example", "has an emoji"),
        ("", "A handle is missing"),
    ],
)
def test_a_mistake_in_a_handle_is_answered(text: str, told: str) -> None:
    with pytest.raises(Usage) as refused:
        parse_handle(text)
    assert told in str(refused.value)


def test_a_handle_is_read_in_any_spelling() -> None:
    assert {parse_handle(text) for text in ("ann@m.example", "@Ann@M.example", " @ann@m.example ")} == {ANN}


@pytest.fixture
def settings(server: MastodonServer, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = tmp_path_factory.mktemp("home")
    storage = StorageSettings(models=home / "models", data=home / "data")
    return Settings(storage=storage, collecting=CollectingSettings(mastodon_url=server.url))


async def test_deletions_show_and_an_export_is_continued(server: MastodonServer, settings: Settings) -> None:
    store, collector = TweetStore(settings.tweets), Collector(settings, patience=QUICK)
    kept, deleted = say(server, "the fog"), say(server, "the lamp")
    source = f"mastodon:{ANN}"
    exported = tuple(Tweet(id_, "out of an export", source=source) for id_ in (kept, deleted, "https://m.example/old"))
    store.merge("ann", Collected(Account("ann", site="mastodon"), exported))
    assert await collector.refresh("ann") == Gathered(0, 0)
    assert await collector.sources("ann") == []
    assert server.requests == [], "an account that was never read there is not asked: it may be no more"

    assert await collector.collect("ann", [Origin("mastodon", ANN)]) == Gathered(0, 1)
    del server.statuses[-1]
    say(server, "news")
    assert await collector.refresh("ann") == Gathered(1, 1)
    assert sorted(tweet.text for tweet in store.tweets("ann")) == ["news", "the fog"]
    assert await collector.sources("ann") == [source]
    del server.accounts["5"]
    assert await collector.check("ann") == 2

"""New posts at a far end come, deleted ones go, and nothing is read that was not allowed."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from pydantic import SecretStr

from huggingtweets.cli.main import main
from huggingtweets.core.config.settings import CollectingSettings, Settings, StorageSettings
from huggingtweets.core.errors import Forgotten, Misconfigured
from huggingtweets.core.people.names import VoiceName
from huggingtweets.core.records import Collected, Tweet
from huggingtweets.remote.upstream import InDoubt, NoAccount, Patience
from huggingtweets.remote.x_reads import ReadingTooDear, XReads
from huggingtweets.sources import remote_sources
from huggingtweets.sources.networks.network import Gathered, Means, Source
from huggingtweets.sources.remote_sources import NETWORKS, Collector, Origin, parse_origin
from huggingtweets.tweets.kept.tweet_store import TweetStore
from tests.fakes.bluesky_server import BlueskyServer
from tests.fakes.moods import Trouble
from tests.fakes.x_server import BEARER, XServer

QUICK = Patience(attempts=3, first_seconds=0.001, longest_seconds=0.1)
ANN = Origin("x", "ann")
BLUE = Origin("bluesky", "ann.bsky.social")


@dataclass
class Time:
    """A clock that the test moves."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
async def x() -> AsyncIterator[XServer]:
    async with XServer() as server:
        server.add_user("5", "Ann")
        yield server


@pytest.fixture
async def bluesky() -> AsyncIterator[BlueskyServer]:
    async with BlueskyServer() as server:
        yield server


@pytest.fixture
def settings(x: XServer, bluesky: BlueskyServer, tmp_path: Path) -> Settings:
    collecting = CollectingSettings(
        x_api=True, x_api_url=x.url, x_bearer_token=SecretStr(BEARER.bearer_token), bluesky_url=bluesky.url
    )
    return Settings(storage=StorageSettings(models=tmp_path / "models", data=tmp_path / "data"), collecting=collecting)


@pytest.fixture
def store(settings: Settings) -> TweetStore:
    return TweetStore(settings.tweets)


@pytest.fixture
def collector(settings: Settings) -> Collector:
    return Collector(settings, patience=QUICK)


async def test_a_timeline_is_read_once_and_then_from_where_it_ended(
    x: XServer, store: TweetStore, collector: Collector
) -> None:
    x.add_post("5", "a whole story…", note_tweet={"text": "a whole story with its end"})
    x.add_post("5", "RT @bob: hm", referenced_tweets=[{"type": "retweeted", "id": "1"}])
    x.add_post("5", "@bob yes", referenced_tweets=[{"type": "replied_to", "id": "1"}])
    assert (await collector.collect("ann", [ANN])).new == 3
    story, retweet, reply = sorted(store.tweets("ann"), key=lambda tweet: tweet.id)
    assert (story.text, story.source, story.lang) == ("a whole story with its end", "x:5", "en")
    assert (retweet.is_retweet, reply.is_reply) == (True, True)
    assert (store.known.account("ann").handle, store.known.account("ann").site) == ("Ann", "x")
    x.add_post("5", "news")
    assert (await collector.collect("ann", [ANN])).new == 1
    assert [sent.body["meta"]["result_count"] for sent in x.answers if sent.route.endswith("/tweets")][-1] == 1
    assert (await collector.collect("ann", [ANN])).new == 0


async def test_of_a_tweet_that_is_edited_later_the_earlier_version_goes(
    x: XServer, store: TweetStore, collector: Collector
) -> None:
    first = x.add_post("5", "the fog is thikc")
    assert (await collector.collect("ann", [ANN])).new == 1
    x.posts.remove(first)  # a timeline shows the last version alone
    last = x.add_post("5", "the fog is thick")
    last["edit_history_tweet_ids"] = [first["id"], last["id"]]
    assert (await collector.collect("ann", [ANN])).new == 1
    assert [tweet.text for tweet in store.tweets("ann")] == ["the fog is thick"]


async def test_what_was_deleted_there_is_dropped_within_a_day(
    x: XServer, store: TweetStore, collector: Collector
) -> None:
    for number in range(130):
        x.add_post("5", f"post {number}")
    store.merge("ann", Collected(None, (Tweet("1", "out of an archive"),)))
    await collector.collect("ann", [ANN])
    del x.posts[10:15]
    assert (await collector.collect("ann", [ANN])).dropped == 0, "not before it is time to look"
    assert collector.due() == []
    assert collector.due(datetime.now(UTC) + timedelta(hours=21)) == ["ann"]
    store.looks.mark_checked("ann", "x:5", datetime.now(UTC) - timedelta(hours=21))
    assert (await collector.collect("ann", [ANN])).dropped == 5
    assert len(store.tweets("ann")) == 126
    assert await collector.check("ann") == 0


@pytest.mark.parametrize("state", ["protected", "suspended"])
async def test_an_account_that_closes_takes_its_tweets_along(
    x: XServer, store: TweetStore, collector: Collector, state: str
) -> None:
    x.add_post("5", "a post")
    await collector.collect("ann", [ANN])
    x.users["5"]["protected"] = state == "protected"
    x.suspended |= {"5"} if state == "suspended" else set()
    with pytest.raises(NoAccount, match=f"@ann on X is {state}"):
        await collector.collect("ann", [ANN])
    assert store.tweets("ann") == []


async def test_an_unknown_and_an_empty_account_are_told(x: XServer, collector: Collector) -> None:
    with pytest.raises(NoAccount, match="@nobody on X is unknown"):
        await collector.collect("ann", [Origin("x", "nobody")])
    with pytest.raises(NoAccount, match="@Ann on X has no tweets"):
        await collector.collect("ann", [ANN])


async def test_a_refusal_of_x_that_is_no_suspension_deletes_nothing(
    x: XServer, store: TweetStore, collector: Collector
) -> None:
    x.add_post("5", "a post")
    await collector.collect("ann", [ANN])
    x.posts.clear()
    x.users["5"]["username"] = "another"
    with pytest.raises(NoAccount, match="unknown"):
        await collector.collect("ann", [ANN])
    assert len(store.tweets("ann")) == 1


async def test_every_read_of_x_is_counted_and_what_did_not_come_is_given_back(
    x: XServer, settings: Settings, collector: Collector
) -> None:
    for number in range(130):
        x.add_post("5", f"post {number}")
    await collector.collect("ann", [ANN])
    assert spent(settings) == 131 * 5_000, "130 posts, and the account"
    x.posts.clear()
    x.troubles = [Trouble.html_503("GET", "/2/tweets", times=9)]
    with pytest.raises(InDoubt):
        await collector.check("ann")
    x.troubles = []
    await collector.check("ann", at_any_price=True)
    assert spent(settings) == 131 * 5_000, "what is not there any more costs nothing"


async def test_only_what_the_budget_pays_for_is_read_and_it_is_kept(
    x: XServer, settings: Settings, store: TweetStore, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(130):
        x.add_post("5", f"post {number}")
    collector = Collector(with_budget(settings, 0.2), patience=QUICK)
    assert (await collector.collect("ann", [ANN])).new == 39, "40 reads, of which one is the account's"
    assert {tweet.text for tweet in store.tweets("ann")} == {f"post {number}" for number in range(91, 130)}
    assert "only the latest 39 tweets of @ann were read" in caplog.text
    with pytest.raises(ReadingTooDear, match=r"budget of this month for reading X, 0\.20 USD"):
        await collector.collect("ann", [ANN])
    assert spent(settings) == 200_000
    requests = len(x.requests)
    with pytest.raises(ReadingTooDear):
        await collector.collect("bob", [Origin("x", "bob")])
    assert len(x.requests) == requests, "X is not asked"


async def test_a_look_costs_no_more_than_todays_part_and_the_next_goes_on_where_it_ended(
    x: XServer, settings: Settings, store: TweetStore
) -> None:
    time = Time(datetime(2026, 11, 1, 12, tzinfo=UTC))
    settings = with_budget(settings, 0.005 * 30 * 50)  # 50 posts a day
    collector = Collector(settings, patience=QUICK, reads=XReads(settings, time))
    ids = [x.add_post("5", f"post {number}")["id"] for number in range(130)]
    store.merge("ann", Collected(None, tuple(Tweet(one, "a post", source="x:5") for one in ids)))
    store.looks.mark_checked("ann", "x:5", datetime(2026, 10, 1, tzinfo=UTC))
    x.posts = [post for post in x.posts if post["id"] not in (ids[0], ids[60], ids[129])]
    days = []
    for _ in range(3):
        before = len(x.requests)
        dropped = sum([await collector.check("ann") for _ in range(3) if collector.due()])
        days.append((dropped, len(x.requests) - before, spent(settings) // 5_000))
        time.now += timedelta(days=1)
    assert days == [(1, 2, 50), (1, 2, 100), (1, 1, 127)], "what did not come is given back, and pays for one more"
    assert store.looks.look("ann", "x:5") is None
    assert len(store.tweets("ann")) == 127
    assert store.looks.checked()["ann"]["x:5"] > datetime(2026, 11, 1, tzinfo=UTC)


async def test_who_has_waited_longest_is_due_first(store: TweetStore, collector: Collector) -> None:
    now = datetime.now(UTC)
    for name, hours in (("ann", 30), ("bob", 50), ("cat", 3), ("dan", 40)):
        store.looks.mark_checked(name, "x:1", now - timedelta(hours=hours))
    assert collector.due() == ["bob", "dan", "ann"]


async def test_of_a_persons_sources_only_those_are_asked_for_which_it_is_time(
    x: XServer, bluesky: BlueskyServer, store: TweetStore, collector: Collector
) -> None:
    x.add_post("5", "a post")
    bluesky.add_post(bluesky.add_profile("ann.bsky.social"), "another post")
    await collector.collect("ann", [ANN, BLUE])
    blue = next(source for source in store.looks.checked()["ann"] if source != "x:5")
    for source, other in (("x:5", bluesky.requests), (blue, x.requests)):
        store.looks.mark_checked("ann", source, datetime.now(UTC) - timedelta(hours=21))
        before = len(other)
        assert await collector.check("ann", due_only=True) == 0
        assert len(other) == before
        assert collector.due() == []


async def test_a_refresh_looks_after_deletions_only_when_it_is_time(
    x: XServer, settings: Settings, collector: Collector
) -> None:
    x.add_post("5", "a post")
    await collector.collect("ann", [ANN])
    before = spent(settings)
    await collector.refresh("ann")
    assert spent(settings) - before == 5_000, "the account, and nothing twice"


async def test_what_it_costs_to_follow_deletions_is_told_where_the_budget_does_not_suffice(
    settings: Settings, store: TweetStore, collector: Collector
) -> None:
    store.merge("ann", Collected(None, tuple(Tweet(str(one), "a post", source="x:5") for one in range(1, 246))))
    store.merge("ann", Collected(None, (Tweet("999", "out of an archive"),)))
    store.looks.mark_checked("ann", "x:5", datetime.now(UTC))
    told = collector.shortfall()
    assert told.startswith("I keep 245 tweets that were read from X.")
    assert "would cost 1.23 USD a day, or 37.98 USD a month. The budget for reading is 5.00 USD a month" in told
    assert "suffices to look at each of them once in 8 days" in told, "32 a day"
    assert Collector(with_budget(settings, 38.0)).shortfall() == ""
    assert "does not suffice to look at any" in Collector(with_budget(settings, 0.0)).shortfall()


def spent(settings: Settings) -> int:
    """This month's cost in millionths of a dollar."""
    row = json.loads((settings.storage.data / "x-reads.json").read_text())
    return int(row["month_micro_usd"])


def with_budget(settings: Settings, usd: float) -> Settings:
    return settings.model_copy(
        update={"collecting": settings.collecting.model_copy(update={"x_monthly_budget_usd": usd})}
    )


async def test_x_is_off_until_it_is_turned_on_and_never_asked_before(x: XServer, settings: Settings) -> None:
    off = settings.model_copy(update={"collecting": settings.collecting.model_copy(update={"x_api": False})})
    with pytest.raises(Misconfigured, match="X's rules list training"):
        await Collector(off).collect("ann", [ANN])
    mute = settings.model_copy(update={"collecting": settings.collecting.model_copy(update={"x_bearer_token": None})})
    with pytest.raises(Misconfigured, match="X_BEARER_TOKEN"):
        await Collector(mute).collect("ann", [ANN])
    assert x.requests == []


async def test_bluesky_is_read_whole_so_that_deletions_show(
    bluesky: BlueskyServer, store: TweetStore, collector: Collector
) -> None:
    ann = bluesky.add_profile("ann.bsky.social")
    for number in range(3):
        bluesky.add_post(ann, f"post {number}")
    assert (await collector.collect("ann", [BLUE])).new == 3
    store.merge("ann", Collected(None, (Tweet("1", "out of an archive"),)))
    del bluesky.feeds[ann][1]
    bluesky.add_post(ann, "news")
    gathered = await collector.collect("ann", [BLUE])
    assert (gathered.new, gathered.dropped) == (1, 1)
    assert await collector.check("ann") == 0
    bluesky.errors[ann] = "AccountTakedown"
    assert await collector.check("ann") == 3
    assert [tweet.text for tweet in store.tweets("ann")] == ["out of an archive"]


async def test_who_is_forgotten_does_not_come_back_under_another_name(
    x: XServer, store: TweetStore, collector: Collector
) -> None:
    x.add_post("5", "a post")
    await collector.collect("space", [ANN])
    store.forget("space")
    for name in ("space", "ann", "other"):
        with pytest.raises(Forgotten, match=r"(space|ann|other are,) asked to be forgotten"):
            await collector.collect(name, [ANN])
    assert store.lift("space")
    assert (await collector.collect("space", [ANN])).new == 1


async def test_a_refresh_reads_on_where_it_was_though_the_handle_has_changed(
    x: XServer, store: TweetStore, collector: Collector
) -> None:
    for number in range(3):
        x.add_post("5", f"post {number}")
    await collector.collect("ann", [ANN])
    x.users["5"]["username"] = "ann_renamed"
    x.add_post("5", "news")
    del x.posts[0]
    store.looks.mark_checked("ann", "x:5", datetime.now(UTC) - timedelta(hours=21))
    assert await collector.refresh("ann") == Gathered(1, 1)
    assert store.known.account("ann").handle == "ann_renamed"
    del x.users["5"]
    x.posts.clear()
    with pytest.raises(NoAccount, match="is unknown"):
        await collector.refresh("ann")
    assert store.tweets("ann") == []
    asked = len(x.requests)
    store.merge("bob", Collected(None, (Tweet("1", "out of an archive"),)))
    assert await collector.refresh("bob") == Gathered(0, 0)
    assert len(x.requests) == asked


async def test_what_a_schedule_names_is_read_and_its_paths_are_given_back(
    x: XServer, store: TweetStore, collector: Collector
) -> None:
    x.add_post("5", "a post")
    assert await collector.gather(VoiceName("ann"), ["more.csv", "x:ann"]) == ["more.csv"]
    x.add_post("5", "news")
    store.merge("ann", Collected(None, (Tweet(x.posts[0]["id"], "a post, out of a file"),)))
    assert await collector.gather(VoiceName("ann"), []) == []
    assert [tweet.source for tweet in store.tweets("ann")] == ["x:5", "x:5"]
    x.add_user("6", "bob")
    x.add_post("6", "by bob")
    x.add_post("5", "more news")
    assert await collector.gather(VoiceName("ann-bob"), ["bob=x:bob", "ann=old.csv"]) == ["ann=old.csv"]
    assert (len(store.tweets("ann")), len(store.tweets("bob"))) == (3, 1)


async def test_the_command_line_collects_without_repeating_the_token(
    bluesky: BlueskyServer, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("X_BEARER_TOKEN", "s3cret")
    ann = bluesky.add_profile("ann.bsky.social")
    bluesky.add_post(ann, "a post")
    config = tmp_path / "config.toml"
    config.write_text(f'[collecting]\nbluesky_url = "{bluesky.url}"\n')

    async def run(*more: str, command: str = "collect") -> tuple[int, str]:
        try:
            await asyncio.to_thread(main, [command, "ann", "--config", str(config), *more])
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        return code, "".join(capsys.readouterr())

    code, told = await run()
    assert code == 69
    assert "Tweets of ann were never read from X, Bluesky or Mastodon; say where they are with --from" in told
    assert await run("--from", "bluesky:ann.bsky.social") == (0, "1 new tweets of ann, 0 gone at their source.\n")
    row = json.loads((tmp_path / "data/tweets/ann.jsonl").read_text())
    assert row["source"] == f"bluesky:{ann}"
    code, told = await run("--from", "bluesky:ann.bsky.social", command="train")
    assert code == 65
    assert "only 0 characters" in told
    assert (tmp_path / "data/tweets/ann.jsonl").exists(), "they were there before"
    (tmp_path / "data/tweets/ann.jsonl").unlink()
    assert (await run("--from", "bluesky:ann.bsky.social", command="train"))[0] == 65
    assert not list((tmp_path / "data/tweets").glob("ann.*")), "a training that is refused leaves no tweets"
    assert (await run("--from", "bluesky:ann.bsky.social"))[0] == 0
    bluesky.add_post(ann, "news")
    del bluesky.feeds[ann][1]
    assert await run() == (0, "1 new tweets of ann, 1 gone at their source.\n")
    bluesky.feeds[ann].clear()
    code, told = await run()
    assert code == 69
    assert "has no posts" in told
    assert await run() == (0, "0 new tweets of ann, 0 gone at their source.\n")
    for origin, expected, sentence in [
        ("x:ann", 78, "Reading X is off"),
        ("x:🚀", 64, "has an emoji"),
        ("ann.csv", 65, "there is no such file"),
    ]:
        code, told = await run("--from", origin)
        assert code == expected
        assert sentence in told
        assert "s3cret" not in told


class Pond:
    """A network with one account, which has two posts."""

    name: ClassVar[str] = "pond"

    def __init__(self, means: Means):
        self._kept = means.kept

    @staticmethod
    def parse_handle(text: str) -> str:
        return text.upper()

    async def read(self, name: str, handle: str) -> Gathered:
        posts = [Tweet(f"{handle}{number}", "quack", source=f"pond:{handle}") for number in (1, 2)]
        return Gathered(await self._kept.merge(name, Collected(None, tuple(posts))))

    async def read_on(self, name: str, source: Source) -> Gathered:
        return await self.read(name, source.id)

    async def check(self, name: str, source: Source, *, at_any_price: bool = False) -> int:
        await self._kept.mark_checked(name, source)
        return await self._kept.drop(name, {f"{source.id}2"})

    def shortfall(self) -> str:
        return "The pond is shallow."


async def test_one_class_more_is_one_network_more(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, store: TweetStore
) -> None:
    monkeypatch.setattr(remote_sources, "NETWORKS", (*NETWORKS, Pond))
    collector = Collector(settings, patience=QUICK)
    origin = parse_origin("pond:ann")
    assert origin == Origin("pond", "ANN")
    assert await collector.collect("ann", [origin]) == Gathered(2, 0)
    assert await collector.sources("ann") == ["pond:ANN"]
    assert await collector.check("ann") == 1
    assert await collector.refresh("ann") == Gathered(1, 0)
    assert collector.shortfall() == "The pond is shallow."
    assert store.looks.checked()["ann"].keys() == {"pond:ANN"}

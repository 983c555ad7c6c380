"""What the bot collects by itself: a watched folder, deletions at the source, and tombstones of the command line."""

import asyncio
import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.background.collecting import COMMAND_LINE, Collecting
from bot.people.willing import Willing
from huggingtweets.core.config.settings import CollectingSettings as CollectingSettings
from huggingtweets.core.config.settings import Settings, StorageSettings
from huggingtweets.core.records import Collected, Tweet
from huggingtweets.remote.x_reads import XReads
from huggingtweets.sources.remote_sources import Collector, Origin
from huggingtweets.tweets.kept.tweet_store import TweetStore
from tests.bot.posting_parts import QUICK, Parts
from tests.fakes.moods import Trouble
from tests.fakes.x_server import BEARER


class Round:
    """The bot's collecting, with a folder of this test's own and a fake X."""

    def __init__(self, parts: Parts, home: Path):
        self.parts = parts
        self.inbox = home / "inbox"
        self.inbox.mkdir()
        given = CollectingSettings(
            x_api=True,
            x_api_url=parts.x.url,
            x_bearer_token=SecretStr(BEARER.bearer_token),
            watch_folder=True,
            folder=self.inbox,
            folder_seconds=0.01,
        )
        settings = Settings(storage=StorageSettings(models=home / "models", data=home / "data"), collecting=given)
        self.tweets = TweetStore(settings.tweets)
        self.asked: list[str] = []
        self.unloaded: list[str] = []

        # At the beginning of a month, when there is least money for a day.
        self.reads = XReads(settings, lambda: datetime(2026, 11, 1, tzinfo=UTC))
        self.collector = Collector(settings, patience=QUICK, reads=self.reads)
        self.collecting = Collecting(
            settings=settings,
            store=parts.store,
            collector=self.collector,
            learn=self._learn,
            notice=parts.store.notices.add,
            clock=parts.time,
            willing=Willing(parts.store, settings),
            sweep=parts.posting.sweep,
            unload=self.unloaded.append,
        )

    async def _learn(self, name: str) -> None:
        self.asked.append(name)

    def put(self, name: str, *texts: str, username: str = "") -> Path:
        rows = [{"id": str(place), "text": text, "username": username} for place, text in enumerate(texts)]
        (self.inbox / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
        return self.inbox / name

    async def look(self) -> None:
        await self.collecting.look_into_folder()
        await self.collecting.look_into_folder()


@pytest.fixture
def round_(parts: Parts, tmp_path: Path) -> Round:
    return Round(parts, tmp_path)


async def test_an_archive_in_the_folder_is_collected_and_learned_once(round_: Round) -> None:
    round_.put("export-2024.jsonl", "hello", "world", username="Ann")
    round_.put("bob.jsonl", "hello")
    await round_.look()
    await round_.look()
    assert round_.asked == ["bob", "ann"]
    assert len(round_.tweets.tweets("ann")) == 2
    round_.put("bob.jsonl", "hello", "more")
    await round_.look()
    assert round_.asked == ["bob", "ann", "bob"]


async def test_a_later_archive_takes_along_what_was_deleted(round_: Round) -> None:
    def archive(name: str, *days: int) -> None:
        tweets = [
            {"id_str": str(day), "full_text": f"day {day}", "created_at": f"Sat Jun {day:02} 10:00:00 +0000 2024"}
            for day in days
        ]
        with zipfile.ZipFile(round_.inbox / name, "w") as file:
            file.writestr(
                "data/tweets.js", f"window.YTD.tweets.part0 = {json.dumps([{'tweet': one} for one in tweets])}"
            )
            account = [{"account": {"username": "Ann", "accountDisplayName": "Ann"}}]
            file.writestr("data/account.js", f"window.YTD.account.part0 = {json.dumps(account)}")

    archive("first.zip", 1, 2, 3)
    await round_.look()
    archive("second.zip", 1, 3, 4)
    await round_.look()
    assert [tweet.id for tweet in round_.tweets.tweets("ann")] == ["1", "3", "4"]


async def test_what_cannot_be_used_is_told_once(round_: Round) -> None:
    (round_.inbox / "picture.png").write_bytes(b"\x89PNG")
    (round_.inbox / "not a name.txt").write_text("hello\n")
    round_.put("cat.jsonl", "hello")
    round_.tweets.forget("cat")
    await round_.look()
    await round_.look()
    assert round_.asked == []
    told = sorted(await round_.parts.notices())
    assert len(told) == 3
    assert "it is a file of the kind PNG" in "".join(told)
    assert '"not a name" is not a name' in "".join(told)
    assert "cat asked to be forgotten" in "".join(told)


async def test_what_was_deleted_at_x_goes_here_within_a_day_and_is_paid_for(round_: Round) -> None:
    parts = round_.parts
    parts.x.add_user("5", "ann")
    for number in range(3):
        parts.x.add_post("5", f"post {number}")
    await round_.collector.collect("ann", [Origin("x", "ann")])
    parts.x.posts.pop()
    await round_.collecting.look_after_deletions()
    assert len(round_.tweets.tweets("ann")) == 3, "it was read a moment ago"
    round_.tweets.looks.mark_checked("ann", "x:5", datetime.now(UTC) - timedelta(hours=21))
    left = round_.reads.affordable(10**6)
    await round_.collecting.look_after_deletions()
    assert len(round_.tweets.tweets("ann")) == 2
    assert left - round_.reads.affordable(10**6) == 2
    assert await parts.store.posts.spent("thebot", parts.budget.since) == 0, "posting has its own budget"
    requests = len(parts.x.requests)
    await round_.collecting.look_after_deletions()
    assert len(parts.x.requests) == requests


async def test_a_day_without_a_look_is_told_to_the_admins(round_: Round) -> None:
    parts = round_.parts
    round_.tweets.merge("ann", Collected(None, (Tweet("1", "a", source="x:5"),)))
    for hours, told in [(21, 0), (30, 1), (30, 1)]:
        round_.tweets.looks.mark_checked("ann", "x:5", datetime.now(UTC) - timedelta(hours=hours))
        parts.x.troubles = [Trouble.html_503("GET", "/2/tweets", times=9)]
        await round_.collecting.look_after_deletions()
        assert len(await parts.notices()) == told
    assert "For more than a day" in (await parts.notices())[0]
    assert len(round_.tweets.tweets("ann")) == 1


async def test_a_budget_that_does_not_suffice_is_told_once_a_month(round_: Round) -> None:
    parts = round_.parts
    parts.x.add_user("5", "ann")
    ids = [parts.x.add_post("5", f"post {number}")["id"] for number in range(245)]
    for name, some in (("ann", ids[:200]), ("bob", ids[200:])):
        round_.tweets.merge(name, Collected(None, tuple(Tweet(one, "a", source="x:5") for one in some)))
        round_.tweets.looks.mark_checked(name, "x:5", datetime.now(UTC) - timedelta(hours=30))
    for _ in range(3):
        await round_.collecting.look_after_deletions()
    [notice] = await parts.notices()
    assert "For more than a day I could not see which tweets of ann were deleted" in notice
    assert "I keep 245 tweets that were read from X." in notice
    assert parts.x.requests.count("GET /2/tweets") <= 2, "it does not begin anew each hour"
    assert await parts.store.posts.spent("thebot", parts.budget.since) == 0


async def test_an_archive_of_somebody_who_opted_out_is_refused_and_told(round_: Round) -> None:
    consent = round_.parts.store.consent
    await consent.claim("s1", "discord:1", "ann")
    await consent.confirm("s1", "discord:1", "ann", "discord:2")
    await consent.opt_out("discord:1", "imitation")
    await round_.collecting.follow_consent()
    round_.put("export.jsonl", "hello", username="Ann")
    await round_.look()
    assert (round_.asked, round_.tweets.handles()) == ([], [])
    assert "ann does not want to be imitated" in "".join(await round_.parts.notices())
    await consent.opt_in("discord:1", "imitation")
    await round_.collecting.follow_consent()
    round_.put("export.jsonl", "hello", "again", username="Ann")
    await round_.look()
    assert round_.asked == ["ann"]


async def test_whom_the_command_line_forgot_has_no_posts_in_the_queue(round_: Round) -> None:
    store = round_.parts.store
    round_.tweets.merge("ann", Collected(None, (Tweet("1", "a"),)))
    for voice in ("ann", "bob", "ann-bob", "bob+0.5*ann"):
        await store.posts.add(voice, "thebot", f"by {voice}", voice=voice)
    round_.tweets.forget("ann")
    await round_.collecting.follow_consent()
    assert await store.posts.latest("thebot", ["rejected"]) == []
    assert [post.voice for post in await round_.parts.posting.queue()] == ["bob"]
    assert round_.unloaded == ["ann"]
    assert await store.consent.buried("ann", "bob") == ["ann"]
    assert await store.consent.buried_by(COMMAND_LINE) == ["ann"]
    await store.consent.bury("dan", by="discord:1")
    round_.tweets.lift("ann")
    await round_.collecting.follow_consent()
    assert await store.consent.buried("ann", "dan") == ["dan"]


async def test_the_rounds_go_on_by_themselves_after_failures(round_: Round) -> None:
    round_.tweets.folder.mkdir(parents=True)
    async with asyncio.timeout(120), round_.collecting:
        round_.put("ann.jsonl", "hello")
        while not round_.asked:
            await asyncio.sleep(0.01)
    assert round_.asked == ["ann"]

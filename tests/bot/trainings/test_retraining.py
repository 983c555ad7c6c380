"""Retraining by schedule: with the clock, the worker and a real child."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.clock.schedule_entry import Schedule
from bot.people.willing import Willing
from bot.store import Store
from bot.trainings.results import Learned
from bot.trainings.retraining import Retraining
from bot.trainings.training import Training
from huggingtweets.core.people.names import VoiceName
from huggingtweets.core.records import Account, Collected, Tweet
from huggingtweets.remote.upstream import NotReached
from huggingtweets.tweets.kept.tweet_store import TweetStore
from tests.bot.conftest import Home, settings_of, training_in
from tests.bot.databases import sqlite_in
from tests.conftest import sentences

SOON = 0.05  # more often takes as much processor time as the training
NIGHTLY = Schedule("nightly", "retrain", VoiceName("ann"), cron="0 3 * * *", options={"min_new_tweets": 20})
DUE = datetime(2026, 3, 1, 3, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("soon")


def collect(home: Home, tweets: tuple[Tweet, ...]) -> None:
    TweetStore(home.folder / "data" / "tweets").merge("ann", Collected(Account("ann"), tweets))


async def outcome(home: Home, training: Training, store: Store, due: datetime) -> str:
    """What came of the run, once its job has ended."""
    await store.schedules.claim("nightly", due, "test")
    queued = await Retraining(willing=Willing(store, settings_of(home)), training=training).run(NIGHTLY, due)
    assert queued.startswith("job ")
    async with asyncio.timeout(600):
        while True:
            runs = {run.due_at: run.outcome for run in await store.schedules.runs("nightly")}
            if runs[due]:
                return runs[due]
            await asyncio.sleep(SOON)


async def test_only_what_is_new_since_the_version_in_use_is_worth_a_training(home: Home, sample_tweets) -> None:
    collect(home, sample_tweets)
    notices: list[str] = []
    async with training_in(home, notices=notices) as training, Store(sqlite_in(home.folder / "data")) as store:
        assert await outcome(home, training, store, DUE) == (
            "ann stays as it is. ann has 0 new tweets since the version in use, fewer than 20."
        )
        assert home.registry.versions("ann") == ["v1"]
        later = max(tweet.created_at for tweet in sample_tweets) + timedelta(days=1)
        collect(home, tuple(Tweet(str(5000 + n), text, later) for n, text in enumerate(sentences(30, seed=9))))
        told = await outcome(home, training, store, DUE + timedelta(days=1))
        assert told.startswith("ann v2 is ")
        assert home.registry.versions("ann") == ["v1", "v2"]
        async with asyncio.timeout(120):
            while len(notices) < 2:
                await asyncio.sleep(SOON)
    assert " v1 did." in notices[1]


async def test_the_news_of_who_opted_out_meanwhile_quote_nothing(home: Home) -> None:
    """The version was made before, and the bot died before it told of it."""
    notices: list[str] = []
    async with Store(sqlite_in(home.folder / "data")) as store:
        await store.jobs.add("ann", "test:1", options={"versions": [], "tell": True}, max_waiting=8)
        await store.jobs.take()
        await store.members.join("s1", "discord:2", "ann")
        await store.consent.opt_out("discord:2", "imitation")
    async with training_in(home, notices=notices), asyncio.timeout(120):
        while not notices:
            await asyncio.sleep(SOON)
    assert "ann v1 is " in notices[0]
    assert "•" not in notices[0]


async def test_nobody_who_was_forgotten_is_learned_again_and_a_running_job_is_enough(home: Home) -> None:
    async with training_in(home) as training, Store(sqlite_in(home.folder / "data")) as store:
        retraining = Retraining(willing=Willing(store, settings_of(home)), training=training)
        await training.start("test:1", VoiceName("ann"))
        assert "ann is already being trained" in await retraining.run(NIGHTLY, DUE)
        await store.consent.bury("bob", by="discord:1")
        await store.members.join("s1", "discord:2", "cat")
        await store.consent.opt_out("discord:2", "imitation")
        gone = [await retraining.run(replace(NIGHTLY, voice=VoiceName(voice)), DUE) for voice in ("ann-bob", "cat")]
    assert gone == ["bob does not want to be imitated.", "cat does not want to be imitated."]


async def test_a_version_that_was_made_before_the_bot_died_is_not_made_again(home: Home) -> None:
    async with Store(sqlite_in(home.folder / "data")) as store:
        job = await store.jobs.add("ann", "test:1", options={"versions": []}, max_waiting=8)
        await store.jobs.take()
    notices: list[str] = []
    async with training_in(home, notices=notices) as training:
        result = await training.outcome(job, SOON)
        async with asyncio.timeout(120):
            while not notices:
                await asyncio.sleep(SOON)
    assert isinstance(result, Learned)
    assert (result.version, home.registry.versions("ann")) == ("v1", ["v1"])
    assert notices[0].startswith("ann v1 is in use, learned from ")


async def test_what_is_far_away_is_read_before_and_its_failure_keeps_nothing_from_being_learned(home: Home) -> None:
    asked: list[tuple[str, list[str]]] = []

    async def gather(name: str, sources: Sequence[str]) -> list[str]:
        asked.append((name, list(sources)))
        if len(asked) > 1:
            raise NotReached("X", "no network")
        return ["more.csv"]

    far = replace(NIGHTLY, options={"sources": ["x:ann", "more.csv"]})
    async with training_in(home) as training, Store(sqlite_in(home.folder / "data")) as store:
        retraining = Retraining(willing=Willing(store, settings_of(home)), training=training, gather=gather)
        for day in (0, 1):
            assert (await retraining.run(far, DUE + timedelta(days=day))).startswith("job ")
            (job,) = await store.jobs.active()
            assert list(job.files) == ["more.csv"]
            await training.cancel(job.id)
            async with asyncio.timeout(600):
                while await store.jobs.active():
                    await asyncio.sleep(SOON)
    assert asked == [("ann", ["x:ann", "more.csv"])] * 2

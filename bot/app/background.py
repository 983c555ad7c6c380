"""What runs by itself: the schedules, collecting, publishing, and the first voice.

Knows how these are built. Does not know when they do what.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from typing import TYPE_CHECKING

from bot.app.foundation import Foundation
from bot.background.saying import queue_remark
from bot.background.schedule import Timetable
from bot.core.base_at_hand import missing_base
from bot.core.clock.schedule_entry import Schedule
from bot.core.config import Config
from bot.core.errors import JobRefused, NotAllowed
from bot.core.process.log import on_a_terminal
from bot.people.listening import Listening
from bot.posts.outlets import NETWORKS, Outlets
from bot.store import utc_now
from bot.trainings.retraining import Retraining
from bot.trainings.training import Training
from huggingtweets.core.config.base_folders import EMBEDDED
from huggingtweets.core.errors import PipelineError
from huggingtweets.core.people.names import VoiceName, parse_handle
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.sources.sample import collect_sample, sample_account
from huggingtweets.tweets.kept.tweet_store import TweetStore
from huggingtweets.workflow import sample_voice

if TYPE_CHECKING:
    from bot.background.collecting import Collecting
    from huggingtweets.sources.remote_sources import Collector

log = logging.getLogger(__name__)

VOICES_SHOWN = 5  # in the line of a start


async def learn_the_sample(base: Foundation, training: Training) -> None:
    """Put the sample account's voice in use if there is no voice yet, so that there is one on the first day.

    Where the one that comes with this software does not fit the base, a training is queued. Nothing is done if that is
    off in the settings, or if somebody has forgotten the account.
    """
    if names := await asyncio.to_thread(base.registry.names):
        log.info("voices: %d", len(names), extra=on_a_terminal(_voices_in_words(names)))
        return
    tweets = TweetStore(base.config.tweets)
    if not base.config.bot.sample_account or tweets.is_forgotten(sample_account().handle):
        return
    sample = await asyncio.to_thread(collect_sample, tweets)
    options: dict[str, str] = {}
    if why := await asyncio.to_thread(missing_base, base.config):
        log.warning("%s Until then the sample account is learned on the embedded base.", why)
        options = {"base": EMBEDDED}
    elif await asyncio.to_thread(_sample_is_in_use, base.config):
        shown = on_a_terminal(f"Voices: that of @{sample.handle}, a sample. Make your own on the page.")
        log.info("there is no voice yet: that of @%s, the sample account, is in use", sample.handle, extra=shown)
        return
    shown = on_a_terminal(f"Voices: none yet, so that of @{sample.handle}, a sample, is learned first.")
    log.info("there is no voice yet: learning the sample account, @%s", sample.handle, extra=shown)
    # After a restart it may be in the queue already.
    with contextlib.suppress(JobRefused, NotAllowed):
        await training.start("bot", parse_handle(sample.handle), options=options)


def _voices_in_words(names: Sequence[VoiceName]) -> str:
    """A line with the first voices, and how many more there are."""
    more = len(names) - VOICES_SHOWN
    return f"Voices: {', '.join(names[:VOICES_SHOWN])}{f' and {more} more' if more > 0 else ''}."


def _sample_is_in_use(config: Config) -> bool:
    """Put the voice that comes with this software in use. Returns False if there is none for this base."""
    try:
        return sample_voice.install(config) is not None
    except (PipelineError, OSError, ValueError) as error:
        log.warning("the voice that comes with this software cannot be used: %s", error)
        return False


async def start_publishing(base: Foundation, stack: AsyncExitStack) -> list[asyncio.Task[None]]:
    """Returns the task that publishes, or none without a token for the Hub."""
    from bot.background.publishing import Publishing
    from huggingtweets.publishing.publish import removals

    settings = base.config.publishing
    to_remove = await asyncio.to_thread(removals, base.config.storage.models)
    if not settings.token:
        if to_remove:
            log.warning("%s: forgotten, but on the Hub until %s is set", ", ".join(to_remove), settings.token_env)
        return []
    publishing = Publishing(config=base.config, config_file=base.config_file, notice=base.telling.notice)
    return [(await stack.enter_async_context(publishing)).task]


def make_collector(config: Config) -> "Collector":
    """What reads tweets from networks."""
    from huggingtweets.sources.remote_sources import Collector

    return Collector(config)


async def make_timetable(
    base: Foundation, training: Training, listening: Listening, posting: Outlets, collector: "Collector"
) -> Timetable:
    """The clock, with the schedules of config.toml in the database."""
    await base.store.schedules.seed([entry.schedule for entry in base.config.schedule])
    retraining = Retraining(willing=base.willing, training=training, gather=collector.gather)

    async def post(schedule: Schedule, due: datetime) -> str:
        by = f"schedule:{schedule.name}"
        networks = schedule.options.get(NETWORKS, ())
        key = f"{by}:{due.isoformat()}"
        posts = await posting.propose_by_clock(schedule.voice, by=by, key=key, networks=networks)
        return "; ".join(f"post {post.id} is {post.state}" for post in posts)

    async def retrain(schedule: Schedule, due: datetime) -> str:
        await listening.collect(schedule.voice)
        return await retraining.run(schedule, due)

    async def say(schedule: Schedule, due: datetime) -> str:
        if not base.config.discord.token:
            raise NotAllowed(Phrase("I am not on Discord, so I cannot speak in a channel."))
        return await queue_remark(base.store, schedule, due)

    return Timetable(store=base.store, actions={"retrain": retrain, "post": post, "say": say})


def make_collecting(base: Foundation, training: Training, posting: Outlets, collector: "Collector") -> "Collecting":
    """What looks into the watched folder and for deletions, once it is entered."""
    from bot.background.collecting import PERSON, Collecting

    async def learn(voice: VoiceName) -> None:
        await training.start(PERSON, voice)

    return Collecting(
        settings=base.config,
        store=base.store,
        collector=collector,
        learn=learn,
        notice=base.telling.notice,
        clock=utc_now,
        willing=base.willing,
        sweep=posting.sweep,
        unload=base.writer.forget,
    )

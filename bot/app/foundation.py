"""What every platform stands on: settings, models, the database, trainings, and the use cases.

Knows how these are built. Does not know platforms, or what runs by itself.
"""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from bot.background.telling import Telling
from bot.core.base_at_hand import base_at_hand
from bot.core.config import Config
from bot.core.stopping import seconds_for_a_child
from bot.core.uploads import Uploads
from bot.people.consent import Consenting
from bot.people.leftovers import Leftovers
from bot.people.limits import Limits
from bot.people.listening import Listening
from bot.people.willing import Willing
from bot.store import Store
from bot.trainings.training import Training
from bot.trainings.worker import TrainingWorker
from bot.voices.server_words import ServerWords
from bot.voices.tweeting import Tweeting
from huggingtweets.generation.engine import Engine
from huggingtweets.generation.unwanted import operators_checks
from huggingtweets.generation.writer import Writer
from huggingtweets.registry.versions import Registry
from huggingtweets.tweets.tweet_store import TweetStore


@dataclass(frozen=True, kw_only=True, slots=True)
class Foundation:
    """What all other parts are built on: settings, models, the database, and how people are told something."""

    config: Config
    config_file: Path | None
    engine: Engine
    writer: Writer
    registry: Registry
    store: Store
    telling: Telling
    willing: Willing


@dataclass(frozen=True, kw_only=True, slots=True)
class UseCases:
    """What people may ask for, whichever platform they are on."""

    training: Training
    limits: Limits
    consenting: Consenting
    tweeting: Tweeting
    listening: Listening


async def lay_foundation(config: Config, config_file: Path | None, engine: Engine, stack: AsyncExitStack) -> Foundation:
    """Finish interrupted deletions of models, and open the database."""
    registry = Registry(config.storage.models)
    await asyncio.to_thread(registry.sweep)
    store = await stack.enter_async_context(Store(config.database_url))
    telling = await stack.enter_async_context(Telling(store, another_comes=bool(config.discord.token)))
    return Foundation(
        config=config,
        config_file=config_file,
        engine=engine,
        writer=Writer(engine, operators_checks(config.words)),
        registry=registry,
        store=store,
        telling=telling,
        willing=Willing(store, config),
    )


async def start_trainings(base: Foundation, stack: AsyncExitStack) -> tuple[TrainingWorker, Training]:
    """The worker that runs waiting trainings, and the use case that queues them."""
    config, leftovers = base.config, Leftovers(base.config)
    worker = await stack.enter_async_context(
        TrainingWorker(
            store=base.store,
            registry=base.registry,
            willing=base.willing,
            config_file=base.config_file,
            leftovers=leftovers,
            wake_telling=base.telling.wake,
            secret_names=config.secret_names,
            hang_seconds=config.jobs.hang_seconds,
            niceness=config.jobs.niceness,
            keep_versions=config.jobs.keep_versions,
            seconds_to_end=seconds_for_a_child(config.bot.stop_seconds),
        )
    )
    training = Training(
        store=base.store,
        willing=base.willing,
        uploads=Uploads.below(config.storage.data),
        leftovers=leftovers,
        wake=worker.wake,
        max_waiting=config.jobs.max_waiting,
    )
    return worker, await stack.enter_async_context(training)


def make_use_cases(base: Foundation, training: Training) -> UseCases:
    """The use cases around `training`, which has been started."""
    config, tweets = base.config, TweetStore(base.config.tweets)
    limits = Limits(config.limits, base.store.pauses)
    consenting = Consenting(store=base.store, settings=config, willing=base.willing, unload=base.writer.forget)
    tweeting = Tweeting(
        registry=base.registry,
        writer=base.writer,
        training=training,
        limits=limits,
        consenting=consenting,
        preview_base=base_at_hand(config),
        tweets=tweets,
        max_count=config.limits.tweets_per_request,
        server_words=ServerWords(base.store),
    )
    listening = Listening(store=base.store, registry=base.registry, tweets=tweets, consenting=consenting)
    return UseCases(training=training, limits=limits, consenting=consenting, tweeting=tweeting, listening=listening)

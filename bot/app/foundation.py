"""What every platform stands on: settings, models, the database, trainings, and the use cases.

Knows how these are built. Does not know platforms, or what runs by itself.
"""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from bot.app.reloading import Reloading
from bot.background.telling import Telling
from bot.core.base_at_hand import base_at_hand
from bot.core.config import Config
from bot.core.process.measures import Drawing, Measures
from bot.core.uploads import Uploads
from bot.keeping.backing_up import clear_unfinished
from bot.keeping.restoring import go_on
from bot.people.consent import Consenting
from bot.people.leftovers import Leftovers
from bot.people.limits import Limits
from bot.people.listening import Listening
from bot.people.willing import Willing
from bot.store import Store, utc_now
from bot.trainings.trainer import Trainer
from bot.trainings.training import Training
from bot.trainings.worker import TrainingWorker
from bot.voices.server_words import ServerWords
from bot.voices.tastes import Tastes
from bot.voices.tweeting import Tweeting
from huggingtweets.generation.drafter import Drafter
from huggingtweets.generation.unwanted import operators_checks
from huggingtweets.generation.writer import Writer
from huggingtweets.registry.versions import Registry
from huggingtweets.tweets.kept.tweet_store import TweetStore


@dataclass(frozen=True, kw_only=True, slots=True)
class Foundation:
    """What all other parts are built on: settings, models, the database, and how people are told something."""

    config: Config
    config_file: Path | None
    engine: Drafter
    writer: Writer
    registry: Registry
    store: Store
    telling: Telling
    willing: Willing
    measures: Measures
    tastes: Tastes


@dataclass(frozen=True, kw_only=True, slots=True)
class UseCases:
    """What people may ask for, whichever platform they are on."""

    training: Training
    limits: Limits
    consenting: Consenting
    tweeting: Tweeting
    listening: Listening


async def lay_foundation(
    config: Config, config_file: Path | None, engine: Drafter, stack: AsyncExitStack
) -> Foundation:
    """Finish what was interrupted (a restore, deletions of models), and open the database."""
    await go_on(config, config_file)
    await asyncio.to_thread(clear_unfinished, config.storage.data)
    registry = Registry(config.storage.models)
    await asyncio.to_thread(registry.sweep)
    store = await stack.enter_async_context(Store(config.database_url))
    tastes = Tastes(store, utc_now, [account.ai_label for account in config.accounts])
    stack.push_async_callback(tastes.close)
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
        measures=Measures(stored=store.figures.now, drawing=lambda: _drawing(engine)),
        tastes=tastes,
    )


def _drawing(engine: Drafter) -> Drawing:
    voices, size = engine.in_memory
    return Drawing(waiting=engine.waiting, voices=voices, voice_bytes=size, works=not engine.problem)


async def start_trainings(base: Foundation, trainer: Trainer, stack: AsyncExitStack) -> tuple[TrainingWorker, Training]:
    """The worker that runs waiting trainings, and the use case that queues them."""
    config, leftovers = base.config, Leftovers(base.config)
    worker = await stack.enter_async_context(
        TrainingWorker(
            store=base.store,
            registry=base.registry,
            willing=base.willing,
            trainer=trainer,
            leftovers=leftovers,
            tweets=TweetStore(config.tweets),
            wake_telling=base.telling.wake,
            hang_seconds=config.jobs.hang_seconds,
            niceness=config.jobs.niceness,
            keep_versions=config.jobs.keep_versions,
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
        tastes=base.tastes if config.bot.rank_by_feedback else None,
        measured=base.measures.answer,
    )
    listening = Listening(store=base.store, registry=base.registry, tweets=tweets, consenting=consenting)
    return UseCases(training=training, limits=limits, consenting=consenting, tweeting=tweeting, listening=listening)


def make_reloading(base: Foundation, use_cases: UseCases, worker: TrainingWorker) -> Reloading:
    """What reads the settings again, with everybody who must be told of new ones."""

    def queue(config: Config) -> None:
        use_cases.training.max_waiting = config.jobs.max_waiting

    def words(config: Config) -> None:
        base.writer.unwanted[:] = operators_checks(config.words)

    return Reloading(
        base.config,
        base.config_file,
        base.store.schedules,
        lambda config: use_cases.limits.follow(config.limits),
        lambda config: worker.follow(config.jobs),
        queue,
        words,
    )

"""The composition root: every part of the process is built here, started in order and stopped in reverse.

Knows every part and nothing of what they do.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.background.schedule import Timetable
from bot.background.telling import Telling
from bot.core.config import Config
from bot.core.errors import JobRefused, NotAllowed
from bot.core.ongoing import cancel, end, ongoing
from bot.core.readiness import Readiness
from bot.core.schedule_entry import Schedule
from bot.core.stopping import Stopping, seconds_for_a_child, seconds_for_answers
from bot.core.uploads import Uploads
from bot.people.access import Access
from bot.people.consent import Consenting
from bot.people.leftovers import Leftovers
from bot.people.limits import Limits
from bot.people.listening import Listening
from bot.people.willing import Willing
from bot.playground.attachments import Attachments
from bot.playground.chat import Chat
from bot.posts.posting import Posting
from bot.store import Store, utc_now
from bot.trainings.retraining import Retraining
from bot.trainings.training import Training
from bot.trainings.worker import Worker
from bot.voices.tweeting import Tweeting
from bot.voices.versions import Versions
from bot.voices.voting import Voting
from huggingtweets.core.names import parse_name
from huggingtweets.generation.engine import Engine
from huggingtweets.generation.preview_model import Previews
from huggingtweets.generation.writer import Tweets, Writer
from huggingtweets.registry.versions import Registry
from huggingtweets.sources.sample import collect_sample, sample_account
from huggingtweets.tweets.tweet_store import TweetStore

if TYPE_CHECKING:
    from bot.discord.parts import Parts as DiscordParts
    from bot.posts.x.opening import Parts
    from huggingtweets.sources.remote_sources import Collector

log = logging.getLogger(__name__)

READY_SECONDS = 2.0  # for the database's answer to whoever asks whether all is well
PAGE_UPLOADS = "page-uploads"  # in the folder of the bot's data


async def run(config: Config, config_file: Path | None, stopping: Stopping) -> None:
    """Run until a stop is asked for, be it while this starts, or until a part fails for good; its error is raised."""
    asked = asyncio.create_task(stopping.asked(), name="stop")
    async with AsyncExitStack() as stack:
        try:
            # Models keep nothing. So they end last, and a thread that is importing torch holds no stop up.
            engine = await stack.enter_async_context(Engine(config.generation))
            previews = await stack.enter_async_context(Previews(config))
            stack.callback(_in_order, asked, stopping)
            starting = asyncio.create_task(_start(config, config_file, engine, previews, stack), name="start")
            if await _first(asked, starting):
                await _first(asked, *starting.result())
            await end(starting)
        finally:
            log.info("stopping")
            stopping.begin()
            asked.cancel()


def _in_order(asked: asyncio.Task[None], stopping: Stopping) -> None:
    if asked.done() and not asked.cancelled():
        stopping.in_order()


async def _first(asked: asyncio.Task[None], *parts: asyncio.Task[Any]) -> bool:
    """Wait until a stop is asked for, or one of `parts` has ended. Returns True if one has; raises its error."""
    done, _ = await asyncio.wait({asked, *parts}, return_when=asyncio.FIRST_COMPLETED)
    for part in done - {asked}:
        part.result()
    return bool(done - {asked})


async def _start(
    config: Config, config_file: Path | None, engine: Engine, previews: Previews, stack: AsyncExitStack
) -> list[asyncio.Task[None]]:
    """Start what the settings ask for; the tasks that must not end."""
    registry = Registry(config.storage.models)
    await asyncio.to_thread(registry.sweep)
    store = await stack.enter_async_context(Store(config.database_url))
    telling = await stack.enter_async_context(Telling(store, another_comes=bool(config.discord.token)))
    uploads = Uploads.below(config.storage.data)
    willing = Willing(store, config)
    leftovers = Leftovers(config)
    worker = await stack.enter_async_context(
        Worker(
            store=store,
            registry=registry,
            willing=willing,
            config_file=config_file,
            leftovers=leftovers,
            wake_telling=telling.wake,
            secret_names=config.secret_names,
            hang_seconds=config.jobs.hang_seconds,
            niceness=config.jobs.niceness,
            keep_versions=config.jobs.keep_versions,
            seconds_to_end=seconds_for_a_child(config.bot.stop_seconds),
        )
    )
    training = await stack.enter_async_context(
        Training(
            store=store, uploads=uploads, leftovers=leftovers, wake=worker.wake, max_waiting=config.jobs.max_waiting
        )
    )
    limits = Limits(config.limits, store.pauses)
    writer = Writer(engine)
    consenting = Consenting(store=store, settings=config, willing=willing, unload=writer.forget)
    tweeting = Tweeting(
        registry=registry,
        writer=writer,
        training=training,
        limits=limits,
        consenting=consenting,
        previews=previews,
        tweets=TweetStore(config.tweets),
        max_count=config.limits.tweets_per_request,
    )
    x = await stack.enter_async_context(_posting(config, store, willing, telling, registry, writer))
    collector = _collector(config)
    collecting = await stack.enter_async_context(
        _collecting(config, store, willing, telling, training, x, collector, writer.forget)
    )
    listening = Listening(store=store, registry=registry, tweets=TweetStore(config.tweets), consenting=consenting)
    timetable = await stack.enter_async_context(await _timetable(config, store, training, listening, x, collector))
    log.info("%d schedules", len(await timetable.listed()))
    publishing = await _publishing(config, config_file, telling, stack)
    await _learn_the_sample(config, registry, training)
    engine.warm_up()
    watching = await stack.enter_async_context(ongoing(engine.watch(), "engine"))
    readiness = Readiness(database=partial(store.database.answers, READY_SECONDS), engine=engine.answers)
    if config.playground.enabled:
        attachments = Attachments(config.storage.data / PAGE_UPLOADS)
        chat = Chat(tweeting=tweeting, training=training, attachments=attachments)
        await stack.enter_async_context(_page(config, chat, x.posting, attachments, readiness, engine))
    if config.discord.token:
        from bot.discord.parts import Parts as DiscordParts

        on_discord = DiscordParts(
            store=store,
            access=Access(store.settings),
            limits=limits,
            consenting=consenting,
            tweeting=tweeting,
            training=training,
            versions=Versions(store=store, registry=registry),
            voting=Voting(store=store, tweeting=tweeting, seconds=config.discord.round_seconds),
            listening=listening,
            timetable=timetable,
            posting=x.posting,
        )
        tasks = [await _connect(config, on_discord, telling, stack)]
    else:
        tasks = _without_discord(config)
    readiness.started()
    # At the end all of them begin to end at once, before each is waited for in its turn.
    background = [watching, worker.task, *x.tasks, collecting, *publishing]
    stack.callback(cancel, *background)
    return [*tasks, telling.task, *background]


async def _learn_the_sample(config: Config, registry: Registry, training: Training) -> None:
    """So that there is a voice on the first day, if it is wanted and nobody has forgotten it."""
    tweets = TweetStore(config.tweets)
    if not config.bot.sample_account or tweets.is_forgotten(sample_account().handle):
        return
    if await asyncio.to_thread(registry.names):
        return
    sample = await asyncio.to_thread(collect_sample, tweets)
    log.info("there is no voice yet: learning the sample account, @%s", sample.handle)
    # After a restart it may be in the queue already.
    with contextlib.suppress(JobRefused, NotAllowed):
        await training.start("bot", sample.handle)


async def _publishing(
    config: Config, config_file: Path | None, telling: Telling, stack: AsyncExitStack
) -> list[asyncio.Task[None]]:
    from bot.background.publishing import Publishing
    from huggingtweets.publishing.publish import removals

    left = await asyncio.to_thread(removals, config.storage.models)
    if not config.publishing.token:
        if left:
            log.warning("%s: forgotten, but on the Hub until %s is set", ", ".join(left), config.publishing.token_env)
        return []

    publishing = await stack.enter_async_context(
        Publishing(config=config, config_file=config_file, notice=telling.notice)
    )
    return [publishing.task]


def _posting(
    config: Config, store: Store, willing: Willing, telling: Telling, registry: Registry, writer: Writer
) -> contextlib.AbstractAsyncContextManager["Parts"]:
    from bot.posts.x.opening import opened

    async def draw(voice: str, count: int) -> Tweets:
        version = await asyncio.to_thread(registry.current, parse_name(voice))
        return await writer.write(version, "", count)

    async def voices() -> list[str]:
        return await willing.among(await asyncio.to_thread(registry.names))

    return opened(store=store, settings=config.x, willing=willing, draw=draw, notice=telling.notice, voices=voices)


def _collector(config: Config) -> "Collector":
    from huggingtweets.sources.remote_sources import Collector

    return Collector(config)


async def _timetable(
    config: Config, store: Store, training: Training, listening: Listening, x: "Parts", collector: "Collector"
) -> Timetable:
    """The clock, with the schedules of config.toml in the database."""
    await store.schedules.seed([entry.schedule for entry in config.schedule])
    retraining = Retraining(store=store, training=training, gather=collector.gather)

    async def post(schedule: Schedule, due: datetime) -> str:
        by = f"schedule:{schedule.name}"
        made = await x.posting.propose_by_clock(schedule.voice, by=by, key=f"{by}:{due.isoformat()}")
        return f"post {made.id} is {made.state}"

    async def retrain(schedule: Schedule, due: datetime) -> str:
        await listening.collect(parse_name(schedule.voice))
        return await retraining.run(schedule, due)

    return Timetable(store=store, actions={"retrain": retrain, "post": post})


@contextlib.asynccontextmanager
async def _collecting(
    config: Config,
    store: Store,
    willing: Willing,
    telling: Telling,
    training: Training,
    x: "Parts",
    collector: "Collector",
    unload: Callable[[str], None],
) -> AsyncIterator[asyncio.Task[None]]:
    from bot.background.collecting import PERSON, Collecting

    async def learn(name: str) -> None:
        await training.start(PERSON, name)

    collecting = Collecting(
        settings=config,
        store=store,
        collector=collector,
        learn=learn,
        notice=telling.notice,
        clock=utc_now,
        willing=willing,
        sweep=x.posting.sweep,
        unload=unload,
    )
    async with ongoing(collecting.run(), "collecting") as task:
        yield task


@contextlib.asynccontextmanager
async def _page(
    config: Config, chat: Chat, posting: Posting, attachments: Attachments, readiness: Readiness, engine: Engine
) -> AsyncIterator[None]:
    from bot.playground.server import serving

    sample = sample_account().handle
    suggestions = [f"/tweetlike @{sample}", f"/tweetlike @{sample} Good morning", "/models"]
    async with serving(
        config.playground,
        chat,
        posting,
        attachments=attachments,
        max_count=config.limits.tweets_per_request,
        suggestions=suggestions,
        readiness=readiness,
        alive=lambda: not engine.dead,
    ) as address:
        log.info("the playground is at %s", address)
        yield


async def _connect(
    config: Config, parts: "DiscordParts", telling: Telling, stack: AsyncExitStack
) -> asyncio.Task[None]:
    from bot.discord.client import discord_bot
    from bot.discord.connection import stay_connected

    client = discord_bot(
        settings=config.discord,
        parts=parts,
        commands_file=config.storage.data / "discord-commands.json",
        stop_seconds=seconds_for_answers(config.bot.stop_seconds),
        chain=config.limits.chain,
    )
    await stack.enter_async_context(client)
    telling.add(client.notices.tell)
    return asyncio.create_task(stay_connected(client, config.discord), name="discord")


def _without_discord(config: Config) -> list[asyncio.Task[None]]:
    log.info("Discord is off: %s is not set", config.discord.token_env)
    return []

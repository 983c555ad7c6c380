"""The whole process: every part is started in order, and stopped in reverse.

Knows the order. Does not know how a part is built.
"""

import asyncio
import logging
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

from bot.app import background, rims
from bot.app.foundation import lay_foundation, make_use_cases, start_trainings
from bot.core.config import Config
from bot.core.ongoing import cancel, end, ongoing
from bot.core.readiness import Readiness
from bot.core.stopping import Stopping
from huggingtweets.generation.engine import Engine

log = logging.getLogger(__name__)

READY_SECONDS = 2.0  # for the database's answer to whoever asks whether all is well


async def run(config: Config, config_file: Path | None, stopping: Stopping) -> None:
    """Run until a stop is asked for, even during the start. Raises the error of a part that fails for good."""
    asked = asyncio.create_task(stopping.asked(), name="stop")
    async with AsyncExitStack() as stack:
        try:
            # The models are closed last. A thread that still imports torch then delays no part that has state to save.
            engine = await stack.enter_async_context(Engine(config.generation))
            stack.callback(_note_stop_in_order, asked, stopping)
            starting = asyncio.create_task(_start(config, config_file, engine, stack), name="start")
            if await _wait_for_first(asked, starting):
                await _wait_for_first(asked, *starting.result())
            await end(starting)
        finally:
            log.info("stopping")
            stopping.begin()
            asked.cancel()


def _note_stop_in_order(asked: asyncio.Task[None], stopping: Stopping) -> None:
    """Called when all parts but the models have ended."""
    if asked.done() and not asked.cancelled():
        stopping.in_order()


async def _wait_for_first(asked: asyncio.Task[None], *parts: asyncio.Task[Any]) -> bool:
    """Wait until a stop is asked for, or one of `parts` has ended. Returns True if one has; raises its error."""
    done, _ = await asyncio.wait({asked, *parts}, return_when=asyncio.FIRST_COMPLETED)
    for part in done - {asked}:
        part.result()
    return bool(done - {asked})


async def _start(
    config: Config, config_file: Path | None, engine: Engine, stack: AsyncExitStack
) -> list[asyncio.Task[None]]:
    """Start what the settings ask for. Returns the tasks that must not end."""
    base = await lay_foundation(config, config_file, engine, stack)
    worker, training = await start_trainings(base, stack)
    use_cases = make_use_cases(base, training)
    x = await stack.enter_async_context(rims.on_x(base))
    collector = background.make_collector(config)
    collecting = background.make_collecting(base, training, x.posting, collector)
    await stack.enter_async_context(collecting)
    timetable = await background.make_timetable(base, training, use_cases.listening, x.posting, collector)
    await stack.enter_async_context(timetable)
    if schedules := await timetable.listed():
        log.info("schedules: %d", len(schedules))
    publishing = await background.start_publishing(base, stack)
    await background.learn_the_sample(base, training)
    engine.warm_up()
    watching = await stack.enter_async_context(ongoing(engine.watch(), "engine"))
    readiness = Readiness(database=partial(base.store.database.answers, READY_SECONDS), engine=engine.answers)
    if config.playground.enabled:
        await stack.enter_async_context(rims.page(base, use_cases, x.posting, readiness))
    tasks = []
    if config.discord.token:
        parts = rims.discord_parts(base, use_cases, timetable, x.posting)
        tasks = [await rims.connect_to_discord(base, parts, stack)]
    else:
        log.info("Discord is off: %s is not set", config.discord.token_env)
    readiness.started()
    log.info("ready; Ctrl-C stops the bot")
    # At a stop all of these begin to end at once. After that each is waited for in its turn.
    running = [watching, worker.task, *x.tasks, collecting.task, timetable.task, *publishing]
    stack.callback(cancel, *running)
    return [*tasks, base.telling.task, *running]

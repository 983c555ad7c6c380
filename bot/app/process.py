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
from bot.app.foundation import lay_foundation, make_reloading, make_use_cases, start_trainings
from bot.app.machines import Machines
from bot.app.reloading import Reloading
from bot.background.expiring import Expiring
from bot.core.config import Config
from bot.core.process.log import NOT_ON_A_TERMINAL, on_a_terminal
from bot.core.process.ongoing import cancel, end, ongoing
from bot.core.process.readiness import Readiness
from bot.core.process.stopping import Stopping
from bot.store import utc_now
from huggingtweets.generation.drafter import Drafter

log = logging.getLogger(__name__)

READY_SECONDS = 2.0  # for the database's answer to whoever asks whether all is well


async def run(config: Config, config_file: Path | None, stopping: Stopping) -> None:
    """Run until a stop is asked for, even during the start. Raises the error of a part that fails for good."""
    config = config.model_copy(deep=True)  # some of it changes when the settings are read again
    asked = asyncio.create_task(stopping.asked(), name="stop")
    async with AsyncExitStack() as stack:
        try:
            # The models are closed last. A thread that still imports torch then delays no part that has state to save.
            machines = Machines(config, config_file)
            engine = await stack.enter_async_context(machines)
            stack.callback(_note_stop_in_order, asked, stopping)
            starting = asyncio.create_task(_start(config, config_file, engine, machines, stopping, stack), name="start")
            if await _wait_for_first(asked, starting):
                await _wait_for_first(asked, *starting.result())
            await end(starting)
        finally:
            log.info("stopping", extra=on_a_terminal("Stopping."))
            stopping.begin()
            asked.cancel()


async def _reload_on_hang_ups(stopping: Stopping, reloading: Reloading) -> None:
    """Read the settings again at each hang-up. Never returns."""
    while True:
        await stopping.hung_up()
        await reloading.try_to_reload()


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
    config: Config,
    config_file: Path | None,
    engine: Drafter,
    machines: Machines,
    stopping: Stopping,
    stack: AsyncExitStack,
) -> list[asyncio.Task[None]]:
    """Start what the settings ask for. Returns the tasks that must not end."""
    base = await lay_foundation(config, config_file, engine, stack)
    worker, training = await start_trainings(base, machines.trainer(base.registry), stack)
    use_cases = make_use_cases(base, training)
    posting, posting_tasks = await stack.enter_async_context(rims.on_networks(base, use_cases.tweeting))
    collector = background.make_collector(config)
    collecting = background.make_collecting(base, training, posting, collector)
    await stack.enter_async_context(collecting)
    timetable = await background.make_timetable(base, training, use_cases.listening, posting, collector)
    await stack.enter_async_context(timetable)
    if schedules := await timetable.listed():
        log.info("schedules: %d", len(schedules), extra=NOT_ON_A_TERMINAL)
    expiring = await stack.enter_async_context(Expiring(base.store, config.store.strangers_days, utc_now))
    publishing = await background.start_publishing(base, stack)
    await background.learn_the_sample(base, training)
    watching = await stack.enter_async_context(ongoing(engine.watch(), "engine"))
    reloading = make_reloading(base, use_cases, worker)
    hang_ups = await stack.enter_async_context(ongoing(_reload_on_hang_ups(stopping, reloading), "hang-ups"))
    lag = await stack.enter_async_context(ongoing(base.measures.watch_the_loop(), "loop lag"))
    readiness = Readiness(database=partial(base.store.database.answers, READY_SECONDS), engine=engine.answers)
    if config.playground.enabled:
        await stack.enter_async_context(rims.page(base, use_cases, timetable, posting, readiness))
    # After the page, whose port may be taken: a stop waits for a thread that imports torch.
    engine.warm_up()
    tasks = []
    if config.discord.token:
        parts = rims.discord_parts(base, use_cases, timetable, posting, reloading)
        tasks = [await rims.connect_to_discord(base, parts, stack)]
    else:
        off = on_a_terminal(f"Discord is off, because {config.discord.token_env} is not set.")
        log.info("Discord is off: %s is not set", config.discord.token_env, extra=off)
    readiness.started()
    log.info("ready", extra=on_a_terminal("Ready."))
    # At a stop all of these begin to end at once. After that each is waited for in its turn.
    running = [watching, lag, hang_ups, worker.task, *posting_tasks, collecting.task, timetable.task]
    running += [expiring.task, *publishing]
    stack.callback(cancel, *running)
    return [*tasks, base.telling.task, *running]

"""SimCord's environment, in which a pause of the bot ends only when a test lets time pass, however slow the machine is.

SimCord itself also lets a pause end by the real clock, and waits for it if it is due before its patience ends. Then a
busy machine decides which pauses end, and a bot that tries again and again is given up in the middle of a try.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import discord
from discord.ui.view import BaseView
from simcord import Env, _dpy_internals

PATIENCE_SECONDS = 300.0  # for work in threads and in the database; only a bot that hangs takes so long
# Whoever waits for less, such as the database for a lock, is not let wait for a test.
SHORTEST_PAUSE = 0.2


class VirtualTime(Env):
    """An `Env` whose `advance_time` alone ends pauses."""

    def _schedule_timer(self, record: Any, callback: Any, *more: Any) -> None:
        if record.when - self._virtual_time < SHORTEST_PAUSE:
            super()._schedule_timer(record, callback, *more)

    async def _settle_internal(self, **options: Any) -> None:
        # SimCord gives a bot that starts 5 s, whatever its environment is told.
        options["timeout"] = max(options.get("timeout") or 0.0, self.settle_timeout)
        await super()._settle_internal(**options)


def _stored_wait_futures(client: discord.Client) -> set[Any]:
    """What ends with the views and modals that the bot listens to."""
    store = client._connection._view_store
    views = {id(item._view): item._view for items in store._views.values() for item in items.values()}
    stopped = (getattr(view, "_BaseView__stopped", None) for view in (*views.values(), *store._modals.values()))
    return {future for future in stopped if isinstance(future, asyncio.Future)}


def _view_timeout_task_identity(client: discord.Client, task: asyncio.Task[Any]) -> bool:
    """Returns True if `task` ends a view or a modal when its time is over."""
    return getattr(task.get_coro(), "cr_code", None) is _EXPIRY and _is_expiry(client, task)


# SimCord asks both at every step, and for that it looks through all attributes of the view of each button of the bot.
_EXPIRY = BaseView._BaseView__timeout_task_impl.__code__
_is_expiry = _dpy_internals._view_timeout_task_identity
_dpy_internals._stored_wait_futures = _stored_wait_futures
_dpy_internals._view_timeout_task_identity = _view_timeout_task_identity


@asynccontextmanager
async def virtual_time(bot: discord.Client) -> AsyncIterator[VirtualTime]:
    """An environment in which `bot` runs. At the end it raises what failed in the bot and no test has read."""
    env = VirtualTime(bot, settle_timeout=PATIENCE_SECONDS)
    await env.start()
    try:
        yield env
    finally:
        await env.shutdown()
    env._raise_errors_since(env._errors_acknowledged)

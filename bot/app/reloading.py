"""Settings are read again while the bot runs. Wrong ones change nothing.

Knows the settings and who must be told of new ones. Does not know what asks for it: a signal, or a command.
"""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from bot.core.config import Config
from bot.core.errors import StoreUnavailable
from bot.core.process.live_settings import Difference, difference, take_over
from bot.core.process.log import set_level
from bot.store.schedules import Schedules
from huggingtweets.core.errors import Misconfigured

log = logging.getLogger(__name__)

Listener = Callable[[Config], None]  # is told of new settings, and must not fail


class Reloading:
    """Reads config.toml again. `listeners` have made something of the settings that they can make anew."""

    def __init__(self, config: Config, config_file: Path | None, schedules: Schedules, *listeners: Listener):
        self._config = config
        self._config_file = config_file
        self._schedules = schedules
        self._listeners = (_log_level, *listeners)
        self._turn = asyncio.Lock()

    async def reload(self) -> Difference:
        """Let the new settings hold, as far as they can. Returns what has changed, and what waits for a restart.

        Raises `Misconfigured` or `StoreUnavailable`; then the settings are as they were.
        """
        async with self._turn:
            new = await asyncio.to_thread(Config.load, self._config_file)
            found = difference(self._config, new)
            # First what can fail.
            await self._schedules.seed([entry.schedule for entry in new.schedule])
            take_over(self._config, new)
            for listener in self._listeners:
                listener(self._config)
        log.info("settings are read again: %s", ", ".join(found.now) or "nothing has changed that can change now")
        if found.after_a_restart:
            log.warning("these settings hold after a restart only: %s", ", ".join(found.after_a_restart))
        return found

    async def try_to_reload(self) -> None:
        """The same for a signal, to whose sender only the log can answer."""
        try:
            await self.reload()
        except (Misconfigured, StoreUnavailable) as error:
            log.warning("the settings stay as they were: %s", error)


def _log_level(config: Config) -> None:
    set_level(config.bot.log_level)

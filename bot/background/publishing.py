"""The use case "publish": promoted versions go to the Hub, and forgotten ones are deleted there.

A child process does it. Of all secrets it gets the Hub's token alone. What is to be done is noted in the models'
folders, so it is also done after a restart. What fails is tried again after longer and longer waits, and the admins are
told once.

Knows processes and whose version is waiting. Does not know the Hub, torch or any platform.
"""

import asyncio
import logging
import os
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from bot.core.config import Config
from bot.core.errors import BotError, told
from bot.core.process.child_process import child_environment, running_child
from bot.core.process.ongoing import Ongoing
from bot.core.process.stopping import seconds_for_a_child
from bot.store.notices import SendNotice
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.publishing.publish import removals, wanted
from huggingtweets.remote.upstream import Patience

log = logging.getLogger(__name__)
POLL_SECONDS = 10.0
MOST_SECONDS = 3_600.0  # for one version: half a gigabyte on a slow line
_FAILED = {
    "publish": partial(Phrase, "{name} is not on the Hub. I try again; whoever runs me finds in the log why."),
    "unpublish": partial(
        Phrase,
        "{name} was forgotten here, and is still on the Hub. I try again; whoever runs me finds in the log why.",
    ),
}
WAITS = Patience(first_seconds=60.0, longest_seconds=6 * 3_600.0)


class Publishing(Ongoing):
    """An async context manager. Leaving it ends the running child, whose work is then done after a restart."""

    def __init__(
        self,
        *,
        config: Config,
        config_file: Path | None,
        notice: SendNotice,
        environ: Mapping[str, str] = os.environ,
        waits: Patience = WAITS,
    ):
        self._config = config
        self._config_file = config_file
        self._notice = notice
        self._environ = environ
        self._waits = waits
        self._failures: dict[tuple[str, ...], int] = {}  # (command, name) -> how many in a row
        self._not_before: dict[tuple[str, ...], float] = {}

    async def _go_on(self) -> None:
        models = self._config.storage.models
        while True:
            for name in await asyncio.to_thread(removals, models):
                await self._try("unpublish", name, "--yes")
            if self._config.publishing.enabled:
                for name in await asyncio.to_thread(wanted, models):
                    niceness = str(self._config.jobs.niceness)
                    await self._try("publish", name, "--json", "--background", "--niceness", niceness)
            await asyncio.sleep(POLL_SECONDS)

    async def _try(self, *arguments: str) -> None:
        """Run a command, unless it failed a short while ago."""
        command, name = key = arguments[:2]
        if time.monotonic() < self._not_before.get(key, 0.0):
            return
        reason = await self._child(arguments)
        if reason is None:
            log.info("%s: done", command)
            self._failures.pop(key, None)
            return
        attempt = self._failures.get(key, 0)
        self._failures[key] = attempt + 1
        wait = self._waits.delay(attempt)
        self._not_before[key] = time.monotonic() + wait
        log.warning("%s %s failed, and will be tried again in %.0f s: %s", command, name, wait, reason)
        if attempt == 0:
            try:
                failure = told(BotError(f"{command} {name}: {reason}", for_people=_FAILED[command](name=name)))
                await self._notice(f"{command}:{name}:{time.time():.0f}", failure)
            except BotError as error:
                log.warning("the admins cannot be told of it: %s", error)

    async def _child(self, arguments: tuple[str, ...]) -> str | None:
        """Run a command. Returns None if it succeeded, otherwise the reason."""
        if self._config_file:
            arguments = (*arguments, "--config", str(self._config_file))
        seconds_to_end = seconds_for_a_child(self._config.bot.stop_seconds)
        environment = environment_for_the_hub(self._config, self._environ)
        try:
            async with running_child(arguments, environment, seconds_to_end=seconds_to_end) as child:
                if not await child.ended(MOST_SECONDS):
                    return f"it was not done after {MOST_SECONDS:.0f} s."
        except OSError as error:
            return f"it cannot be started ({error})."
        if child.exit_code == 0:
            return None
        return child.complaint or f"it ended with exit code {child.exit_code}."


def environment_for_the_hub(config: Config, environ: Mapping[str, str]) -> dict[str, str]:
    """The child's environment: of all secrets it holds the Hub's token alone."""
    token = config.publishing.token
    given = {config.publishing.token_env: token.get_secret_value()} if token else {}
    return child_environment(environ, config.secret_names, given)

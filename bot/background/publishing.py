"""The use case "publish": what was promoted goes to the Hub, by a child process that gets one secret, the Hub's token.

So does what was forgotten, to be deleted there. What is to be done stands in the models' folders, so it is done
also after a restart, and whoever wanted it. What fails is tried again, later and later, and told once.

Knows processes and whose version is waiting. Does not know the Hub, torch or any platform.
"""

import asyncio
import contextlib
import logging
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.core.config import Config
from bot.core.errors import BotError, told
from bot.core.ongoing import Ongoing
from bot.core.stopping import seconds_for_a_child
from bot.store.notices import SendNotice
from huggingtweets.publishing.publish import removals, wanted
from huggingtweets.remote.upstream import Patience

log = logging.getLogger(__name__)
POLL_SECONDS = 10.0
MOST_SECONDS = 3_600.0  # for one version: half a gigabyte by a slow line
PREFIX = "huggingtweets: "
WAITS = Patience(first_seconds=60.0, longest_seconds=6 * 3_600.0)


class Publishing(Ongoing):
    """An async context manager: leaving it ends the running child, and what that did not finish waits for a restart."""

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
        self._failed: dict[tuple[str, ...], int] = {}  # (command, name) -> how often
        self._not_before: dict[tuple[str, ...], float] = {}

    async def _go_on(self) -> None:
        models = self._config.storage.models
        while True:
            for name in await asyncio.to_thread(removals, models):
                await self._insist("unpublish", name, "--yes")
            if self._config.publishing.enabled:
                for name in await asyncio.to_thread(wanted, models):
                    niceness = str(self._config.jobs.niceness)
                    await self._insist("publish", name, "--json", "--background", "--niceness", niceness)
            await asyncio.sleep(POLL_SECONDS)

    async def _insist(self, *arguments: str) -> None:
        """Run a command, unless it has failed a short while ago."""
        command, name = key = arguments[:2]
        if time.monotonic() < self._not_before.get(key, 0.0):
            return
        why = await self._child(arguments)
        if why is None:
            log.info("%s %s: done", command, name)
            self._failed.pop(key, None)
            return
        attempt = self._failed.get(key, 0)
        self._failed[key] = attempt + 1
        wait = self._waits.delay(attempt)
        self._not_before[key] = time.monotonic() + wait
        log.warning("%s %s failed, and will be tried again in %.0f s: %s", command, name, wait, why)
        if attempt == 0:
            still = "is not on" if command == "publish" else "was forgotten here, and is still on"
            try:
                people = f"{name} {still} the Hub. I try again; whoever runs me finds in the log why."
                failure = told(BotError(f"{command} {name}: {why}", for_people=people))
                await self._notice(f"{command}:{name}:{time.time():.0f}", failure)
            except BotError as error:
                log.warning("that is not told: %s", error)

    async def _child(self, arguments: Sequence[str]) -> str | None:
        """None when the command did what it should, or why not."""
        if self._config_file:
            arguments = [*arguments, "--config", str(self._config_file)]
        try:
            child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "huggingtweets", *arguments),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                env=environment(self._config, self._environ),
            )
        except OSError as error:
            return f"it cannot be started ({error})."
        try:
            async with asyncio.timeout(MOST_SECONDS):
                _, errors = await child.communicate()
        except TimeoutError:
            return f"it was not done after {MOST_SECONDS:.0f} s."
        finally:
            await _ended(child, seconds_for_a_child(self._config.bot.stop_seconds))
        if child.returncode == 0:
            return None
        told = [line for line in errors.decode(errors="replace").splitlines() if line.startswith(PREFIX)]
        return told[-1].removeprefix(PREFIX) if told else f"it ended with exit code {child.returncode}."


def environment(config: Config, environ: Mapping[str, str]) -> dict[str, str]:
    """What the child gets: everything but secrets, and of these the Hub's token alone."""
    kept = {key: value for key, value in environ.items() if key not in config.secret_names}
    if config.publishing.token:
        kept[config.publishing.token_env] = config.publishing.token.get_secret_value()
    return kept


async def _ended(child: asyncio.subprocess.Process, within_seconds: float) -> None:
    """Make sure that it is gone: asked first, killed then."""
    if child.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        child.terminate()
    # Not asyncio.timeout: before Python 3.11.3 it takes its own end for a cancellation in a task that has had one.
    done, _ = await asyncio.wait({asyncio.ensure_future(child.wait())}, timeout=within_seconds)
    if not done:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()

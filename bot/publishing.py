"""The use case "publish": what was promoted goes to the Hub, by a child process that gets one secret, the Hub's token.

What is to go there stands in the models' folders, so it is done also after a restart, and whoever promoted it. What
fails is tried again, later and later, and told once.

Knows processes and whose version is waiting. Does not know the Hub, torch or any platform.
"""

import asyncio
import contextlib
import logging
import os
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Self

from bot.config import Config
from bot.errors import BotError
from huggingtweets.publish import wanted
from huggingtweets.upstream import Patience

log = logging.getLogger(__name__)
POLL_SECONDS = 10.0
MOST_SECONDS = 3_600.0  # for one version: half a gigabyte by a slow line
SECONDS_TO_END = 5.0
PREFIX = "huggingtweets: "
WAITS = Patience(first_seconds=60.0, longest_seconds=6 * 3_600.0)

Notice = Callable[[str, str], Awaitable[None]]


class Publishing:
    """An async context manager: leaving it ends the running child, and what that did not finish waits for a restart."""

    def __init__(
        self,
        *,
        config: Config,
        config_file: Path | None,
        notice: Notice,
        environ: Mapping[str, str] = os.environ,
        waits: Patience = WAITS,
    ):
        self._config = config
        self._config_file = config_file
        self._notice = notice
        self._environ = environ
        self._waits = waits
        self._failed: dict[str, int] = {}  # name -> how often
        self._not_before: dict[str, float] = {}
        self.task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self.task = asyncio.create_task(self._go_on(), name="publishing")
        return self

    async def __aexit__(self, *ended: object) -> None:
        assert self.task
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    async def _go_on(self) -> None:
        while True:
            for name in await asyncio.to_thread(wanted, self._config.storage.models):
                if time.monotonic() >= self._not_before.get(name, 0.0):
                    await self._publish(name)
            await asyncio.sleep(POLL_SECONDS)

    async def _publish(self, name: str) -> None:
        why = await self._child(name)
        if why is None:
            log.info("%s was published", name)
            self._failed.pop(name, None)
            return
        attempt = self._failed.get(name, 0)
        self._failed[name] = attempt + 1
        wait = self._waits.delay(attempt)
        self._not_before[name] = time.monotonic() + wait
        log.warning("%s was not published, and will be tried again in %.0f s: %s", name, wait, why)
        if attempt == 0:
            try:
                await self._notice(f"publish:{name}:{time.time():.0f}", f"{name} is not on the Hub: {why}")
            except BotError as error:
                log.warning("that is not told: %s", error)

    async def _child(self, name: str) -> str | None:
        """None when the version in use is on the Hub, or why it is not."""
        arguments = ["publish", name, "--json", "--background"]
        if self._config_file:
            arguments += ["--config", str(self._config_file)]
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
            await _ended(child)
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


async def _ended(child: asyncio.subprocess.Process) -> None:
    """Make sure that it is gone: asked first, killed then."""
    if child.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        child.terminate()
    try:
        async with asyncio.timeout(SECONDS_TO_END):
            await child.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()

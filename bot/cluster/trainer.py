"""Trainings on the cluster. One whose machine is lost goes on elsewhere, from its last checkpoint.

Knows the link and what a training says. Does not know machines or jobs.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager

from bot.cluster.learning import ENDED, EVENT, UNFIT, Said
from bot.cluster.link import GatewayLink
from bot.core.errors import ClusterUnavailable
from bot.core.process.child_process import KEPT_LOG_LINES, PREFIX
from bot.core.process.ongoing import end
from bot.core.process.stopping import CHILD_SECONDS
from bot.trainings.heard import Heard, failed
from bot.trainings.trainer import Lesson
from huggingtweets.core.config.settings import Settings
from huggingtweets.core.errors import NotNow, PipelineError
from huggingtweets.core.events import Done, Skipped, read_event
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.registry.versions import Registry

log = logging.getLogger(__name__)

TRIES = 10  # one after the other that get no further
AGAIN_SECONDS = 2.0  # before a training is tried on another machine
GIVEN_UP = Phrase("The machines that I learn on were lost again and again; start it again later and it goes on.")


class ClusterTraining:
    """A training that runs on some machine, or has ended. It is a `RunningTraining`."""

    def __init__(self, link: GatewayLink, lesson: Lesson, settings: Settings, seconds_to_end: float):
        self._link, self._lesson, self._settings = link, lesson, settings
        self._seconds_to_end = seconds_to_end
        self._registry = Registry(settings.storage.models)
        self._lines: deque[str] = deque(maxlen=KEPT_LOG_LINES)
        self._number: int | None = None
        self._code: int | None = None
        self._is_to_end = False
        self.heard = Heard()
        self.tries = 0

    def begin(self) -> None:
        """Begin to run it."""
        self._following = asyncio.create_task(self._follow(), name="training on the cluster")

    @property
    def log(self) -> str:
        """The last lines that it printed."""
        return "\n".join(self._lines)

    async def ended(self, within_seconds: float) -> bool:
        """Wait for its end, but not longer than that. Returns True if it has ended."""
        done, _ = await asyncio.wait({self._following}, timeout=within_seconds)
        return bool(done)

    async def stop(self) -> None:
        """Ask it to end, and kill it if that takes too long."""
        await self._end(self._seconds_to_end)

    async def kill(self) -> None:
        """End it at once."""
        await self._end(0.0)

    async def _end(self, within_seconds: float) -> None:
        self._is_to_end = True
        if not self._following.done():
            if self._number is not None:
                try:
                    await self._link.ask("end", self._number, within_seconds)
                except (ClusterUnavailable, NotNow) as error:
                    log.warning("a training cannot be told to end: %s", error)
            await asyncio.wait({self._following}, timeout=within_seconds + 2)
        await end(self._following)

    def outcome(self) -> Done | Skipped:
        """What a training that has ended gave. Raises `TrainingFailed` if it gave nothing."""
        if self._code == 0 and self.heard.result:
            return self.heard.result
        sentences = [line.removeprefix(PREFIX) for line in self._lines if line.startswith(PREFIX)]
        raise failed(self._lesson.name, sentences[-1] if sentences else "", self._code or 0, self.heard.failure)

    async def _follow(self) -> None:
        """Hear what it says until it ends. If its machine is lost, it is tried again."""
        versions = await asyncio.to_thread(self._registry.versions, self._lesson.name)
        in_vain, reached = 0, 0
        while self._code is None and not self._is_to_end:
            self.tries += 1
            try:
                await self._one_try()
            except ClusterUnavailable as error:
                self._lines.append(str(error))
                in_vain = in_vain + 1 if self.heard.percent <= reached else 1
                reached = self.heard.percent
                if in_vain == TRIES:
                    self._lines.append(f"{PREFIX}The training of {self._lesson.name} was given up: {error}")
                    self.heard.failure = GIVEN_UP
                    self._code = PipelineError.exit_code
                    return
                log.warning("a training goes on elsewhere: %s", error)
                await asyncio.sleep(AGAIN_SECONDS)
                await asyncio.to_thread(self._look_for_its_version, versions)
            finally:
                self._number = None
        if self._code is None:
            self._code = -15

    async def _one_try(self) -> None:
        await self._link.connected()

        def began(number: int) -> None:
            self._number = number

        parts = self._link.parts("train", self._lesson, self._settings, began=began)
        async with aclosing(parts):
            async for said in parts:
                self._hear(said)
        if self._code is None and not self._is_to_end:
            raise ClusterUnavailable("The training ended without a word.")

    def _hear(self, said: Said) -> None:
        kind, text = said
        if kind == ENDED:
            self._code = int(text)
        elif kind == UNFIT:
            raise ClusterUnavailable(text)
        elif kind == EVENT:
            try:
                self.heard.hear(read_event(text))
            except ValueError:
                self._lines.append(text)
        else:
            self._lines.append(text)

    def _look_for_its_version(self, before: list[str]) -> None:
        """If the lost machine has made the version, and only its last word was lost, nothing is trained again."""
        new = [number for number in self._registry.versions(self._lesson.name) if number not in before]
        if new:
            version = self._registry.version(self._lesson.name, new[-1])
            self.heard.hear(version.as_event(seconds=version.manifest.seconds))
            self._code = 0


class ClusterTrainer:
    """Trains on the machines of the cluster. It is a `Trainer`. `settings` gives those that are in force."""

    def __init__(self, link: GatewayLink, settings: Callable[[], Settings], *, seconds_to_end: float = CHILD_SECONDS):
        self._link, self._settings, self._seconds_to_end = link, settings, seconds_to_end

    @asynccontextmanager
    async def train(self, lesson: Lesson) -> AsyncIterator[ClusterTraining]:
        """A training of `lesson`; leaving the context ends it."""
        settings = await asyncio.to_thread(self._settings)
        training = ClusterTraining(self._link, lesson, settings, self._seconds_to_end)
        training.begin()
        try:
            yield training
        finally:
            await training.stop()

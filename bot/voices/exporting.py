"""The use case "export": a version as an ordinary model in a folder, for admins. A child process makes it.

The same holds as for a publication: no tweet is in it, and no voice that its person lent to the bot alone is exported.

An export takes half a minute or more. It is made in the background, and then waits for a while for whoever began it.

Knows processes and folders. Does not know what is in the folder, or how it is sent to anybody.
"""

import asyncio
import logging
import os
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.core.config import Config
from bot.core.errors import BotError, explained
from bot.core.process.child_process import Hear, child_environment, running_child
from bot.core.process.ongoing import end
from bot.core.process.stopping import seconds_for_a_child
from bot.people.willing import Willing
from bot.store import Store
from huggingtweets.core.errors import NotNow, PipelineError, Unavailable, Usage
from huggingtweets.core.events import Event, Failed, Progress
from huggingtweets.core.people.names import VoiceName
from huggingtweets.publishing.folders import Form, folder_of

log = logging.getLogger(__name__)

MOST_SECONDS = 600.0
KEPT_SECONDS = 900.0  # a folder that nobody fetches
TELLING = "{} cannot be exported. Whoever runs me finds in the log why."
GONE = "This export is not here any more. Begin it again."


@dataclass(slots=True)
class Export:
    """A version that `person` exports. It is made, then its `folder` is there until nobody has come for a while."""

    id: str
    voice: VoiceName
    version: str
    form: Form
    person: str
    began: float = field(default_factory=time.monotonic)
    percent: int = 0
    folder: Path | None = None
    complaint: str = ""  # what the child says to people
    why_not: str = ""
    readers: int = 0
    unread: asyncio.Event = field(default_factory=asyncio.Event)  # nobody reads it now

    @property
    def has_ended(self) -> bool:
        """Returns True if it is ready, or has failed."""
        return bool(self.folder or self.why_not)

    @property
    def seconds(self) -> int:
        """For how long it is being made."""
        return round(time.monotonic() - self.began)

    def hear(self, event: Event) -> None:
        """Note how far the child is, and what went wrong."""
        if isinstance(event, Progress):
            self.percent = max(5, 100 * event.done // max(event.total, 1))
        if isinstance(event, Failed):
            self.complaint = event.for_people


class Exporting:
    """Makes one folder at a time and keeps one, because each has hundreds of megabytes."""

    def __init__(
        self,
        *,
        store: Store,
        willing: Willing,
        config: Config,
        config_file: Path | None,
        environ: Mapping[str, str] = os.environ,
    ):
        self._store = store
        self._willing = willing
        self._config = config
        self._config_file = config_file
        self._environ = environ
        self._export: Export | None = None
        self._task: asyncio.Task[None] | None = None

    async def begin(self, voice: VoiceName, version: str, form: Form, *, by: str, server: str) -> Export:
        """Begin to export a version. It replaces an earlier export that is ready.

        Raises `NotAllowed` for a voice that may not speak on `server`, and `NotNow` while another one is made or sent.
        """
        await self._willing.refuse(voice, server)
        before = self._export
        if before and (not before.has_ended or before.readers):
            raise NotNow("Another voice is being exported. Try again in some minutes.")
        export = self._export = Export(secrets.token_hex(8), voice, version, form, by)
        if self._task:
            await end(self._task)
        self._task = asyncio.create_task(self._keep(export, server), name="export")
        return export

    def get(self, id_: str, person: str) -> Export:
        """An export that `person` has begun. Raises `Usage` if there is none any more."""
        export = self._export
        if not export or export.id != id_ or export.person != person:
            raise Usage(GONE)
        return export

    @asynccontextmanager
    async def reading(self, export: Export, server: str) -> AsyncIterator[Path]:
        """The folder of an export that is ready, which stays there while the context lasts.

        Raises `NotAllowed` if somebody has withdrawn meanwhile, and `Usage` if it is not ready.
        """
        await self._willing.refuse(export.voice, server)
        if not export.folder:
            raise Usage(GONE)
        export.readers += 1
        export.unread.clear()
        try:
            yield export.folder
        finally:
            export.readers -= 1
            if not export.readers:
                export.unread.set()

    async def close(self) -> None:
        """End what is being made, and delete what was made."""
        if self._task:
            await end(self._task)

    async def _keep(self, export: Export, server: str) -> None:
        folder = folder_of(export.voice, export.version, self._config, export.form)
        try:
            await self._make(export)
            await self._willing.refuse(export.voice, server)
            await self._store.audit.add(export.person, "version.export", export.voice, version=export.version)
            export.percent, export.folder = 100, folder
            export.unread.set()
            await asyncio.sleep(KEPT_SECONDS)
            await export.unread.wait()
        except (BotError, PipelineError) as error:
            export.why_not, _ = explained(error)
        finally:
            if self._export is export and not export.why_not:
                self._export = None
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _make(self, export: Export) -> None:
        voice, version = export.voice, export.version
        arguments = ["export", voice, "--version", version, "--format", export.form, "--background"]
        if self._config_file:
            arguments += ["--config", str(self._config_file)]
        reason = await self._run(arguments, export.hear)
        if reason:
            told = export.complaint or TELLING.format(voice)
            raise Unavailable(f"{voice} {version} cannot be exported: {reason}", for_people=told)

    async def _run(self, arguments: list[str], hear: Hear) -> str:
        """Run the child. Returns why it did not end well; empty if it did."""
        environment = child_environment(self._environ, self._config.secret_names)
        seconds_to_end = seconds_for_a_child(self._config.bot.stop_seconds)
        try:
            async with running_child(arguments, environment, seconds_to_end=seconds_to_end, hear=hear) as child:
                has_ended = await child.ended(MOST_SECONDS)
                return "" if has_ended and child.exit_code == 0 else child.complaint or "it did not end well"
        except OSError as error:
            return f"it cannot be started ({error})"

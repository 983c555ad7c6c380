"""A command of `huggingtweets` in a process of its own, which ends before the bot does.

Knows processes, pipes and which secrets a child may see. Does not know what the command does.
"""

import asyncio
import contextlib
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager

from bot.core.process.ongoing import end
from bot.core.process.stopping import CHILD_SECONDS
from huggingtweets.core.config.secret_values import CREDENTIALS, file_variable
from huggingtweets.core.events import Event, read_event

KEPT_LOG_LINES = 50
MAX_LINE_BYTES = 1 << 20
PREFIX = "huggingtweets: "
DRAIN_SECONDS = 1.0  # a grandchild may hold the pipes open; its output is not waited for longer

Hear = Callable[[Event], None]


class ChildProcess:
    """A command that runs, or has ended."""

    def __init__(self, process: asyncio.subprocess.Process, seconds_to_end: float):
        self._process = process
        self._seconds_to_end = seconds_to_end
        self._log_lines: deque[str] = deque(maxlen=KEPT_LOG_LINES)
        self._following: asyncio.Task[None]

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative if a signal has ended it."""
        return self._process.returncode

    @property
    def log(self) -> str:
        """The last lines that it printed."""
        return "\n".join(self._log_lines)

    @property
    def complaint(self) -> str:
        """The last sentence that `huggingtweets` said of a failure; empty if there was none."""
        sentences = [line.removeprefix(PREFIX) for line in self._log_lines if line.startswith(PREFIX)]
        return sentences[-1] if sentences else ""

    async def ended(self, within_seconds: float) -> bool:
        """Wait for its end, but not longer than that. Returns True if it has ended."""
        done, _ = await asyncio.wait({self._following}, timeout=within_seconds)
        return bool(done)

    async def stop(self) -> None:
        """Ask it to end, and kill it if it takes too long."""
        if self._process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        # Not asyncio.timeout: before Python 3.11.3 it takes its own end for a cancellation in a task that has had one.
        ending = asyncio.ensure_future(self._process.wait())
        done, _ = await asyncio.wait({ending}, timeout=self._seconds_to_end)
        if not done:
            await self.kill()

    async def kill(self) -> None:
        """End it at once."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    def follow(self, hear: Hear | None) -> None:
        """Begin to read what it prints. With `hear`, stdout has events."""
        self._following = asyncio.create_task(self._follow(hear), name="child")

    async def leave(self) -> None:
        """Make sure that it has ended and that nothing reads it any more."""
        try:
            await self.stop()
            await self.ended(within_seconds=DRAIN_SECONDS)
        finally:
            await end(self._following)

    async def _follow(self, hear: Hear | None) -> None:
        out, errors = self._process.stdout, self._process.stderr
        assert out
        reading = [self._read_events(out, hear) if hear else self._read_log(out)]
        if errors:
            reading.append(self._read_log(errors))
        await asyncio.gather(*reading)
        await self._process.wait()

    async def _read_log(self, stream: asyncio.StreamReader) -> None:
        async for line in _lines(stream):
            self._log_lines.append(line)

    async def _read_events(self, stream: asyncio.StreamReader, hear: Hear) -> None:
        async for line in _lines(stream):
            try:
                event = read_event(line)
            except ValueError:
                self._log_lines.append(line)
            else:
                hear(event)


@asynccontextmanager
async def running_child(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    seconds_to_end: float = CHILD_SECONDS,
    hear: Hear | None = None,
) -> AsyncIterator[ChildProcess]:
    """`huggingtweets` with these arguments; leaving the context ends it. Raises `OSError` if it cannot be started.

    `hear` is called with each event of a command that has `--events`. `seconds_to_end` is the time between asking the
    child to end and killing it.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "huggingtweets", *arguments, *(("--events",) if hear else ())),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        # In one stream the lines keep their order. Where stdout has events, they must not be torn apart.
        stderr=asyncio.subprocess.PIPE if hear else asyncio.subprocess.STDOUT,
        limit=MAX_LINE_BYTES,
        env=environment,
    )
    # No await from here to the `try`: a cancellation in between would leave the child alone.
    child = ChildProcess(process, seconds_to_end)
    child.follow(hear)
    try:
        yield child
    finally:
        await child.leave()


def child_environment(
    environ: Mapping[str, str], secret_names: Collection[str], given: Mapping[str, str] | None = None
) -> dict[str, str]:
    """What a child gets: the whole environment without its secrets, and of the secrets only those that are `given`.

    Nor is it told in which files secrets are.
    """
    hidden = {*secret_names, *map(file_variable, secret_names), CREDENTIALS}
    return {key: value for key, value in environ.items() if key not in hidden} | dict(given or {})


async def _lines(stream: asyncio.StreamReader) -> AsyncIterator[str]:
    """The lines of `stream`. A line that is too long is replaced by a remark."""
    while True:
        try:
            line = await stream.readline()
        except ValueError:
            yield f"(a line of more than {MAX_LINE_BYTES:,} bytes)"
            continue
        if not line:
            return
        yield line.decode(errors="replace").rstrip()

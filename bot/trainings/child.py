"""A training in a process of its own: the command line itself, without secrets, at the lowest priority.

The child writes its events as JSON lines to a descriptor of its own, and what people hear of its failure; what it
prints is its log. It is gone when this
process is gone.

Knows processes and events. Does not know jobs, or what the events are for.
"""

import asyncio
import contextlib
import json
import os
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from bot.core.errors import TrainingFailed
from bot.core.stopping import CHILD_SECONDS
from huggingtweets.core.errors import PipelineError
from huggingtweets.core.events import STAGES

KEPT_LOG_LINES = 50
MAX_LINE_BYTES = 1 << 20
PREFIX = "huggingtweets: "
# What a stage is worth of the whole, in percent; measured on accounts of 400 to 3,200 tweets.
_SHARES = dict(zip(STAGES, (2, 2, 1, 83, 8, 1, 1, 1, 1), strict=True))


@dataclass
class Child:
    """A training that runs, how far it is, and what it said."""

    name: str
    process: asyncio.subprocess.Process
    seconds_to_end: float = CHILD_SECONDS
    """Between asking it to end and killing it."""
    stage: str = "starting"
    percent: int = 0
    result: dict[str, Any] | None = None
    failure: str = ""
    """What it says of its failure, for people."""
    last_sign: float = field(default_factory=time.monotonic)
    log_lines: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT_LOG_LINES))
    _ended: asyncio.Task[None] | None = None

    @property
    def silent_seconds(self) -> float:
        """How long there was no event."""
        return time.monotonic() - self.last_sign

    @property
    def log(self) -> str:
        """The last lines that it printed."""
        return "\n".join(self.log_lines)

    async def ended(self, within_seconds: float) -> bool:
        """Wait for its end, not longer than that; whether it came."""
        assert self._ended
        done, _ = await asyncio.wait({self._ended}, timeout=within_seconds)
        return bool(done)

    def outcome(self) -> dict[str, Any]:
        """The last event of a child that has ended; raises `TrainingFailed` when it was not `done`."""
        code = self.process.returncode
        if code == 0 and self.result:
            return self.result
        raise _failed(self.name, self.log_lines, code if code is not None else 0, self.failure)

    async def stop(self) -> None:
        """Make sure that it is gone: asked first, killed then."""
        if self.process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        # Not asyncio.timeout: before Python 3.11.3 it takes its own end for a cancellation in a task that has had one.
        done, _ = await asyncio.wait({asyncio.ensure_future(self.process.wait())}, timeout=self.seconds_to_end)
        if not done:
            await self.kill()

    async def kill(self) -> None:
        """End it at once."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()

    async def _follow(self, events: asyncio.StreamReader) -> None:
        assert self.process.stdout
        await asyncio.gather(self._read_events(events), self._read_log(self.process.stdout))
        await self.process.wait()

    async def _read_events(self, stream: asyncio.StreamReader) -> None:
        async for line in _lines(stream):
            try:
                event = json.loads(line)
                kind = event["event"]
            except (ValueError, KeyError, TypeError):
                self.log_lines.append(line)
                continue
            self.last_sign = time.monotonic()
            if kind == "progress" and event["stage"] in _SHARES:
                self.stage = event["stage"]
                self.percent = percent(event["stage"], event["done"], event["total"])
            elif kind == "failed":
                self.failure = str(event.get("for_people", ""))
            elif kind != "progress":
                self.result = event

    async def _read_log(self, stream: asyncio.StreamReader) -> None:
        async for line in _lines(stream):
            self.log_lines.append(line)


@asynccontextmanager
async def running(
    name: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    niceness: int = 19,
    seconds_to_end: float = CHILD_SECONDS,
) -> AsyncIterator[Child]:
    """A child that learns `name` with these arguments to `huggingtweets`; leaving the context ends it."""
    background = ("--background", "--niceness", str(niceness))
    read_end, write_end = os.pipe()
    events, transport = await _reader(read_end)
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "huggingtweets", *arguments, "--progress-fd", str(write_end), *background),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            pass_fds=(write_end,),
            limit=MAX_LINE_BYTES,
            env=environment,
        )
    except BaseException:
        transport.close()
        raise
    finally:
        os.close(write_end)
    # No await from here to the `try`: a cancellation in between would leave the child alone.
    child = Child(name, process, seconds_to_end)
    child._ended = asyncio.create_task(child._follow(events))
    try:
        yield child
    finally:
        try:
            await child.stop()
            # A grandchild may hold the pipes open: what it has to say is not waited for.
            await child.ended(within_seconds=1)
        finally:
            child._ended.cancel()
            transport.close()


def percent(stage: str, done: int, total: int) -> int:
    """How far the whole is, 0 to 99, when `done` of `total` of a stage are."""
    before = sum(share for name, share in _SHARES.items() if STAGES.index(name) < STAGES.index(stage))
    return min(99, round(before + _SHARES[stage] * done / max(1, total)))


async def _reader(descriptor: int) -> tuple[asyncio.StreamReader, asyncio.ReadTransport]:
    reader = asyncio.StreamReader(MAX_LINE_BYTES)
    protocol = asyncio.StreamReaderProtocol(reader)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: protocol, os.fdopen(descriptor, "rb", 0))
    return reader, transport


async def _lines(stream: asyncio.StreamReader) -> AsyncIterator[str]:
    """The lines of `stream`; of one that is too long only that it was there."""
    while True:
        try:
            line = await stream.readline()
        except ValueError:
            yield f"(a line of more than {MAX_LINE_BYTES:,} bytes)"
            continue
        if not line:
            return
        yield line.decode(errors="replace").rstrip()


def _failed(name: str, log_lines: Sequence[str], code: int, failure: str) -> TrainingFailed:
    """What the child says of its failure, or what its exit code means."""
    told = [line.removeprefix(PREFIX) for line in log_lines if line.startswith(PREFIX)]
    if told and code > 0:
        return TrainingFailed(told[-1], for_people=failure or PipelineError.PEOPLE)
    if code < 0:
        cause = "out of memory, most likely" if code == -9 else f"signal {-code}"
        people = ", most likely because my memory was full" if code == -9 else ""
        again = "start it again and it goes on."
        return TrainingFailed(
            f"The training of {name} was ended from outside ({cause}); {again}",
            for_people=f"The training was ended from outside{people}; {again}",
        )
    return TrainingFailed(
        f"The training of {name} ended without a result (exit code {code}); the log has its last lines.",
        for_people=PipelineError.PEOPLE,
    )

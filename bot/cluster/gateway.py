"""The process between the bot and Ray: it gets a plan and asks through stdin, and answers through stdout.

It ends when its stdin does, and when the cluster is lost. Then the bot starts another one. Knows the fleet and the
trainings. Does not know what the bot does meanwhile.
"""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

from bot.cluster.frames import framed, read_frame
from bot.cluster.messages import Answer, Ask, Part, Plan, Withdraw
from bot.core.errors import ClusterUnavailable
from huggingtweets.core.errors import PipelineError, first_line

log = logging.getLogger(__name__)

HELLO = 0  # the number of the first answer, and of the parts that say how the cluster is
FRAME_BYTES = 1 << 26


class Gateway:
    """Answers asks until the bot is gone. `answers` say how to answer each kind of ask, `streams` those with parts."""

    def __init__(
        self,
        send: Callable[[Any], None],
        answers: dict[str, Callable[..., Awaitable[Any]]],
        streams: dict[str, Callable[..., AsyncIterator[Any]]],
    ):
        self._send, self._answers, self._streams = send, answers, streams
        self._open: dict[int, asyncio.Task[None]] = {}

    async def serve(self, pipe: asyncio.StreamReader) -> None:
        """Take asks from `pipe` until it ends."""
        while True:
            try:
                message = await read_frame(pipe)
            except EOFError:
                return
            if isinstance(message, Withdraw):
                if task := self._open.get(message.number):
                    task.cancel()
            else:
                self._open[message.number] = task = asyncio.create_task(self._answer(message))
                task.add_done_callback(partial(self._close, message.number))

    def _close(self, number: int, _: "asyncio.Task[None]") -> None:
        self._open.pop(number, None)

    async def _answer(self, ask: Ask) -> None:
        try:
            if stream := self._streams.get(ask.what):
                async for part in stream(ask.number, *ask.values, **ask.options):
                    self._send(Part(ask.number, part))
                self._send(Answer(ask.number))
            else:
                self._send(Answer(ask.number, await self._answers[ask.what](*ask.values, **ask.options)))
        except PipelineError as error:
            self._send(Answer(ask.number, error=error))
        except Exception as error:
            log.exception("an ask has failed")
            self._send(Answer(ask.number, error=ClusterUnavailable(f"{type(error).__name__}: {first_line(error)}.")))


async def run(source: int, sink: int) -> None:
    """Connect by the plan that comes first, and answer from then on."""
    loop = asyncio.get_running_loop()
    pipe = asyncio.StreamReader(limit=FRAME_BYTES)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(pipe), os.fdopen(source, "rb", 0))
    transport, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(sink, "wb", 0))

    def send(message: Any) -> None:
        transport.write(framed(message))

    plan: Plan = await read_frame(pipe)
    try:
        mark, storage = await asyncio.to_thread(_connected, plan)
    except ClusterUnavailable as error:
        send(Answer(HELLO, error=error))
        await asyncio.sleep(0.1)
        return
    from bot.cluster.courses import Courses
    from bot.cluster.fleet import Fleet

    fleet = Fleet(plan, storage, mark, changed=lambda state: send(Part(HELLO, state)))
    courses = Courses(plan, mark)
    gateway = Gateway(
        send,
        {"draw": fleet.draw, "forget": fleet.forget, "end": courses.end},
        {"train": courses.train},
    )
    send(Part(HELLO, fleet.state()))
    work = [gateway.serve(pipe), fleet.keep_storage(), *([fleet.watch()] if plan.cluster.draw else [])]
    done, _ = await asyncio.wait(map(asyncio.create_task, work), return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()


def _connected(plan: Plan) -> tuple[str, Any]:
    """Connect to Ray and look at the storage. Returns its mark and the storage."""
    try:
        import ray
    except ImportError as error:
        raise ClusterUnavailable("Ray is not installed; install the extra cluster.") from error
    from bot.cluster.fleet import NAMESPACE
    from bot.cluster.storage import storage_of

    try:
        ray.init(plan.cluster.address, namespace=NAMESPACE, log_to_driver=False, logging_level=logging.ERROR)
    except Exception as error:
        raise ClusterUnavailable(f"{plan.cluster.address} is not reached ({first_line(error)}).") from error
    storage = storage_of(plan)
    try:
        mark = storage.mark()
    except Exception as error:
        raise ClusterUnavailable(f"The storage cannot be used ({first_line(error)}).") from error
    return mark, storage


def main() -> None:
    """Stdout belongs to the bot alone. Whatever else is printed goes to stderr."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    source, sink = os.dup(0), os.dup(1)
    os.dup2(2, 1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the bot ends it, by closing stdin
    with contextlib.suppress(EOFError):
        asyncio.run(run(source, sink))
    sys.stderr.flush()
    os._exit(0)  # Ray's own threads take seconds to end


if __name__ == "__main__":
    main()

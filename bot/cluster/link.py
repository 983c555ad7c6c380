"""The bot's side of the gateway: it is started, asked, and started again when it has ended.

Knows a child process and frames. Does not know Ray, or what is asked for.
"""

import asyncio
import contextlib
import itertools
import logging
import os
import sys
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Any

from pydantic import SecretStr

from bot.cluster.frames import framed, read_frame
from bot.cluster.messages import Answer, Ask, Part, Plan, State, Withdraw
from bot.core.errors import ClusterUnavailable
from bot.core.process.child_process import child_environment
from bot.core.process.ongoing import Ongoing, end
from huggingtweets.core.errors import NotNow
from huggingtweets.generation.drafter import STOPPING

log = logging.getLogger(__name__)

HELLO = 0
FRAME_BYTES = 1 << 26
AGAIN_SECONDS = 3.0  # between the end of a gateway and the start of the next one
MODULE = "bot.cluster.gateway"


class GatewayLink(Ongoing):
    """An async context manager. While it lasts there is a gateway, or another one is started."""

    def __init__(
        self,
        plan: Plan,
        token: SecretStr | None = None,
        *,
        secret_names: frozenset[str] = frozenset(),
        again_seconds: float = AGAIN_SECONDS,
    ):
        self._plan, self._token, self._secret_names = plan, token, secret_names
        self._again_seconds = again_seconds
        self._numbers = itertools.count(HELLO + 1)
        self._waiting: dict[int, asyncio.Queue[Part | Answer]] = {}
        self._send: Callable[[Any], None] | None = None
        self._connected = asyncio.Event()
        self._told = ""
        self.state = State()
        self.trouble = "It is not connected yet."

    @property
    def is_connected(self) -> bool:
        """True while there is a gateway that has reached the cluster."""
        return self._connected.is_set()

    async def connected(self) -> None:
        """Wait until the cluster is reached."""
        await self._connected.wait()

    async def __aexit__(self, *ended: object) -> None:
        await super().__aexit__(*ended)
        self._lose(NotNow(STOPPING))

    async def ask(self, what: str, *values: Any, **options: Any) -> Any:
        """The answer to one ask. Raises its error, and `ClusterUnavailable` if the cluster is lost before it comes."""
        async with aclosing(self._parts(what, values, options=options)) as parts:
            async for part in parts:
                if isinstance(part, Answer):
                    return part.value
        raise AssertionError("every ask has an answer")

    async def parts(self, what: str, *values: Any, began: Callable[[int], None]) -> AsyncGenerator[Any]:
        """The parts of a long answer. `began` is told its number. Raises what `ask` raises."""
        async with aclosing(self._parts(what, values, began)) as parts:
            async for part in parts:
                if isinstance(part, Part):
                    yield part.value

    async def _parts(
        self,
        what: str,
        values: tuple[Any, ...],
        began: Callable[[int], None] = lambda _: None,
        options: Mapping[str, Any] | None = None,
    ) -> AsyncGenerator[Part | Answer]:
        if not self._send:
            raise ClusterUnavailable(f"The cluster is not connected. {self.trouble}")
        number, answers = next(self._numbers), asyncio.Queue[Part | Answer]()
        self._waiting[number] = answers
        try:
            self._send(Ask(number, what, values, dict(options or {})))
            began(number)
            while True:
                part = await answers.get()
                if isinstance(part, Answer):
                    del self._waiting[number]
                    if part.error:
                        raise part.error
                    yield part
                    return
                yield part
        finally:
            if self._waiting.pop(number, None):
                self._withdraw(number)

    def _withdraw(self, number: int) -> None:
        if self._send:
            self._send(Withdraw(number))

    async def _go_on(self) -> None:
        while True:
            try:
                await self._one_gateway()
            except (EOFError, OSError, ClusterUnavailable) as error:
                self.trouble = str(error) if isinstance(error, ClusterUnavailable) else "The gateway has ended."
            finally:
                self._lose(ClusterUnavailable(f"The cluster was lost. {self.trouble}"))
            self._tell(f"the cluster is not there, and is looked for again: {self.trouble}", logging.WARNING)
            await asyncio.sleep(self._again_seconds)

    def _lose(self, error: Exception) -> None:
        self._send, self.state = None, State()
        self._connected.clear()
        for number, answers in list(self._waiting.items()):
            answers.put_nowait(Answer(number, error=error))

    async def _one_gateway(self) -> None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", MODULE),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=FRAME_BYTES,
            env=self._environment(),
            start_new_session=True,
        )
        assert process.stdin
        assert process.stdout
        stdin = process.stdin
        following = asyncio.create_task(_log_lines(process), name="gateway log")
        try:
            stdin.write(framed(self._plan))
            await self._listen(process.stdout, lambda message: stdin.write(framed(message)))
        finally:
            self._send = None
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            await end(following)

    async def _listen(self, pipe: asyncio.StreamReader, send: Callable[[Any], None]) -> None:
        while True:
            message = await read_frame(pipe)
            if message.number != HELLO:
                if answers := self._waiting.get(message.number):
                    answers.put_nowait(message)
            elif isinstance(message, Answer):
                raise message.error or ClusterUnavailable("The gateway has ended.")
            else:
                self._note(message.value, send)

    def _note(self, state: State, send: Callable[[Any], None]) -> None:
        self.state, self._send = state, send
        self.trouble = " ".join(state.faults)
        self._connected.set()
        there = f"{_counted(state.replicas, 'replica')} on {_counted(state.machines, 'machine')}"
        self._tell(
            f"the cluster is there: {there}. {self.trouble}".rstrip(),
            logging.WARNING if self.trouble else logging.INFO,
        )

    def _tell(self, sentence: str, level: int) -> None:
        """Write the sentence to the log, unless it was the last one."""
        if sentence != self._told:
            log.log(level, "%s", sentence)
            self._told = sentence

    def _environment(self) -> Mapping[str, str]:
        token = self._token
        given = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token.get_secret_value()} if token else {}
        quiet = {"RAY_USAGE_STATS_ENABLED": "0", "PYTHONUNBUFFERED": "1"}
        return child_environment(os.environ, self._secret_names, {**quiet, **given})


async def _log_lines(process: asyncio.subprocess.Process) -> None:
    assert process.stderr
    with contextlib.suppress(ValueError):
        async for line in process.stderr:
            log.debug("gateway: %s", line.decode(errors="replace").rstrip())


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"

"""A call of a library that is not async, in a thread of its own.

The thread is a daemon: a call that hangs keeps no process from ending, which asyncio's own threads would do.

Knows threads. Does not know what is called.
"""

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def in_a_thread(call: Callable[[], T], name: str, within_seconds: float) -> T:
    """Returns what `call` returns, or raises what it raises. Raises `TimeoutError` if that takes longer; it goes on."""
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if outcome.done():
            return
        if error:
            outcome.set_exception(error)
        else:
            outcome.set_result(result)  # type: ignore[arg-type]

    def work() -> None:
        result, error = None, None
        try:
            result = call()
        except BaseException as raised:  # noqa: BLE001  it is raised where somebody waits for the result
            error = raised
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=work, name=name, daemon=True).start()
    async with asyncio.timeout(within_seconds):
        return await outcome

"""One event loop in a thread of its own, on which everything async of this package runs.

So a voice can be asked by plain code, by a notebook whose own loop runs already, and by async code of any loop.
Knows asyncio and threads. Does not know what is run.
"""

import asyncio
import threading
from collections.abc import Coroutine
from functools import cache
from typing import Any, TypeVar

Result = TypeVar("Result")


def waited_for(work: Coroutine[Any, Any, Result]) -> Result:
    """Run `work` and wait for its result. If the wait is interrupted, `work` is cancelled."""
    future = asyncio.run_coroutine_threadsafe(work, _loop())
    try:
        return future.result()
    finally:
        future.cancel()


async def awaited(work: Coroutine[Any, Any, Result]) -> Result:
    """The same for async code, which goes on with other things meanwhile."""
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, _loop()))


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="huggingtweets", daemon=True).start()
    return loop

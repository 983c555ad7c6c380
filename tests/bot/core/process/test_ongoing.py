"""Work for as long as a context lasts: leaving ends it, also in the very moment in which it is woken."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bot.core.process.ongoing import Ongoing, end, ongoing, woken

TIMES = 25
Wait = Callable[[asyncio.Event], Awaitable[object]]


async def with_wait_for(wake: asyncio.Event) -> None:
    await asyncio.wait_for(wake.wait(), 0.1)


async def with_woken(wake: asyncio.Event) -> None:
    await woken(wake, 5)


async def lost(wait: Wait) -> bool:
    """Returns True if a loop that is woken and cancelled at once goes on as if it had not been cancelled."""
    wake = asyncio.Event()

    async def loop() -> None:
        while True:
            wake.clear()
            await wait(wake)

    task = asyncio.create_task(loop())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    wake.set()
    task.cancel()
    for _ in range(10):
        await asyncio.sleep(0)
    went_on = not task.done()
    await end(task)
    return went_on


async def test_no_cancellation_is_lost_that_comes_together_with_a_wake() -> None:
    assert not any([await lost(with_woken) for _ in range(TIMES)])


@pytest.mark.skipif("sys.version_info >= (3, 12)", reason="Python mended it")
async def test_the_test_finds_the_loss() -> None:
    assert all([await lost(with_wait_for) for _ in range(TIMES)])


async def test_woken_says_whether_it_was() -> None:
    wake = asyncio.Event()
    assert not await woken(wake, 0.01)
    wake.set()
    assert await woken(wake, 5)
    assert await woken(wake, 0), "what is set already needs no time"


class Counting(Ongoing):
    def __init__(self) -> None:
        self.wake = asyncio.Event()
        self.rounds = 0

    async def _go_on(self) -> None:
        while True:
            self.wake.clear()
            self.rounds += 1
            await woken(self.wake, 5)


async def test_work_lasts_as_long_as_its_context() -> None:
    async with Counting() as work:
        while work.rounds < 3:
            await asyncio.sleep(0)
            work.wake.set()
        assert not work.task.done()
    assert work.task.cancelled()


async def test_a_coroutine_goes_on_as_long_as_the_context() -> None:
    async with ongoing(asyncio.sleep(60), "sleeper") as task:
        assert task.get_name() == "sleeper"
        await asyncio.sleep(0)
    assert task.cancelled()


async def test_an_end_waits_for_what_the_work_still_does() -> None:
    done = []

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            done.append("cleaned up")

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    await end(task)
    assert done == ["cleaned up"]


async def test_work_ends_although_a_time_out_within_it_ends_in_the_same_moment() -> None:
    """Then the task is being cancelled already, but by its own time-out."""

    async def poll() -> None:
        while True:
            await woken(asyncio.Event(), 0)

    for rounds in range(2 * TIMES):
        task = asyncio.create_task(poll())
        for _ in range(rounds):
            await asyncio.sleep(0)
        async with asyncio.timeout(60):
            await end(task)
        assert task.cancelled()

"""A request that comes while everything is busy waits for a while, and is refused if that is not enough."""

import asyncio

import pytest

from bot.voices.patience import WaitingRoom
from huggingtweets.core.errors import Busy, Usage


class Served:
    """Raises `Busy` the first `times` times."""

    def __init__(self, times: int):
        self.times = times
        self.calls = 0

    async def __call__(self) -> str:
        self.calls += 1
        if self.calls <= self.times:
            raise Busy(0.01)
        return "tweets"


async def test_what_is_busy_is_tried_again() -> None:
    served = Served(1)
    assert await WaitingRoom(seconds=5).patiently(served) == "tweets"
    assert served.calls == 2


async def test_after_a_while_it_is_refused() -> None:
    with pytest.raises(Busy):
        await WaitingRoom(seconds=0.6).patiently(Served(1_000))


async def test_there_is_room_for_so_many_and_the_next_are_refused_at_once() -> None:
    room, waiting = WaitingRoom(seconds=5, places=2), [Served(1), Served(1)]
    tasks = [asyncio.create_task(room.patiently(served)) for served in waiting]
    await asyncio.sleep(0)
    late = Served(1)
    with pytest.raises(Busy):
        await room.patiently(late)
    assert late.calls == 1
    assert await asyncio.gather(*tasks) == ["tweets", "tweets"]
    assert await room.patiently(Served(1)) == "tweets", "the places are free again"


async def test_who_gives_up_leaves_their_place() -> None:
    room = WaitingRoom(seconds=5, places=1)
    task = asyncio.create_task(room.patiently(Served(1)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await room.patiently(Served(1)) == "tweets"


async def test_another_failure_is_told_at_once() -> None:
    async def refuse() -> None:
        raise Usage("no")

    with pytest.raises(Usage):
        await WaitingRoom().patiently(refuse)

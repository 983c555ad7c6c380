"""A request that comes while everything is busy waits for a while, and is refused if that is not enough."""

import asyncio

import pytest

from bot.voices import patience
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


class OnePlace:
    """Has one place, which a request keeps until it is told to go. Tells who had it, and how often everybody tried."""

    def __init__(self) -> None:
        self.room = WaitingRoom(seconds=3_600)
        self.served: list[str] = []
        self.tries = 0
        self._is_free = True
        self._go: dict[str, asyncio.Event] = {}

    def enters(self, who: str) -> asyncio.Task[None]:
        return asyncio.create_task(self.room.patiently(lambda: self._use(who)))

    def go(self, who: str) -> None:
        self._go[who].set()

    async def serves(self, *who: str) -> None:
        """Wait until all of them have had the place, in this order."""
        async with asyncio.timeout(60):
            while len(self.served) < len(who):
                await asyncio.sleep(0)
        assert self.served == list(who)

    async def _use(self, who: str) -> None:
        self.tries += 1
        if not self._is_free:
            raise Busy(3_600)  # the first in the line looks again after three seconds
        self._is_free = False
        self.served.append(who)
        self._go[who] = asyncio.Event()
        try:
            await self._go[who].wait()
        finally:
            self._is_free = True


async def test_whoever_has_waited_longest_is_next_as_soon_as_somebody_has_ended() -> None:
    place = OnePlace()
    tasks = [place.enters(who) for who in "abc"]
    await place.serves("a")
    place.go("a")
    await place.serves("a", "b")
    tasks.append(place.enters("d"))
    place.go("b")
    await place.serves("a", "b", "c")
    place.go("c")
    await place.serves("a", "b", "c", "d")
    place.go("d")
    await asyncio.gather(*tasks)
    assert place.tries == 4 + 1, "only who was first in the line tried in vain"


async def test_whoever_is_called_and_does_not_come_makes_way_for_the_next() -> None:
    place = OnePlace()
    first, second, third = (place.enters(who) for who in "abc")
    await place.serves("a")
    first.cancel()
    await asyncio.sleep(0)  # the second one is called
    second.cancel()
    await place.serves("a", "c")
    place.go("c")
    await third


async def test_when_the_first_in_the_line_leaves_the_next_looks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "SHORTEST", 0.01)
    room, served = WaitingRoom(seconds=600), Served(3)
    first = asyncio.create_task(room.patiently(Served(1_000)))
    second = asyncio.create_task(room.patiently(served))
    await asyncio.sleep(0)
    first.cancel()
    async with asyncio.timeout(60):
        assert await second == "tweets"


async def test_whoever_fails_makes_way_for_the_next() -> None:
    place = OnePlace()
    first, second = place.enters("a"), place.enters("b")
    await place.serves("a")
    first.cancel()
    await place.serves("a", "b")
    place.go("b")
    await second


async def test_what_becomes_free_elsewhere_is_seen_by_the_first_in_the_line_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(patience, "SHORTEST", 0.01)
    room = WaitingRoom(seconds=600)
    free = asyncio.Event()
    calls: list[int] = []

    async def use(number: int) -> int:
        calls.append(number)
        if not free.is_set():
            if len(calls) == 4:
                free.set()
            raise Busy(0.01)
        return number

    assert await asyncio.gather(*(room.patiently(lambda number=number: use(number)) for number in range(3))) == [
        0,
        1,
        2,
    ]
    assert calls[:4] == [0, 0, 0, 0]
    assert calls[4:] == [0, 1, 2], "who came first is called first"

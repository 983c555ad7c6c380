"""Each ask is answered once, and a stop waits for all answers."""

import asyncio

import pytest

from bot.discord.asking.asks import Asks, BotStopping


async def test_an_ask_is_new_once() -> None:
    asks = Asks()
    assert asks.begin(7)
    assert not asks.begin(7)
    assert asks.begin(8)


async def test_only_the_latest_are_remembered() -> None:
    asks = Asks(remembered=2)
    assert [asks.begin(ask) for ask in (1, 2, 1, 3, 1, 2)] == [True, True, False, True, False, True]


async def test_answers_under_way_are_waited_for_and_late_ones_given_up() -> None:
    asks = Asks()
    done: list[int] = []

    async def answer(ask: int, seconds: float) -> None:
        asks.begin(ask)
        await asyncio.sleep(seconds)
        done.append(ask)

    tasks = [asyncio.create_task(answer(1, 0.01)), asyncio.create_task(answer(2, 60))]
    await asyncio.sleep(0)
    await asks.finish(within_seconds=0.1)
    assert done == [1]
    assert tasks[1].cancelled()
    with pytest.raises(BotStopping, match="ask me again in a minute"):
        asks.refuse_when_stopping()


async def test_with_nothing_under_way_the_end_is_now() -> None:
    asks = Asks()
    asks.begin(1)  # by the very task that ends
    await asks.finish(within_seconds=60)

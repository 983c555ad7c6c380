"""The engine answers in order, refuses what it cannot hold, and stops what nobody waits for."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from huggingtweets.config import Generation, Settings
from huggingtweets.engine import Engine, Request, decode
from huggingtweets.errors import BadBase, Busy, Unavailable
from huggingtweets.pipeline import Outcome
from huggingtweets.registry import Version

Trained = tuple[Settings, Outcome]


@pytest.fixture
def version(trained: Trained) -> Version:
    return trained[1].version


class Slow:
    """The real decoder behind a gate: it begins when told, and notes what it was asked and whether it was stopped."""

    def __init__(self) -> None:
        self.real, self.gate = decode.decode, threading.Event()
        self.started: list[str] = []
        self.stopped: list[str] = []

    def __call__(self, voice: Any, prompt: str, *rest: Any, stop: Callable[[], bool]) -> Any:
        self.started.append(prompt)
        while not self.gate.is_set():
            if stop():
                self.stopped.append(prompt)
                break
            time.sleep(0.002)
        return self.real(voice, prompt, *rest, stop=stop)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    slow = Slow()
    monkeypatch.setattr(decode, "decode", slow)
    return slow


@pytest.fixture
async def engine(tiny_generation: Generation) -> AsyncIterator[Engine]:
    async with Engine(tiny_generation) as engine:
        yield engine


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.002)


async def test_drafts_come_back_and_follow_from_the_seed(engine: Engine, version: Version) -> None:
    drafts = await engine.draw(Request(version, "the crew", 3, seed=7))
    assert len(drafts) == 3
    assert all(draft.text.startswith("the crew") for draft in drafts)
    assert await engine.draw(Request(version, "the crew", 3, seed=7)) == drafts
    assert engine.waiting == 0


async def test_the_loop_goes_on_while_drafts_are_drawn(engine: Engine, version: Version, slow: Slow) -> None:
    drawing = asyncio.create_task(engine.draw(Request(version, "", 1, seed=1)))
    await until(lambda: slow.started)
    assert engine.waiting == 1
    slow.gate.set()
    assert len(await drawing) == 1


async def test_a_full_queue_says_when_to_come_back(tiny_generation: Generation, version: Version, slow: Slow) -> None:
    async with Engine(tiny_generation.model_copy(update={"max_waiting": 2})) as engine:
        drawing = [asyncio.create_task(engine.draw(Request(version, str(n), 1, seed=1))) for n in range(2)]
        await until(lambda: engine.waiting == 2)
        with pytest.raises(Busy, match=r"Too many requests are waiting; try again in \d+ s") as refused:
            await engine.draw(Request(version, "", 1, seed=1))
        assert refused.value.retry_after_seconds > 0
        slow.gate.set()
        await asyncio.gather(*drawing)
        assert len(await engine.draw(Request(version, "", 1, seed=1))) == 1


async def test_a_request_past_its_deadline_is_given_up(
    tiny_generation: Generation, version: Version, slow: Slow
) -> None:
    async with Engine(tiny_generation.model_copy(update={"timeout_seconds": 0.3})) as engine:
        with pytest.raises(Unavailable, match=r"Drawing took longer than 0\.3 s; try again with fewer tweets"):
            await engine.draw(Request(version, "late", 1, seed=1))
        await until(lambda: slow.stopped == slow.started)
        assert engine.waiting == 0


async def test_a_cancelled_request_stops_and_the_next_begins(engine: Engine, version: Version, slow: Slow) -> None:
    first = asyncio.create_task(engine.draw(Request(version, "first", 1, seed=1)))
    await until(lambda: slow.started)
    second = asyncio.create_task(engine.draw(Request(version, "second", 1, seed=1)))
    third = asyncio.create_task(engine.draw(Request(version, "third", 1, seed=1)))
    await until(lambda: engine.waiting == 3)
    second.cancel()
    first.cancel()
    await until(lambda: "first" in slow.stopped)
    slow.gate.set()
    assert (await third)[0].text.startswith("third")
    assert slow.started == ["first", "third"]
    for task in (first, second):
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_closing_ends_what_runs_and_what_waits(tiny_generation: Generation, version: Version, slow: Slow) -> None:
    async with Engine(tiny_generation) as engine:
        drawing = [asyncio.create_task(engine.draw(Request(version, str(n), 1, seed=1))) for n in range(3)]
        await until(lambda: slow.started and engine.waiting == 3)
    for task in drawing:
        with pytest.raises(Unavailable, match="The engine is being stopped"):
            await task
    assert slow.stopped == ["0"]
    with pytest.raises(Unavailable, match="The engine is being stopped"):
        await engine.draw(Request(version, "", 1, seed=1))


async def test_a_voice_that_cannot_be_loaded_is_told_and_the_next_is_drawn(
    engine: Engine, version: Version, tmp_path: Path
) -> None:
    broken = Version("bob", "v1", tmp_path, {"base": "someone/never-cached", "created": "now"})
    with pytest.raises(BadBase):
        await engine.draw(Request(broken, "", 1, seed=1))
    assert len(await engine.draw(Request(version, "", 1, seed=1))) == 1

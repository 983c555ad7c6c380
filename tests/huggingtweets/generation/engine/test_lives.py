"""After any failure in the engine everybody who waits gets the error at once, and the next request is answered."""

import asyncio
import inspect
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from types import CodeType, FrameType
from typing import Any

import pytest

from huggingtweets.core.config.settings import GenerationSettings, Settings
from huggingtweets.core.errors import EngineDead, NotNow, PipelineError, Unavailable
from huggingtweets.generation.engine import Engine, Request, lives, worker
from huggingtweets.generation.engine.batch import Batch
from huggingtweets.registry.version import Version
from huggingtweets.workflow.pipeline import Outcome

PROMPTLY = 30.0  # on a busy machine; the engine itself would give up after 60


@pytest.fixture
def version(trained: tuple[Settings, Outcome]) -> Version:
    return trained[1].version


@pytest.fixture(autouse=True)
def no_trace() -> Iterator[None]:
    yield
    threading.settrace(None)  # type: ignore[arg-type]


def request(version: Version, prompt: str = "she", seed: int = 1) -> Request:
    return Request(version, prompt, 1, seed)


def lines() -> list[tuple[CodeType, int]]:
    """Every line of the worker's methods that can be reached, without its constructor."""
    found = []
    for name, method in inspect.getmembers(worker.EngineWorker, inspect.isfunction):
        if name != "__init__":
            code = method.__code__
            numbers = {number for *_, number in code.co_lines() if number and number != code.co_firstlineno}
            found += [(code, number) for number in sorted(numbers)]
    return found


class Injected:
    """Raises once, on whatever thread is the first to reach the line."""

    def __init__(self, code: CodeType, line: int):
        self._code, self._line = code, line
        self.raised, self.armed = False, True

    def __call__(self, frame: FrameType, event: str, argument: Any) -> Any:
        if frame.f_code is not self._code:
            return None
        if event == "line" and frame.f_lineno == self._line and self.armed and not self.raised:
            self.raised = True
            raise RuntimeError("injected")
        return self


async def test_a_failure_at_any_line_of_the_worker_is_told_at_once_and_the_next_one_is_answered(
    tiny_generation: GenerationSettings, version: Version
) -> None:
    reached = 0
    for code, line in lines():
        where = f"{code.co_name}:{line}"
        fault = Injected(code, line)
        threading.settrace(fault)
        began = time.monotonic()
        async with Engine(tiny_generation) as engine:
            drawn = await asyncio.gather(
                *(engine.draw(request(version, seed=seed)) for seed in range(2)), return_exceptions=True
            )
            assert time.monotonic() - began < PROMPTLY, where
            for answer in drawn:
                assert isinstance(answer, list | PipelineError), where
            with pytest.raises(PipelineError):
                # A voice that cannot be loaded reaches the lines that tell of it.
                await engine.draw(request(_gone(version)))
            fault.armed = False
            with suppress(NotNow):  # a request that comes in the moment of the failure is told of it, too
                await engine.draw(request(version))
            assert len(await engine.draw(request(version))) == 1, where
            assert not engine.dead, where
        reached += fault.raised
    assert reached > 40, "most lines were reached"


def _gone(version: Version) -> Version:
    manifest = version.manifest.model_copy(update={"created": "another time"})
    return replace(version, folder=version.folder / "gone", manifest=manifest)


async def test_a_failure_while_admitting_fails_that_request_alone(
    tiny_generation: GenerationSettings, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = worker.start_of

    def broken(base: Any, prompt: str, room: int, *more: Any) -> Any:
        if prompt == "broken":
            raise TypeError("half a pair")
        return start(base, prompt, room, *more)

    monkeypatch.setattr(worker, "start_of", broken)
    async with Engine(tiny_generation) as engine:
        failed, *drawn = await asyncio.gather(
            *(engine.draw(request(version, prompt)) for prompt in ("broken", "she", "our rover")),
            return_exceptions=True,
        )
        assert isinstance(failed, PipelineError)
        assert [len(drafts) for drafts in drawn] == [1, 1]


async def test_half_a_surrogate_pair_costs_nobody_else_anything(
    tiny_generation: GenerationSettings, version: Version
) -> None:
    async with Engine(tiny_generation) as engine:
        half, whole = await asyncio.gather(
            engine.draw(request(version, "fog \ud83d half")), engine.draw(request(version)), return_exceptions=True
        )
        assert isinstance(half, PipelineError)
        assert isinstance(whole, list)


async def test_an_engine_that_fails_twice_is_dead_and_says_so(
    tiny_generation: GenerationSettings, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: Batch) -> None:
        raise SystemExit

    async with Engine(tiny_generation) as engine:
        watching = asyncio.create_task(engine.watch())
        assert len(await engine.draw(request(version))) == 1
        assert engine.problem == ""
        monkeypatch.setattr(Batch, "step", fails)
        with pytest.raises(Unavailable, match="try again"):
            await engine.draw(request(version))
        assert not engine.dead, "it was made anew"
        with pytest.raises(Unavailable, match="try again"):
            await engine.draw(request(version))
        with pytest.raises(EngineDead):
            await watching
        assert engine.dead
        assert engine.problem == "the engine has failed"
        with pytest.raises(EngineDead):
            await engine.answers()
        with pytest.raises(EngineDead):
            await engine.draw(request(version))


async def test_an_engine_that_worked_for_long_may_fail_once_more(
    tiny_generation: GenerationSettings, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lives, "LASTS_SECONDS", 0.0)
    step, failing = Batch.step, [True, True]

    def fails(self: Batch) -> Any:
        if failing:
            failing.pop()
            raise SystemExit
        return step(self)

    monkeypatch.setattr(Batch, "step", fails)
    async with Engine(tiny_generation) as engine:
        for _ in range(2):
            with pytest.raises(Unavailable, match="try again"):
                await engine.draw(request(version))
        assert len(await engine.draw(request(version))) == 1


async def test_an_engine_that_cannot_be_imported_is_dead_at_once(
    tiny_generation: GenerationSettings, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "EngineWorker", None)
    async with Engine(tiny_generation) as engine:
        with pytest.raises(Unavailable):
            await engine.draw(request(version))
        with pytest.raises(EngineDead):
            await engine.watch()


async def test_an_engine_that_stands_still_says_so(
    tiny_generation: GenerationSettings, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = threading.Event()

    def hangs(self: Batch) -> list[Any]:
        free.wait(60)
        return []

    monkeypatch.setattr(Batch, "step", hangs)
    async with Engine(tiny_generation.model_copy(update={"timeout_seconds": 1.0})) as engine:
        with pytest.raises(Unavailable):
            await engine.draw(request(version))
        while not engine.problem.startswith("no step"):
            await asyncio.sleep(0.05)
        with pytest.raises(Unavailable, match="stands still"):
            await engine.answers()
        free.set()
        while engine.problem:
            await asyncio.sleep(0.05)
        await engine.answers()

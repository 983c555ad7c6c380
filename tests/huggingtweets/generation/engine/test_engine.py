"""The engine answers in order, refuses requests beyond its queue, and stops requests that nobody waits for."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from huggingtweets.core.config.settings import GenerationSettings, Settings
from huggingtweets.core.errors import BadBase, Busy, PipelineError, Unavailable
from huggingtweets.core.people.names import VoiceName
from huggingtweets.generation.engine import Engine, Request, adapters
from huggingtweets.generation.engine.batch import Batch, DraftJob
from huggingtweets.registry.blend import Blend
from huggingtweets.registry.manifest import Manifest
from huggingtweets.registry.version import Version
from huggingtweets.workflow.pipeline import Outcome

Trained = tuple[Settings, Outcome]


@pytest.fixture
def version(trained: Trained) -> Version:
    return trained[1].version


class Gate:
    """A gate that every batch's steps wait for. It notes the prompts that were read and the drafts under way."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.read: list[int] = []
        self.rows: list[int] = []

    def hold(self, monkeypatch: pytest.MonkeyPatch) -> None:
        join, step = Batch.join, Batch.step

        def held_join(batch: Batch, jobs: list[DraftJob]) -> list[DraftJob]:
            self.read += [job.count for job in jobs]
            return join(batch, jobs)

        def held_step(batch: Batch) -> list[DraftJob]:
            self.rows.append(batch.rows)
            if self.open.is_set():
                return step(batch)
            time.sleep(0.002)
            return []

        monkeypatch.setattr(Batch, "join", held_join)
        monkeypatch.setattr(Batch, "step", held_step)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    gate = Gate()
    gate.hold(monkeypatch)
    return gate


@pytest.fixture
async def engine(tiny_generation: GenerationSettings) -> AsyncIterator[Engine]:
    async with Engine(tiny_generation) as engine:
        yield engine


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(300):
        while not condition():
            await asyncio.sleep(0.002)


async def test_drafts_come_back_and_follow_from_the_seed(engine: Engine, version: Version) -> None:
    drafts = await engine.draw(Request(version, "the crew", 3, seed=7))
    assert len(drafts) == 3
    assert all(draft.text.startswith("the crew") for draft in drafts)
    assert await engine.draw(Request(version, "the crew", 3, seed=7)) == drafts
    assert engine.waiting == 0


def ask(version: Version, count: int = 5, seed: int = 1, person: str = "") -> Request:
    """Enough drafts that some go on after their first token."""
    return Request(version, "the crew", count, seed, person)


async def test_the_loop_goes_on_while_drafts_are_drawn(engine: Engine, version: Version, gate: Gate) -> None:
    drawing = asyncio.create_task(engine.draw(ask(version)))
    await until(lambda: gate.rows)
    assert engine.waiting == 1
    gate.open.set()
    assert len(await drawing) == 5
    assert engine.waiting == 0


async def test_requests_that_come_together_are_drawn_together(engine: Engine, version: Version, gate: Gate) -> None:
    await asyncio.gather(*(engine.draw(ask(version, seed=seed)) for seed in range(2)), open_later(gate, 10))
    assert max(gate.rows) > 5


async def open_later(gate: Gate, rows: int) -> None:
    await until(lambda: gate.read and sum(gate.read) >= rows)
    gate.open.set()


async def test_what_is_drawn_does_not_depend_on_the_company(engine: Engine, version: Version) -> None:
    blend = Blend(((0.5, version), (0.25, version)))
    requests = [ask(voice, seed=seed) for voice in (version, blend) for seed in range(4)]
    together = await asyncio.gather(*map(engine.draw, requests))
    for request, drafts in zip(requests, together, strict=True):
        assert await engine.draw(request) == drafts


async def test_a_full_queue_says_when_to_come_back(
    tiny_generation: GenerationSettings, version: Version, gate: Gate
) -> None:
    async with Engine(tiny_generation.model_copy(update={"max_waiting": 2})) as engine:
        drawing = [asyncio.create_task(engine.draw(ask(version, seed=n))) for n in range(2)]
        await until(lambda: len(gate.read) == 2)
        with pytest.raises(Busy, match=r"Too many requests are waiting; try again in \d+ s") as refused:
            await engine.draw(ask(version))
        assert refused.value.retry_after_seconds > 0
        assert engine.waiting == 2
        gate.open.set()
        await asyncio.gather(*drawing)
        assert len(await engine.draw(ask(version))) == 5


async def test_a_flood_makes_room_for_others(tiny_generation: GenerationSettings, version: Version, gate: Gate) -> None:
    async with Engine(tiny_generation.model_copy(update={"max_waiting": 4, "max_rows": 5})) as engine:
        flood = [asyncio.create_task(engine.draw(ask(version, seed=n, person="ann"))) for n in range(4)]
        await until(lambda: gate.read)
        other = asyncio.create_task(engine.draw(ask(version, seed=9, person="bob")))
        with pytest.raises(Busy):
            await flood[-1]
        finished: list[str] = []
        other.add_done_callback(lambda _: finished.append("bob"))
        for task in flood[:-1]:
            task.add_done_callback(lambda _: finished.append("ann"))
        gate.open.set()
        await asyncio.gather(*flood[:-1], other)
        assert finished.index("bob") <= 1, "bob came last and has waited for all of ann's"


async def test_a_request_past_its_deadline_is_given_up(
    tiny_generation: GenerationSettings, version: Version, gate: Gate
) -> None:
    async with Engine(tiny_generation.model_copy(update={"timeout_seconds": 0.5})) as engine:
        engine.warm_up()
        with pytest.raises(Unavailable, match=r"Drawing took longer than 0\.5 s; try again with fewer tweets"):
            await engine.draw(ask(version))
        assert engine.waiting == 0
        gate.open.set()
        again = Engine(tiny_generation)
        async with again:
            assert len(await again.draw(ask(version))) == 5


async def test_a_cancelled_request_frees_its_rows_at_the_next_step(
    engine: Engine, version: Version, gate: Gate
) -> None:
    first = asyncio.create_task(engine.draw(ask(version, count=7)))
    await until(lambda: gate.rows)
    second = asyncio.create_task(engine.draw(ask(version, count=9)))
    third = asyncio.create_task(engine.draw(ask(version, count=5)))
    await until(lambda: sum(gate.read) == 21)
    second.cancel()
    first.cancel()
    await until(lambda: gate.rows[-1] <= 5)
    gate.open.set()
    assert len(await third) == 5
    for task in (first, second):
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_closing_ends_what_runs_and_what_waits(
    tiny_generation: GenerationSettings, version: Version, gate: Gate
) -> None:
    async with Engine(tiny_generation.model_copy(update={"max_rows": 5})) as engine:
        drawing = [asyncio.create_task(engine.draw(ask(version, seed=n))) for n in range(3)]
        await until(lambda: gate.rows and engine.waiting == 3)
    for task in drawing:
        with pytest.raises(Unavailable, match="I am being stopped"):
            await task
    assert len(gate.read) == 1
    with pytest.raises(Unavailable, match="I am being stopped"):
        await engine.draw(ask(version))


async def test_a_voice_that_cannot_be_loaded_is_told_and_the_next_is_drawn(
    engine: Engine, version: Version, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Version(VoiceName("bob"), "v1", tmp_path, Manifest(base="someone/never-cached", created="now"))
    with pytest.raises(BadBase):
        await engine.draw(ask(broken))
    with monkeypatch.context() as patched:
        patched.setattr(adapters, "load", lambda *_: {}["factors"])
        with pytest.raises(PipelineError, match=r"Drawing failed \(KeyError: 'factors'\); please report it"):
            await engine.draw(ask(version))
    assert len(await engine.draw(ask(version))) == 5


async def test_a_step_that_fails_is_told_to_those_it_concerns(
    engine: Engine, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Batch.step
    monkeypatch.setattr(Batch, "step", lambda batch: 1 / 0)
    with pytest.raises(PipelineError, match=r"Drawing failed \(ZeroDivisionError: division by zero\)"):
        await engine.draw(ask(version))
    monkeypatch.setattr(Batch, "step", real)
    assert len(await engine.draw(ask(version))) == 5


async def test_a_forgotten_voice_is_read_anew(
    engine: Engine, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads: list[Path] = []
    real = adapters.load
    monkeypatch.setattr(adapters, "load", lambda folder, *rest: (loads.append(folder), real(folder, *rest))[1])
    await engine.draw(ask(version))
    await engine.draw(ask(version))
    assert len(loads) == 1
    engine.forget("ann")
    await engine.draw(ask(version))
    assert len(loads) == 2

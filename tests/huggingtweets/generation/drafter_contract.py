"""What every `Drafter` must do. Subclasses say how one is opened; each test here then runs against the real thing."""

import asyncio
import shutil
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from huggingtweets.core.config.settings import GenerationSettings, Settings
from huggingtweets.core.errors import BadBase, Busy, PipelineError, Unavailable
from huggingtweets.core.people.names import VoiceName
from huggingtweets.generation.drafter import Drafter
from huggingtweets.generation.engine import Engine, Request
from huggingtweets.generation.engine.decode import Draft
from huggingtweets.generation.engine.preview_voice import preview_voice
from huggingtweets.registry.blend import Blend
from huggingtweets.registry.manifest import Manifest
from huggingtweets.registry.version import Version
from huggingtweets.registry.versions import Registry
from huggingtweets.workflow.pipeline import Outcome
from tests.conftest import sentences

Opens = Callable[..., AbstractAsyncContextManager[Drafter]]
"""Opens a drafter with these generation settings in place of the usual ones."""


def ask(voice: Any, count: int = 3, seed: int = 7, person: str = "", prompt: str = "the crew") -> Request:
    return Request(voice, prompt, count, seed, person)


async def begun(drafter: Drafter) -> None:
    """Wait until a request is under way. Its answer needs further turns of the loop, so it is not there yet."""
    while not drafter.waiting:
        await asyncio.sleep(0)


async def drawn_by_the_engine(settings: GenerationSettings, *requests: Request) -> list[list[Draft]]:
    """The drafts that the engine in this process draws, each request alone."""
    async with Engine(settings) as engine:
        return [await engine.draw(request) for request in requests]


class DrafterContract:
    """A subclass has a fixture `drafter`, one `opens` (see `Opens`) and one `version` that it can draw."""

    async def test_a_seeded_draw_is_what_the_engine_draws(
        self, drafter: Drafter, version: Version, tiny_generation: GenerationSettings, tiny_base: Path
    ) -> None:
        blend = Blend(((0.5, version), (0.25, version)))
        preview = preview_voice(VoiceName("bob"), sentences(40, seed=3), str(tiny_base))
        requests = [
            *(ask(voice, seed=seed) for voice in (version, blend, preview) for seed in (1, 2)),
            replace(ask(version), context="we saw the moon", temperature=0.7, top_p=0.5, max_tokens=5),
        ]
        together = await asyncio.gather(*map(drafter.draw, requests))
        assert together == await drawn_by_the_engine(tiny_generation, *requests)
        assert all(len(drafts) == 3 for drafts in together)
        assert drafter.waiting == 0

    async def test_a_voice_that_cannot_be_loaded_is_told_and_the_next_is_drawn(
        self, drafter: Drafter, version: Version, tmp_path: Path
    ) -> None:
        broken = Version(VoiceName("bob"), "v1", tmp_path, Manifest(base="someone/never-cached", created="now"))
        with pytest.raises(BadBase) as refused:
            await drafter.draw(ask(broken))
        assert "someone/never-cached" in str(refused.value)
        assert "language model" in refused.value.for_people
        assert len(await drafter.draw(ask(version))) == 3

    async def test_a_cancelled_request_is_gone_and_the_next_is_drawn(self, drafter: Drafter, version: Version) -> None:
        await drafter.draw(ask(version))
        drawing = asyncio.create_task(drafter.draw(ask(version, count=40)))
        await begun(drafter)
        drawing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await drawing
        assert drafter.waiting == 0
        assert len(await drafter.draw(ask(version))) == 3

    async def test_a_request_past_its_deadline_is_given_up(self, opens: Opens, version: Version) -> None:
        async with opens(timeout_seconds=0.001) as drafter:
            with pytest.raises(Unavailable, match=r"Drawing took longer than 0\.001 s; try again with fewer tweets"):
                await drafter.draw(ask(version))
            assert drafter.waiting == 0

    async def test_a_full_queue_refuses_and_answers_the_rest(self, opens: Opens, version: Version) -> None:
        async with opens(max_waiting=2) as drafter:
            drawing = [drafter.draw(ask(version, count=30, seed=seed)) for seed in range(12)]
            outcomes = await asyncio.gather(*drawing, return_exceptions=True)
            refused = [outcome for outcome in outcomes if isinstance(outcome, Busy)]
            answered = [outcome for outcome in outcomes if isinstance(outcome, list)]
            assert refused
            assert answered
            assert len(refused) + len(answered) == 12
            assert all(each.retry_after_seconds > 0 and "Too many requests" in str(each) for each in refused)

    async def test_a_forgotten_voice_is_nowhere_any_more(
        self, opens: Opens, trained: tuple[Settings, Outcome], version: Version
    ) -> None:
        home = version.folder.parents[1]
        shutil.copytree(home / "ann", home / "cem")
        own = Registry(home).current("cem")
        async with opens() as drafter:
            assert len(await drafter.draw(ask(own))) == 3
            assert len(await drafter.draw(ask(version))) == 3
            shutil.rmtree(home / "cem")
            drafter.forget("cem")
            with pytest.raises(PipelineError):
                await drafter.draw(ask(own))
            assert len(await drafter.draw(ask(version))) == 3

    async def test_closing_ends_what_is_under_way(self, opens: Opens, version: Version) -> None:
        async with opens() as drafter:
            await drafter.draw(ask(version))
            drawing = asyncio.create_task(drafter.draw(ask(version, count=50)))
            await begun(drafter)
        with pytest.raises(Unavailable):
            await drawing
        with pytest.raises(Unavailable):
            await drafter.draw(ask(version))

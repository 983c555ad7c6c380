"""A replica: an engine of ours in a process of Ray. It holds a base and its voices, and batches all that it is asked.

Knows the engine and the storage. Does not know which replicas there are besides it.
"""

import asyncio
import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cluster.messages import Beat, Plan
from bot.cluster.storage import storage_of
from huggingtweets.core.config.settings import GenerationSettings
from huggingtweets.core.errors import PipelineError
from huggingtweets.generation.engine import Engine, Request
from huggingtweets.generation.engine.preview_voice import PreviewVoice
from huggingtweets.registry.blend import parts_of

if TYPE_CHECKING:
    from huggingtweets.generation.engine.decode import Draft

FAILED = 1  # the exit code after which Ray starts it anew
SWEEP_SECONDS = 300.0  # between two looks at the copies on this machine


def this_machine() -> str:
    """The number that Ray gives to this machine."""
    import ray

    return str(ray.get_runtime_context().get_node_id())


def _end_when_alone(seconds_left: Callable[[], float]) -> None:
    import ray

    while (seconds := seconds_left()) > 0:
        time.sleep(min(1.0, seconds))
    ray.kill(ray.get_runtime_context().current_actor)


class Replica:
    """An actor of Ray. It ends when no bot has asked for a sign of life for as long as the plan says."""

    def __init__(self, plan: Plan):
        settings = plan.settings.generation
        threads = settings.threads or max(1, int(plan.cluster.replica_cpus))
        self._engine = Engine(settings.model_copy(update={"threads": threads}))
        self._storage = storage_of(plan)
        self._machine, self._lease_seconds = this_machine(), plan.lease_seconds
        self._asked_at = time.monotonic()
        self._swept_at = -SWEEP_SECONDS
        self._loaded: dict[Path, frozenset[str]] = {}
        # Not with the first sign of life: if its machine is lost, Ray starts it anew, and the last bot may be gone.
        threading.Thread(target=_end_when_alone, args=(self._seconds_left,), name="lease", daemon=True).start()

    async def beat(self, mark: str, forgotten: tuple[str, ...]) -> Beat:
        """A sign of life. Whoever is among `forgotten` is in no memory and no copy afterwards."""
        self._asked_at = time.monotonic()
        if self._engine.dead:
            os._exit(FAILED)
        self._engine.warm_up()
        fault = await asyncio.to_thread(self._storage.fault, mark)
        if not fault:
            await asyncio.to_thread(self._forget, forgotten)
        voices, size = self._engine.in_memory
        return Beat(self._machine, voices, size, fault)

    def _forget(self, names: tuple[str, ...]) -> None:
        """Forget `names`, and every voice whose folder is gone, whoever has deleted it."""
        if names or time.monotonic() - self._swept_at > SWEEP_SECONDS:
            self._storage.sweep()
            self._swept_at = time.monotonic()
        gone = [manifest for manifest in list(self._loaded) if not manifest.exists()]
        for name in {*names, *(person for manifest in gone for person in self._loaded.pop(manifest, ()))}:
            self._engine.forget(name)

    async def draw(self, request: Request, settings: GenerationSettings) -> "list[Draft] | Exception":
        """The drafts of `request`, or the error that the bot is to raise."""
        self._follow(settings)
        try:
            voice = await asyncio.to_thread(self._storage.here, request.voice)
            if not isinstance(voice, PreviewVoice):
                for _, version in parts_of(voice):
                    self._loaded[version.folder / "manifest.json"] = version.name.people
            drafts = await self._engine.draw(replace(request, voice=voice))
        except PipelineError as error:
            return error
        return drafts

    def _follow(self, settings: GenerationSettings) -> None:
        """Let the bot's settings hold, which may have changed while it runs."""
        own = vars(self._engine.settings)
        own.update({key: value for key, value in settings if key not in ("threads", "precision", "memory_mib")})

    def _seconds_left(self) -> float:
        return self._asked_at + self._lease_seconds - time.monotonic()

"""Processes of a cluster are killed one after the other. Nothing is lost, and nothing is done twice."""

import asyncio
import os
import random
import time
from collections import Counter
from pathlib import Path

import pytest

from bot.cluster.drafter import ClusterDrafter
from bot.cluster.link import GatewayLink
from bot.cluster.trainer import ClusterTrainer, ClusterTraining
from bot.trainings.trainer import Lesson
from huggingtweets.core.config.settings import GenerationSettings, Settings
from huggingtweets.core.people.names import VoiceName
from huggingtweets.generation.engine import Engine
from huggingtweets.registry.version import Version
from huggingtweets.registry.versions import Registry
from huggingtweets.workflow.pipeline import Outcome
from tests.bot.cluster.conftest import Machines, gateways, learning, until
from tests.bot.trainings.trainer_contract import weights
from tests.huggingtweets.generation.drafter_contract import ask, drawn_by_the_engine

pytestmark = [pytest.mark.cluster, pytest.mark.asyncio(loop_scope="session")]

KILLS = int(os.environ.get("KILLS", "2"))  # `make nightly` kills 30 times
FEW = 5
PEOPLE = 4
LONG_SECONDS = 1200  # on a busy machine, a training that was killed takes minutes to get further


class Use:
    """People who ask all the time, and a voice after the other that is learned, until `is_over`."""

    def __init__(self, link: GatewayLink, settings: Settings, sample_file: Path, first: Version):
        self.trainer, self.registry = ClusterTrainer(link, lambda: settings), Registry(settings.storage.models)
        self.sample_file, self.first_weights = sample_file, weights(first.folder)
        self.waits: list[float] = []
        self.tries: list[int] = []
        self.training: ClusterTraining | None = None
        self.learns = False
        self.work: list[asyncio.Task[None]] = []
        self.is_over = False

    async def ask(self, drafter: ClusterDrafter, settings: GenerationSettings, version: Version) -> None:
        """Let people ask. Each draft has to be the one that the engine in this process draws."""
        requests = [ask(version, 5, seed) for seed in range(PEOPLE)]
        expected = await drawn_by_the_engine(settings, *requests)

        async def person(number: int) -> None:
            while not self.is_over:
                began = time.monotonic()
                assert await drafter.draw(requests[number]) == expected[number]
                self.waits.append(time.monotonic() - began)
                await asyncio.sleep(0.05)

        self.work += [asyncio.create_task(person(number)) for number in range(PEOPLE)]

    def learn(self) -> None:
        """Let voices be learned. Each has to have one version, and the weights of the one that was learned here."""
        self.learns = True
        self.work.append(asyncio.create_task(self._learn()))

    async def _learn(self) -> None:
        while not self.is_over:
            name = VoiceName(f"hal{len(self.tries)}")
            async with self.trainer.train(Lesson(name, (str(self.sample_file),), niceness=0)) as self.training:
                while not await self.training.ended(1.0):
                    pass
            self.training.outcome()
            assert self.registry.versions(name) == ["v1"]
            assert weights(self.registry.current(name).folder) == self.first_weights
            tries, self.training = self.training.tries, None
            self.tries.append(tries)

    @property
    def how_far(self) -> tuple[int, int]:
        """Voices learned, and percent of the one that is being learned."""
        return len(self.tries), self.training.heard.percent if self.training else 0

    async def goes_on(self, answers: int) -> None:
        """Wait for so many answers, and for some progress of what is being learned. Ends early if something fails."""
        before, far = len(self.waits), self.how_far

        def it_does() -> bool:
            learned = not self.learns or self.how_far > far
            return (len(self.waits) >= before + answers and learned) or any(one.done() for one in self.work)

        await until(it_does, LONG_SECONDS)


async def test_nothing_is_lost_and_nothing_done_twice_when_processes_die_at_random(
    machines: Machines, link: GatewayLink, version: Version, settings: Settings, tiny_generation: GenerationSettings,
    sample_file: Path, trained: tuple[Settings, Outcome],
) -> None:  # fmt: skip
    """Replicas, gateways and what trains are killed while people ask. `KILLS` says how often.

    Voices are learned meanwhile only if there are many kills, because that takes long.
    """
    chance, killed, began = random.Random(5), Counter[str](), time.monotonic()
    use = Use(link, settings, sample_file, trained[1].version)
    async with ClusterDrafter(tiny_generation, link, Engine(tiny_generation)) as drafter:
        await use.ask(drafter, tiny_generation, version)
        if KILLS > FEW:
            use.learn()
        for kill in range(KILLS):
            replicas = await machines.replicas(link)
            await use.goes_on(PEOPLE)
            kinds = {"replica": replicas, "gateway": gateways(), "training": learning()}
            kind = list(kinds)[kill % 3]
            if not kinds[kind]:  # it has just ended, or none is learned
                kind = "replica"
            chance.choice(kinds[kind]).kill()
            killed[kind] += 1
        await use.goes_on(3 * PEOPLE)
        use.is_over = True
        await asyncio.gather(*use.work)
    waits, tries = sorted(use.waits), use.tries
    print(f"{dict(killed)} killed in {(time.monotonic() - began) / 60:.1f} minutes")
    print(f"{len(waits)} answers, none lost; median {waits[len(waits) // 2]:.2f} s, longest {waits[-1]:.1f} s")
    print(f"{len(tries)} voices learned, each once, in {sum(tries)} tries")

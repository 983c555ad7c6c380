"""Machines that die, hang or vanish while people wait. Everybody gets their answer, and nothing is done twice."""

import asyncio
import logging
import shutil
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from pydantic import SecretStr

from bot.cluster.drafter import ClusterDrafter
from bot.cluster.link import GatewayLink
from bot.cluster.messages import Plan
from bot.cluster.plan import plan_for
from bot.cluster.trainer import ClusterTrainer, ClusterTraining
from bot.trainings.trainer import Lesson
from huggingtweets.core.config.settings import GenerationSettings, Settings
from huggingtweets.core.errors import PipelineError
from huggingtweets.core.people.names import VoiceName
from huggingtweets.generation.engine import Engine
from huggingtweets.generation.engine.decode import Draft
from huggingtweets.registry.version import Version
from huggingtweets.registry.versions import Registry
from huggingtweets.workflow.pipeline import Outcome
from tests.bot.cluster.conftest import Machines, cluster_settings, go_on, stop, until
from tests.bot.trainings.trainer_contract import weights
from tests.huggingtweets.generation.drafter_contract import ask, begun, drawn_by_the_engine

pytestmark = [pytest.mark.cluster, pytest.mark.asyncio(loop_scope="session")]

DRAFTS = 60  # takes some tenths of a second


@pytest.mark.parametrize("strike", [psutil.Process.kill, stop], ids=["killed", "hanging"])
async def test_a_replica_that_is_struck_in_mid_request_is_replaced_by_another(
    link: GatewayLink,
    machines: Machines,
    version: Version,
    tiny_generation: GenerationSettings,
    caplog: pytest.LogCaptureFixture,
    strike: Callable[[psutil.Process], None],
) -> None:
    """One after the other is struck until it was the one with the request."""
    caplog.set_level(logging.DEBUG, "bot.cluster.link")
    [expected] = await drawn_by_the_engine(tiny_generation, ask(version, DRAFTS))
    strikes: Counter[int] = Counter()
    async with ClusterDrafter(tiny_generation, link) as drafter:
        while "a request is drawn elsewhere" not in caplog.text:
            victim = min(await machines.replicas(link), key=lambda replica: strikes[replica.pid])
            strikes[victim.pid] += 1
            drawing = asyncio.create_task(drafter.draw(ask(version, DRAFTS)))
            await begun(drafter)
            await asyncio.sleep(0.02)  # it may be anywhere on its way now
            try:
                strike(victim)
                assert await drawing == expected
                assert await drafter.draw(ask(version, DRAFTS)) == expected
            finally:
                go_on(victim)
    await machines.replicas(link)  # the bot hears that it is back


async def test_two_bots_share_replicas_and_each_learns_what_the_other_forgets(
    plan: Plan, link: GatewayLink, machines: Machines, token: SecretStr, settings: Settings, version: Version,
    tiny_generation: GenerationSettings,
) -> None:  # fmt: skip
    models = settings.storage.models
    shutil.copytree(models / "ann", models / "fay")
    own = Registry(models).current("fay")
    # One finds the cluster by itself, the other by its address.
    addressed = replace(plan, cluster=plan.cluster.model_copy(update={"address": machines.address}))
    async with (
        GatewayLink(addressed, token) as other_link,
        ClusterDrafter(tiny_generation, link) as drafter,
        ClusterDrafter(tiny_generation, other_link) as other,
    ):
        for each in (link, other_link):
            await machines.replicas(each)  # two processes, not four
        drafter.forget("ann")
        await until(lambda: link.state.voices == other_link.state.voices == 0)
        assert await drafter.draw(ask(own)) == await other.draw(ask(own))
        # It may be more than one, if a replica did not answer at that moment and the other one helped out.
        await until(lambda: link.state.voices >= 1 and other_link.state.voices >= 1)
        # As `huggingtweets forget` does it, which knows no cluster.
        shutil.rmtree(models / "fay")
        await until(lambda: link.state.voices == other_link.state.voices == 0)
        for bot in (drafter, other):
            with pytest.raises(PipelineError):
                await bot.draw(ask(own))


async def test_without_any_replica_the_bot_draws_and_later_the_cluster_again(
    link: GatewayLink, machines: Machines, version: Version, tiny_generation: GenerationSettings
) -> None:
    own = Engine(tiny_generation)
    async with ClusterDrafter(tiny_generation, link, own) as drafter:
        replicas = await machines.replicas(link)
        try:
            for replica in replicas:
                stop(replica)
            drafts = await drafter.draw(ask(version))
            assert own.in_memory[0] == 1, "it was not drawn here"
        finally:
            for replica in replicas:
                go_on(replica)
        await machines.replicas(link)
        await drawn_by_the_cluster(drafter, own, version, drafts)


async def drawn_by_the_cluster(drafter: ClusterDrafter, own: Engine, version: Version, drafts: list[Draft]) -> None:
    own.forget(version.name)
    await until(lambda: own.in_memory[0] == 0)
    assert await drafter.draw(ask(version)) == drafts
    assert own.in_memory[0] == 0, "it was drawn here"


async def test_a_training_whose_machine_is_lost_goes_on_elsewhere_from_its_checkpoint(
    machines: Machines, settings: Settings, token: SecretStr, sample_file: Path, trained: tuple[Settings, Outcome]
) -> None:
    # Each of the two machines is too small for it, so it runs on the one that is added.
    plan = plan_for(settings, cluster_settings(machines, draw=False, training_cpus=2.0))
    extra = machines.add(num_cpus=2)
    percents: list[int] = []
    async with GatewayLink(plan, token, again_seconds=0.5) as link:
        await link.connected()
        trainer = ClusterTrainer(link, lambda: settings)
        async with trainer.train(Lesson(VoiceName("eve"), (str(sample_file),), niceness=0)) as running:
            await until(lambda: noted(percents, running) >= 10)
            machines.lose(extra)
            extra = machines.add(num_cpus=2)
            began = time.monotonic()
            while not await running.ended(0.02):
                noted(percents, running)
            print(f"it ended {time.monotonic() - began:.1f} s after its machine was lost")
        running.outcome()
    machines.cluster.remove_node(extra, allow_graceful=True)
    assert running.tries == 2
    assert percents == sorted(percents)
    registry = Registry(settings.storage.models)
    assert registry.versions("eve") == ["v1"]
    assert weights(registry.current("eve").folder) == weights(trained[1].version.folder)


def noted(percents: list[int], running: ClusterTraining) -> int:
    percents.append(running.heard.percent)
    return percents[-1]


async def test_a_head_that_dies_and_comes_back_elsewhere_is_connected_to(
    link: GatewayLink,
    machines: Machines,
    version: Version,
    tiny_generation: GenerationSettings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await machines.replicas(link)
    address, own = machines.address, Engine(tiny_generation)
    async with ClusterDrafter(tiny_generation, link, own) as drafter:
        drafts = await drafter.draw(ask(version))
        assert own.in_memory[0] == 0, "it was drawn here"
        machines.lose_head()
        while link.is_connected:
            assert await drafter.draw(ask(version)) == drafts
        assert await drafter.draw(ask(version)) == drafts
        assert own.in_memory[0] == 1, "it was not drawn here"
        assert any("the cluster is not there, and is looked for again" in line for line in caplog.messages)
        machines.start_anew()
        assert machines.address != address
        await machines.replicas(link)
        await drawn_by_the_cluster(drafter, own, version, drafts)

"""Three machines that differ: one is slow, one has a full disk. And machines that fetch voices from a store."""

import asyncio
import contextlib
import logging
import os
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from pydantic import SecretStr

from bot.cluster.drafter import ClusterDrafter
from bot.cluster.link import GatewayLink
from bot.cluster.plan import plan_for
from huggingtweets.core.config.settings import GenerationSettings, Settings, StorageSettings
from huggingtweets.core.errors import PipelineError
from huggingtweets.core.people.names import VoiceName
from huggingtweets.registry.version import Version
from huggingtweets.registry.versions import Registry
from huggingtweets.workflow.pipeline import Outcome
from tests.bot.cluster.conftest import (
    MACHINE,
    Machines,
    cluster_settings,
    go_on,
    replicas_here,
    stop,
    until,
    with_replicas,
)
from tests.bot.cluster.stores import Place, file_place, s3_place
from tests.huggingtweets.generation.drafter_contract import ask, drawn_by_the_engine

pytestmark = [pytest.mark.cluster, pytest.mark.asyncio(loop_scope="session")]

PEOPLE, ANSWERS = 4, 10
VOICES = 24  # too many for each to have its place elsewhere than on the small machine


@asynccontextmanager
async def linked(
    machines: Machines, token: SecretStr, settings: Settings, place: Place, replicas: int
) -> AsyncIterator[GatewayLink]:
    """A link to replicas of their own, whose voices are in the store at `place`."""
    storage = StorageSettings(models=place.models, data=place.home / "data")
    cluster = cluster_settings(
        machines, replicas=replicas, replica_cpus=0.25, storage=place.url, cache=place.home / "copies"
    )
    plan = plan_for(settings.model_copy(update={"storage": storage}), cluster)
    # They end soon afterwards, so that there is room for those of the next test.
    async with GatewayLink(replace(plan, lease_seconds=20.0), token, again_seconds=0.5) as link:
        await with_replicas(link, replicas)
        yield link


@pytest.mark.parametrize("kind", ["file", "s3"])
async def test_voices_of_a_store_are_drawn_elsewhere_and_who_is_forgotten_is_nowhere(
    machines: Machines, token: SecretStr, settings: Settings, trained: tuple[Settings, Outcome],
    tiny_generation: GenerationSettings, tmp_path: Path, kind: str, request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    models = trained[0].storage.models
    if kind == "file":
        opened = file_place(models, tmp_path)
    else:
        opened = s3_place(models, tmp_path, request.getfixturevalue("s3"), machines.aws_config)
    with opened as place:
        version, copies = Registry(place.models).current("ann"), tmp_path / "copies"
        [expected] = await drawn_by_the_engine(tiny_generation, ask(version))
        async with (
            linked(machines, token, settings, place, 2) as link,
            ClusterDrafter(tiny_generation, link) as drafter,
        ):
            assert await asyncio.gather(*(drafter.draw(ask(version)) for _ in range(8))) == [expected] * 8
            assert list(copies.rglob("*.safetensors"))
            assert f"ann/{version.version}/manifest.json" in place.names()
            await until(lambda: link.state.voices)
            shutil.rmtree(place.models / "ann")  # as `huggingtweets forget` does it, which knows no cluster
            await until(lambda: not link.state.voices and not list(copies.rglob("*.safetensors")))
            assert place.names() == []
            with pytest.raises(PipelineError):
                await drafter.draw(ask(version))


@contextmanager
def small_machine(machines: Machines, cache: Path) -> Iterator[None]:
    """One more machine, as a process that sees a disk of two megabytes where the others see `cache`."""
    cache.mkdir()
    start = [
        *(sys.executable, "-m", "ray.scripts.scripts", "start", "--block", f"--address={machines.address}"),
        *(f"--num-cpus={MACHINE['num_cpus']}", f"--object-store-memory={MACHINE['object_store_memory']}"),
    ]
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(cache)]
    script = 'mount=$1; shift; sh -c "$mount" && exec "$@"'
    try_it = ["unshare", "--mount", *mount]
    if os.getuid() or subprocess.run(try_it, check=False, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here for one process alone")
    process = psutil.Popen(
        ["unshare", "--mount", "sh", "-c", script, "sh", " ".join(mount), *start],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        for each in [*process.children(recursive=True), process]:
            with contextlib.suppress(psutil.Error):
                each.kill()
        process.wait()


async def test_a_machine_whose_disk_is_full_says_so_and_the_other_two_draw(
    machines: Machines, token: SecretStr, settings: Settings, trained: tuple[Settings, Outcome],
    tiny_generation: GenerationSettings, tmp_path: Path, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG, "bot.cluster.link")
    # Those of the tests before end by themselves. While they are there, no other machine may have room for these.
    await until(lambda: len(replicas_here()) <= cluster_settings(machines).replicas)
    others = {replica.pid for replica in replicas_here()}
    with file_place(trained[0].storage.models, tmp_path) as place:
        voices = [_large(place, number) for number in range(VOICES)]
        expected = await drawn_by_the_engine(tiny_generation, *map(ask, voices))
        with small_machine(machines, tmp_path / "copies"):
            await until(lambda: machines.count == 3)
            async with (
                linked(machines, token, settings, place, 3) as link,
                ClusterDrafter(tiny_generation, link) as drafter,
            ):
                await until(lambda: len(_views_of_disks(others)) == 2)
                assert [await drafter.draw(ask(voice)) for voice in voices] == expected
                refusals = [line for line in caplog.messages if "make room there" in line]
                assert all("a request is drawn elsewhere" in line for line in refusals)
                assert refusals, "the small machine is the first for some of them"
                assert link.state.replicas == 3, "a full disk is no reason to give a machine up"
    # Ray starts those of the lost machine anew. They end by themselves, because no bot asks for them.
    await until(lambda: len(replicas_here()) <= len(others))


def _views_of_disks(others: set[int]) -> set[int]:
    """Replicas, but for the `others`, see the disks of this process, or those of the small machine."""
    own = [replica.pid for replica in replicas_here() if replica.pid not in others]
    return {Path(f"/proc/{pid}/ns/mnt").stat().st_ino for pid in own}


def _large(place: Place, number: int) -> Version:
    """One more voice, with a file of more than the small machine's disk."""
    version = Registry(place.models).current("ann")
    name = VoiceName(f"big{number}")
    shutil.copytree(version.folder.parent, place.models / name)
    folder = place.models / name / version.version
    (folder / "adapter" / "more.bin").write_bytes(bytes(3_000_000))
    return replace(version, name=name, folder=folder)


async def test_a_slow_machine_loses_nothing_and_is_not_given_up(
    machines: Machines, link: GatewayLink, version: Version, tiny_generation: GenerationSettings,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """One of two replicas stands still nine tenths of the time, and then the other one. One of them has the voice."""
    caplog.set_level(logging.DEBUG, "bot.cluster.link")
    requests = [ask(version, 5, seed) for seed in range(PEOPLE)]
    expected = await drawn_by_the_engine(tiny_generation, *requests)
    waits: list[float] = []

    async def person(number: int) -> None:
        for _ in range(ANSWERS):
            began = time.monotonic()
            assert await drafter.draw(requests[number]) == expected[number]
            waits.append(time.monotonic() - began)

    async with ClusterDrafter(tiny_generation, link) as drafter:
        for slow in await machines.replicas(link):
            slowing = asyncio.create_task(_slow_down(slow))
            try:
                await asyncio.gather(*map(person, range(PEOPLE)))
            finally:
                slowing.cancel()
                go_on(slow)
            assert slow in await machines.replicas(link)
            print(f"{len(waits)} answers; median {sorted(waits)[len(waits) // 2]:.2f} s, longest {max(waits):.1f} s")
            waits.clear()
    assert not [line for line in caplog.messages if "has been silent" in line or "drawn elsewhere" in line]


async def _slow_down(process: psutil.Process) -> None:
    while True:
        stop(process)
        await asyncio.sleep(0.18)
        go_on(process)
        await asyncio.sleep(0.02)

"""A bot on a machine that is in no cluster draws by Ray's client, `ray://`."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec

import pytest
from pydantic import SecretStr

from bot.cluster.drafter import ClusterDrafter
from bot.cluster.link import GatewayLink
from bot.cluster.messages import Plan
from huggingtweets.core.config.settings import GenerationSettings
from huggingtweets.registry.version import Version
from tests.bot.cluster.conftest import SECONDS, Machines, until, with_replicas
from tests.huggingtweets.generation.drafter_contract import ask, drawn_by_the_engine

pytestmark = [pytest.mark.cluster, pytest.mark.asyncio(loop_scope="session")]


@pytest.fixture
def door(machines: Machines) -> Iterator[str]:
    """Where Ray's client server listens. `ray start --head` starts one if the package grpcio is there."""
    if not find_spec("grpc"):
        pytest.skip("the package grpcio is not installed, which ray[client] brings")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    where = [f"--address={machines.address}", "--host=127.0.0.1", f"--port={port}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "ray.util.client.server", *where],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,  # it is loud when it ends
    )
    try:
        yield f"ray://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(SECONDS)


async def test_a_bot_outside_shares_the_replicas_draws_and_forgets(
    door: str, plan: Plan, link: GatewayLink, token: SecretStr, version: Version, tiny_generation: GenerationSettings
) -> None:
    [expected] = await drawn_by_the_engine(tiny_generation, ask(version))
    outside = replace(plan, cluster=plan.cluster.model_copy(update={"address": door}))
    async with (
        GatewayLink(outside, token, again_seconds=0.5) as other_link,
        ClusterDrafter(tiny_generation, other_link) as drafter,
    ):
        await with_replicas(other_link, 2)
        assert await drafter.draw(ask(version)) == expected
        await until(lambda: link.state.voices)
        drafter.forget("ann")
        await until(lambda: link.state.voices == other_link.state.voices == 0)

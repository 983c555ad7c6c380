"""A cluster of Ray on this machine, with two machines of one thread each, for all tests that need one."""

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import tempfile
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest
import pytest_asyncio
from pydantic import SecretStr

from bot.cluster.link import MODULE as GATEWAY
from bot.cluster.link import GatewayLink
from bot.cluster.messages import Plan
from bot.cluster.plan import plan_for
from bot.core.config.cluster import ClusterSettings
from huggingtweets.core.config.settings import Settings, StorageSettings
from huggingtweets.registry.version import Version
from huggingtweets.registry.versions import Registry
from huggingtweets.workflow.pipeline import Outcome
from tests.bot.cluster.stores import s3_server

Made = TypeVar("Made")

MACHINE = {
    "num_cpus": 1,
    "include_dashboard": False,
    "include_log_monitor": False,
    "object_store_memory": 80_000_000,  # Ray takes no less. Where shared memory is smaller, it takes a file.
}
SLIM = {
    "RAY_AUTH_MODE": "token",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_enable_worker_prestart": "0",
    "RAY_prestart_worker_first_driver": "0",
    "RAY_DISABLE_IMPORT_WARNING": "1",
    "RAY_worker_niceness": "0",  # otherwise replicas give way to everything else
    # Tests that run beside these may take the memory.
    "RAY_memory_monitor_refresh_ms": "0",
    # Whoever is gone is noticed after some seconds, and whoever is only slow is not taken for gone.
    "RAY_health_check_initial_delay_ms": "1000",
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "20000",
    "RAY_health_check_failure_threshold": "3",
    "RAY_gcs_rpc_server_reconnect_timeout_s": "30",
}
REPLICA = "ray::Replica"  # how Ray calls the process of one
SECONDS = 300  # for whatever is waited for, on a busy machine


class Machines:
    """The machines, and what is needed to connect to them: two to begin with, which are processes of this one."""

    def __init__(self, token: str, aws_config: Path):
        self.token, self.aws_config = token, aws_config
        self._start()

    def _start(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from ray.cluster_utils import Cluster

            self.cluster = patiently(lambda: Cluster(initialize_head=True, head_node_args=MACHINE))
        self.add()

    @property
    def address(self) -> str:
        """Where the head is."""
        return str(self.cluster.address)

    def add(self, **its: Any) -> Any:
        """One more machine, like the others but for what is said of `its`."""
        return patiently(lambda: self.cluster.add_node(**{**MACHINE, **its}))

    @property
    def count(self) -> int:
        """How many machines the head knows that live."""
        return sum(node["Alive"] for node in self.cluster.global_state.node_table())

    def lose(self, machine: Any) -> None:
        """End all processes of a machine, as if its power were cut."""
        self.cluster.remove_node(machine, allow_graceful=False)

    def lose_head(self) -> None:
        """The same for the head."""
        self.lose(self.cluster.head_node)

    def start_anew(self) -> None:
        """A new head at another address, and a second machine. What was left of the old ones ends."""
        self.cluster.shutdown()
        self._start()

    async def replicas(self, link: GatewayLink) -> list[psutil.Process]:
        """The processes of both replicas, the older one first, once both live and `link` knows it."""
        async with asyncio.timeout(SECONDS):
            while link.state.replicas < 2 or len(processes := replicas_here()) != 2:
                await asyncio.sleep(0.1)
        return sorted(processes, key=psutil.Process.create_time)


def patiently(start: Callable[[], Made]) -> Made:
    """What `start` makes. Ray gives a new machine half a minute, which is too little where much else runs."""
    for _ in range(10):
        before = psutil.Process().children(recursive=True)
        try:
            return start()
        except Exception:  # noqa: BLE001  Ray raises no class of its own
            for process in set(psutil.Process().children(recursive=True)) - set(before):
                with contextlib.suppress(psutil.Error):
                    process.kill()
    return start()


def replicas_here() -> list[psutil.Process]:
    """The processes of all replicas, whosever they are."""
    return _children(REPLICA)


def gateways() -> list[psutil.Process]:
    """The processes between this one and Ray."""
    return _children(GATEWAY)


def learning() -> list[psutil.Process]:
    """Ray's processes in which trainings run."""
    return _children("ray::learn")


def _children(title: str) -> list[psutil.Process]:
    """Processes below this one with `title` in their command line. Ray's machines are below it as well."""
    return [process for process in psutil.Process().children(recursive=True) if title in _line(process)]


def _line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


@pytest.fixture(scope="session")
def machines() -> Iterator[Machines]:
    if not find_spec("ray"):
        pytest.skip("the extra cluster is not installed")
    token, before = secrets.token_hex(32), dict(os.environ)
    # Ray's sockets lie there, and the path of a socket has at most 107 characters. So it is not in pytest's folder.
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        # Ray reads them when it is imported, not later.
        aws_config = Path(folder, "aws")  # machines have it from their start, and tests write it
        os.environ.update(SLIM, RAY_AUTH_TOKEN=token, RAY_TMPDIR=folder, AWS_CONFIG_FILE=str(aws_config))
        os.environ.pop("RAY_ADDRESS", None)
        machines = Machines(token, aws_config)
        try:
            yield machines
        finally:
            machines.cluster.shutdown()
            os.environ.clear()
            os.environ.update(before)


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    with s3_server() as address:
        yield address


@pytest.fixture(scope="session")
def shared_home(trained: tuple[Settings, Outcome], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that all machines see, with the voice `ann`."""
    home = tmp_path_factory.mktemp("shared")
    shutil.copytree(trained[0].storage.models, home / "models")
    return home


def cluster_settings(machines: Machines, **settings: Any) -> ClusterSettings:
    """Settings by which two replicas and a training have room on two machines, wherever the head is."""
    usual = {"replicas": 2, "replica_cpus": 0.5, "training_cpus": 0.5, "silent_seconds": 10.0}
    return ClusterSettings(address="auto", token=SecretStr(machines.token), **{**usual, **settings})


@pytest.fixture(scope="session")
def settings(shared_home: Path, trained: tuple[Settings, Outcome]) -> Settings:
    storage = StorageSettings(models=shared_home / "models", data=shared_home / "data")
    return trained[0].model_copy(update={"storage": storage})


@pytest.fixture(scope="session")
def plan(machines: Machines, settings: Settings) -> Plan:
    return plan_for(settings, cluster_settings(machines))


@pytest.fixture(scope="session")
def version(settings: Settings) -> Version:
    return Registry(settings.storage.models).current("ann")


@pytest.fixture(scope="session")
def token(machines: Machines) -> SecretStr:
    return SecretStr(machines.token)


async def until(condition: Callable[[], object], seconds: float = SECONDS) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def with_replicas(link: GatewayLink, count: int) -> None:
    """Wait until so many replicas live."""
    async with asyncio.timeout(SECONDS):
        while link.state.replicas < count:
            await asyncio.sleep(0.05)


def stop(process: psutil.Process) -> None:
    process.send_signal(signal.SIGSTOP)


def go_on(process: psutil.Process) -> None:
    with contextlib.suppress(psutil.Error):
        process.send_signal(signal.SIGCONT)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def link(plan: Plan, token: SecretStr) -> AsyncIterator[GatewayLink]:
    async with GatewayLink(plan, token, again_seconds=0.5) as link:
        await with_replicas(link, plan.cluster.replicas)
        yield link

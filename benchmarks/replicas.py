"""`python -m benchmarks.replicas [--seconds 30]`: drafts a second of 1, 2 and 4 replicas of one thread each.

Beside them stands the engine in this process, with one and with two threads. It needs the extra `cluster`. Sixteen
people ask for eight voices, ten drafts at a time, and ask again as soon as they have their answer. All replicas are on
this machine, so more of them than there are cores share these. The results are in benchmarks/replicas.json.
"""

import argparse
import asyncio
import itertools
import json
import os
import platform
import secrets
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from benchmarks import runs
from benchmarks.service_times import copies
from bot.cluster.drafter import ClusterDrafter
from bot.cluster.link import GatewayLink
from bot.cluster.plan import plan_for
from bot.core.config.cluster import ClusterSettings
from huggingtweets.core.config.settings import GenerationSettings, Settings
from huggingtweets.generation.drafter import Drafter
from huggingtweets.generation.engine import Engine, Request
from huggingtweets.registry.version import Version

RESULT = Path(__file__).with_suffix(".json")
REPLICAS = (1, 2, 4)
THREADS = (1, 2)
PEOPLE, VOICES, DRAFTS, TOKENS = 16, 8, 10, 25
STORE_BYTES = 80_000_000


@contextmanager
def cluster() -> Iterator[str]:
    """A cluster of one machine, which may have more replicas than cores. Yields its token."""
    token = secrets.token_hex(32)
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=token, RAY_USAGE_STATS_ENABLED="0", RAY_TMPDIR=folder)
        from ray.cluster_utils import Cluster

        head = {
            "num_cpus": max(REPLICAS),
            "object_store_memory": STORE_BYTES,
            "include_dashboard": False,
        }
        started = Cluster(initialize_head=True, head_node_args=head)
        try:
            yield token
        finally:
            started.shutdown()


async def measured(drafter: Drafter, voices: list[Version], seconds: float) -> dict[str, float]:
    """Drafts and answers a second, and how long an answer takes, once every voice has been drawn."""
    seeds = itertools.count()
    answers: list[float] = []

    def request(voice: Version) -> Request:
        return Request(voice, "the", DRAFTS, next(seeds), max_tokens=TOKENS)

    async def person(number: int, until: float) -> None:
        for turn in itertools.count():
            began = time.monotonic()
            if began > until:
                return
            await drafter.draw(request(voices[(number + turn) % len(voices)]))
            answers.append(time.monotonic() - began)

    await asyncio.gather(*(drafter.draw(request(voice)) for voice in voices * 2))
    began, busy = time.monotonic(), _busy_seconds()
    await asyncio.gather(*(person(number, began + seconds) for number in range(PEOPLE)))
    took = time.monotonic() - began
    return {
        "drafts_a_second": round(len(answers) * DRAFTS / took, 1),
        "answer_p50": round(statistics.median(answers), 2),
        "answer_max": round(max(answers), 2),
        "cores_busy": round((_busy_seconds() - busy) / took, 2),
    }


def _busy_seconds() -> float:
    """What all processes of this machine have computed since it was started."""
    user, nice, system, *_ = Path("/proc/stat").read_text().split()[1:8]
    return sum(map(int, (user, nice, system))) / os.sysconf("SC_CLK_TCK")


async def measure(settings: Settings, voices: list[Version], token: str, seconds: float) -> dict[str, Any]:
    generation = GenerationSettings(threads=1, timeout_seconds=600)
    figures: dict[str, Any] = {}
    for threads in THREADS:
        async with Engine(generation.model_copy(update={"threads": threads})) as engine:
            figures[f"engine, {threads} threads"] = await measured(engine, voices, seconds)
        print(figures, flush=True)
    for replicas in REPLICAS:
        shared = ClusterSettings(address="auto", token=SecretStr(token), replicas=replicas)
        plan = plan_for(settings.model_copy(update={"generation": generation}), shared)
        async with GatewayLink(plan, SecretStr(token)) as link, ClusterDrafter(generation, link) as drafter:
            while link.state.replicas < replicas:  # noqa: ASYNC110  the log says if they do not come
                await asyncio.sleep(0.1)
            figures[f"{replicas} replicas"] = await measured(drafter, voices, seconds)
        print(figures, flush=True)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30.0, help="how long each of them draws")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder, cluster() as token:
        settings, voices = copies(Path(folder), VOICES)
        figures = asyncio.run(measure(settings, voices, token, options.seconds))
    notes = {"machine": runs.machine(), "load_before": round(load, 2), "python": platform.python_version()}
    RESULT.write_text(json.dumps({**notes, "figures": figures}, indent=1) + "\n")


if __name__ == "__main__":
    main()

"""How fast the bot answers, and how late its event loop is, with and without a training at the same time.

    python -m benchmarks.latency [--requests 30] [--at-once 32] [--voices 8] [--json]

The bot's own parts run in one process: engine, writer, database, worker. The training is a real job in a process of its
own. The voices are those of `untrained`, and differ only in their names. Each request asks for one tweet. First they
come one after the other, then all at once. The results are in benchmarks/latency.json.
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.untrained import put_in_use
from bot.background.telling import Telling
from bot.core.config import Config
from bot.core.errors import BotError
from bot.core.uploads import Uploads
from bot.people.consent import Consenting
from bot.people.leftovers import Leftovers
from bot.people.limits import Limits
from bot.people.willing import Willing
from bot.store import Store
from bot.trainings.child import ChildTrainer
from bot.trainings.training import Training
from bot.trainings.worker import TrainingWorker
from bot.voices.tweeting import Ask, Tweeting
from huggingtweets.core.config.user_folders import CHECKOUT
from huggingtweets.core.errors import PipelineError
from huggingtweets.core.people.names import VoiceName
from huggingtweets.core.process.cpu import usable_cores
from huggingtweets.generation.engine import Engine
from huggingtweets.generation.writer import Writer
from huggingtweets.registry.versions import Registry
from huggingtweets.sources.sample import FOLDER as SAMPLE
from huggingtweets.tweets.kept.tweet_store import TweetStore

RESULTS = Path(__file__).with_suffix(".json")
UNLIMITED = ("[limits]", "requests_per_minute = 100_000", "total_requests_per_minute = 100_000")
LAG_EVERY_SECONDS = 0.005
LONG = {"max_epochs": 1_000, "max_tokens": 1_000_000_000, "patience": 1_000}  # a training that outlasts the measurement


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds from request to answer, and milliseconds by which the loop was late."""

    answer_p50: float
    answer_p95: float
    answer_max: float
    burst_p50: float
    burst_max: float
    burst_failed: int
    lag_ms_p50: float
    lag_ms_p99: float
    lag_ms_max: float


@dataclass(frozen=True, slots=True)
class Parts:
    config: Config
    training: Training
    tweeting: Tweeting


@asynccontextmanager
async def bot(config_file: Path) -> AsyncIterator[Parts]:
    """The parts, built as in bot/app."""
    config = Config.load(config_file, {})
    registry = Registry(config.storage.models)
    uploads = Uploads(config.storage.data / "uploads")
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(Engine(config.generation))
        store = await stack.enter_async_context(Store(config.database_url))
        telling = await stack.enter_async_context(Telling(store))
        willing, leftovers = Willing(store, config), Leftovers(config)
        worker = TrainingWorker(
            store=store,
            registry=registry,
            willing=willing,
            trainer=ChildTrainer(registry, config_file),
            tweets=TweetStore(config.tweets),
            leftovers=leftovers,
            wake_telling=telling.wake,
        )
        await stack.enter_async_context(worker)
        training = Training(store=store, willing=willing, uploads=uploads, leftovers=leftovers, wake=worker.wake)
        await stack.enter_async_context(training)
        tweeting = Tweeting(
            registry=registry,
            writer=Writer(engine),
            training=training,
            limits=Limits(config.limits, store.pauses),
            consenting=Consenting(store=store, settings=config, willing=willing),
            max_count=5,
        )
        yield Parts(config, training, tweeting)


def write_config(home: Path, **training: Any) -> Path:
    """A config.toml in `home` with these settings for trainings."""
    lines = [f"{key} = {json.dumps(value)}" for key, value in training.items()]
    base = json.dumps(str(CHECKOUT / "models" / "base"))
    text = "\n".join(["[training]", f"base = {base}", *lines, "[tracking]", 'tracker = "none"', *UNLIMITED, ""])
    path = home / "config.toml"
    path.write_text(text)
    return path


async def measured(parts: Parts, names: list[VoiceName], requests: int, at_once: int) -> Figures:
    """Send the requests, and meanwhile measure how late the loop is."""
    late: list[float] = []
    watching = asyncio.create_task(_watch_the_loop(late))
    alone = [await _seconds(parts, names[number % len(names)]) for number in range(requests)]
    together = await asyncio.gather(
        *(_seconds(parts, names[number % len(names)]) for number in range(at_once)), return_exceptions=True
    )
    watching.cancel()
    burst = sorted(seconds for seconds in together if isinstance(seconds, float))
    lag = sorted(1_000 * seconds for seconds in late)
    alone = sorted(seconds for seconds in alone)
    return Figures(
        answer_p50=round(statistics.median(alone), 3),
        answer_p95=round(alone[int(0.95 * (len(alone) - 1))], 3),
        answer_max=round(alone[-1], 3),
        burst_p50=round(statistics.median(burst), 3),
        burst_max=round(burst[-1], 3),
        burst_failed=len(together) - len(burst),
        lag_ms_p50=round(statistics.median(lag), 2),
        lag_ms_p99=round(lag[int(0.99 * (len(lag) - 1))], 2),
        lag_ms_max=round(lag[-1], 2),
    )


async def _seconds(parts: Parts, name: VoiceName) -> float:
    began = time.perf_counter()
    await parts.tweeting.tweet_like(Ask("benchmark", name))
    return time.perf_counter() - began


async def _watch_the_loop(late: list[float]) -> None:
    while True:
        began = time.perf_counter()
        await asyncio.sleep(LAG_EVERY_SECONDS)
        late.append(time.perf_counter() - began - LAG_EVERY_SECONDS)


async def _until_it_trains(training: Training, name: VoiceName) -> None:
    while True:
        job = await training.job(name)
        if job is None:
            raise SystemExit("the training has ended before anything was measured")
        if job.stage == "train":
            return
        await asyncio.sleep(0.1)


async def run(requests: int, at_once: int, voices: int) -> dict[str, Any]:
    """Both measurements in one process. The voices are loaded before the first one."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        config_file = write_config(home, **LONG)
        names = put_in_use(Config.load(config_file, {}), [f"voice_{number}" for number in range(voices)])
        async with bot(config_file) as parts:
            for name in names:
                await parts.tweeting.tweet_like(Ask("benchmark", name))
            quiet = await measured(parts, names, requests, at_once)
            newcomer = VoiceName("newcomer")
            job = await parts.training.start("benchmark", newcomer, [SAMPLE / "tweets.jsonl"])
            await _until_it_trains(parts.training, newcomer)
            busy = await measured(parts, names, requests, at_once)
            if not await parts.training.job(newcomer):
                raise SystemExit("the training has ended before everything was measured")
            await parts.training.cancel(job.id)
    return {
        "machine": {"cores": usable_cores(), "cpu": platform.processor(), "load_before": os.getloadavg()[0]},
        "requests": requests,
        "at_once": at_once,
        "voices": voices,
        "without_training": asdict(quiet),
        "with_training": asdict(busy),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=30, help="one after the other")
    parser.add_argument("--at-once", type=int, default=32, help="in one burst")
    parser.add_argument("--voices", type=int, default=8)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    try:
        results = asyncio.run(run(options.requests, options.at_once, options.voices))
    except (BotError, PipelineError) as error:
        raise SystemExit(str(error)) from error
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    if options.json:
        print(json.dumps(results))
        return
    print(f"{'':<16}{'without a training':>20}{'with one':>12}")
    for key, without in results["without_training"].items():
        print(f"{key:<16}{without:>20}{results['with_training'][key]:>12}")


if __name__ == "__main__":
    main()

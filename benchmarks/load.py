"""Whether the event loop stays free: 32 people ask at once, of 8 voices on the embedded base, while a training runs.

    python -m benchmarks.load [--json]

The loop's lag is how much later than asked a sleep of 5 ms ends. The training is the command line's own, of the sample
account, in a process of its own at the lowest priority, as the bot starts it.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers import Voices

BASE = Path("models/base").resolve()
PEOPLE, VOICES, TICK_SECONDS = 32, 8, 0.005


async def lags(stop: asyncio.Event) -> list[float]:
    """Seconds that each tick came late, until `stop`."""
    found = []
    while not stop.is_set():
        started = time.perf_counter()
        await asyncio.sleep(TICK_SECONDS)
        found.append(time.perf_counter() - started - TICK_SECONDS)
    return found


async def ask(home: Path) -> dict[str, Any]:
    """Everybody asks for 5 drafts at once, three times over."""
    from huggingtweets import base as bases
    from huggingtweets.config import Generation
    from huggingtweets.engine import Engine, Request
    from huggingtweets.errors import Busy, Unavailable
    from huggingtweets.registry import Version

    voices = Voices(BASE, home, 32, 0)
    fingerprint = bases.fingerprint(str(BASE))
    manifest = {"base": str(BASE), "base_fingerprint": fingerprint, "created": "now"}
    versions = []
    for number in range(VOICES):
        folder = home / f"voice-{number}"
        folder.mkdir()
        voices.adapter(number).rename(folder / "adapter")
        versions.append(Version(f"voice{number}", "v1", folder, manifest))
    stop, took, told = asyncio.Event(), list[float](), list[str]()

    async def one(person: int, engine: Engine) -> None:
        started = time.perf_counter()
        try:
            await engine.draw(Request(versions[person % VOICES], "My dream is", 5, person, f"person{person}"))
            took.append(time.perf_counter() - started)
        except (Busy, Unavailable) as error:
            told.append(str(error))

    async with Engine(Generation(threads=1, max_waiting=PEOPLE)) as engine:
        await engine.draw(Request(versions[0], "", 1, 1))
        ticking = asyncio.create_task(lags(stop))
        for _ in range(3):
            await asyncio.gather(*(one(person, engine) for person in range(PEOPLE)))
        stop.set()
        late = sorted(await ticking)
    took.sort()
    return {
        "answers": len(took),
        "told_to_come_back": len(told),
        "loop_lag_p50_ms": round(1_000 * late[len(late) // 2], 2),
        "loop_lag_p99_ms": round(1_000 * late[int(0.99 * len(late))], 2),
        "answer_p50_s": round(took[len(took) // 2], 2),
        "answer_max_s": round(took[-1], 2),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--json", action="store_true", help="print JSON")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        (home / "config.toml").write_text(f'[training]\nbase = "{BASE}"\n')
        sample = Path("huggingtweets/sample_account").resolve()
        command = [
            sys.executable, "-m", "huggingtweets", "train", "sample", "--background", "--threads", "1",
            "--from", str(next(sample.glob("*.jsonl"))), "--config", str(home / "config.toml"),
        ]  # fmt: skip
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as training:
            facts = asyncio.run(ask(home))
            facts["training_still_ran"] = training.poll() is None
            training.terminate()
    print(json.dumps(facts, indent=1) if chosen.json else "\n".join(f"{key}: {value}" for key, value in facts.items()))


if __name__ == "__main__":
    main()

"""`python -m benchmarks.service_times`: what one step of a batch costs one thread, by its rows and its voices.

The voice that comes with this software is copied under many names, so each copy is an adapter of its own. Processor
time is measured, so it does not matter what else the machine does. The result is benchmarks/service_times.json, which
the simulation of a cluster reads: seconds a step = base + row x rows + voice x voices.
"""

import asyncio
import json
import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from huggingtweets.core.config.settings import GenerationSettings, Settings, StorageSettings
from huggingtweets.core.people.names import VoiceName
from huggingtweets.generation.engine import Engine, Request
from huggingtweets.registry.version import Version
from huggingtweets.workflow import sample_voice

SHAPES = [(1, 1), (8, 1), (16, 1), (32, 1), (64, 1), (8, 8), (32, 8), (64, 8), (32, 32), (64, 32)]
TOKENS = 12
RESULT = Path(__file__).with_suffix(".json")


async def seconds_a_step(engine: Engine, voices: list[Version], rows: int, count: int) -> tuple[float, float]:
    """Processor seconds a step of `rows` rows of `count` voices, and the mean number of rows in a step."""
    requests = [Request(voice, "the", rows // count, 1, max_tokens=TOKENS) for voice in voices[:count]]
    await asyncio.gather(*map(engine.draw, requests))
    began = time.process_time()
    drawn = await asyncio.gather(*map(engine.draw, requests))
    took = time.process_time() - began
    lengths = [draft.drawn for drafts in drawn for draft in drafts]
    return took / max(lengths), sum(lengths) / max(lengths)


def copies(home: Path, count: int) -> tuple[Settings, list[Version]]:
    """The voice that comes with this software, under so many names, in a new folder with the base."""
    models = home / "models"
    settings = Settings(storage=StorageSettings(models=models, data=home / "data"))
    version = sample_voice.install(settings)
    assert version
    voices = []
    for number in range(count):
        name = VoiceName(f"voice{number}")
        shutil.copytree(version.folder, models / name / version.version)
        voices.append(replace(version, name=name, folder=models / name / version.version))
    return settings, voices


async def measure(home: Path) -> dict[str, object]:
    _, voices = copies(home, max(count for _, count in SHAPES))
    measured = []
    async with Engine(GenerationSettings(threads=1, max_rows=64, max_waiting=200, timeout_seconds=600)) as engine:
        for rows, count in SHAPES:
            seconds, mean_rows = await seconds_a_step(engine, voices, rows, count)
            measured.append({"rows": round(mean_rows, 1), "voices": count, "seconds": round(seconds, 5)})
            print(measured[-1], flush=True)
        began = time.process_time()
        await engine.draw(Request(voices[0], "the", 1, 1, max_tokens=1))
        warm = time.process_time() - began
        engine.forget("voice0")
        began = time.process_time()
        await engine.draw(Request(voices[0], "the", 1, 1, max_tokens=1))
        loading = time.process_time() - began - warm
        in_memory, size = engine.in_memory
    matrix = np.array([[1.0, each["rows"], each["voices"]] for each in measured])
    fit = np.linalg.lstsq(matrix, np.array([each["seconds"] for each in measured]), rcond=None)[0]
    return {
        "measured": measured,
        "step_seconds": {key: round(float(part), 6) for key, part in zip(("base", "row", "voice"), fit, strict=True)},
        "loading_seconds": round(loading, 4),
        "bytes_of_all": size,
        "voices_in_memory": in_memory,
        "tokens_a_draft": 25,
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        RESULT.write_text(json.dumps(asyncio.run(measure(Path(folder))), indent=1) + "\n")

"""Which temperature, top-k and top-p give tweets that are hard to tell from real ones, and still differ enough?

    python -m benchmarks.sampling --models FOLDER [--voices a,b,...] [--threads N]

FOLDER is a folder of models, as in [storage]. Of each voice in use, a few sets of tweets as large as its held-out
tweets are drawn with every setting. A two-sample classifier tells each set from the held-out tweets, and the mean is
shown: 50 % is perfect. Beside it stand the different word pairs (distinct-2) and the near-copies. The first row is the
person's own tweets: those that were learned last, against those held out.

Every result is appended to benchmarks/sampling.jsonl as soon as it is there, and is not measured again. So a study can
be stopped and continued.
"""

import argparse
import json
import statistics
from pathlib import Path
from typing import Any

from huggingtweets.core.config import GenerationSettings
from huggingtweets.evaluation.evaluate import passing
from huggingtweets.evaluation.two_sample import accuracy
from huggingtweets.generation.engine.batch import Batch, DraftJob
from huggingtweets.generation.engine.decode import Draft, Sampling, read_drafts
from huggingtweets.generation.engine.devices import make_decoder
from huggingtweets.generation.engine.start import start_of
from huggingtweets.generation.engine.weights import Weights
from huggingtweets.model.base import Base
from huggingtweets.model.merged import load_version
from huggingtweets.registry.versions import Registry, Version
from huggingtweets.tweets.copies import KnownTexts, near_copies
from huggingtweets.tweets.dataset import Dataset
from huggingtweets.tweets.likeness import distinct_n

RUNS = Path(__file__).parent / "sampling.jsonl"
SETS = 2
REAL = "real tweets"
SETTINGS = {
    f"temperature {temperature}, top-k {top_k:,}, top-p {top_p}": Sampling(temperature, top_k, top_p)
    for temperature, top_k, top_p in (
        (1.0, 50, 0.95),
        (1.0, 200, 0.95),
        (1.0, 300, 0.95),
        (1.0, 1_000, 0.95),
        (1.0, 50, 1.0),
        (1.0, 1_000, 1.0),
        (0.8, 50, 0.95),
        (1.1, 50, 0.95),
        (0.9, 50, 0.95),
        (1.0, 50, 0.9),
    )
}


def drawn(voice: Base, count: int, sampling: Sampling, threads: int) -> list[Draft]:
    """`count` drafts without a prompt, from the decoder that answers people on this machine."""
    decoder = make_decoder(Weights.of(voice.model, voice.banned), GenerationSettings(threads=threads))
    batch = Batch(decoder, voice.end_of_text)
    start = start_of(voice, "", sampling.max_new_tokens)
    job = DraftJob(start.tokens, None, count, sampling, 1, start.text, start.barred)
    batch.join([job])
    while batch.rows:
        batch.step()
    return read_drafts(voice, job)


def measured(dataset: Dataset, sets: list[list[str]]) -> dict[str, Any]:
    """The figures of some sets of texts, each compared with the last held-out tweets."""
    known = KnownTexts(dataset.texts)
    texts = [text for one in sets for text in one]
    return {
        "texts": len(texts),
        "two_sample": statistics.mean(accuracy(dataset.held_out[-len(one) :], one).value for one in sets),
        "distinct_2": statistics.mean(distinct_n(one, 2) for one in sets),
        "near_copies": near_copies(texts, known) / len(texts),
    }


def of_voice(version: Version, done: set[str], threads: int) -> list[dict[str, Any]]:
    """The runs of one voice that are not among `done`, written down one after the other."""
    dataset = Dataset.load(version.dataset)
    voice = load_version(version)
    runs = []
    for title in [REAL, *SETTINGS]:
        if title in done:
            continue
        if title == REAL:
            sets = [list(dataset.learned[-len(dataset.held_out) :])]
        else:
            drafts = drawn(voice, SETS * len(dataset.held_out) * 5 // 4, SETTINGS[title], threads)
            tweets = passing(dataset, drafts)
            size = min(len(dataset.held_out), len(tweets) // SETS)
            sets = [list(tweets[number * size : (number + 1) * size]) for number in range(SETS)]
        row = {"voice": version.name, "base": version.base, "made": version.manifest.created, "setting": title}
        runs.append(row | measured(dataset, sets))
        with RUNS.open("a") as file:
            file.write(json.dumps(runs[-1]) + "\n")
        print(json.dumps(runs[-1]), flush=True)
    return runs


def table(runs: list[dict[str, Any]]) -> str:
    """One row for each setting: means over the voices."""
    lines = ["| | told from real tweets | distinct-2 | near-copies |", "|---|---|---|---|"]
    for title in [REAL, *SETTINGS]:
        rows = [run for run in runs if run["setting"] == title]
        if not rows:
            continue
        mean = {key: statistics.mean(row[key] for row in rows) for key in ("two_sample", "distinct_2", "near_copies")}
        # The learned tweets are near-copies of themselves.
        copies = "" if title == REAL else f"{mean['near_copies']:.2%}"
        lines.append(f"| {title} | {mean['two_sample']:.1%} | {mean['distinct_2']:.3f} | {copies} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--voices", default="")
    parser.add_argument("--threads", type=int, default=0)
    options = parser.parse_args()
    registry = Registry(options.models)
    runs = [json.loads(line) for line in RUNS.read_text().splitlines()] if RUNS.exists() else []
    for name in options.voices.split(",") if options.voices else registry.names():
        version = registry.current(name)
        key = [version.name, version.manifest.created]
        done = {run["setting"] for run in runs if [run["voice"], run["made"]] == key}
        runs += of_voice(version, done, options.threads)
    for base in sorted({run["base"] for run in runs}):
        print(f"\n{base}\n\n{table([run for run in runs if run['base'] == base])}")


if __name__ == "__main__":
    main()

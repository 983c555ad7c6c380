"""Which temperature, top-k and top-p give tweets that are hard to tell from real ones, and still differ enough?

    python -m benchmarks.sampling --models FOLDER [--voices a,b,...] [--threads N]

FOLDER is a folder of models, as in [storage]. Of each voice in use, a few sets of tweets as large as its held-out
tweets are drawn with every setting. A two-sample classifier tells each set from the held-out tweets, and the mean is
shown: 50 % is perfect. Beside it stand the different word pairs (distinct-2), the near-copies, and how strange another
base finds the sentences: its bits per byte over those of the held-out tweets, and how often a drawn tweet takes more
than a real one. The first row is the person's own tweets: those that were learned last, against those held out.

Every result is appended to benchmarks/sampling.jsonl as soon as it is there, and is not measured again. So a study can
be stopped and continued.
"""

import argparse
import json
import statistics
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from huggingtweets.core.config.settings import Settings, StorageSettings, TrainingSettings
from huggingtweets.evaluation import sense
from huggingtweets.evaluation.evaluate import passing
from huggingtweets.evaluation.measure import Subject, drafts_of
from huggingtweets.evaluation.two_sample import accuracy, auc, ratio_of_means
from huggingtweets.generation.engine.decode import Sampling
from huggingtweets.model.base import Base
from huggingtweets.registry.version import Version
from huggingtweets.registry.versions import Registry
from huggingtweets.tweets.learned.dataset import Dataset
from huggingtweets.tweets.style.likeness import distinct_n
from huggingtweets.tweets.texts.copies import KnownTexts, near_copies

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
        (1.0, 200, 0.98),
        (1.0, 1_000, 0.98),
        (1.1, 200, 0.95),
        (1.1, 1_000, 0.95),
        (1.1, 1_000, 0.98),
        (1.2, 1_000, 0.95),
    )
}


def measured(dataset: Dataset, sets: list[list[str]], judge: Base | None, row_tokens: int) -> dict[str, Any]:
    """The figures of some sets of texts, each compared with the last held-out tweets."""
    known = KnownTexts(dataset.texts)
    texts = [text for one in sets for text in one]
    return {
        "texts": len(texts),
        "two_sample": statistics.mean(accuracy(dataset.held_out[-len(one) :], one).value for one in sets),
        **_strangeness(dataset.held_out, sets, judge, row_tokens),
        "distinct_2": statistics.mean(distinct_n(one, 2) for one in sets),
        "near_copies": near_copies(texts, known) / len(texts),
    }


def _strangeness(
    held_out: Sequence[str], sets: list[list[str]], judge: Base | None, row_tokens: int
) -> dict[str, float]:
    """The means over `sets` of the ratio of bits and of the AUC; nothing without a judge."""
    pairs = []
    for one in sets:
        real, drawn = sense.levelled_texts(held_out), sense.levelled_texts(one)
        size = min(len(real), len(drawn))
        pairs.append([sense.sample(texts, size, judge, row_tokens).bits for texts in (real, drawn)])
    bits = [(real, drawn) for real, drawn in pairs if real is not None and drawn is not None]
    if not bits:
        return {}
    return {
        "bits_ratio": statistics.mean(ratio_of_means(*pair).value for pair in bits),
        "bits_auc": statistics.mean(auc(*pair).value for pair in bits),
    }


def of_voice(version: Version, settings: Settings, titles: Sequence[str], done: set[str]) -> list[dict[str, Any]]:
    """The runs of one voice with the settings `titles` that are not among `done`, written down one after the other."""
    row_tokens = settings.training.row_tokens
    dataset = Dataset.load(version.dataset)
    subject = Subject.of_version(version, dataset, settings)
    judge = sense.find_judge(subject.base, settings.storage.models)
    runs = []
    for title in titles:
        if title in done:
            continue
        if title == REAL:
            sets = [list(dataset.learned[-len(dataset.held_out) :])]
        else:
            count = SETS * len(dataset.held_out) * 5 // 4
            tweets = passing(dataset, drafts_of(replace(subject, sampling=SETTINGS[title]), "", count))
            size = min(len(dataset.held_out), len(tweets) // SETS)
            sets = [list(tweets[number * size : (number + 1) * size]) for number in range(SETS)]
        row = {"voice": version.name, "base": version.base, "made": version.manifest.created, "setting": title}
        runs.append(row | measured(dataset, sets, judge, row_tokens))
        with RUNS.open("a") as file:
            file.write(json.dumps(runs[-1]) + "\n")
        print(json.dumps(runs[-1]), flush=True)
    return runs


def table(runs: list[dict[str, Any]]) -> str:
    """One row for each setting: means over the voices."""
    lines = ["| | told from real tweets | bits ratio | bits AUC | distinct-2 | near-copies |", f"|{'---|' * 6}"]
    for title in [REAL, *SETTINGS]:
        rows = [run for run in runs if run["setting"] == title]
        if not rows:
            continue
        cells = [f"{statistics.mean(row['two_sample'] for row in rows):.1%}"]
        for key in ("bits_ratio", "bits_auc"):
            values = [row[key] for row in rows if key in row]
            cells.append(f"{statistics.mean(values):.2f}" if values else "")
        cells.append(f"{statistics.mean(row['distinct_2'] for row in rows):.3f}")
        # The learned tweets are near-copies of themselves.
        cells.append("" if title == REAL else f"{statistics.mean(row['near_copies'] for row in rows):.2%}")
        lines.append(f"| {' | '.join([title, *cells])} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--voices", default="")
    parser.add_argument("--settings", type=int, default=len(SETTINGS), help="only so many of them, the first ones")
    parser.add_argument("--threads", type=int, default=0)
    options = parser.parse_args()
    settings = Settings(
        storage=StorageSettings(models=options.models), training=TrainingSettings(threads=options.threads)
    )
    titles = [REAL, *SETTINGS][: 1 + options.settings]
    registry = Registry(options.models)
    runs = [json.loads(line) for line in RUNS.read_text().splitlines()] if RUNS.exists() else []
    for name in options.voices.split(",") if options.voices else registry.names():
        version = registry.current(name)
        key = [version.name, version.manifest.created]
        done = {run["setting"] for run in runs if [run["voice"], run["made"]] == key}
        runs += of_voice(version, settings, titles, done)
    for base in sorted({run["base"] for run in runs}):
        print(f"\n{base}\n\n{table([run for run in runs if run['base'] == base])}")


if __name__ == "__main__":
    main()

"""How far do so many tweets go? Held-out bits per byte of voices learned from 100 to 3,000 tweets of an account.

    python -m benchmarks.amount FILE... [--tweets 100,300,1000,3000] [--base models/base]

Each FILE holds an account's tweets. All voices of an account are judged on the same latest tweets, and learn from those
just before them. Every run is appended to benchmarks/amount.jsonl as soon as it is done, and is not repeated. So a
study can be stopped and continued. Prints a table of all runs.
"""

import argparse
import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.accounts import data_set
from huggingtweets.core.config.settings import TrainingSettings
from huggingtweets.core.process.cpu import keep_freed_memory, use_threads
from huggingtweets.evaluation.evaluate import text_losses
from huggingtweets.model import base as bases
from huggingtweets.training.finetune import train
from huggingtweets.tweets.learned.dataset import Dataset, characters_of

RUNS = Path(__file__).parent / "amount.jsonl"
TWEETS = (100, 300, 1_000, 3_000)
HELD_OUT = 120  # the latest tweets; few, because each is read after every pass


def measured(data: Dataset, tweets: int, base_name: str) -> dict[str, Any]:
    """One training on the last `tweets` of what can be learned in `data`."""
    earlier = (*data.learned_examples, *data.held_out_examples)[:-HELD_OUT]
    part = Dataset(earlier[-tweets:], data.held_out_examples[-HELD_OUT:])
    settings = TrainingSettings(base=base_name, checkpoint_seconds=1e6)
    base = bases.load(base_name)
    before = text_losses(base, part.held_out, settings.row_tokens).per_byte
    with tempfile.TemporaryDirectory() as folder:
        trained = train(base, part, settings, Path(folder) / "checkpoint.pt")
    return {
        "learned": len(part.learned),
        "characters": characters_of(part.learned),
        "held_out": len(part.held_out),
        "base_bits": before,
        "bits": text_losses(base, part.held_out, settings.row_tokens).per_byte,
        "epochs": trained.kept_epoch,
        "seconds": round(trained.seconds, 1),
    }


def table(runs: list[dict[str, Any]]) -> str:
    """One row for each account: its losses by the number of tweets, and then the mean share below the base's loss."""
    sizes = sorted({run["tweets"] for run in runs})
    lines = [
        f"| account | base | {' | '.join(f'{size:,} tweets' for size in sizes)} |",
        f"|---|---|{'---|' * len(sizes)}",
    ]
    for account in sorted({run["account"] for run in runs}):
        bits = {run["tweets"]: run["bits"] for run in runs if run["account"] == account}
        base = next(run["base_bits"] for run in runs if run["account"] == account)
        cells = [f"{bits[size]:.3f}" if size in bits else "" for size in sizes]
        lines.append(f"| {account} | {base:.3f} | {' | '.join(cells)} |")
    for title, value in (("below the base, mean", _gain), ("characters, mean", _characters)):
        means = [statistics.mean(value(run) for run in runs if run["tweets"] == size) for size in sizes]
        cells = [f"{mean:.1%}" if value is _gain else f"{mean:,.0f}" for mean in means]
        lines.append(f"| {title} | | {' | '.join(cells)} |")
    return "\n".join(lines)


def _gain(run: dict[str, Any]) -> float:
    return float(1 - run["bits"] / run["base_bits"])


def _characters(run: dict[str, Any]) -> float:
    return float(run["characters"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", type=Path, nargs="*")
    parser.add_argument("--tweets", default=",".join(map(str, TWEETS)))
    parser.add_argument("--base", default="models/base")
    parser.add_argument("--threads", type=int, default=0)
    options = parser.parse_args()
    use_threads(options.threads)
    keep_freed_memory()
    runs = [json.loads(line) for line in RUNS.read_text().splitlines()] if RUNS.exists() else []
    done = {(run["account"], run["base"], run["tweets"]) for run in runs}
    data_sets = {source.stem: data_set(source) for source in options.files}
    for tweets in map(int, options.tweets.split(",")):
        for account, data in data_sets.items():
            if len(data.texts) - HELD_OUT < tweets or (account, options.base, tweets) in done:
                continue
            run = {"account": account, "base": options.base, "tweets": tweets}
            run |= measured(data, tweets, options.base)
            runs.append(run)
            with RUNS.open("a") as file:
                file.write(json.dumps(run) + "\n")
            print(json.dumps(run), flush=True)
    print(table([run for run in runs if run["base"] == options.base]))


if __name__ == "__main__":
    main()

"""Do voices answer what was said? Held-out replies with what they answer, without it, and with what another answers.

    python -m benchmarks.replies --tweets FOLDER [--base smollm2] [--accounts a,b,...] [--seeds 1,2,3] [--held-out 0.2]

Each entry of FOLDER is a file, an archive or an unpacked archive with the tweets of one account. Accounts with fewer
than 20 held-out replies whose context is known are passed over. Each reply is read after the contexts of eight others.
Two voices are learned from each account: one as always, and one without any context. So the price of contexts is known,
too: the bits of held-out tweets out of nothing. Every run is appended to benchmarks/replies.jsonl as soon as it is
done, and is not repeated. So a study can be stopped and continued. Prints a table of all runs with this base.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from benchmarks.accounts import data_set
from huggingtweets.core.config.settings import Settings, StorageSettings, TrainingSettings
from huggingtweets.core.errors import BadSource
from huggingtweets.core.process.cpu import keep_freed_memory, use_threads
from huggingtweets.evaluation.evaluate import text_losses
from huggingtweets.evaluation.replying import MIN_PAIRS, replying
from huggingtweets.model import base as bases
from huggingtweets.model.base import Base
from huggingtweets.training.finetune import train
from huggingtweets.tweets.learned.dataset import Dataset

RUNS = Path(__file__).parent / "replies.jsonl"
OTHERS = 8  # contexts of others that each reply is read after
GOALS = "Goals: 3 % fewer bits or more, the right context better in 70 % or more, tweets out of nothing within 0.5 %."
Run = dict[str, Any]


def data_sets(folder: Path, accounts: Sequence[str], held_out: float) -> Iterator[tuple[str, Dataset]]:
    """The accounts in `folder` with enough held-out replies, and their tweets. The others are named and passed over."""
    for source in sorted(folder.iterdir()):
        if source.name.startswith(".") or (accounts and source.stem not in accounts):
            continue
        try:
            data = data_set(source, held_out=held_out)
        except BadSource as error:
            print(f"{source.name} is passed over: {error}", flush=True)
            continue
        if (pairs := len(data.held_out_pairs)) < MIN_PAIRS:
            print(f"{source.name} is passed over: {pairs} held-out replies have a context", flush=True)
        else:
            yield source.stem, data


def measured(data: Dataset, settings: TrainingSettings) -> Run:
    """Both voices of one account, and the base without any training."""
    untrained = bases.load(settings.base)
    before = replying(untrained, data.held_out_pairs, settings.row_tokens, others=OTHERS)
    voice, pairs, seconds = _learned(data, settings)
    replies = replying(voice, data.held_out_pairs, settings.row_tokens, others=OTHERS)
    assert replies
    assert before
    bits = text_losses(voice, data.held_out, settings.row_tokens).per_byte
    del voice
    alone, _, _ = _learned(without_contexts(data), settings)
    return {
        "learned": len(data.learned),
        "learned_pairs": pairs,
        "held_out": len(data.held_out),
        "untrained": asdict(before),
        "replies": asdict(replies),
        "bits": bits,
        "bits_without_contexts": text_losses(alone, data.held_out, settings.row_tokens).per_byte,
        "seconds": round(seconds, 1),
    }


def without_contexts(data: Dataset) -> Dataset:
    """The same tweets, of which none has a context."""
    parts = ([replace(one, context="") for one in part] for part in (data.learned_examples, data.held_out_examples))
    return Dataset(*map(tuple, parts))


def _learned(data: Dataset, settings: TrainingSettings) -> tuple[Base, int, float]:
    """A voice, how many replies it learned with their contexts, and how long that took."""
    base = bases.load(settings.base)
    with tempfile.TemporaryDirectory() as folder:
        trained = train(base, data, settings, Path(folder) / "checkpoint.pt")
    return base, trained.pairs, trained.seconds


def table(runs: Sequence[Run]) -> str:
    """One row for each account and seed, and one for all replies together."""
    titles = ("account", "pairs learned", "pairs held out", "bits without", "with context", "with another's", "saved")
    titles += ("right is better", "untrained: saved", "out of nothing")
    lines = [f"| {' | '.join(titles)} |", "|---" * len(titles) + "|"]
    lines += [_row(f"{run['account']}, seed {run['seed']}", [run]) for run in runs]
    if len(runs) > 1:
        lines.append(_row("all", runs))
    return "\n".join([*lines, "", GOALS])


def _row(name: str, runs: Sequence[Run]) -> str:
    without, with_own, with_another, right = (
        _mean(runs, "replies", key) for key in ("without_context", "with_context", "with_another", "right_is_better")
    )
    untrained = 1 - _mean(runs, "untrained", "with_context") / _mean(runs, "untrained", "without_context")
    cost = sum(run["bits"] for run in runs) / sum(run["bits_without_contexts"] for run in runs) - 1
    learned, held_out = (sum(numbers) for numbers in zip(*(_pairs(run) for run in runs), strict=True))
    figures = [f"{without:.3f}", f"{with_own:.3f}", f"{with_another:.3f}", f"{1 - with_own / without:.1%}"]
    figures += [f"{right:.0%}", f"{untrained:.1%}", f"{cost:+.2%}"]
    return f"| {' | '.join([name, str(learned), str(held_out), *figures])} |"


def _pairs(run: Run) -> tuple[int, int]:
    return run["learned_pairs"], run["replies"]["pairs"]


def _mean(runs: Sequence[Run], whose: str, key: str) -> float:
    """The mean over all replies of a figure of the voices, or of the untrained base."""
    total = sum(run[whose]["pairs"] for run in runs)
    return float(sum(run[whose][key] * run[whose]["pairs"] for run in runs) / total)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tweets", type=Path, required=True)
    parser.add_argument("--base", default="smollm2")
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--accounts", default="")
    parser.add_argument("--seeds", default="1")
    parser.add_argument("--held-out", type=float, default=0.2)
    parser.add_argument("--max-tokens", type=int, default=0, help="that are learned; 0 leaves it to the recipe")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--runs", type=Path, default=RUNS)
    options = parser.parse_args()
    use_threads(options.threads)
    keep_freed_memory()
    storage = StorageSettings(models=options.models)
    path = Settings(storage=storage, training=TrainingSettings(base=options.base)).base
    runs: list[Run] = (
        [json.loads(line) for line in options.runs.read_text().splitlines()] if options.runs.exists() else []
    )
    done = {(run["account"], run["base"], run["seed"]) for run in runs}
    for account, data in data_sets(options.tweets, list(filter(None, options.accounts.split(","))), options.held_out):
        for seed in map(int, options.seeds.split(",")):
            if (account, options.base, seed) in done:
                continue
            settings = TrainingSettings(base=path, seed=seed, max_tokens=options.max_tokens, checkpoint_seconds=1e6)
            run = {"account": account, "base": options.base, "seed": seed, **measured(data, settings)}
            runs.append(run)
            with options.runs.open("a") as file:
                file.write(json.dumps(run) + "\n")
            print(json.dumps(run), flush=True)
    if shown := [run for run in runs if run["base"] == options.base]:
        print(table(shown))


if __name__ == "__main__":
    main()

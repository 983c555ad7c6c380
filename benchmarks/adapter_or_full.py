"""Does an adapter learn a voice as well as all weights do, and which adapter is best? By held-out bits per byte.

    python -m benchmarks.adapter_or_full FILE... [--seeds 1,2,3] [--only VARIANT,...] [--tweets 1000]

Each FILE holds an account's tweets, of which the latest --tweets are used. The base is the embedded one. Every run is
appended to benchmarks/adapter_or_full.jsonl as soon as it is done, and is not repeated. So a study can be stopped and
continued. Prints a table of all runs.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from benchmarks.accounts import data_set
from huggingtweets.core.config.base_folders import EMBEDDED
from huggingtweets.core.config.settings import TrainingSettings
from huggingtweets.core.process.cpu import keep_freed_memory, use_threads
from huggingtweets.evaluation.evaluate import text_losses
from huggingtweets.model import base as bases
from huggingtweets.training.finetune import train
from huggingtweets.tweets.learned.dataset import Dataset

HERE = Path(__file__).parent
RUNS = HERE / "adapter_or_full.jsonl"
VARIANTS: dict[str, dict[str, Any]] = {
    "full": {"method": "full"},
    "adapter": {},
    "adapter without embedding": {"lora_embedding_rank": 0},
    "adapter, one rate": {"lora_b_rate": 1.0, "lora_learning_rate": 2e-3},
    "adapter, half the rank": {"lora_rank": 32, "lora_embedding_rank": 32},
    "adapter, twice the rank": {"lora_rank": 128, "lora_embedding_rank": 128},
}


def measured(data: Dataset, variant: str, seed: int) -> dict[str, Any]:
    """One training with the variant's settings, on the embedded base."""
    settings = TrainingSettings(base=EMBEDDED, **VARIANTS[variant], seed=seed, checkpoint_seconds=1e6)
    base = bases.load(settings.base)
    before = text_losses(base, data.held_out, settings.row_tokens).per_byte
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        trained = train(base, data, settings, Path(folder) / "checkpoint.pt")
        seconds = time.perf_counter() - began
    return {
        "base": bases.fingerprint(settings.base),
        "learned": len(data.learned),
        "base_bits": before,
        "bits": text_losses(base, data.held_out, settings.row_tokens).per_byte,
        "epochs": trained.kept_epoch,
        "seconds": round(seconds, 1),
    }


def table(runs: list[dict[str, Any]]) -> str:
    """Means over the seeds, one row for each account, and each variant's mean ratio to "full"."""
    bits: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    base = {}
    for run in runs:
        bits[run["account"]][run["variant"]].append(run["bits"])
        base[run["account"]] = run["base_bits"]
    names = [name for name in VARIANTS if any(name in of for of in bits.values())]
    lines = [f"| account | base | {' | '.join(names)} |", f"|---|---|{'---|' * len(names)}"]
    for account in sorted(bits):
        cells = [_cell(bits[account].get(name, [])) for name in names]
        lines.append(f"| {account} | {base[account]:.3f} | {' | '.join(cells)} |")
    ratios = []
    for name in names:
        shared = [of for of in bits.values() if name in of and "full" in of]
        mean = statistics.mean(statistics.mean(of[name]) / statistics.mean(of["full"]) for of in shared)
        ratios.append(f"{100 * (mean - 1):+.1f} %")
    return "\n".join([*lines, f"| against full | | {' | '.join(ratios)} |"]) + "\n"


def _cell(values: list[float]) -> str:
    spread = f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.3f}{spread}" if values else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", type=Path, nargs="*")
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--only", default="full,adapter")
    parser.add_argument("--tweets", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=0)
    options = parser.parse_args()
    use_threads(options.threads)
    keep_freed_memory()
    runs = [json.loads(line) for line in RUNS.read_text().splitlines()] if RUNS.exists() else []
    done = {(run["account"], run["variant"], run["seed"]) for run in runs}
    for seed in map(int, options.seeds.split(",")):
        for source in options.files:
            data = data_set(source, options.tweets)
            for variant in options.only.split(","):
                if (source.stem, variant, seed) in done:
                    continue
                run = {"account": source.stem, "variant": variant, "seed": seed, **measured(data, variant, seed)}
                runs.append(run)
                with RUNS.open("a") as file:
                    file.write(json.dumps(run) + "\n")
                print(json.dumps(run), flush=True)
    print(table(runs))


if __name__ == "__main__":
    main()

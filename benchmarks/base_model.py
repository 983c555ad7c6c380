"""How good is a base model? Voices learned on it, on another base, and on its own architecture with random weights.

    python -m benchmarks.base_model FILE... [--base FOLDER] [--other FOLDER] [--tweets 1000] [--samples 3]

All weights are learned, because an adapter needs a base that has learned something. Each base gets the same tweets,
settings and seed. Prints a table of held-out bits per byte, and unchecked samples side by side, in Markdown.
"""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import torch

from benchmarks.accounts import data_set
from huggingtweets.core.config.settings import TrainingSettings
from huggingtweets.core.process.cpu import keep_freed_memory, use_threads
from huggingtweets.evaluation.evaluate import text_losses
from huggingtweets.generation.engine.decode import Sampling, decode
from huggingtweets.model import base as bases
from huggingtweets.model.base import Base
from huggingtweets.model.random_weights import with_random_weights
from huggingtweets.training.finetune import train
from huggingtweets.tweets.learned.dataset import Dataset


def random_weights(base: Base) -> Base:
    """The same architecture and tokenizer with random weights."""
    torch.manual_seed(1)
    return replace(base, model=with_random_weights(base.model.description))


def learned(base: Base, data: Dataset, samples: int) -> tuple[float, list[str]]:
    """Held-out bits per byte and samples of a voice learned on `base`."""
    with tempfile.TemporaryDirectory() as folder:
        settings = TrainingSettings(method="full", max_epochs=8, checkpoint_seconds=1e6)
        train(base, data, settings, Path(folder) / "checkpoint.pt")
    drafts = decode(base, "", samples, Sampling(), seed=1)
    return text_losses(base, data.held_out, settings.row_tokens).per_byte, [
        " ".join(draft.text.split()) for draft in drafts
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--base", default="models/base")
    parser.add_argument("--other", help="another base to compare with")
    parser.add_argument("--tweets", type=int, default=1000)
    parser.add_argument("--samples", type=int, default=2)
    parser.add_argument("--threads", type=int, default=0)
    options = parser.parse_args()
    use_threads(options.threads)
    keep_freed_memory()
    kinds = {
        "this base": lambda: bases.load(options.base),
        **({"the other": lambda: bases.load(options.other)} if options.other else {}),
        "random weights": lambda: random_weights(bases.load(options.base)),
    }
    rows, samples = [], []
    for source in options.files:
        data = data_set(source, options.tweets)
        bits = {}
        for name, load in kinds.items():
            bits[name], drafts = learned(load(), data, options.samples)
            samples += [f"| {source.stem} | {name} | {text.replace('|', chr(92) + '|')} |" for text in drafts]
        before = text_losses(bases.load(options.base), data.held_out, TrainingSettings().row_tokens).per_byte
        rows.append(f"| {source.stem} | {before:.3f} | " + " | ".join(f"{bits[name]:.3f}" for name in kinds) + " |")
        print(rows[-1], flush=True)
    print(f"\n| account | this base, untrained | {' | '.join(kinds)} |\n|---|---|{'---|' * len(kinds)}")
    print("\n".join(rows))
    print("\n| account | learned on | sample |\n|---|---|---|")
    print("\n".join(samples))


if __name__ == "__main__":
    main()

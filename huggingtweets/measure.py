"""A version from disk, measured on the tweets it was not trained on.

Knows the registry's versions and `evaluate`. Does not know what is good enough.
"""

from pathlib import Path

from huggingtweets import base
from huggingtweets.config import Settings
from huggingtweets.dataset import Dataset
from huggingtweets.engine.decode import Sampling
from huggingtweets.engine.voices import load_voice
from huggingtweets.evaluate import evaluate, held_out_bits
from huggingtweets.records import Report
from huggingtweets.registry import Version


def measure(version: Version, settings: Settings, beside: Path | None) -> Report:
    """The report on `version`, drawn with its own seed, as the pipeline writes it."""
    dataset = Dataset.load(version.dataset)
    row_tokens = settings.training.row_tokens
    report, _ = evaluate(
        load_voice(version, beside),
        held_out_bits(base.load(version.base, beside), dataset.held_out, row_tokens),
        dataset,
        sampling=Sampling.of(settings.generation),
        row_tokens=row_tokens,
        seed=version.manifest["seed"],
    )
    return report

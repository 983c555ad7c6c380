"""A version, staged or whole, measured on the tweets it was not trained on.

Knows versions, weights on disk and `evaluate`. Does not know what is good enough.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from huggingtweets.core.config import Settings
from huggingtweets.core.errors import BadBase
from huggingtweets.core.records import Comparison, Report
from huggingtweets.evaluation.evaluate import Judged, TextLosses, evaluate, passing, text_losses
from huggingtweets.evaluation.neighbours import neighbours
from huggingtweets.evaluation.quality_gate import compared
from huggingtweets.evaluation.sense import find_judge, sense
from huggingtweets.generation.engine.decode import Draft, Sampling, decode
from huggingtweets.generation.engine.devices import make_decoder
from huggingtweets.model import base
from huggingtweets.model.merged import base_of, load_version
from huggingtweets.registry.versions import Version
from huggingtweets.tweets.dataset import Dataset

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Subject:
    """A voice in memory, the base it was trained on, and its data set; `seed` is for its drafts."""

    name: str
    voice: base.Base
    base: str
    dataset: Dataset
    seed: int


def measure(version: Version, settings: Settings, in_use: Version | None = None) -> Report:
    """The report on `version`, drawn with its own seed, as the pipeline writes it.

    It is compared with `in_use`. Raises `BadBase` if it was trained on another base than there is now.
    """
    voice, dataset = load_version(version), Dataset.load(version.dataset)
    subject = Subject(version.name, voice, base_of(version), dataset, version.manifest.seed)
    report, _ = measured(subject, in_use, neighbours(version.name, settings), settings)
    return report


def measured(
    subject: Subject,
    in_use: Version | None,
    others: Mapping[str, Sequence[str]],
    settings: Settings,
) -> tuple[Report, tuple[str, ...]]:
    """The report on `subject`, and its drafts that pass the checks. `others` are other accounts' texts."""
    dataset = subject.dataset

    def held_out(voice: base.Base) -> TextLosses:
        return text_losses(voice, dataset.held_out, settings.training.row_tokens)

    ours = held_out(subject.voice)
    previous: Comparison | None = None
    if in_use:
        try:
            theirs = held_out(load_version(in_use))
            previous = compared(in_use.version, ours.bits, theirs.bits, ours.sizes)
        except BadBase as error:
            log.warning("%s %s cannot be compared with: %s", in_use.name, in_use.version, error)
    drafts = drafts_of(subject, "", settings.gate.drafts, settings)
    base_loss = held_out(base.load(subject.base))
    tweets = passing(dataset, drafts)
    judge = find_judge(subject.base, settings.storage.models)
    sense_of_tweets = sense(dataset, tweets, judge, settings.training.row_tokens, subject.seed)
    judged = Judged(ours, base_loss, previous, others, sense_of_tweets)
    return evaluate(subject.name, dataset, judged, drafts), tweets


def gone_on(subject: Subject, prompt: str, settings: Settings, count: int) -> tuple[str, ...]:
    """At most `count` tweets that go on from `prompt` and pass the checks."""
    # More drafts are drawn than needed, because some fail the checks.
    drafts = drafts_of(subject, prompt, 3 * count, settings)
    return passing(subject.dataset, drafts, prompt)[:count]


def drafts_of(subject: Subject, prompt: str, count: int, settings: Settings) -> list[Draft]:
    """`count` drafts, drawn as the bot draws them, on the cores of the training."""
    generation = settings.generation.model_copy(update={"threads": settings.training.threads})
    decoder = partial(make_decoder, settings=generation)
    return decode(subject.voice, prompt, count, Sampling.of(generation), subject.seed, decoder=decoder)

"""A version, staged or whole, measured on the tweets it was not trained on.

Knows versions, weights on disk and `evaluate`. Does not know what is good enough.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from huggingtweets.core.config import Settings
from huggingtweets.core.errors import BadBase
from huggingtweets.core.records import Comparison, Report
from huggingtweets.evaluation.evaluate import Judged, TextLosses, evaluate, passing, text_losses
from huggingtweets.evaluation.neighbours import neighbours
from huggingtweets.evaluation.quality_gate import compared
from huggingtweets.evaluation.sense import find_judge, sense
from huggingtweets.generation.engine.decode import Draft, Sampling, decode_with
from huggingtweets.generation.engine.decoder import Decoder
from huggingtweets.generation.engine.devices import make_decoder
from huggingtweets.generation.engine.start import Reader, WithoutModel
from huggingtweets.generation.engine.weights import Weights
from huggingtweets.model import base as bases
from huggingtweets.model.base import Base
from huggingtweets.model.merged import base_of, load_version
from huggingtweets.registry.versions import Version
from huggingtweets.tweets.dataset import Dataset

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a report is about: a voice's losses on its held-out tweets, and a decoder that draws its drafts.

    `base` is what the voice was trained on, and `seed` is for its drafts. The voice in fp32 is no part of it. A base of
    135M parameters takes 540 MB in fp32, so no two such models are in memory at the same time.
    """

    name: str
    base: str
    dataset: Dataset
    seed: int
    losses: TextLosses
    decoder: Decoder
    reader: Reader
    sampling: Sampling

    @classmethod
    def of(cls, name: str, voice: Base, base: str, dataset: Dataset, seed: int, settings: Settings) -> "Subject":
        """Measure `voice` on the held-out tweets and pack it for drafts, which are drawn on the cores of the training.

        The caller gives the voice away, so that its memory is free afterwards.
        """
        generation = settings.generation.model_copy(update={"threads": settings.training.threads})
        return cls(
            name,
            base,
            dataset,
            seed,
            losses=text_losses(voice, dataset.held_out, settings.training.row_tokens),
            decoder=make_decoder(Weights.of(voice.model, voice.banned), generation),
            reader=WithoutModel.of(voice),
            sampling=Sampling.of(generation),
        )

    @classmethod
    def of_version(cls, version: Version, dataset: Dataset, settings: Settings) -> "Subject":
        """The voice of `version`, with the seed of its training."""
        voice = load_version(version)
        return cls.of(version.name, voice, base_of(version), dataset, version.manifest.seed, settings)


def measure(version: Version, settings: Settings, in_use: Version | None = None) -> Report:
    """The report on `version`, drawn with its own seed, as the pipeline writes it.

    It is compared with `in_use`. Raises `BadBase` if it was trained on another base than there is now.
    """
    subject = Subject.of_version(version, Dataset.load(version.dataset), settings)
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

    def held_out(voice: Base) -> TextLosses:
        return text_losses(voice, dataset.held_out, settings.training.row_tokens)

    previous: Comparison | None = None
    if in_use:
        try:
            theirs = held_out(load_version(in_use))
            previous = compared(in_use.version, subject.losses.bits, theirs.bits, subject.losses.sizes)
        except BadBase as error:
            log.warning("%s %s cannot be compared with: %s", in_use.name, in_use.version, error)
    drafts = drafts_of(subject, "", settings.gate.drafts)
    base_loss = held_out(bases.load(subject.base))
    tweets = passing(dataset, drafts)
    judge = find_judge(subject.base, settings.storage.models)
    sense_of_tweets = sense(dataset, tweets, judge, settings.training.row_tokens, subject.seed)
    judged = Judged(subject.losses, base_loss, previous, others, sense_of_tweets)
    return evaluate(subject.name, dataset, judged, drafts), tweets


def gone_on(subject: Subject, prompt: str, count: int) -> tuple[str, ...]:
    """At most `count` tweets that go on from `prompt` and pass the checks."""
    # More drafts are drawn than needed, because some fail the checks.
    drafts = drafts_of(subject, prompt, 3 * count)
    return passing(subject.dataset, drafts, prompt)[:count]


def drafts_of(subject: Subject, prompt: str, count: int) -> list[Draft]:
    """`count` drafts, drawn as the bot draws them."""
    return decode_with(subject.decoder, subject.reader, prompt, count, subject.sampling, subject.seed)

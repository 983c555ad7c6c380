"""A version, staged or whole, measured on the tweets it was not trained on.

Knows versions, weights on disk and `evaluate`. Does not know what is good enough.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from huggingtweets.core.config.settings import Settings
from huggingtweets.core.errors import BadBase
from huggingtweets.core.records import Comparison, Replies, Report
from huggingtweets.core.work import Did, nobody_counts
from huggingtweets.evaluation.evaluate import Judged, TextLosses, evaluate, passing, text_losses
from huggingtweets.evaluation.neighbours import neighbours
from huggingtweets.evaluation.quality_gate import compared
from huggingtweets.evaluation.replying import replying
from huggingtweets.evaluation.sense import find_judge, sense
from huggingtweets.generation.engine.decode import Draft, Sampling, decode_with
from huggingtweets.generation.engine.decoder import Decoder
from huggingtweets.generation.engine.devices import make_decoder
from huggingtweets.generation.engine.start import Reader, WithoutModel
from huggingtweets.generation.engine.weights import Weights
from huggingtweets.model import base as bases
from huggingtweets.model.base import Base
from huggingtweets.model.merged import base_of, load_version
from huggingtweets.registry.version import Version
from huggingtweets.tweets.learned.dataset import Dataset

log = logging.getLogger(__name__)

TRIES = 3  # drafts for each tweet that is wanted, because some fail the checks
ROWS_AT_ONCE = 64  # 200 long drafts of a base of 135M parameters would take 700 MB


@dataclass(frozen=True, slots=True)
class Subject:
    """What a report is about: a voice's losses on its held-out tweets, and a decoder that draws its drafts.

    `base_losses` are those of the base on which it was trained, `previous` compares it with the version in use, and
    `seed` is for its drafts. No model in fp32 is part of it: a base of 135M parameters would take 540 MB.
    """

    name: str
    base: str
    dataset: Dataset
    seed: int
    losses: TextLosses
    base_losses: TextLosses
    previous: Comparison | None
    decoder: Decoder
    reader: Reader
    sampling: Sampling
    replies: Replies | None = None
    did: Did = nobody_counts

    @classmethod
    def of(
        cls,
        name: str,
        load: Callable[[], Base],
        base: str,
        dataset: Dataset,
        seed: int,
        settings: Settings,
        in_use: Version | None = None,
        did: Did = nobody_counts,
    ) -> "Subject":
        """Measure what `load` returns on the held-out tweets, and pack it for drafts, on the cores of the training.

        The models are in memory one after the other, never two at once.
        """

        def held_out(voice: Base) -> TextLosses:
            did("loaded", 1)
            return text_losses(voice, dataset.held_out, settings.training.row_tokens, tell=partial(did, "read"))

        base_losses = held_out(bases.load(base))
        theirs: TextLosses | None = None
        if in_use:
            try:
                theirs = held_out(load_version(in_use))
            except BadBase as error:
                log.warning("%s %s cannot be compared with: %s", in_use.name, in_use.version, error)
        voice = load()
        losses = held_out(voice)
        generation = settings.generation.model_copy(update={"threads": settings.training.threads})
        return cls(
            name,
            base,
            dataset,
            seed,
            losses,
            base_losses,
            compared(in_use.version, losses.bits, theirs.bits, losses.sizes) if in_use and theirs else None,
            decoder=make_decoder(Weights.of(voice.model, voice.banned), generation),
            reader=WithoutModel.of(voice),
            sampling=Sampling.of(generation),
            replies=replying(voice, dataset.held_out_pairs, settings.training.row_tokens, partial(did, "read")),
            did=did,
        )

    @classmethod
    def of_version(
        cls, version: Version, dataset: Dataset, settings: Settings, in_use: Version | None = None
    ) -> "Subject":
        """The voice of `version`, with the seed of its training."""
        load = partial(load_version, version)
        return cls.of(version.name, load, base_of(version), dataset, version.manifest.seed, settings, in_use)


def measure(version: Version, settings: Settings, in_use: Version | None = None) -> Report:
    """The report on `version`, drawn with its own seed, as the pipeline writes it.

    It is compared with `in_use`. Raises `BadBase` if it was trained on another base than there is now.
    """
    subject = Subject.of_version(version, Dataset.load(version.dataset), settings, in_use)
    report, _ = measured(subject, neighbours(version.name, settings), settings)
    return report


def measured(
    subject: Subject, others: Mapping[str, Sequence[str]], settings: Settings
) -> tuple[Report, tuple[str, ...]]:
    """The report on `subject`, and its drafts that pass the checks. `others` are other accounts' texts."""
    drafts = drafts_of(subject, "", settings.gate.drafts)
    tweets = passing(subject.dataset, drafts)
    judge = partial(find_judge, subject.base, settings.storage.models)
    sense_of_tweets = sense(subject.dataset, tweets, judge, settings.training.row_tokens, subject.seed, subject.did)
    subject.did("compared", 1)
    judged = Judged(subject.losses, subject.base_losses, subject.previous, others, sense_of_tweets, subject.replies)
    report = evaluate(subject.name, subject.dataset, judged, drafts)
    subject.did("compared", 1)
    return report, tweets


def gone_on(subject: Subject, prompt: str, count: int) -> tuple[str, ...]:
    """At most `count` tweets that go on from `prompt` and pass the checks."""
    drafts = drafts_of(subject, prompt, TRIES * count)
    return passing(subject.dataset, drafts, prompt)[:count]


def drafts_of(subject: Subject, prompt: str, count: int) -> list[Draft]:
    """`count` drafts, drawn as the bot draws them. Every `ROWS_AT_ONCE` of them have a seed of their own."""
    drafts: list[Draft] = []
    for number, start in enumerate(range(0, count, ROWS_AT_ONCE)):
        rows, seed = min(ROWS_AT_ONCE, count - start), subject.seed + number
        drafts += decode_with(subject.decoder, subject.reader, prompt, rows, subject.sampling, seed)
        subject.did("drawn", rows)
    return drafts

"""What a training gave, as its job keeps it in the database.

Knows the form of a job's result. Does not know how it is told.
"""

import logging
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.store.jobs import ABANDONED, Job
from huggingtweets.core.events import Done, Skipped
from huggingtweets.core.text.phrases import JSON, Phrase
from huggingtweets.registry.version import Version

log = logging.getLogger(__name__)


class EarlierVersion(BaseModel):
    """The version that was in use before the training."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: str
    held_out_bits_per_byte: float | None = None

    @classmethod
    def of(cls, version: Version) -> Self:
        report = version.manifest.report
        return cls(version=version.version, held_out_bits_per_byte=report.held_out_bits_per_byte if report else None)


class Learned(Done):
    """The training has made a version; `before` is the one that was in use until then."""

    before: EarlierVersion | None = None


Result = Learned | Skipped
FAILED = "failed"


def why_it_failed(sentence: Phrase) -> JSON | None:
    """What a job keeps beside its error, so that the error can be told in other languages."""
    return {"event": FAILED, "phrase": sentence.as_json()} if sentence else None


def error_of(job: Job) -> Phrase:
    """Why the training of `job` failed, in words for people."""
    if job.error == ABANDONED:
        return ABANDONED
    return Phrase.kept((job.result or {}).get("phrase"), job.error)


def result_of(job: Job) -> Result | None:
    """What the training of `job` gave; None if it gave nothing, or nothing that can be read."""
    if not job.result or job.result.get("event") == FAILED:
        return None
    kind = Skipped if job.result.get("event") == "skipped" else Learned
    try:
        return kind.model_validate(job.result)
    except ValidationError as error:
        log.warning("the result of job %d cannot be read: %s", job.id, error)
        return None

"""What can be expected of a training that runs: when it may end, and how good the voice may be.

Both are among the options of its job, so every process can tell people. Knows jobs. Does not know how a pace is
measured.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.store.jobs import Job
from huggingtweets.core.text.durations import time_left_in_words
from huggingtweets.core.text.phrases import Phrase

FORESEEN = "foreseen"  # what the training expects of the voice
FORESEEN_PHRASE = "foreseen_phrase"  # the same for other languages
ENDS_AT = "ends_at"
WORTH_NOTING = 0.2  # an end that differs by less than this share of the time left stays as it was noted


def prospects(job: Job, foreseen: Phrase, seconds_left: float | None, now: datetime) -> Mapping[str, Any]:
    """The options of `job` with what is expected of it now."""
    noted = dict(job.options)
    if foreseen:
        noted[FORESEEN] = str(foreseen)
        noted[FORESEEN_PHRASE] = foreseen.as_json()
    if seconds_left is not None:
        ends_at = now + timedelta(seconds=seconds_left)
        before = _ends_at(job)
        if not before or abs((ends_at - before).total_seconds()) > WORTH_NOTING * max(seconds_left, 10.0):
            noted[ENDS_AT] = ends_at.isoformat(timespec="seconds")
    return noted


def foreseen(job: Job) -> Phrase:
    """What can be expected of the voice that is being learned. Empty if the tweets are not read yet."""
    return Phrase.kept(job.options.get(FORESEEN_PHRASE), str(job.options.get(FORESEEN, "")))


def time_left(job: Job, now: datetime) -> Phrase:
    """How long it will take, in words. Empty if nobody knows, or if it takes longer than was expected."""
    ends_at = _ends_at(job)
    if job.state != "running" or not ends_at or ends_at <= now:
        return Phrase()
    return time_left_in_words((ends_at - now).total_seconds())


def _ends_at(job: Job) -> datetime | None:
    noted = job.options.get(ENDS_AT)
    return datetime.fromisoformat(noted) if noted else None

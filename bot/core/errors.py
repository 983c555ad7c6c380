"""What can go wrong between a person and the bot. All of it can be told to that person in one sentence.

    BotError                          a refusal with a reason
    ├─ TooOften(retry_after_seconds)  one person, a server or all of them ask too much
    │  ├─ Paused                      somebody who went on asking too much
    │  └─ UsedUp                      the tweets that a token may ask for in a day are used up
    ├─ NotAllowed                     this person may not do this
    │  └─ KeptOut                     a list keeps this server, channel or person out
    ├─ JobRefused                     a training that cannot be started now
    ├─ PostRefused                    a post that cannot be made, changed or decided like that
    ├─ CannotSpeak                    the bot may not write into a channel, or there is none any more
    ├─ OverBudget                     it would cost more than the month's budget allows
    └─ TrainingFailed                 a training ended without a version

    PipelineError, Usage
    └─ UnknownVoice                   no voice of this name can be asked for here
    PipelineError, Unavailable
    ├─ StoreUnavailable               the database cannot be used now: locked, full, read-only, out of reach
    └─ ClusterUnavailable             the machines that draw and train cannot be reached now

Failures of the pipeline are `huggingtweets.core.errors.PipelineError`. Only `told` turns a failure into the sentence
for people. The sentence ends with the id of the ask, under which the log has what the operator needs.
"""

import logging
import math

from bot.core.request_ids import new_id, request_id
from huggingtweets.core.errors import Spoken, Unavailable, Usage, for_people
from huggingtweets.core.text.phrases import Phrase

log = logging.getLogger(__name__)


def duration(seconds: float) -> Phrase:
    """`45 s` or `30 min`: rounded up, so that waiting so long is enough."""
    whole = max(1, math.ceil(seconds))
    if whole < 120:
        return Phrase("{seconds} s", seconds=whole)
    return Phrase("{minutes} min", minutes=math.ceil(whole / 60))


class BotError(Spoken):
    """A refusal that is told to the person who asked. Its sentence is for people."""


class TooOften(BotError):
    """Somebody asks too much; `retry_after_seconds` says when to come back."""

    def __init__(self, retry_after_seconds: float, who: str = Phrase("That was a lot at once")):
        wait = duration(retry_after_seconds)
        super().__init__(Phrase("{who}; try again in {wait}.", who=who, wait=wait))
        self.retry_after_seconds = retry_after_seconds


class Paused(TooOften):
    """Somebody went on asking too much, or an admin has paused them. None means until an admin ends it."""

    def __init__(self, retry_after_seconds: float | None):
        super().__init__(retry_after_seconds or 0.0, Phrase("You asked too often, so I take a break from you"))
        if retry_after_seconds is None:
            self.args = (Phrase("An admin has paused you; ask them to end it."),)


class UsedUp(TooOften):
    """A token has asked for as many tweets as it may in a day."""

    def __init__(self, retry_after_seconds: float):
        super().__init__(retry_after_seconds, Phrase("The tweets of this day are used up"))


class UnknownVoice(Usage):
    """No voice of this name can be asked for here. The sentence says which there are."""


class NotAllowed(BotError):
    """This person may not do this."""


class KeptOut(NotAllowed):
    """A list keeps this server, channel or person out."""


class JobRefused(BotError):
    """A training that cannot be started now."""


class PostRefused(BotError):
    """A post cannot be made, changed or decided like that. The sentence says why."""


class CannotSpeak(BotError):
    """The bot may not write into a channel, or there is none any more. The sentence says what an admin can do."""


class OverBudget(BotError):
    """It would cost more than the month's budget allows."""

    def __init__(self) -> None:
        super().__init__(
            Phrase(
                "The budget for X is used up for this month. Whoever runs me can raise it; else wait for the next "
                "month."
            )
        )


class TrainingFailed(BotError):
    """A training ended without a version; the sentence says why.

    `is_told` means that people's sentence was told before, so that it ends with the id of that time.
    """

    def __init__(self, sentence: str, *, for_people: str = "", is_told: bool = False):
        super().__init__(sentence, for_people=for_people)
        self.is_told = is_told


class StoreUnavailable(Unavailable):
    """The database cannot be used now; the sentence says why and what to do."""

    PEOPLE = Phrase("I cannot get at my memory just now; try again in a minute, or ask whoever runs me.")


class ClusterUnavailable(Unavailable):
    """The machines that draw and train cannot be reached now; the sentence says why and what to do."""

    PEOPLE = Phrase(
        "The machines that I write on cannot be reached just now; try again in a minute, or ask whoever runs me."
    )


def told(error: Exception) -> Phrase:
    """The sentence for people, with an id under which the log has the operator's sentence."""
    if isinstance(error, TrainingFailed) and error.is_told:
        return error.for_people
    return Phrase("{sentence} ({id})", sentence=for_people(error), id=_noted(error))


def explained(error: Exception) -> tuple[str, str]:
    """The same in two parts: the sentence, and the id. It is empty if the log has no more to say than the sentence."""
    failure_id = _noted(error)
    is_whole = isinstance(error, Spoken) and (_is_for_people(error) or isinstance(error, Usage))
    return for_people(error), "" if is_whole else failure_id


def _noted(error: Exception) -> str:
    """Write the operator's sentence to the log. Returns the id under which it is there."""
    failure_id = request_id() or new_id()
    if isinstance(error, Spoken):
        # What a person typed may be in the sentence of a Usage, and has no place in a log.
        said = "Usage" if isinstance(error, Usage) else f"{type(error).__name__}: {error}"
        log.log(logging.INFO if _is_for_people(error) else logging.WARNING, "refused %s: %s", failure_id, said)
    else:
        log.error("failed %s", failure_id, exc_info=error)
    return failure_id


def _is_for_people(error: Spoken) -> bool:
    """Returns True if people hear the same as whoever runs the bot."""
    return error.for_people == str(error)

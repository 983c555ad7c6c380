"""Everything that can go wrong in the pipeline, as one tree.

    PipelineError                    exit 70   a fault of our own
    ├─ Usage                         exit 64   the command or request itself is wrong
    ├─ BadData                       exit 65   an input cannot be used
    │  ├─ BadSource(path)                      a file of tweets is broken, empty or of an unknown format
    │  ├─ TooLittleData(characters)            fewer kept characters than training needs
    │  ├─ Forgotten(name)                      somebody who asked to be forgotten
    │  └─ OptedOut(name)                       somebody who does not want to be imitated
    ├─ Unavailable                   exit 69   something that is needed is missing, perhaps only now
    │  ├─ NotNow                               it will be possible in a while
    │  ├─ TooFewNew(name, new, needed)         hardly anything that the version in use has not learned
    │  ├─ UnknownModel(name)                   no version in use under this name
    │  ├─ UnknownVersion(name, version)
    │  ├─ BadBase(base)                        a base model cannot be loaded
    │  ├─ Busy(retry_after_seconds)            the engine's queue is full
    │  ├─ EngineDead               exit 75     the engine has failed for good: the process must start anew
    │  ├─ NotEnoughDrafts(name)                every draft failed a check
    │  └─ Upstream(service)                    a service did not do what it was asked; see remote/upstream.py
    ├─ Misconfigured                 exit 78   config.toml or the environment is wrong
    └─ Terminated                    exit 143  told to stop (SIGTERM); what was done is kept

Every error says what happened, why, and what to do about it. It says so twice:

    str(error)         for whoever runs the bot: on the command line and in the log; paths and settings may be in it
    error.for_people   for people on a platform: no path, no setting, no command line, no message of a library
"""

import errno
from pathlib import Path
from typing import ClassVar

from huggingtweets.core.records import Counts


class Spoken(Exception):
    """A failure with two sentences: `str(error)`, and `for_people`.

    `PEOPLE` is what people hear of all errors of a class. If it is empty, people hear `str(error)`.
    """

    PEOPLE: ClassVar[str] = ""

    def __init__(self, sentence: str = "", *, for_people: str = ""):
        super().__init__(sentence)
        self._for_people = for_people

    @property
    def for_people(self) -> str:
        """The sentence for people on a platform."""
        return self._for_people or self.PEOPLE or str(self)


class PipelineError(Spoken):
    """A failure that can be told in one sentence. `exit_code` is that of the process, as in sysexits.h."""

    exit_code = 70
    PEOPLE = "Something went wrong on my side; whoever runs me finds in the log what it was."


class Usage(PipelineError):
    """The command or request itself is wrong. The sentence is for people and may quote what they typed."""

    exit_code = 64
    PEOPLE = ""


class BadData(PipelineError):
    """An input cannot be used."""

    exit_code = 65
    PEOPLE = "What was given to learn from cannot be used; whoever runs me finds in the log why."


class BadSource(BadData):
    """A file of tweets cannot be read: `path` names it, `why` says what is wrong, `mend` what to do.

    People know the file by its name. They hear `told` in place of a `why` that names what only programs see. They hear
    `for_people` in place of the whole sentence if they cannot do what is to be done.
    """

    def __init__(self, path: Path | str, why: str, mend: str, *, told: str = "", for_people: str = ""):
        name = Path(path).name or "The file"
        super().__init__(f"{path}: {why}; {mend}.", for_people=for_people or f"{name}: {told or why}; {mend}.")
        self.path = Path(path)


class TooLittleData(BadData):
    """Fewer kept characters than training needs.

    `counts` say what became of the tweets. `used` is the number of kept tweets that are learned from: near-copies are
    left out, and so are replies if the settings say so.
    """

    def __init__(self, name: str, characters: int, needed: int, counts: Counts | None = None, used: int | None = None):
        rest = (
            f", of which {used:,} remain without near-copies and unwanted replies"
            if counts and used not in (None, counts.kept)
            else ""
        )
        became = f" ({counts}{rest})" if counts else ""
        super().__init__(
            f"{name}: only {characters:,} characters are left after cleaning{became} and training needs {needed:,}; "
            "add more tweets with another --from.",
            for_people=f"{name}: only {characters:,} characters are left after cleaning{became} and I need {needed:,} "
            "to learn; give me more tweets.",
        )
        self.characters = characters
        self.counts = counts


class Forgotten(BadData):
    """Somebody has asked to be forgotten, so their tweets are not learned again."""

    def __init__(self, name: str, given_for: str = ""):
        super().__init__(
            f"{_whose(name, given_for)} asked to be forgotten and is not learned again; "
            f"if they have changed their mind, say huggingtweets forget {name} --lift.",
            for_people=f"{_whose(name, given_for)} asked to be forgotten and is not learned again; "
            "only they can take that back, by /optin.",
        )
        self.name = name


class OptedOut(BadData):
    """Somebody does not want to be imitated, so their tweets are not learned."""

    def __init__(self, name: str, given_for: str = ""):
        super().__init__(
            f"{_whose(name, given_for)} does not want to be imitated; "
            "only they can take that back, by /optin in the bot.",
            for_people=f"{_whose(name, given_for)} does not want to be imitated; only they can take that back, "
            "by /optin.",
        )
        self.name = name


def _whose(name: str, given_for: str) -> str:
    """`name`, and the other name under which their tweets were given."""
    return f"{name}, whose tweets these of {given_for} are," if given_for not in ("", name) else name


class Unavailable(PipelineError):
    """Something that is needed is missing, perhaps only now."""

    exit_code = 69
    PEOPLE = "Something that I need for this is missing just now; try again later, or ask whoever runs me."


class NotNow(Unavailable):
    """It is not possible now, but soon. The sentence is for people."""

    PEOPLE = ""


class TooFewNew(Unavailable):
    """There are too few tweets that the version in use has not learned."""

    def __init__(self, name: str, new: int, needed: int):
        sentence = f"{name} has {new:,} new tweets since the version in use, fewer than {needed:,}."
        super().__init__(sentence, for_people=sentence)
        self.new = new


class UnknownModel(Unavailable):
    """No version is in use under this name. `question` asks about similar names, if there are any."""

    def __init__(self, name: str, question: str = ""):
        super().__init__(
            f"There is no model of {name} yet. {question} Train one, or list the models there are."
            if question
            else f"There is no model of {name} yet; train one, or list the models there are.",
            for_people=" ".join(filter(None, (f"I know no voice called {name}.", question, "/models lists them."))),
        )
        self.name = name


class UnknownVersion(Unavailable):
    """A model has no such version."""

    def __init__(self, name: str, version: str, versions: tuple[str, ...]):
        sentence = f"{name} has no version {version}; it has {', '.join(versions) or 'none'}."
        super().__init__(sentence, for_people=sentence)


class BadBase(Unavailable):
    """A base model cannot be loaded."""

    PEOPLE = (
        "The language model that I write with cannot be loaded; whoever runs me finds in the log what is wrong with it."
    )

    def __init__(self, base: str, why: str, *, mend: str = "mend it, or choose another base", for_people: str = ""):
        super().__init__(f"The base model {base} cannot be loaded: {why}; {mend}.", for_people=for_people)
        self.why = why


class EngineDead(Unavailable):
    """The engine has failed for good; only a new process can draw again."""

    exit_code = 75

    def __init__(self) -> None:
        sentence = "I cannot write any more until I am started again; try again in a few minutes."
        super().__init__(sentence, for_people=sentence)


class Busy(Unavailable):
    """The engine's queue is full; try again after `retry_after_seconds`."""

    def __init__(self, retry_after_seconds: float):
        sentence = f"Too many requests are waiting; try again in {max(1, round(retry_after_seconds))} s."
        super().__init__(sentence, for_people=sentence)
        self.retry_after_seconds = retry_after_seconds


class NotEnoughDrafts(Unavailable):
    """Every draft failed a check. `reasons` counts the drafts by check."""

    def __init__(self, name: str, reasons: dict[str, int]):
        listed = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()))
        sentence = f"No draft of {name} passed the checks ({listed}); try another prompt."
        super().__init__(sentence, for_people=sentence)
        self.reasons = reasons


class Misconfigured(PipelineError):
    """config.toml or the environment is wrong."""

    exit_code = 78
    PEOPLE = "I am not set up for this; whoever runs me finds in the log what is missing."


class Terminated(PipelineError):
    """The process was told to stop by SIGTERM. The work that it has done is kept."""

    exit_code = 143
    PEOPLE = "I was stopped in the middle of this, and go on when I am back."

    def __init__(self) -> None:
        super().__init__("Stopped; start it again and it goes on.")


_SYSTEM = {
    errno.ENOSPC: "My disk is full; whoever runs me has to make room.",
    errno.EDQUOT: "My disk is full; whoever runs me has to make room.",
    errno.EROFS: "I may not write where I keep what I learn; whoever runs me has to allow it.",
    errno.EACCES: "I may not use the place where I keep what I learn; whoever runs me has to allow it.",
    errno.EPERM: "I may not use the place where I keep what I learn; whoever runs me has to allow it.",
}


def for_people(error: BaseException) -> str:
    """What people on a platform hear of `error`, whatever it is."""
    if isinstance(error, Spoken):
        return error.for_people
    if isinstance(error, OSError) and error.errno in _SYSTEM:
        return _SYSTEM[error.errno]
    return PipelineError.PEOPLE


def first_line(error: BaseException) -> str:
    """The first line of what a library says, short enough for a sentence; the kind of error where it says nothing."""
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__).removesuffix(".")[:200]

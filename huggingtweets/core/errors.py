"""Everything that can go wrong in the pipeline, as one tree.

    PipelineError                    exit 70   a fault of our own
    ├─ Usage                         exit 64   the command or request itself is wrong
    ├─ BadData                       exit 65   an input cannot be used
    │  ├─ BadFile(path)                        a backup or a corpus cannot be used
    │  │  └─ BadSource(path)                   a file of tweets is broken, empty or of an unknown format
    │  │     └─ SeveralPeople(people)          several people's posts, and nothing says who of them is meant
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
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, overload

from huggingtweets.core.records import Counts
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.core.text.quoted import shown_path


class Spoken(Exception):
    """A failure with two sentences: `str(error)`, and `for_people`.

    `PEOPLE` is what people hear of all errors of a class. If it is empty, people hear `str(error)`. What people hear on
    a platform is a `Phrase`, so that the platform can say it in their language.
    """

    PEOPLE: ClassVar[Phrase] = Phrase()

    def __init__(self, sentence: str = "", *, for_people: str = ""):
        super().__init__(sentence)
        self._for_people = for_people

    @property
    def for_people(self) -> Phrase:
        """The sentence for people on a platform."""
        return Phrase.verbatim(self._for_people or self.PEOPLE or (self.args[0] if self.args else ""))

    def __reduce__(self) -> tuple[Any, ...]:
        """An error that another process has raised is the same here. Most classes are not made from their sentence."""
        return _as_raised, (type(self), self.args, vars(self))


def _as_raised(kind: type[Spoken], arguments: tuple[Any, ...], facts: dict[str, Any]) -> Spoken:
    error = kind.__new__(kind, *arguments)
    error.args = arguments
    vars(error).update(facts)
    return error


class PipelineError(Spoken):
    """A failure that can be told in one sentence. `exit_code` is that of the process, as in sysexits.h."""

    exit_code = 70
    PEOPLE = Phrase("Something went wrong on my side; whoever runs me finds in the log what it was.")


class Usage(PipelineError):
    """The command or request itself is wrong. The sentence is for people and may quote what they typed."""

    exit_code = 64
    PEOPLE = Phrase()


class BadData(PipelineError):
    """An input cannot be used."""

    exit_code = 65
    PEOPLE = Phrase("What was given to learn from cannot be used; whoever runs me finds in the log why.")


class BadFile(BadData):
    """A file cannot be used: `path` names it, `why` says what is wrong, `mend` what to do.

    It is a file of whoever runs this, such as a backup or a corpus. People on a platform do not hear what is wrong.
    """

    def __init__(self, path: Path | str, why: str, mend: str, *, for_people: str = ""):
        super().__init__(f"{shown_path(path)}: {why}; {mend}.", for_people=for_people)
        self.path = Path(path)


class BadSource(BadFile):
    """A file of tweets cannot be read. People know the file by its name, and hear the reason in their language.

    They hear `told` in place of a `why` that names what only programs see. They hear `for_people` in place of the whole
    sentence if they cannot do what is to be done.
    """

    @overload
    def __init__(self, path: Path | str, why: Phrase, mend: Phrase) -> None: ...

    @overload
    def __init__(self, path: Path | str, why: str, mend: Phrase, *, told: Phrase) -> None: ...

    @overload
    def __init__(self, path: Path | str, why: str, mend: str, *, for_people: Phrase) -> None: ...

    def __init__(self, path: Path | str, why: str, mend: str, *, told: str = "", for_people: str = ""):
        file = shown_path(Path(path).name) or Phrase("The file")
        people = for_people or Phrase("{file} cannot be used: {why}; {mend}.", file=file, why=told or why, mend=mend)
        super().__init__(path, why, mend, for_people=people)


class SeveralPeople(BadSource):
    """A file is by several people, and nothing says who of them is meant. `people` are names with numbers of posts."""

    def __init__(self, path: Path | str, why: Phrase, mend: Phrase, people: Sequence[tuple[str, int]]):
        super().__init__(path, why, mend)
        self.people = tuple(people)


class TooLittleData(BadData):
    """Fewer kept characters than training needs.

    `counts` say what became of the tweets. `used` is the number of kept tweets that are learned from: near-copies are
    left out, and so are replies if the settings say so.
    """

    def __init__(self, name: str, characters: int, needed: int, counts: Counts | None = None, used: int | None = None):
        became = _became(counts, used) if counts else Phrase()
        super().__init__(
            f"{name}: only {characters:,} characters are left after cleaning{became} and training needs {needed:,}; "
            "add more tweets with another --from.",
            for_people=Phrase(
                "{name}: only {characters:,} characters are left after cleaning{became} and I need {needed:,} to "
                "learn; give me more tweets.",
                name=name,
                characters=characters,
                became=became,
                needed=needed,
            ),
        )
        self.characters = characters
        self.counts = counts


class Forgotten(BadData):
    """Somebody has asked to be forgotten, so their tweets are not learned again."""

    def __init__(self, name: str, given_for: str = ""):
        who = _whose(name, given_for)
        super().__init__(
            f"{who} asked to be forgotten and is not learned again; "
            f"if they have changed their mind, say huggingtweets forget {name} --lift.",
            for_people=Phrase(
                "{who} asked to be forgotten and is not learned again; only they can take that back, by /optin.",
                who=who,
            ),
        )
        self.name = name


class OptedOut(BadData):
    """Somebody does not want to be imitated, so their tweets are not learned."""

    def __init__(self, name: str, given_for: str = ""):
        who = _whose(name, given_for)
        super().__init__(
            f"{who} does not want to be imitated; only they can take that back, by /optin in the bot.",
            for_people=Phrase("{who} does not want to be imitated; only they can take that back, by /optin.", who=who),
        )
        self.name = name


def _whose(name: str, given_for: str) -> str:
    """`name`, and the other name under which their tweets were given."""
    if given_for in ("", name):
        return name
    return Phrase("{name}, whose tweets these of {given_for} are,", name=name, given_for=given_for)


def _became(counts: Counts, used: int | None) -> Phrase:
    """What became of the tweets, in brackets."""
    became = Phrase(
        "{downloaded:,} downloaded - {retweets:,} retweets - {short:,} short = {kept:,} kept",
        downloaded=counts.downloaded,
        retweets=counts.retweets,
        short=counts.short,
        kept=counts.kept,
    )
    if used in (None, counts.kept):
        return Phrase(" ({became})", became=became)
    rest = Phrase("of which {used:,} remain without near-copies and unwanted replies", used=used)
    return Phrase(" ({became}, {rest})", became=became, rest=rest)


class Unavailable(PipelineError):
    """Something that is needed is missing, perhaps only now."""

    exit_code = 69
    PEOPLE = Phrase("Something that I need for this is missing just now; try again later, or ask whoever runs me.")


class NotNow(Unavailable):
    """It is not possible now, but soon. The sentence is for people."""

    PEOPLE = Phrase()


class TooFewNew(Unavailable):
    """There are too few tweets that the version in use has not learned."""

    def __init__(self, name: str, new: int, needed: int):
        sentence = Phrase(
            "{name} has {new:,} new tweets since the version in use, fewer than {needed:,}.",
            name=name,
            new=new,
            needed=needed,
        )
        super().__init__(sentence, for_people=sentence)
        self.new = new


class UnknownModel(Unavailable):
    """No version is in use under this name. `question` asks about similar names, if there are any."""

    def __init__(self, name: str, question: str = ""):
        super().__init__(
            f"There is no model of {name} yet. {f'{question} ' if question else ''}"
            f"huggingtweets train {name} --from FILE makes one from tweets; huggingtweets models lists what there is.",
            for_people=Phrase.joined(
                " ",
                [
                    Phrase("I know no voice called {name}.", name=name),
                    question,
                    Phrase("/models lists those that I know; an admin can train others with /train."),
                ],
            ),
        )
        self.name = name


class UnknownVersion(Unavailable):
    """A model has no such version."""

    def __init__(self, name: str, version: str, versions: tuple[str, ...]):
        if versions:
            sentence = Phrase(
                "{name} has no version {version}; it has {versions}.", name=name, version=version, versions=versions
            )
        else:
            sentence = Phrase("{name} has no version {version}; it has none.", name=name, version=version)
        super().__init__(sentence, for_people=sentence)


class BadBase(Unavailable):
    """A base model cannot be loaded."""

    PEOPLE = Phrase(
        "The language model that I write with cannot be loaded; whoever runs me finds in the log what is wrong with it."
    )

    def __init__(self, base: str, why: str, *, mend: str = "mend it, or choose another base", for_people: str = ""):
        super().__init__(f"The base model {base} cannot be loaded: {why}; {mend}.", for_people=for_people)
        self.why = why


class EngineDead(Unavailable):
    """The engine has failed for good; only a new process can draw again."""

    exit_code = 75

    def __init__(self) -> None:
        sentence = Phrase("I cannot write any more until I am started again; try again in a few minutes.")
        super().__init__(sentence, for_people=sentence)


class Busy(Unavailable):
    """The engine's queue is full; try again after `retry_after_seconds`."""

    def __init__(self, retry_after_seconds: float):
        seconds = max(1, round(retry_after_seconds))
        sentence = Phrase("Too many requests are waiting; try again in {seconds} s.", seconds=seconds)
        super().__init__(sentence, for_people=sentence)
        self.retry_after_seconds = retry_after_seconds


class NotEnoughDrafts(Unavailable):
    """Every draft failed a check. `reasons` counts the drafts by check."""

    def __init__(self, name: str, reasons: dict[str, int]):
        listed = [Phrase("{count} {reason}", count=count, reason=reason) for reason, count in sorted(reasons.items())]
        sentence = Phrase(
            "No draft of {name} passed the checks ({listed}); try another prompt.", name=name, listed=listed
        )
        super().__init__(sentence, for_people=sentence)
        self.reasons = reasons


class Misconfigured(PipelineError):
    """config.toml or the environment is wrong."""

    exit_code = 78
    PEOPLE = Phrase("I am not set up for this; whoever runs me finds in the log what is missing.")


class Terminated(PipelineError):
    """The process was told to stop by SIGTERM. The work that it has done is kept."""

    exit_code = 143
    PEOPLE = Phrase("I was stopped in the middle of this, and go on when I am back.")

    def __init__(self) -> None:
        super().__init__("Stopped; start it again and it goes on.")


_SYSTEM: dict[int, Phrase] = {
    errno.ENOSPC: Phrase("My disk is full; whoever runs me has to make room."),
    errno.EDQUOT: Phrase("My disk is full; whoever runs me has to make room."),
    errno.EROFS: Phrase("I may not write where I keep what I learn; whoever runs me has to allow it."),
    errno.EACCES: Phrase("I may not use the place where I keep what I learn; whoever runs me has to allow it."),
    errno.EPERM: Phrase("I may not use the place where I keep what I learn; whoever runs me has to allow it."),
}

_IN_RUST = re.compile(r"\(os error (\d{1,3})\)")


def for_people(error: BaseException) -> Phrase:
    """What people on a platform hear of `error`, whatever it is."""
    if isinstance(error, Spoken):
        return error.for_people
    refusal = refusal_behind(error)
    return _SYSTEM.get(refusal.errno or 0, PipelineError.PEOPLE) if refusal else PipelineError.PEOPLE


def unexpected(error: BaseException) -> str:
    """The sentence for whoever runs this about a failure that nobody expected."""
    if refusal := refusal_behind(error):
        return _refused_by_the_system(refusal)
    return f"A fault of our own ({type(error).__name__}: {error}); please report it."


def refusal_behind(error: BaseException) -> OSError | None:
    """The system's refusal that `error` is, or that a library hides in its own error: of a full disk, for example.

    torch raises an error that says nothing while it handles the system's. Libraries in Rust only name its number.
    """
    if isinstance(error, OSError):
        return error
    hidden = error.__cause__ or error.__context__
    if isinstance(hidden, OSError) and hidden.errno in _SYSTEM:
        return hidden
    number = int(named[1]) if (named := _IN_RUST.search(str(error))) else 0
    return OSError(number, os.strerror(number)) if number in _SYSTEM else None


def _refused_by_the_system(error: OSError) -> str:
    parts = [error.strerror or str(error), *(shown_path(os.fsdecode(file)) for file in _files_of(error))]
    return f"The system refused: {': '.join(parts)}; check the disk's space and the permissions."


def _files_of(error: OSError) -> list[str | bytes]:
    return [file for file in (error.filename, error.filename2) if isinstance(file, str | bytes)]


def first_line(error: BaseException) -> str:
    """The first line of what a library says, short enough for a sentence; the kind of error where it says nothing."""
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__).removesuffix(".")[:200]

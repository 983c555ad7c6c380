"""Everything that can go wrong in the pipeline, as one tree.

    PipelineError                    exit 70   a fault of our own
    ├─ Usage                         exit 64   the command or request itself is wrong
    ├─ BadData                       exit 65   an input cannot be used
    │  ├─ BadSource(path)                      a file of tweets is broken, empty or of an unknown format
    │  ├─ TooLittleData(characters)            fewer kept characters than training needs
    │  ├─ Forgotten(name)                      somebody who asked to be forgotten
    │  └─ OptedOut(name)                       somebody who does not want to be imitated
    ├─ Unavailable                   exit 69   something needed is not there (now)
    │  ├─ TooFewNew(name, new, needed)         nothing to learn that the version in use has not
    │  ├─ UnknownModel(name)                   no version in use under this name
    │  ├─ UnknownVersion(name, version)
    │  ├─ BadBase(base)                        a base model cannot be loaded
    │  ├─ Busy(retry_after_seconds)            the engine's queue is full
    │  ├─ EngineDead               exit 75     the engine has failed for good: the process must start anew
    │  ├─ NotEnoughDrafts(name)                every draft failed a check
    │  └─ Upstream(service)                    a far end did not do what was asked: drawn in upstream.py
    ├─ Misconfigured                 exit 78   config.toml or the environment is wrong
    └─ Terminated                    exit 143  told to stop (SIGTERM); what was done is kept

The text of an error is one sentence for the person who asked: what happened, why, and what to do about it.
"""

from pathlib import Path

from huggingtweets.records import Counts


class PipelineError(Exception):
    """A failure that can be told in one sentence; `exit_code` is the process's (after sysexits.h)."""

    exit_code = 70


class Usage(PipelineError):
    """The command or request itself is wrong."""

    exit_code = 64


class BadData(PipelineError):
    """An input cannot be used."""

    exit_code = 65


class BadSource(BadData):
    """A file of tweets cannot be read: `path` names it, `why` says what is wrong, `mend` what to do."""

    def __init__(self, path: Path | str, why: str, mend: str):
        super().__init__(f"{path}: {why}; {mend}.")
        self.path = Path(path)


class TooLittleData(BadData):
    """Fewer kept characters than training needs.

    `counts` say what became of the tweets, and `used` how many of those that were kept are learned from: near-copies
    are not, nor replies where the settings leave them out.
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
            "add more tweets with another --from."
        )
        self.characters = characters
        self.counts = counts


class Forgotten(BadData):
    """Somebody who asked to be forgotten, and so is not learned again."""

    def __init__(self, name: str, given_for: str = ""):
        super().__init__(
            f"{_whose(name, given_for)} asked to be forgotten and is not learned again; "
            f"if they have changed their mind, say huggingtweets forget {name} --lift."
        )
        self.name = name


class OptedOut(BadData):
    """Somebody who does not want to be imitated, and so is not learned."""

    def __init__(self, name: str, given_for: str = ""):
        super().__init__(
            f"{_whose(name, given_for)} does not want to be imitated; "
            "only they can take that back, by /optin in the bot."
        )
        self.name = name


def _whose(name: str, given_for: str) -> str:
    """`name`, and under which other name their tweets were given."""
    return f"{name}, whose tweets these of {given_for} are," if given_for not in ("", name) else name


class Unavailable(PipelineError):
    """Something that is needed is not there, or not now."""

    exit_code = 69


class TooFewNew(Unavailable):
    """There is not enough that the version in use has not learned."""

    def __init__(self, name: str, new: int, needed: int):
        super().__init__(f"{name} has {new:,} new tweets since the version in use, fewer than {needed:,}.")
        self.new = new


class UnknownModel(Unavailable):
    """No version is in use under this name; `question` asks about others that are near, if any are."""

    def __init__(self, name: str, question: str = ""):
        super().__init__(
            f"There is no model of {name} yet. {question} Train one, or list the models there are."
            if question
            else f"There is no model of {name} yet; train one, or list the models there are."
        )
        self.name = name


class UnknownVersion(Unavailable):
    """A model has no such version."""

    def __init__(self, name: str, version: str, known: tuple[str, ...]):
        super().__init__(f"{name} has no version {version}; it has {', '.join(known) or 'none'}.")


class BadBase(Unavailable):
    """A base model cannot be loaded."""

    def __init__(self, base: str, why: str):
        super().__init__(f"The base model {base} cannot be loaded: {why}; name a GPT-2's folder, or one on the Hub.")


class EngineDead(Unavailable):
    """The engine has failed for good; only a new process can draw again."""

    exit_code = 75

    def __init__(self) -> None:
        super().__init__("I cannot write any more until I am started again; try again in a few minutes.")


class Busy(Unavailable):
    """The engine's queue is full; try again after `retry_after_seconds`."""

    def __init__(self, retry_after_seconds: float):
        super().__init__(f"Too many requests are waiting; try again in {max(1, round(retry_after_seconds))} s.")
        self.retry_after_seconds = retry_after_seconds


class NotEnoughDrafts(Unavailable):
    """Every draft failed a check; `reasons` counts them by check."""

    def __init__(self, name: str, reasons: dict[str, int]):
        listed = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()))
        super().__init__(f"No draft of {name} passed the checks ({listed}); try another prompt.")
        self.reasons = reasons


class Misconfigured(PipelineError):
    """config.toml or the environment is wrong."""

    exit_code = 78


class Terminated(PipelineError):
    """The process was told to stop by SIGTERM; what it had done is kept."""

    exit_code = 143

    def __init__(self) -> None:
        super().__init__("Stopped; start it again and it goes on.")

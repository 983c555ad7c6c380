"""What a training says while it runs and when it ends, and the lines that this is written as.

An event is one line of JSON. Knows the events and the names of a training's stages. Does not know what is done in the
stages, or who listens.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Annotated, Literal, TextIO

from pydantic import BaseModel, ConfigDict, PlainSerializer, TypeAdapter

from huggingtweets.core.records import JSON, Report
from huggingtweets.core.text.durations import time_left_in_words
from huggingtweets.core.text.phrases import Phrase

# In this order.
STAGES = ("collect", "clean", "dataset", "train", "evaluate", "samples", "profile", "card", "register")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one stage is: `done` of `total`, with figures that may interest somebody.

    `warning` is for whoever runs this. `foreseen` says in everyday words what can be expected of the voice. Of a
    training, `percent` says how far the whole is, and `seconds_left` how long the rest takes, once that can be told.
    """

    stage: str
    done: int = 1
    total: int = 1
    facts: Mapping[str, object] = field(default_factory=dict)
    warning: str = ""
    foreseen: str = ""
    percent: float | None = None
    seconds_left: float | None = None

    def __str__(self) -> str:
        """A line for people, as `print` shows it: how far it is, how long the rest takes, what is to be expected."""
        unit = f" {self.facts['unit']}" if "unit" in self.facts else ""
        parts = [
            "" if self.percent is None else f"{self.percent:.0f} %",
            f"{self.stage} {self.done:,} of {self.total:,}{unit}" if self.total > 1 else self.stage,
            str(time_left_in_words(self.seconds_left)) if self.seconds_left else "",
        ]
        line = ", ".join(filter(None, parts))
        return f"{line}. {said}" if (said := self.foreseen or self.warning) else line

    def as_json(self) -> JSON:
        row: JSON = {"event": "progress", "stage": self.stage, "done": self.done, "total": self.total, **self.facts}
        said: JSON = {"warning": self.warning, "foreseen": self.foreseen, "phrase": _phrase(self.foreseen)}
        of_the_whole = {"percent": self.percent, "seconds_left": self.seconds_left}
        return (
            row
            | {key: sentence for key, sentence in said.items() if sentence}
            | {key: round(figure, 1) for key, figure in of_the_whole.items() if figure is not None}
        )


class _LastEvent(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    def as_json(self) -> JSON:
        return self.model_dump()


class Done(_LastEvent):
    """The training has made a version. `notes` say what was left out of the files.

    `why_not` says in everyday words why the version is not in use. `phrase` says it in other languages, and
    `note_phrases` the notes; a version of older software has none.
    """

    event: Literal["done"] = "done"
    name: str = ""
    version: str
    base: str = ""
    downloaded: int = 0
    retweets: int = 0
    short: int = 0
    kept: int = 0
    report: Annotated[Report, PlainSerializer(Report.as_json)] | None = None
    in_use: bool = True
    why_not: str = ""
    samples: tuple[str, ...] = ()
    phrase: JSON | None = None
    notes: tuple[str, ...] = ()
    note_phrases: tuple[JSON, ...] = ()
    seconds: float = 0.0
    peak_memory_mb: int = 0

    @property
    def reason(self) -> Phrase:
        """`why_not`, as it can be said in other languages."""
        return Phrase.kept(self.phrase, self.why_not)

    @property
    def said_notes(self) -> list[Phrase]:
        """The notes, as they can be said in other languages."""
        phrases = self.note_phrases if len(self.note_phrases) == len(self.notes) else [None] * len(self.notes)
        return [Phrase.kept(phrase, note) for phrase, note in zip(phrases, self.notes, strict=True)]


class Skipped(_LastEvent):
    """There are only `new` tweets that the version in use has not learned, so nothing was learned.

    `why` says so, and `phrase` says it for other languages.
    """

    event: Literal["skipped"] = "skipped"
    name: str = ""
    new: int = 0
    why: str = ""
    phrase: JSON | None = None

    @property
    def reason(self) -> Phrase:
        """`why`, as it can be said in other languages."""
        return Phrase.kept(self.phrase, self.why)


class Failed(_LastEvent):
    """The training has failed. `for_people` says why, and `phrase` says it for other languages."""

    event: Literal["failed"] = "failed"
    for_people: str = ""
    phrase: JSON | None = None

    @property
    def reason(self) -> Phrase:
        """`for_people`, as it can be said in other languages."""
        return Phrase.kept(self.phrase, self.for_people)


def failed(sentence: Phrase) -> Failed:
    """The event of a training that has failed, as `sentence` says."""
    return Failed(for_people=str(sentence), phrase=_phrase(sentence))


def skipped(name: str, new: int, why: Phrase) -> Skipped:
    """The event of a training that had nothing to learn, as `why` says."""
    return Skipped(name=name, new=new, why=str(why), phrase=_phrase(why))


def _phrase(sentence: str) -> JSON | None:
    return sentence.as_json() if isinstance(sentence, Phrase) and sentence else None


Event = Progress | Done | Skipped | Failed
Say = Callable[[Progress], None]


def write_event(event: Event, out: TextIO) -> None:
    """Write one line, and send it off at once."""
    out.write(json_line(event.as_json(), out) + "\n")
    out.flush()


def json_line(row: JSON, out: TextIO) -> str:
    """`row` as a line of JSON that `out` can write.

    What its encoding lacks, or half a surrogate pair out of somebody's file, is an escape that JSON knows.
    """
    line = json.dumps(row, ensure_ascii=False)
    try:
        line.encode(out.encoding or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(row)
    return line


def read_event(line: str) -> Event:
    """The event that a line holds. Raises `ValueError` if it holds none."""
    try:
        row = json.loads(line)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(row, dict):
        raise ValueError("it is no object")
    match row.pop("event", None):
        case "progress":
            return _progress(row)
        case "done":
            return Done.model_validate(row)
        case "skipped":
            return Skipped.model_validate(row)
        case "failed":
            return Failed.model_validate(row)
        case _:
            raise ValueError("there is no event of that kind")


_PROGRESS = TypeAdapter(Progress)


def _progress(row: JSON) -> Progress:
    named = {
        field.name: row.pop(field.name) for field in fields(Progress) if field.name in row and field.name != "facts"
    }
    phrase = row.pop("phrase", None)
    progress = _PROGRESS.validate_python({**named, "facts": row})
    if not isinstance(phrase, dict):
        return progress
    # The validation makes a plain string of a phrase, so it comes afterwards.
    return replace(progress, foreseen=Phrase.kept(phrase, progress.foreseen))

"""What a training says while it runs and when it ends, and the lines that this is written as.

An event is one line of JSON. Knows the events and the names of a training's stages. Does not know what is done in the
stages, or who listens.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal, TextIO

from pydantic import BaseModel, ConfigDict, PlainSerializer, TypeAdapter

from huggingtweets.core.records import JSON, Report

# In this order.
STAGES = ("collect", "clean", "dataset", "train", "evaluate", "samples", "profile", "card", "register")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one stage is: `done` of `total`, with figures that may interest somebody.

    `warning` is for whoever runs this. `foreseen` says in everyday words what can be expected of the voice.
    """

    stage: str
    done: int = 1
    total: int = 1
    facts: Mapping[str, object] = field(default_factory=dict)
    warning: str = ""
    foreseen: str = ""

    def as_json(self) -> JSON:
        row: JSON = {"event": "progress", "stage": self.stage, "done": self.done, "total": self.total, **self.facts}
        said = {"warning": self.warning, "foreseen": self.foreseen}
        return row | {key: sentence for key, sentence in said.items() if sentence}


class _LastEvent(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    def as_json(self) -> JSON:
        return self.model_dump()


class Done(_LastEvent):
    """The training has made a version. `notes` say what was left out of the files.

    `why_not` says in everyday words why the version is not in use.
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
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    peak_memory_mb: int = 0


class Skipped(_LastEvent):
    """There are only `new` tweets that the version in use has not learned, so nothing was learned."""

    event: Literal["skipped"] = "skipped"
    name: str = ""
    new: int = 0
    why: str = ""


class Failed(_LastEvent):
    """The training has failed, and `for_people` says why."""

    event: Literal["failed"] = "failed"
    for_people: str = ""


Event = Progress | Done | Skipped | Failed
Say = Callable[[Progress], None]


def write_event(event: Event, out: TextIO) -> None:
    """Write one line, and send it off at once."""
    line = json.dumps(event.as_json(), ensure_ascii=False)
    # Half a surrogate pair out of somebody's file cannot be UTF-8; this makes it an escape, which JSON knows.
    out.write(line.encode(errors="backslashreplace").decode() + "\n")
    out.flush()


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
        case kind:
            raise ValueError(f"there is no event {kind!r}")


_PROGRESS = TypeAdapter(Progress)


def _progress(row: JSON) -> Progress:
    named = {key: row.pop(key) for key in ("stage", "done", "total", "warning", "foreseen") if key in row}
    return _PROGRESS.validate_python({**named, "facts": row})

"""How progress is shown: bars on a terminal, one line for each stage elsewhere, JSON lines for programs.

Knows rich and the pipeline's `Progress`. Does not know what is in progress.
"""

import time
from contextlib import AbstractContextManager
from typing import Any, Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress
from rich.table import Column
from rich.text import Text

from huggingtweets.core.events import Progress, write_event
from huggingtweets.core.text.durations import time_left_in_words

MIN_SECONDS_BETWEEN_LINES = 0.2
BAR_WIDTH = 16
WHOLE = "training"


class JsonLines(AbstractContextManager[Any]):
    """One object on each line, at most five a second during a stage. The end of a stage is never left out."""

    def __init__(self, out: TextIO):
        self._out = out
        self._last = 0.0

    def __exit__(self, *ended: object) -> None:
        self._out.flush()

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if progress.done < progress.total and now - self._last < MIN_SECONDS_BETWEEN_LINES:
            return
        self._last = now
        write_event(progress, self._out)


class Bars(AbstractContextManager[Any]):
    """A bar for each stage on a terminal. Without a terminal, one line at the end of each stage.

    Above the stages of a training stands a bar for the whole, with the time that is left.
    """

    def __init__(self, out: TextIO):
        self._console = Console(file=out)
        self._bars = RichProgress(
            TextColumn("{task.description:<9}"),
            BarColumn(BAR_WIDTH, table_column=Column(min_width=BAR_WIDTH)),
            _Done(table_column=Column(no_wrap=True)),
            _TimeLeft(table_column=Column(no_wrap=True)),
            # The figures get the rest of the line.
            TextColumn("{task.fields[facts]}", table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")),
            expand=True,
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *ended: object) -> None:
        self._bars.stop()

    def __call__(self, progress: Progress) -> None:
        figures = {key: value for key, value in progress.facts.items() if value is not None}
        unit = str(figures.pop("unit", ""))
        facts = ", ".join(
            f"{key.replace('_', ' ')} {_short(value)}" for key, value in figures.items() if _is_for_people(value)
        )
        # A warning says the same as what is foreseen, for whoever runs this.
        if said := f"Warning: {progress.warning}" if progress.warning else progress.foreseen:
            self._console.print(said, markup=False, highlight=False)
        if self._console.is_terminal:
            if progress.percent is not None:
                left = "" if progress.seconds_left is None else time_left_in_words(progress.seconds_left)
                self._show(WHOLE, progress.percent, 100, left, is_whole=True)
            is_part = progress.percent is not None
            self._show(progress.stage, progress.done, progress.total, facts, unit=unit, is_part=is_part)
        elif progress.done >= progress.total:
            counted = f"{progress.total:,} {unit}" if unit else ""
            line = ", ".join(filter(None, (counted, facts))) or "done"
            self._console.print(f"{progress.stage}: {line}", markup=False, highlight=False, soft_wrap=True)

    def _show(self, name: str, done: float, total: float, facts: str, *, unit: str = "", **kind: bool) -> None:
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(name, facts="", unit=unit, **kind)
        self._bars.update(self._tasks[name], completed=done, total=total, facts=facts)


class _Done(ProgressColumn):
    """How much is done: of a training the percentage, of anything else the number and their total."""

    def render(self, task: Task) -> Text:
        if task.fields.get("is_whole"):
            return Text(f"{int(task.completed)} %", style="progress.download")
        unit = task.fields.get("unit")
        return Text(
            f"{int(task.completed)}/{int(task.total or 0)}" + (f" {unit}" if unit else ""), style="progress.download"
        )


class _TimeLeft(TimeRemainingColumn):
    """The time that is left, except in a training, which says it for the whole."""

    def render(self, task: Task) -> Text:
        is_of_training = task.fields.get("is_whole") or task.fields.get("is_part")
        return Text("") if is_of_training else super().render(task)


def _is_for_people(value: object) -> bool:
    """Returns False for what only programs read: tables in tables, and lists of anything but words."""
    if isinstance(value, list | tuple):
        return all(isinstance(word, str) and " " not in word for word in value)
    return not isinstance(value, dict)


def _short(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, list | tuple):
        return " ".join(value)
    return f"{value:,}" if isinstance(value, int) else str(value)

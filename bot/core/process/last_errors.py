"""The last warnings and errors of the log, kept in memory, so that an operator can look one up by its id.

Knows logging. Does not know what failed. A restart begins with none.
"""

import logging
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.core.request_ids import request_id

KEPT = 200
MAX_CHARACTERS = 600


@dataclass(frozen=True, slots=True)
class LoggedError:
    """One line of the log. `request` is the id of the ask for which it was written, if there is one."""

    at: datetime
    level: str
    source: str
    text: str
    request: str

    def has_id(self, wanted: str) -> bool:
        """Returns True if the line was written for this id, or names it."""
        return wanted == self.request or wanted in self.text


class LastErrors(logging.Handler):
    """A handler that keeps the last `most` lines."""

    def __init__(self, most: int = KEPT):
        super().__init__(logging.WARNING)
        self._lines: deque[LoggedError] = deque(maxlen=most)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line, with the name of its error but without a traceback."""
        text = record.getMessage()
        if record.exc_info and record.exc_info[0]:
            text = f"{text}: {record.exc_info[0].__name__}"
        at = datetime.fromtimestamp(record.created, UTC)
        self._lines.appendleft(
            LoggedError(at, record.levelname.lower(), record.name, text[:MAX_CHARACTERS], request_id())
        )

    def lines(self, wanted: str = "", limit: int = 50) -> list[LoggedError]:
        """The lines, the newest first; with `wanted` only those of that id."""
        lines = [line for line in list(self._lines) if not wanted or line.has_id(wanted)]
        return lines[:limit]

    def count(self) -> int:
        """How many lines are kept."""
        return len(self._lines)


LAST_ERRORS = LastErrors()  # of this process

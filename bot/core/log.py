"""The log of the process: one line for each record, on stderr. It holds no secrets, and no text that people wrote.

When all goes well a line names no people, and a job has a number. Somebody who is forgotten could not be deleted from
a log that is kept elsewhere.

Knows logging. Every module must write its own lines like that: ids and names of errors, never messages or tokens.
"""

import logging
import sys
import time

FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
# At DEBUG these print Authorization headers or whole payloads.
HELD_AT = {"discord": "INFO", "tweepy": "INFO", "oauthlib": "INFO", "requests_oauthlib": "INFO", "urllib3": "INFO"}
HELD_AT |= {"aiosqlite": "INFO", "sqlalchemy": "WARNING"}  # at DEBUG they print every row, with texts that people wrote
# At INFO they print two lines each time a schedule is looked at, or a line for each of their own parts.
HELD_AT |= {"apscheduler": "WARNING", "alembic": "WARNING"}
HELD_AT |= {"httpx": "WARNING", "httpcore": "WARNING", "uvicorn": "WARNING"}
# A stranger can cause as many of these as they like.
RARELY = ("uvicorn.error", "bot.playground.failures")
LINES_A_MINUTE = 10


# What discord.py lacks for speaking aloud, which this bot never does.
NOT_NEEDED = ("PyNaCl is not installed", "davey is not installed")


def _is_of_use(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith(NOT_NEEDED)


class ForPeople(logging.Formatter):
    """Lines for a terminal: the time and the sentence. Only what is wrong says how serious it is, and from where."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(message)s", "%H:%M:%S")
        self._wrong = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        """The line of `record`."""
        return self._wrong.format(record) if record.levelno >= logging.WARNING else super().format(record)


class Rarely(logging.Filter):
    """Lets `LINES_A_MINUTE` records of one kind through each minute. The last one says that more are left out."""

    def __init__(self) -> None:
        super().__init__()
        self._minutes: dict[tuple[int, str], tuple[int, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Returns True if `record` is to be logged."""
        kind, now = (record.levelno, str(record.msg)), int(time.monotonic() // 60)
        minute, lines = self._minutes.get(kind, (now, 0))
        lines = lines + 1 if minute == now else 1
        self._minutes[kind] = (now, lines)
        if lines == LINES_A_MINUTE:
            record.msg = f"{record.msg} (more of these in this minute are left out)"
        return lines <= LINES_A_MINUTE


def start_logging(level: str) -> None:
    """Log to stderr from `level` on. Libraries in `HELD_AT` never log below their own level."""
    logging.basicConfig(level=level, format=FORMAT, stream=sys.stderr, force=True)
    if sys.stderr.isatty():
        logging.getLogger().handlers[0].setFormatter(ForPeople())
    logging.captureWarnings(capture=True)
    logging.getLogger("discord.client").filters = [_is_of_use]
    for name, least in HELD_AT.items():
        logging.getLogger(name).setLevel(max(logging.getLevelNamesMapping()[least], logging.getLogger().level))
    for name in RARELY:
        logging.getLogger(name).filters = [Rarely()]

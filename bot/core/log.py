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
HELD_AT |= {"apscheduler": "WARNING", "alembic.runtime.plugins": "WARNING"}
HELD_AT |= {"httpx": "WARNING", "httpcore": "WARNING", "uvicorn": "WARNING"}
# A stranger can cause as many of these as they like.
RARELY = ("uvicorn.error", "bot.playground.failures")
LINES_A_MINUTE = 10


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
    logging.captureWarnings(capture=True)
    for name, least in HELD_AT.items():
        logging.getLogger(name).setLevel(max(logging.getLevelNamesMapping()[least], logging.getLogger().level))
    for name in RARELY:
        logging.getLogger(name).filters = [Rarely()]

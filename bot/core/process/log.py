"""The log of the process: one line for each record, on stderr, and in a file if the operator names one.

It holds no secrets, and no text that people wrote. Each line says for which ask it was written; see `request_ids`.

When all goes well a line names no people, and a job has a number. Somebody who is forgotten could not be deleted from
a log that is kept elsewhere.

Knows logging and structlog. Every module must write its own lines like that: ids and names of errors, never messages
or tokens.
"""

import json
import logging
import os
import sys
import time
from collections.abc import MutableMapping
from datetime import UTC, datetime
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from typing import Any

from structlog.processors import format_exc_info
from structlog.stdlib import ProcessorFormatter, add_log_level, add_logger_name
from structlog.typing import Processor

from bot.core.process.last_errors import LAST_ERRORS
from bot.core.request_ids import facts
from huggingtweets.core.errors import Misconfigured
from huggingtweets.core.text.quoted import quoted

# At DEBUG these print Authorization headers or whole payloads.
HELD_AT = {"discord": "INFO", "tweepy": "INFO", "oauthlib": "INFO", "requests_oauthlib": "INFO", "urllib3": "INFO"}
HELD_AT |= {"aiosqlite": "INFO", "sqlalchemy": "WARNING"}  # at DEBUG they print every row, with texts that people wrote
# At INFO they print two lines each time a schedule is looked at, or a line for each of their own parts.
HELD_AT |= {"apscheduler": "WARNING", "alembic": "WARNING"}
HELD_AT |= {"httpx": "WARNING", "httpcore": "WARNING", "uvicorn": "WARNING"}
LINES_A_MINUTE = 10
# A stranger can cause as many of these as they like, until the log holds nothing else.
RARELY = {"uvicorn.error": LINES_A_MINUTE, "bot.web.frame.failures": LINES_A_MINUTE, "bot.core.errors": 100}
ON_A_TERMINAL = "on_a_terminal"  # an attribute of a record
NOT_ON_A_TERMINAL = {ON_A_TERMINAL: ""}  # the `extra` of a record that only programs need


# What discord.py lacks for speaking aloud, which this bot never does.
NOT_NEEDED = ("PyNaCl is not installed", "davey is not installed")


def _is_for_people(record: logging.LogRecord) -> bool:
    """Returns True if a terminal shows `record`: not what says "", and no chat of the library for Discord."""
    chats = record.levelno < logging.WARNING and f"{record.name}.".startswith("discord.")
    return not chats and getattr(record, ON_A_TERMINAL, None) != ""


def _is_of_use(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith(NOT_NEEDED)


def _is_worth_a_look(record: logging.LogRecord) -> bool:
    """Returns True unless a stranger sent what is no HTTP. They could fill the last errors with that within minutes."""
    return record.name != "uvicorn.error" or record.levelno > logging.WARNING


def on_a_terminal(sentence: str) -> dict[str, str]:
    """The `extra` of a record that a terminal shows as `sentence`. Nobody keeps that, so it may name people."""
    return {ON_A_TERMINAL: sentence}


class Rarely(logging.Filter):
    """Lets some records of one kind through each minute. The last one says that more are left out."""

    def __init__(self, lines_a_minute: int = LINES_A_MINUTE) -> None:
        super().__init__()
        self._most = lines_a_minute
        self._minutes: dict[tuple[int, str], tuple[int, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Returns True if `record` is to be logged."""
        kind, now = (record.levelno, str(record.msg)), int(time.monotonic() // 60)
        minute, lines = self._minutes.get(kind, (now, 0))
        lines = lines + 1 if minute == now else 1
        self._minutes[kind] = (now, lines)
        if lines == self._most:
            record.msg = f"{record.msg} (more of these in this minute are left out)"
        return lines <= self._most


class LogFile(RotatingFileHandler):
    """A file that only this user may read. When it is full it becomes FILE.1, and so on; the oldest one is deleted."""

    def _open(self) -> TextIOWrapper:
        return TextIOWrapper(os.fdopen(_opened_for_us(self.baseFilename), "ab"), "utf-8", line_buffering=True)


def _opened_for_us(path: str) -> int:
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def start_logging(level: str, file: str = "", *, megabytes: int = 10, files: int = 5) -> None:
    """Log from `level` on: to stderr, and to `file` if there is one, of which `files` are kept.

    A terminal gets lines for people. Everything else gets an object of JSON a line. Raises `Misconfigured` if the file
    cannot be written.
    """
    shown = logging.StreamHandler(sys.stderr)
    if sys.stderr.isatty():
        shown.setFormatter(_formatter(_named, _for_people))
        shown.addFilter(_is_for_people)
    else:
        shown.setFormatter(_formatter(_as_json))
    handlers: list[logging.Handler] = [shown]
    if file:
        try:
            handlers.append(LogFile(file, maxBytes=megabytes * 1_000_000, backupCount=files - 1))
        except OSError as error:
            raise Misconfigured(f"[bot] log_file = {quoted(file)} cannot be written: {error.strerror}.") from error
        handlers[-1].setFormatter(_formatter(_as_json))
    logging.basicConfig(handlers=[*handlers, LAST_ERRORS], force=True)
    logging.captureWarnings(capture=True)
    logging.getLogger("discord.client").filters = [_is_of_use]
    for name, lines in RARELY.items():
        logging.getLogger(name).filters = [Rarely(lines)]
    LAST_ERRORS.filters = [_is_worth_a_look]
    set_level(level)


def set_level(level: str) -> None:
    """Log from `level` on. Libraries in `HELD_AT` never log below their own level."""
    root = logging.getLogger()
    root.setLevel(level)
    for name, least in HELD_AT.items():
        logging.getLogger(name).setLevel(max(logging.getLevelNamesMapping()[least], root.level))


def _formatter(*steps: Processor) -> logging.Formatter:
    common: list[Processor] = [_when, _for_which_ask, add_log_level, add_logger_name, format_exc_info]
    *before, render = steps
    processors = [*before, ProcessorFormatter.remove_processors_meta, render]
    return ProcessorFormatter(foreign_pre_chain=common, processors=processors, keep_exc_info=False)


def _named(_: object, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Returns `line` with the sentence that only a terminal shows, if its record has one."""
    if sentence := getattr(line["_record"], ON_A_TERMINAL, ""):
        return {**line, "event": sentence, "logger": ""}  # nobody has to know from where it comes
    return line


def _for_which_ask(_: object, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Adds the ask for which the line was written, and other facts about it."""
    return {**facts(), **line}


def _when(_: object, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Adds when the line was written, which is the same on stderr and in the file."""
    line["at"] = datetime.fromtimestamp(line["_record"].created, UTC)
    return line


def _as_json(_: object, __: str, line: MutableMapping[str, Any]) -> str:
    """Returns one line for programs: when, how serious, which module, what; then the ask and other facts."""
    first = {"at": line.pop("at").isoformat(timespec="milliseconds")}
    first |= {key: line.pop(key) for key in ("level", "logger", "event")}
    return json.dumps(first | dict(line), ensure_ascii=False, default=str)


def _for_people(_: object, __: str, line: MutableMapping[str, Any]) -> str:
    """Returns a line for a terminal: the time and the sentence. What is wrong also says how serious, and from where."""
    wrong = line["level"] in ("warning", "error", "critical")
    where = f"{line['level'].upper()} {line['logger']}".rstrip() + ": " if wrong else ""
    traceback = f"\n{line['exception']}" if "exception" in line else ""
    return f"{line['at'].astimezone():%H:%M:%S} {where}{line['event']}{traceback}"

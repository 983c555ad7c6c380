"""The note of a running bot: where the commands of the same user can ask it for tweets.

The note lies beside the bot's data, and only its owner may read it. The bot deletes it when it stops. A bot that was
killed leaves it there, so the note also says which process wrote it: it counts while that very process lives.

Knows one file, processes and users. Does not know what is asked.
"""

import json
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from huggingtweets.core import atomic
from huggingtweets.core.process.living import process_of, this_process

NOTE = ".running-bot.json"
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  a server that listens everywhere also listens here


@dataclass(frozen=True, slots=True)
class RunningBot:
    """Where the bot listens. It knows by the token that whoever asks may read the note."""

    host: str
    port: int
    token: str

    @classmethod
    def at(cls, address: str, token: str) -> Self:
        """The bot whose page is at `address`."""
        parts = urlsplit(address)
        assert parts.hostname
        assert parts.port
        return cls(EVERYWHERE.get(parts.hostname, parts.hostname), parts.port, token)


@contextmanager
def announced(data: Path, bot: RunningBot) -> Iterator[None]:
    """Note in the folder `data` where `bot`, which is this process, can be asked, while the context lasts."""
    note = {**asdict(bot), **this_process()}
    atomic.write_text(data / NOTE, json.dumps(note), private=True)
    try:
        yield
    finally:
        if _read(data / NOTE) == note:  # another bot may have begun with the same data
            (data / NOTE).unlink(missing_ok=True)


def running_bot(data: Path) -> RunningBot | None:
    """The bot of this user that runs with the data in `data`. Returns None if there is none."""
    if not _is_ours_alone(data / NOTE):
        return None
    note = _read(data / NOTE)
    if process_of(note) is None:
        return None
    match note:
        case {"host": str(host), "port": int(port), "token": str(token)}:
            return RunningBot(host, port, token)
    return None


def _read(path: Path) -> Any:
    try:
        return atomic.read_json(path)
    except (OSError, ValueError):
        return None


def _is_ours_alone(path: Path) -> bool:
    """Returns True if `path` is a file of this user that nobody else may read.

    Windows has no such bits; there a folder of the user is not open to others.
    """
    try:
        status = path.lstat()
    except OSError:
        return False
    if sys.platform == "win32":
        return stat.S_ISREG(status.st_mode)
    return stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid() and not stat.S_IMODE(status.st_mode) & 0o077

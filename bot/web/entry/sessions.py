"""Sessions of browsers: a signed cookie holds a random id and the name of whoever has signed in.

Who signs out may have left copies of the cookie elsewhere. So the ids of ended sessions are kept, for as long as such a
cookie would hold, in a file that outlives a restart.

Knows itsdangerous, one file with the key and one with what has ended. Does not know HTTP, or what a user may do.
"""

import logging
import re
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from itsdangerous import BadData, URLSafeTimedSerializer

from huggingtweets.core import atomic

log = logging.getLogger(__name__)

SECONDS = 30 * 24 * 3600
KEY_FILE = "page-key"  # in the folder of the bot's data
ENDED_FILE = "page-signed-out"  # there, too; a line for each session that has ended: its id, and when
_ID = re.compile(r"[0-9a-f]{32}")
_LINE = re.compile(r"([0-9a-f]{32}) (\d{1,12})")
_USER = re.compile(r"[\w.@-]{0,60}")


@dataclass(frozen=True, slots=True)
class Session:
    """`id` is random. `user` is who has signed in, or empty."""

    id: str
    user: str = ""

    def of(self, user: str) -> "Session":
        """A new session of `user`: signing in and out changes the id, so nobody can prepare one for somebody else."""
        return replace(new_session(), user=user)


def new_session() -> Session:
    """A session that nobody can guess."""
    return Session(secrets.token_hex(16))


class Sessions:
    """Reads and writes cookies. A cookie that was signed with another key, or long ago, or has ended, is no session."""

    def __init__(self, key: bytes, ended_file: Path | None = None, ended: Iterable[str] = ()):
        self._signed = URLSafeTimedSerializer(key, salt="session")
        self._ended_file = ended_file
        self._ended = set(ended)

    @classmethod
    def kept_in(cls, data: Path, more: bytes = b"") -> Self:
        """Sessions whose key lies in the folder `data`, so that they outlive a restart. The file is made if need be.

        `more` is a part of the key, too: when it changes, everybody is signed out.
        """
        file = data / KEY_FILE
        if not file.exists():
            atomic.write_text(file, secrets.token_hex(32), private=True)
        return cls(file.read_bytes() + more, data / ENDED_FILE, _still_ended(data / ENDED_FILE))

    def read(self, cookie: str) -> Session | None:
        """The session in a cookie, or None if there is none."""
        try:
            id_, user = self._signed.loads(cookie, max_age=SECONDS)
        except (BadData, ValueError, TypeError):
            return None
        fits = isinstance(id_, str) and isinstance(user, str) and _ID.fullmatch(id_) and _USER.fullmatch(user)
        return Session(id_, user) if fits and id_ not in self._ended else None

    def write(self, session: Session) -> str:
        """The cookie of a session."""
        return self._signed.dumps([session.id, session.user])

    def end(self, session: Session) -> None:
        """End a session: no copy of its cookie counts any more. This writes to the disk."""
        self._ended.add(session.id)
        if self._ended_file is None:
            return
        try:
            with open(self._ended_file, "ab", opener=atomic.for_the_owner) as file:
                file.write(f"{session.id} {int(time.time())}\n".encode())
                file.flush()
                atomic.sync(file.fileno())
        except OSError as error:
            log.warning("a sign-out could not be written down, so it holds until the bot starts again: %s", error)

    def has_ended(self, session: Session) -> bool:
        """Returns True if `end` was called for this session."""
        return session.id in self._ended


def _still_ended(file: Path) -> list[str]:
    """The sessions that have ended, but whose cookies are not too old yet. All others go from the file."""
    try:
        text = file.read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return []
    since = time.time() - SECONDS
    rows = [row for line in text.split("\n") if (row := _LINE.fullmatch(line)) and int(row[2]) > since]
    if (kept := "".join(f"{row[0]}\n" for row in rows)) != text:
        atomic.write_text(file, kept, private=True)
    return [row[1] for row in rows]

"""Sessions of browsers: a signed cookie holds a random id and the name of whoever has signed in.

Knows itsdangerous and one file with the key. Does not know HTTP, or what a user may do.
"""

import re
import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from itsdangerous import BadData, URLSafeTimedSerializer

from huggingtweets.core import atomic

SECONDS = 30 * 24 * 3600
KEY_FILE = "page-key"  # in the folder of the bot's data
_ID = re.compile(r"[0-9a-f]{32}")
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
    """Reads and writes cookies. A cookie that was signed with another key, or long ago, is no session."""

    def __init__(self, key: bytes):
        self._signed = URLSafeTimedSerializer(key, salt="session")

    @classmethod
    def kept_in(cls, data: Path, more: bytes = b"") -> Self:
        """Sessions whose key lies in the folder `data`, so that they outlive a restart. The file is made if need be.

        `more` is a part of the key, too: when it changes, everybody is signed out.
        """
        file = data / KEY_FILE
        if not file.exists():
            atomic.write_text(file, secrets.token_hex(32), private=True)
        return cls(file.read_bytes() + more)

    def read(self, cookie: str) -> Session | None:
        """The session in a cookie, or None if there is none."""
        try:
            id_, user = self._signed.loads(cookie, max_age=SECONDS)
        except (BadData, ValueError, TypeError):
            return None
        fits = isinstance(id_, str) and isinstance(user, str) and _ID.fullmatch(id_) and _USER.fullmatch(user)
        return Session(id_, user) if fits else None

    def write(self, session: Session) -> str:
        """The cookie of a session."""
        return self._signed.dumps([session.id, session.user])

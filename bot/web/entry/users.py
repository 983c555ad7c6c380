"""Who may sign in on the page: users with a password and a role, and whoever has the operator's token.

Users stand in a variable of the environment, one after the other: `ann:admin:HASH bob:visitor:HASH`. A hash is made by
`huggingtweets bot --password NAME:ROLE`.

Knows argon2 and passwords. Does not know HTTP or sessions.
"""

import asyncio
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from bot.web.entry.visitors import Role
from huggingtweets.core.errors import Misconfigured

OPERATOR = "operator"  # who signs in by the token
MAX_PASSWORD = 200
AT_ONCE = 2  # checks of passwords; each takes 64 MiB for a moment
_NAME = re.compile(r"[\w.@-]{1,40}")  # the database keeps 60 characters, with what says that it is a user of the page
_HASHER = PasswordHasher()


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with a password. `hash` is argon2's."""

    name: str
    role: Role
    hash: str


class Users:
    """Checks who somebody is, and knows what they may do."""

    def __init__(self, users: Mapping[str, User], token: str = ""):
        self._users = users
        self._token = token
        self._places = asyncio.Semaphore(AT_ONCE)
        # An unknown name takes as long as a known one, so that nobody learns which names there are.
        self._nobody = _HASHER.hash("nobody") if users else ""

    @classmethod
    def of(cls, text: str, token: str = "") -> Self:
        """The users in the text of a variable. Raises `Misconfigured` for one that cannot be read."""
        users = [_parsed(number, entry) for number, entry in enumerate(text.split(), 1)]
        return cls({user.name: user for user in users}, token)

    def __bool__(self) -> bool:
        """Returns True if anybody can sign in."""
        return bool(self._users or self._token)

    @property
    def has_passwords(self) -> bool:
        """True if somebody can sign in by a name and a password."""
        return bool(self._users)

    @property
    def has_token(self) -> bool:
        """True if somebody can sign in by the operator's token."""
        return bool(self._token)

    @property
    def fingerprint(self) -> bytes:
        """Changes when a password or the token does."""
        rows = [f"{user.name}:{user.role}:{user.hash}" for user in self._users.values()]
        return hashlib.sha256("\n".join([self._token, *rows]).encode()).digest()

    def role_of(self, name: str) -> Role | None:
        """What somebody who has signed in may do. None for a name that is gone."""
        if name == OPERATOR and self._token:
            return Role.ADMIN
        user = self._users.get(name)
        return user.role if user else None

    def is_token(self, text: str) -> bool:
        """Returns True if `text` is the operator's token. How long that takes tells nothing about the token."""
        given, token = (hashlib.sha256(one.encode()).digest() for one in (text, self._token))
        return bool(self._token) and hmac.compare_digest(given, token)

    async def name_of(self, name: str, password: str) -> str | None:
        """Who signs in with these: a user's name, or the operator's for the token. None if they are wrong."""
        if not name:
            return OPERATOR if self.is_token(password) else None
        user = self._users.get(name)
        if len(password) > MAX_PASSWORD or not self._users:
            return None
        async with self._places:
            fits = await asyncio.to_thread(_fits, user.hash if user else self._nobody, password)
        return name if user and fits else None


def hashed(password: str) -> str:
    """The hash of a password, as it stands in the environment."""
    return _HASHER.hash(password)


def entry_of(name: str, role: str, password: str) -> str:
    """How a user is written in the environment. Raises `Misconfigured` for a name or role that cannot be."""
    user = _parsed(1, f"{name}:{role}:{hashed(password)}")
    return f"{user.name}:{user.role}:{user.hash}"


def _parsed(number: int, entry: str) -> User:
    name, _, rest = entry.partition(":")
    role, _, hash_ = rest.partition(":")
    # The message does not repeat the entry, which holds the hash of a password.
    if not _NAME.fullmatch(name) or name == OPERATOR or role not in (Role.VISITOR, Role.ADMIN):
        raise Misconfigured(
            f"User {number} of the page cannot be read; write NAME:visitor:HASH or NAME:admin:HASH, as "
            "`huggingtweets bot --password NAME:ROLE` does. A name has up to 40 letters, digits and any of _ . @ -."
        )
    try:
        _HASHER.check_needs_rehash(hash_)
    except InvalidHashError:
        raise Misconfigured(
            f"The password of user {number} of the page is no hash of argon2; make one by "
            "`huggingtweets bot --password NAME:ROLE`."
        ) from None
    return User(name, Role(role), hash_)


def _fits(hash_: str, password: str) -> bool:
    try:
        return _HASHER.verify(hash_, password)
    except (VerificationError, InvalidHashError):
        return False

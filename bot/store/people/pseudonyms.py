"""Pseudonyms: a keyed hash by which somebody who was forgotten is recognised. Its key is in the database.

A pause protects others, so it outlives its person's wish to be forgotten, and so do strikes. An old answer can still be
deleted by who asked for it, and by whom it imitated.

Knows hashes. Does not know which rows have one.
"""

import hashlib
import hmac
import secrets
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.sql.database import Database, insert
from bot.store.tables import settings

PREFIX = "somebody:"
_SCOPE, _KEY = "global", "pseudonyms"
_MINE = (settings.c.scope == _SCOPE, settings.c.key == _KEY)


def names_of(connection: sa.Connection, person: str) -> tuple[str, ...]:
    """Returns what `person` may be called in a row: their id, and their pseudonym if there are any."""
    key = connection.scalar(sa.select(settings.c.value).where(*_MINE))
    return (person, _pseudonym(str(key), person)) if key else (person,)


async def pseudonym(database: Database, connection: AsyncConnection, person: str, now: datetime) -> str:
    """Returns the pseudonym of `person`. The transaction must be one that writes."""
    row = {"scope": _SCOPE, "key": _KEY, "value": secrets.token_hex(32), "changed_at": now}
    await connection.execute(insert(database, settings).values(row).on_conflict_do_nothing())
    return _pseudonym(str(await connection.scalar(sa.select(settings.c.value).where(*_MINE))), person)


def _pseudonym(key: str, person: str) -> str:
    return PREFIX + hmac.new(bytes.fromhex(key), person.encode(errors="surrogatepass"), hashlib.sha256).hexdigest()[:32]

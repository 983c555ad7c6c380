"""Strangers: accounts that mention the bot on a network, and visitors of a page that is open to everybody.

They are known by an account or an address. Some days after their last mention or visit these are deleted. What keeps a
mention from being answered twice stays as a hash, and what counts votes as a random name.

Knows rows. Does not know when anybody looks.
"""

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.servers import PAGE
from bot.store.people.pseudonyms import PREFIX
from bot.store.sql.database import Database
from bot.store.tables import answers, comparisons, feedback, mentions, pauses, posts, strikes

HASH = "hash:"
LONGEST = 150  # characters of an id that is kept as it is: whoever writes a mention may choose its id, and names add up
DONE = ("sent", "failed", "rejected")
VISITORS = f"{PAGE}:"  # how visitors of the page are called, before their address or session
USERS = f"{VISITORS}user:"  # those who sign in are no strangers
_OF_VISITORS = (answers, feedback, comparisons, strikes)


def hashed(name: str) -> str:
    """Returns what stays of the id of a mention or a conversation, by which only the same id is recognised."""
    return HASH + hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def bounded(name: str) -> str:
    """Returns an id as it is kept: itself, or its hash if it is very long."""
    return name if len(name) <= LONGEST else hashed(name)


def either(name: str) -> tuple[str, str]:
    """Returns the ids under which something may be kept: as it is, and after its person was deleted."""
    return bounded(name), hashed(name)


async def unname_mentions(connection: AsyncConnection, row_filter: sa.ColumnElement[bool]) -> int:
    """Keep mentions that are settled as hashes, without their authors. Returns how many there were."""
    settled = sa.select(mentions).where(row_filter, mentions.c.state != "taken", ~mentions.c.mention.startswith(HASH))
    rows = (await connection.execute(settled)).all()
    for row in rows:
        same = (mentions.c.account == row.account, mentions.c.mention == row.mention)
        unnamed = {"mention": hashed(row.mention), "author": "", "conversation": hashed(row.conversation)}
        await connection.execute(sa.update(mentions).where(*same).values(unnamed))
        # Addresses on Bluesky name their author.
        answer = sa.update(posts).where(posts.c.key == answer_key(row.account, row.mention), posts.c.state.in_(DONE))
        key = answer_key(row.account, hashed(row.mention))
        await connection.execute(answer.values(key=key, in_reply_to=hashed(row.mention)))
    return len(rows)


def answer_key(account: str, mention: str) -> str:
    """Returns the key of the post that answers a mention."""
    return f"reply:{account}:{bounded(mention)}"


class Strangers:
    """Deletes who has not been there for long."""

    def __init__(self, database: Database, clock: Callable[[], datetime]):
        self._database = database
        self._clock = clock

    async def forget(self, before: datetime) -> int:
        """Delete the accounts and addresses of strangers who were last there before that. Returns how many rows."""
        async with self._database.writing() as connection:
            lately = sa.select(mentions.c.author).where(mentions.c.at >= before)
            old = sa.and_(mentions.c.at < before, mentions.c.author.not_in(lately))
            count = await unname_mentions(connection, old)
            for visitor in await _visitors(connection, before):
                count += await _unname_visitor(connection, visitor)
            ended = (pauses.c.subject.startswith(VISITORS), pauses.c.until <= before)
            count += (await connection.execute(sa.delete(pauses).where(*ended))).rowcount
        if count:
            await self._database.write_back()
        return count


async def _visitors(connection: AsyncConnection, before: datetime) -> list[str]:
    """Returns the visitors of the page whose last trace is older than that."""
    latest: dict[str, datetime] = {}
    for table in _OF_VISITORS:
        theirs = (table.c.person.startswith(VISITORS), ~table.c.person.startswith(USERS))
        query = sa.select(table.c.person, sa.func.max(table.c.at)).where(*theirs).group_by(table.c.person)
        for person, at in await connection.execute(query):
            latest[person] = max(at, latest.get(person, at))
    return [person for person, at in latest.items() if at < before]


async def _unname_visitor(connection: AsyncConnection, visitor: str) -> int:
    """Put a random name in place of a visitor, and delete what they asked for. Returns how many rows there were."""
    somebody = PREFIX + secrets.token_hex(16)
    count = (await connection.execute(sa.delete(strikes).where(strikes.c.person == visitor))).rowcount
    for table in (answers, feedback, comparisons):
        change: dict[str, str] = {"person": somebody}
        if table is answers:
            change |= {"prompt": "", "context": ""}
        count += (await connection.execute(sa.update(table).where(table.c.person == visitor).values(change))).rowcount
    return count

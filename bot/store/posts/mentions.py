"""How far the mentions of an account were read, and which of them were answered.

Knows rows. Does not know networks, or what an answer says.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.store.people.strangers import bounded, either
from bot.store.sql.database import Database, insert
from bot.store.tables import mentions, positions


class Mentions:
    """Positions in streams, and the mentions taken up from them."""

    def __init__(self, database: Database, clock: Callable[[], datetime]):
        self._database = database
        self._clock = clock

    async def position(self, account: str, stream: str) -> str | None:
        """Returns the id up to which everything is done."""
        row_filter = (positions.c.account == account, positions.c.stream == stream)
        return await self._database.value(sa.select(positions.c.position).where(*row_filter))

    async def move(self, account: str, stream: str, position: str) -> None:
        """Note that everything up to `position` is done."""
        row = {"account": account, "stream": stream, "position": position, "changed_at": self._clock()}
        changed = {"position": position, "changed_at": row["changed_at"]}
        query = insert(self._database, positions).values(row)
        await self._database.change(query.on_conflict_do_update(index_elements=["account", "stream"], set_=changed))

    async def take(self, account: str, mention: str, *, author: str, conversation: str) -> bool:
        """Take a mention to answer it. Returns False if it was taken before."""
        row: dict[str, Any] = {"account": account, "mention": bounded(mention), "author": author}
        row |= {"conversation": bounded(conversation)}
        row |= {"state": "taken", "at": self._clock()}
        query = insert(self._database, mentions).values(row).on_conflict_do_nothing()
        return bool(await self._database.change(query))

    async def settle(self, account: str, mention: str, state: str) -> None:
        """Note what became of a mention: `answered`, or why it was not."""
        row_filter = (mentions.c.account == account, mentions.c.mention == bounded(mention))
        await self._database.change(sa.update(mentions).where(*row_filter).values(state=state))

    async def state(self, account: str, mention: str) -> str | None:
        """Returns what became of a mention, also after its author was deleted. None if it was never taken."""
        row_filter = (mentions.c.account == account, mentions.c.mention.in_(either(mention)))
        return await self._database.value(sa.select(mentions.c.state).where(*row_filter))

    async def answered(
        self, account: str, *, since: datetime, author: str | None = None, conversation: str | None = None
    ) -> int:
        """Returns how many mentions by this author, or in this conversation, were answered since then."""
        query = sa.select(sa.func.count()).where(
            mentions.c.account == account, mentions.c.state == "answered", mentions.c.at >= since
        )
        if author is not None:
            query = query.where(mentions.c.author == author)
        if conversation is not None:
            query = query.where(mentions.c.conversation.in_(either(conversation)))
        return int(await self._database.value(query) or 0)

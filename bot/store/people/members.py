"""Members of a server who let the bot learn from what they write there, and their messages. Nobody else's are kept.

Knows rows. Does not know Discord, or how a voice is learned.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.sql.database import Database, insert
from bot.store.tables import member_messages, members
from huggingtweets.core.people.names import VoiceName


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who has joined, what their voice is called, and whether it is heard on other servers, too."""

    server: str
    person: str
    voice: VoiceName
    joined_at: datetime
    everywhere: bool


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a member. `reply_to` is the message that it answers, or the one before it in its channel."""

    message: str
    server: str
    channel: str
    person: str
    text: str
    written_at: datetime
    edited_at: datetime | None
    reply_to: str = ""


class Members:
    """Who has joined, and what they wrote since."""

    def __init__(self, database: Database, clock: Callable[[], datetime]):
        self._database = database
        self._clock = clock

    async def join(self, server: str, person: str, voice: str, *, everywhere: bool = False) -> None:
        """`person` lets the bot learn from what they write on `server`.

        A second time changes the voice's name and where it is heard.
        """
        change = {"voice": voice, "everywhere": everywhere}
        query = insert(self._database, members).values(server=server, person=person, joined_at=self._clock(), **change)
        async with self._database.writing() as connection:
            await connection.execute(query.on_conflict_do_update(index_elements=["server", "person"], set_=change))

    async def forget_messages(self, server: str, person: str) -> int:
        """Delete what a member wrote on `server`. Returns how many messages there were."""
        row_filter = (member_messages.c.server == server, member_messages.c.person == person)
        async with self._database.writing() as connection:
            return (await connection.execute(sa.delete(member_messages).where(*row_filter))).rowcount

    async def get(self, server: str, person: str) -> Member | None:
        async with self._database.reading() as connection:
            return await _member(connection, server, person)

    async def all(self) -> list[Member]:
        """Everybody who has joined, on whatever server."""
        async with self._database.reading() as connection:
            return [Member(**row._mapping) for row in await connection.execute(sa.select(members))]

    async def of_voice(self, voice: str) -> list[Member]:
        """Returns the members whose voice this is."""
        async with self._database.reading() as connection:
            rows = await connection.execute(sa.select(members).where(members.c.voice == voice))
            return [Member(**row._mapping) for row in rows]

    async def voices(self) -> list[VoiceName]:
        """The voices of all who have joined, on whatever server."""
        async with self._database.reading() as connection:
            return sorted(await connection.scalars(sa.select(members.c.voice).distinct()))

    async def wrote(
        self,
        message: str,
        *,
        server: str,
        channel: str,
        person: str,
        text: str,
        written_at: datetime,
        reply_to: str = "",
    ) -> bool:
        """Keep a message if its author has joined. Returns True if it was kept."""
        row = {"message": message, "server": server, "channel": channel, "person": person, "text": text}
        row |= {"reply_to": reply_to}
        async with self._database.writing() as connection:
            if not await _member(connection, server, person):
                return False
            query = insert(self._database, member_messages).values(**row, written_at=written_at)
            await connection.execute(query.on_conflict_do_nothing())
        return True

    async def edited(self, message: str, text: str) -> bool:
        """Change a message that its author edited. Returns True if it is kept here."""
        edit = sa.update(member_messages).where(member_messages.c.message == message)
        async with self._database.writing() as connection:
            return bool((await connection.execute(edit.values(text=text, edited_at=self._clock()))).rowcount)

    async def deleted(self, *messages: str) -> int:
        """Delete messages that their authors or moderators deleted. Returns how many were kept here."""
        query = sa.delete(member_messages).where(member_messages.c.message.in_(messages))
        async with self._database.writing() as connection:
            return (await connection.execute(query)).rowcount

    async def answered_by(self, person: str, server: str) -> list[Message]:
        """Returns the messages of other members that the messages of `person` on `server` answer."""
        theirs = sa.select(member_messages.c.reply_to)
        theirs = theirs.where(member_messages.c.person == person, member_messages.c.server == server)
        of_others = (member_messages.c.person != person, member_messages.c.server == server)
        query = sa.select(member_messages).where(member_messages.c.message.in_(theirs), *of_others)
        async with self._database.reading() as connection:
            return [Message(**row._mapping) for row in await connection.execute(query)]

    async def in_channel(self, channel: str) -> list[str]:
        """Returns the ids of the messages that were written in a channel."""
        query = sa.select(member_messages.c.message).where(member_messages.c.channel == channel)
        async with self._database.reading() as connection:
            return list(await connection.scalars(query))

    async def messages(self, person: str, server: str | None = None) -> list[Message]:
        """Returns what a member wrote, the oldest first."""
        query = sa.select(member_messages).where(member_messages.c.person == person)
        if server is not None:
            query = query.where(member_messages.c.server == server)
        async with self._database.reading() as connection:
            rows = await connection.execute(query.order_by(member_messages.c.written_at, member_messages.c.message))
            return [Message(**row._mapping) for row in rows]


async def _member(connection: AsyncConnection, server: str, person: str) -> Member | None:
    query = sa.select(members).where(members.c.server == server, members.c.person == person)
    row = (await connection.execute(query)).first()
    return Member(**row._mapping) if row else None

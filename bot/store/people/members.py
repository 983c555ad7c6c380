"""Members of a server who let the bot learn from what they write there, and their messages. Nobody else's are kept.

Knows rows. Does not know Discord, or how a voice is learned.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

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
        await self._database.change(query.on_conflict_do_update(index_elements=["server", "person"], set_=change))

    async def forget_messages(self, server: str, person: str) -> int:
        """Delete what a member wrote on `server`. Returns how many messages there were."""
        row_filter = (member_messages.c.server == server, member_messages.c.person == person)
        return await self._database.change(sa.delete(member_messages).where(*row_filter))

    async def get(self, server: str, person: str) -> Member | None:
        return await self._database.read_at_once(lambda connection: _member(connection, server, person))

    async def all(self) -> list[Member]:
        """Everybody who has joined, on whatever server."""
        return [Member(**row._mapping) for row in await self._database.rows(sa.select(members))]

    async def of_voice(self, voice: str) -> list[Member]:
        """Returns the members whose voice this is."""
        rows = await self._database.rows(sa.select(members).where(members.c.voice == voice))
        return [Member(**row._mapping) for row in rows]

    async def voices(self) -> list[VoiceName]:
        """The voices of all who have joined, on whatever server."""
        return sorted(await self._database.values(sa.select(members.c.voice).distinct()))

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
        query = insert(self._database, member_messages).values(**row, written_at=written_at).on_conflict_do_nothing()

        def write(connection: sa.Connection) -> bool:
            if not _member(connection, server, person):
                return False
            connection.execute(query)
            return True

        return await self._database.write_at_once(write)

    async def edited(self, message: str, text: str) -> bool:
        """Change a message that its author edited. Returns True if it is kept here."""
        edit = sa.update(member_messages).where(member_messages.c.message == message)
        return bool(await self._database.change(edit.values(text=text, edited_at=self._clock())))

    async def deleted(self, *messages: str) -> int:
        """Delete messages that their authors or moderators deleted. Returns how many were kept here."""
        query = sa.delete(member_messages).where(member_messages.c.message.in_(messages))
        return await self._database.change(query)

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


def _member(connection: sa.Connection, server: str, person: str) -> Member | None:
    query = sa.select(members).where(members.c.server == server, members.c.person == person)
    row = connection.execute(query).first()
    return Member(**row._mapping) if row else None

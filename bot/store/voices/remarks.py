"""What the bot says by itself in channels, and how far each remark is.

    waiting   somebody still has to draw and send it
    sending   it may be in its channel already
    sent      it is, as `message`
    failed    it never will be, for the reason in `error`

A remark of a schedule is unique by schedule and due time, any other one by the message that it follows.

Knows rows. Does not know when the bot may speak, or how.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from bot.store.sql.database import Database, insert
from bot.store.tables import feedback, remarks
from bot.store.voices.feedback import Tally
from huggingtweets.core.people.names import BlendName

State = Literal["waiting", "sending", "sent", "failed"]
FOLLOWS: dict[State, tuple[State, ...]] = {
    "waiting": ("sending", "failed"),
    "sending": ("waiting", "sent", "failed"),
}
KEPT = timedelta(days=60)  # votes on a remark count for so long
SUPERSEDED = "a later one was due before it could be said"


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that the bot says by itself. `schedule` is empty unless the clock asked for it."""

    id: int
    key: str
    schedule: str
    server: str
    channel: str
    voice: BlendName
    version: str
    text: str
    state: State
    message: str
    created_at: datetime
    sending_at: datetime | None


_COLUMNS = [remarks.c[field.name] for field in fields(Remark)]


class Remarks:
    """All remarks."""

    def __init__(self, database: Database, clock: Callable[[], datetime]):
        self._database = database
        self._clock = clock

    async def claim(
        self, key: str, *, server: str, channel: str, voice: BlendName, may: Callable[[Sequence[datetime]], bool]
    ) -> Remark | None:
        """Add a remark if `may` agrees, which is given the times of those of the last day in this channel.

        Both happen in one transaction. Returns None if it does not agree, or if there is a remark with this key.
        """
        now = self._clock()
        latest = sa.select(remarks.c.created_at).where(
            remarks.c.channel == channel, remarks.c.state != "failed", remarks.c.created_at > now - timedelta(days=1)
        )
        row = {"key": key, "server": server, "channel": channel, "voice": voice, "state": "waiting"}
        async with self._database.writing() as connection:
            if not may(list(await connection.scalars(latest))):
                return None
            await connection.execute(sa.delete(remarks).where(remarks.c.created_at < now - KEPT))
            query = insert(self._database, remarks).values(**row, created_at=now).on_conflict_do_nothing()
            if not (await connection.execute(query)).rowcount:
                return None
            added = (await connection.execute(sa.select(*_COLUMNS).where(remarks.c.key == key))).one()
        return Remark(*added)

    async def schedule(self, key: str, *, schedule: str, channel: str, voice: BlendName) -> bool:
        """Add a remark of a schedule. Older ones of it that still wait are given up. Returns True if it is new."""
        now = self._clock()
        waiting = sa.update(remarks).where(remarks.c.schedule == schedule, remarks.c.state == "waiting")
        row = {"key": key, "schedule": schedule, "channel": channel, "voice": voice, "state": "waiting"}
        query = insert(self._database, remarks).values(**row, created_at=now).on_conflict_do_nothing()
        async with self._database.writing() as connection:
            older = waiting.where(remarks.c.key != key)
            if not (await connection.execute(query)).rowcount:
                return False
            await connection.execute(older.values(state="failed", error=SUPERSEDED, text=""))
            await connection.execute(sa.delete(remarks).where(remarks.c.created_at < now - KEPT))
        return True

    async def unfinished(self) -> list[Remark]:
        """Returns the remarks that wait or may be in their channel already, the oldest first."""
        query = sa.select(*_COLUMNS).where(remarks.c.state.in_(("waiting", "sending"))).order_by(remarks.c.id)
        return [Remark(*row) for row in await self._database.rows(query)]

    async def of_message(self, message: str) -> Remark | None:
        """Returns the remark that is shown in a message."""
        query = sa.select(*_COLUMNS).where(remarks.c.message == message)
        row = await self._database.row(query)
        return Remark(*row) if row else None

    async def move(self, remark: int, old: State, new: State, **facts: Any) -> bool:
        """Move a remark from `old` to `new`, and change other columns. Returns True if it was in `old`.

        A remark that is sent or has failed keeps no text. Raises `ValueError` if there is no such step.
        """
        if new not in FOLLOWS.get(old, ()):
            raise ValueError(f"no remark goes from {old} to {new}")
        change = {"state": new, **facts}
        change |= {"sending_at": self._clock()} if new == "sending" else {"text": ""}
        query = sa.update(remarks).where(remarks.c.id == remark, remarks.c.state == old)
        return bool(await self._database.change(query.values(change)))

    async def votes(self, channel: str, since: datetime) -> Tally:
        """Returns what people think of what was said after their messages in a channel since then.

        Of each person the last vote counts.
        """
        query = (
            sa.select(feedback.c.person, feedback.c.vote)
            .join(remarks, remarks.c.message == feedback.c.message)
            .where(remarks.c.channel == channel, remarks.c.schedule == "", remarks.c.created_at >= since)
            .order_by(feedback.c.at)
        )
        last = {row.person: row.vote for row in await self._database.rows(query)}
        up = sum(vote > 0 for vote in last.values())
        return Tally(up, len(last) - up)

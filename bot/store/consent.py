"""What people have said about themselves: who wants to be left out, which voice is whose, and who was forgotten.

Knows rows. Does not know what follows from them.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.database import Database, insert
from bot.store.tables import links, members, opt_outs, tombstones
from huggingtweets.core.names import BlendName, VoiceName

Scope = Literal["imitation", "replies"]


@dataclass(frozen=True, slots=True)
class Link:
    """A member's claim that a voice is theirs; it counts once an admin has confirmed it."""

    server: str
    person: str
    voice: VoiceName
    state: Literal["pending", "confirmed"]
    asked_at: datetime
    decided_by: str
    decided_at: datetime | None


async def has_buried(connection: AsyncConnection, voice: BlendName) -> bool:
    """Returns True if somebody in `voice` was forgotten. What was drawn meanwhile is not kept then."""
    query = sa.select(tombstones.c.subject).where(tombstones.c.subject.in_(voice.people)).limit(1)
    return await connection.scalar(query) is not None


async def owners_of(connection: AsyncConnection, voice: BlendName) -> list[str]:
    """Returns whose voices are in `voice`: people who linked theirs, and members whose messages were learned."""
    people = voice.people
    linked = sa.select(links.c.person).where(links.c.voice.in_(people), links.c.state == "confirmed")
    learned = sa.select(members.c.person).where(members.c.voice.in_(people))
    return sorted(await connection.scalars(sa.union(linked, learned)))


class Consent:
    """Opt-outs, links of people to voices, and tombstones."""

    def __init__(self, database: Database, clock: Callable[[], datetime]):
        self._database = database
        self._clock = clock

    async def opt_out(self, person: str, scope: Scope) -> bool:
        """`person` wants no more of `scope`, on every server and for good. Returns True if that is new."""
        row = {"person": person, "scope": scope, "at": self._clock()}
        async with self._database.writing() as connection:
            query = insert(self._database, opt_outs).values(row).on_conflict_do_nothing()
            return bool((await connection.execute(query)).rowcount)

    async def opt_in(self, person: str, scope: Scope) -> bool:
        """Take an opt-out back. Returns True if there was one."""
        async with self._database.writing() as connection:
            row_filter = (opt_outs.c.person == person, opt_outs.c.scope == scope)
            return bool((await connection.execute(sa.delete(opt_outs).where(*row_filter))).rowcount)

    async def opted_out(self, person: str, scope: Scope) -> bool:
        row_filter = (opt_outs.c.person == person, opt_outs.c.scope == scope)
        async with self._database.reading() as connection:
            return await connection.scalar(sa.select(opt_outs.c.person).where(*row_filter)) is not None

    async def claim(self, server: str, person: str, voice: str) -> None:
        """`person` claims that `voice` is theirs. The claim waits, and replaces any earlier one."""
        row = {"voice": voice, "state": "pending", "asked_at": self._clock(), "decided_by": "", "decided_at": None}
        query = insert(self._database, links).values(server=server, person=person, **row)
        async with self._database.writing() as connection:
            await connection.execute(query.on_conflict_do_update(index_elements=["server", "person"], set_=row))

    async def confirm(self, server: str, person: str, voice: str, by: str) -> bool:
        """Note that an admin confirms the claim to this voice. Returns True if there was one."""
        row_filter = (
            links.c.server == server,
            links.c.person == person,
            links.c.voice == voice,
            links.c.state == "pending",
        )
        change = {"state": "confirmed", "decided_by": by, "decided_at": self._clock()}
        async with self._database.writing() as connection:
            return bool((await connection.execute(sa.update(links).where(*row_filter).values(change))).rowcount)

    async def unlink(self, server: str, person: str) -> bool:
        """End a link or claim. Returns True if there was one."""
        async with self._database.writing() as connection:
            row_filter = (links.c.server == server, links.c.person == person)
            return bool((await connection.execute(sa.delete(links).where(*row_filter))).rowcount)

    async def link(self, server: str, person: str) -> Link | None:
        async with self._database.reading() as connection:
            query = sa.select(links).where(links.c.server == server, links.c.person == person)
            row = (await connection.execute(query)).first()
        return Link(**row._mapping) if row else None

    async def links_of(
        self, *, server: str | None = None, person: str | None = None, voice: str | None = None
    ) -> list[Link]:
        """Returns the links and claims that fit everything that is given, the oldest first."""
        query = sa.select(links).order_by(links.c.asked_at)
        for column, wanted in ((links.c.server, server), (links.c.person, person), (links.c.voice, voice)):
            if wanted is not None:
                query = query.where(column == wanted)
        async with self._database.reading() as connection:
            return [Link(**row._mapping) for row in await connection.execute(query)]

    async def link_again(self, ended: Sequence[Link]) -> None:
        """Bring back links that ended with the rows of a voice, unless somebody has claimed something else since."""
        async with self._database.writing() as connection:
            for one in ended:
                query = insert(self._database, links).values(asdict(one))
                await connection.execute(query.on_conflict_do_nothing())

    async def opted_out_voices(self) -> frozenset[str]:
        """Returns the voices of people who want no imitation, whether linked or learned from their messages."""
        joined = links.join(opt_outs, links.c.person == opt_outs.c.person)
        where = (links.c.state == "confirmed", opt_outs.c.scope == "imitation")
        linked = sa.select(links.c.voice).select_from(joined).where(*where)
        learned = members.join(opt_outs, members.c.person == opt_outs.c.person)
        theirs = sa.select(members.c.voice).select_from(learned).where(opt_outs.c.scope == "imitation")
        async with self._database.reading() as connection:
            return frozenset(await connection.scalars(sa.union(linked, theirs)))

    async def all_buried(self) -> frozenset[str]:
        """Returns everybody who must not come back."""
        async with self._database.reading() as connection:
            return frozenset(await connection.scalars(sa.select(tombstones.c.subject)))

    async def bury(self, subject: str, by: str) -> None:
        """Note that nothing may bring `subject` back, which is a handle or a person."""
        row = {"subject": subject, "by": by, "at": self._clock()}
        async with self._database.writing() as connection:
            await connection.execute(insert(self._database, tombstones).values(row).on_conflict_do_nothing())

    async def buried(self, *subjects: str) -> list[str]:
        """Returns those of `subjects` that must not come back."""
        async with self._database.reading() as connection:
            query = sa.select(tombstones.c.subject).where(tombstones.c.subject.in_(subjects))
            return sorted(await connection.scalars(query))

    async def buried_by(self, by: str) -> list[str]:
        """Returns the subjects that this person has buried."""
        async with self._database.reading() as connection:
            query = sa.select(tombstones.c.subject).where(tombstones.c.by == by)
            return sorted(await connection.scalars(query))

    async def unbury(self, subject: str) -> bool:
        """Let a subject come back, because its person asks for it. Returns True if there was a tombstone."""
        async with self._database.writing() as connection:
            query = sa.delete(tombstones).where(tombstones.c.subject == subject)
            return bool((await connection.execute(query)).rowcount)

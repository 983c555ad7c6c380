"""What people have said about themselves: who wants to be left out, which voice is whose, and who was forgotten.

Knows rows. Does not know what follows from them.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar

import sqlalchemy as sa

from bot.store.sql.database import Database, insert
from bot.store.tables import links, members, opt_outs, tombstones
from huggingtweets.core.people.names import BlendName, VoiceName

Scope = Literal["imitation", "replies"]
ResultT = TypeVar("ResultT")


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


def has_withdrawn(connection: sa.Connection, voice: BlendName) -> bool:
    """Returns True if somebody in `voice` was forgotten or has opted out. What was drawn meanwhile is not kept then."""
    if buried_among(connection, voice.people):
        return True
    out = opt_outs.c.person.in_([*voice.people, *owners_of(connection, voice)])
    query = sa.select(opt_outs.c.person).where(out, opt_outs.c.scope == "imitation").limit(1)
    return connection.scalar(query) is not None


def buried_among(connection: sa.Connection, subjects: Collection[str]) -> bool:
    """Returns True if one of these people and voices was forgotten."""
    query = sa.select(tombstones.c.subject).where(tombstones.c.subject.in_(subjects)).limit(1)
    return connection.scalar(query) is not None


def owners_of(connection: sa.Connection, voice: BlendName) -> list[str]:
    """Returns whose voices are in `voice`: people who linked theirs, and members whose messages were learned."""
    people = voice.people
    linked = sa.select(links.c.person).where(links.c.voice.in_(people), links.c.state == "confirmed")
    learned = sa.select(members.c.person).where(members.c.voice.in_(people))
    return sorted(connection.scalars(sa.union(linked, learned)))


@dataclass(frozen=True, slots=True)
class Lent:
    """A voice that was learned from messages on `server`. `everywhere` says that it is heard on other servers, too."""

    server: str
    everywhere: bool

    def is_heard_on(self, server: str) -> bool:
        """Returns True if the owner agreed that their voice is heard on `server`."""
        return self.everywhere or server == self.server


@dataclass(frozen=True, slots=True)
class Said:
    """What people have said, at one moment.

    `opted_out` are the voices of people who want no imitation, whether linked or learned from their messages. `buried`
    is who must not come back. `lent` are voices that were learned from messages.
    """

    opted_out: frozenset[str]
    buried: frozenset[str]
    lent: Mapping[VoiceName, Lent]


def _everything(*, of_people: bool) -> sa.CompoundSelect[Any]:
    """Rows (kind, name, server, everywhere). One statement, because each costs more than its rows."""
    people: sa.BindParameter[Any] = sa.bindparam("people", expanding=True)
    is_meant = opt_outs.c.scope == "imitation"
    linked = sa.select(links.c.voice).join(opt_outs, links.c.person == opt_outs.c.person)
    linked = linked.where(links.c.state == "confirmed", is_meant)
    learned = sa.select(members.c.voice).join(opt_outs, members.c.person == opt_outs.c.person).where(is_meant)
    opted_out = sa.union(linked, learned).subquery()
    nowhere = sa.literal("").label("server"), sa.false().label("everywhere")
    out = sa.select(sa.literal("opted out").label("kind"), opted_out.c.voice.label("name"), *nowhere)
    buried = sa.select(sa.literal("buried"), tombstones.c.subject, *nowhere)
    lent = sa.select(sa.literal("lent"), members.c.voice, members.c.server, members.c.everywhere)
    if of_people:
        buried = buried.where(tombstones.c.subject.in_(people))
        lent = lent.where(members.c.voice.in_(people) | members.c.voice.in_(sa.select(opted_out.c.voice)))
    return sa.union_all(out, buried, lent)


_EVERYTHING, _OF_PEOPLE = _everything(of_people=False), _everything(of_people=True)


def _said(connection: sa.Connection, people: Collection[str] | None) -> Said:
    if people is None:
        rows = connection.execute(_EVERYTHING)
    else:
        rows = connection.execute(_OF_PEOPLE, {"people": list(people)})
    opted_out, buried, lent = set[str](), set[str](), dict[VoiceName, Lent]()
    for kind, name, server, everywhere in rows:
        if kind == "lent":
            lent[VoiceName(name)] = Lent(server, everywhere)
        else:
            (opted_out if kind == "opted out" else buried).add(name)
    return Said(frozenset(opted_out), frozenset(buried), lent)


class Consent:
    """Opt-outs, links of people to voices, and tombstones."""

    def __init__(self, database: Database, clock: Callable[[], datetime]):
        self._database = database
        self._clock = clock

    async def opt_out(self, person: str, scope: Scope) -> bool:
        """`person` wants no more of `scope`, on every server and for good. Returns True if that is new."""
        row = {"person": person, "scope": scope, "at": self._clock()}
        query = insert(self._database, opt_outs).values(row).on_conflict_do_nothing()
        return bool(await self._database.change(query))

    async def opt_in(self, person: str, scope: Scope) -> bool:
        """Take an opt-out back. Returns True if there was one."""
        row_filter = (opt_outs.c.person == person, opt_outs.c.scope == scope)
        return bool(await self._database.change(sa.delete(opt_outs).where(*row_filter)))

    async def opted_out(self, person: str, scope: Scope) -> bool:
        row_filter = (opt_outs.c.person == person, opt_outs.c.scope == scope)
        return await self._database.value(sa.select(opt_outs.c.person).where(*row_filter)) is not None

    async def claim(self, server: str, person: str, voice: str) -> None:
        """`person` claims that `voice` is theirs. The claim waits, and replaces any earlier one."""
        row = {"voice": voice, "state": "pending", "asked_at": self._clock(), "decided_by": "", "decided_at": None}
        query = insert(self._database, links).values(server=server, person=person, **row)
        await self._database.change(query.on_conflict_do_update(index_elements=["server", "person"], set_=row))

    async def confirm(self, server: str, person: str, voice: str, by: str) -> bool:
        """Note that an admin confirms the claim to this voice. Returns True if there was one."""
        row_filter = (
            links.c.server == server,
            links.c.person == person,
            links.c.voice == voice,
            links.c.state == "pending",
        )
        change = {"state": "confirmed", "decided_by": by, "decided_at": self._clock()}
        return bool(await self._database.change(sa.update(links).where(*row_filter).values(change)))

    async def unlink(self, server: str, person: str) -> bool:
        """End a link or claim. Returns True if there was one."""
        row_filter = (links.c.server == server, links.c.person == person)
        return bool(await self._database.change(sa.delete(links).where(*row_filter)))

    async def link(self, server: str, person: str) -> Link | None:
        query = sa.select(links).where(links.c.server == server, links.c.person == person)
        row = await self._database.row(query)
        return Link(**row._mapping) if row else None

    async def links_of(
        self, *, server: str | None = None, person: str | None = None, voice: str | None = None
    ) -> list[Link]:
        """Returns the links and claims that fit everything that is given, the oldest first."""
        query = sa.select(links).order_by(links.c.asked_at)
        for column, wanted in ((links.c.server, server), (links.c.person, person), (links.c.voice, voice)):
            if wanted is not None:
                query = query.where(column == wanted)
        return [Link(**row._mapping) for row in await self._database.rows(query)]

    async def link_again(self, ended: Sequence[Link]) -> None:
        """Bring back links that ended with the rows of a voice, unless somebody has claimed something else since."""
        async with self._database.writing() as connection:
            for one in ended:
                query = insert(self._database, links).values(asdict(one))
                await connection.execute(query.on_conflict_do_nothing())

    async def said(self, people: Collection[str] | None = None) -> Said:
        """Returns what everybody has said, or as much of it as concerns voices of these `people`."""
        return await self.judged(lambda said: said, people)

    async def judged(self, judge: Callable[[Said], ResultT], people: Collection[str] | None = None) -> ResultT:
        """Returns what `judge` makes of what was said. It runs on a thread, and may read files."""
        wanted = None if people is None else frozenset(people)
        return await self._database.read_kept(("said", wanted), lambda connection: _said(connection, wanted), judge)

    async def all_buried(self) -> frozenset[str]:
        """Returns everybody who must not come back."""
        query = sa.select(tombstones.c.subject)
        return await self._database.read_at_once(lambda connection: frozenset(connection.scalars(query)))

    async def bury(self, subject: str, by: str) -> None:
        """Note that nothing may bring `subject` back, which is a handle or a person."""
        row = {"subject": subject, "by": by, "at": self._clock()}
        await self._database.change(insert(self._database, tombstones).values(row).on_conflict_do_nothing())

    async def buried(self, *subjects: str) -> list[str]:
        """Returns those of `subjects` that must not come back."""
        query = sa.select(tombstones.c.subject).where(tombstones.c.subject.in_(subjects))
        return sorted(await self._database.values(query))

    async def buried_by(self, by: str) -> list[str]:
        """Returns the subjects that this person has buried."""
        query = sa.select(tombstones.c.subject).where(tombstones.c.by == by)
        return sorted(await self._database.values(query))

    async def unbury(self, subject: str) -> bool:
        """Let a subject come back, because its person asks for it. Returns True if there was a tombstone."""
        query = sa.delete(tombstones).where(tombstones.c.subject == subject)
        return bool(await self._database.change(query))

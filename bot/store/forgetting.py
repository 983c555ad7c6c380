"""Forgetting for real: all that is kept of a voice or of a person goes in one transaction, and a tombstone stays.

Also what is kept of a person, for whom asks to see it.

Knows every table that names people or voices. Does not know files or models.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.database import Database, insert
from bot.store.tables import (
    answers,
    audit,
    feedback,
    jobs,
    links,
    member_messages,
    members,
    mentions,
    notices,
    opt_outs,
    pauses,
    posts,
    rounds,
    schedules,
    strikes,
    tombstones,
    votes,
)
from huggingtweets.names import people_in

OF_A_VOICE = (answers, feedback, rounds, members, links, schedules)
OF_A_PERSON = (answers, feedback, votes, member_messages, members, links, strikes)
SHOWN = (*OF_A_PERSON, opt_outs, jobs, audit)


class Forgetting:
    """Deletes across tables."""

    def __init__(self, database: Database, clock: Callable[[], datetime]):
        self._database = database
        self._clock = clock

    async def voice(self, voice: str, by: str) -> int:
        """Delete all rows of a voice, and bury its name; how many rows there were.

        Those of joint models and of blends with this voice go as well. Posts that X may have stay as bare records
        without text, so that none is repeated.
        """
        on_the_way = posts.c.state.in_(("sending", "unknown", "sent"))
        async with self._database.writing() as connection:
            names = await _with(connection, voice)
            mine = posts.c.voice.in_(names)
            of_rounds = sa.select(rounds.c.message).where(rounds.c.voice.in_(names))
            gone = [sa.delete(votes).where(votes.c.message.in_(of_rounds))]
            gone += [sa.delete(table).where(table.c.voice.in_(names)) for table in OF_A_VOICE]
            gone += await _trainings(connection, jobs.c.name.in_(names))
            gone += [sa.delete(posts).where(mine, ~on_the_way)]
            deleted = sum([(await connection.execute(query)).rowcount for query in gone])
            await connection.execute(sa.update(posts).where(mine, posts.c.state == "sent").values(text=""))
            await self._bury(connection, voice, by)
        return deleted

    async def person(self, person: str, by: str) -> int:
        """Delete what is kept of a person, and bury them; how many rows there were.

        Their opt-outs stay, and so do the acts of admins, which name them by id.
        """
        async with self._database.writing() as connection:
            gone = [sa.delete(table).where(table.c.person == person) for table in OF_A_PERSON]
            gone += await _trainings(connection, jobs.c.person == person)
            gone += [sa.delete(mentions).where(mentions.c.author == person)]
            gone += [sa.delete(pauses).where(pauses.c.subject == person)]
            deleted = sum([(await connection.execute(query)).rowcount for query in gone])
            await self._bury(connection, person, by)
        return deleted

    async def about(self, person: str) -> dict[str, list[dict[str, Any]]]:
        """All rows that name a person, by table, as plain values for a download."""
        found: dict[str, list[dict[str, Any]]] = {}
        async with self._database.reading() as connection:
            for table in SHOWN:
                rows = await connection.execute(sa.select(table).where(table.c.person == person))
                found[table.name] = [
                    {key: value.isoformat() if isinstance(value, datetime) else value for key, value in row.items()}
                    for row in rows.mappings()
                ]
        return {name: rows for name, rows in found.items() if rows}

    async def _bury(self, connection: Any, subject: str, by: str) -> None:
        row = {"subject": subject, "by": by, "at": self._clock()}
        await connection.execute(insert(self._database, tombstones).values(row).on_conflict_do_nothing())


async def _trainings(connection: AsyncConnection, mine: sa.ColumnElement[bool]) -> list[sa.Delete]:
    """What deletes jobs that do not run, and the news of them, which quote what was drawn."""
    found = (mine, jobs.c.state != "running")
    numbers = await connection.scalars(sa.select(jobs.c.id).where(*found))
    news = [notices.c.key.startswith(f"job:{number}:") for number in numbers]
    return [sa.delete(notices).where(sa.or_(sa.false(), *news)), sa.delete(jobs).where(*found)]


async def _with(connection: AsyncConnection, voice: str) -> list[str]:
    """The voices in the database that `voice` is a part of, itself among them."""
    query = sa.union(*(sa.select(table.c.voice) for table in (*OF_A_VOICE, posts)), sa.select(jobs.c.name))
    return [name for name in await connection.scalars(query) if voice in people_in(name)]

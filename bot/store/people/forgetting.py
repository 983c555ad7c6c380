"""Forgetting: everything about a voice or a person is deleted in one transaction, and a tombstone stays.

What protects others stays without a name: see `pseudonyms`. This module also collects what is kept of a person, for
people who ask to see it.

Knows every table that names people or voices. Does not know files or models.
"""

import re
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.people.consent import owners_of
from bot.store.people.pseudonyms import names_of, pseudonym
from bot.store.people.strangers import unname_mentions
from bot.store.sql.database import Database, insert
from bot.store.tables import (
    answers,
    audit,
    comparisons,
    engagement,
    feedback,
    jobs,
    links,
    member_messages,
    members,
    mentions,
    notices,
    opt_outs,
    past_readings,
    pauses,
    posts,
    remarks,
    rounds,
    schedule_runs,
    schedules,
    settings,
    strikes,
    tombstones,
    votes,
)
from bot.store.tables.conversations import UNQUOTED

OF_A_VOICE = (feedback, engagement, remarks, rounds, comparisons, members, links, schedules)
OF_A_PERSON = (feedback, votes, comparisons, member_messages, past_readings, members, links)
SHOWN = (*OF_A_PERSON, answers, strikes, opt_outs, jobs, audit)
BARE = {
    "server": "",
    "channel": "",
    "version": "",
    "prompt": "",
    "context": "",
    "said_by": "",
    "texts": [],
}  # of an answer that can only be deleted
NOTICES_OF_A_VOICE = ("claim:", "deletions ", "folder ", "publish:", "unpublish:")  # kinds whose key names one
STRIKES_LAST = timedelta(days=1)  # strikes are never counted for longer


class Forgetting:
    """Deletes across tables."""

    def __init__(self, database: Database, clock: Callable[[], datetime]):
        self._database = database
        self._clock = clock

    async def voice(self, voice: str, by: str) -> int:
        """Delete all rows of a voice, and bury its name. Returns how many rows there were.

        Those of joint models and of blends with this voice go as well. Posts that X may have stay as bare records
        without text, so that none is repeated. Answers stay as bare records, so that people can delete what was shown.
        """
        on_the_way = posts.c.state.in_(("sending", "unknown", "sent"))
        async with self._database.writing() as connection:
            names = await _with(connection, voice)
            row_filter = posts.c.voice.in_(names)
            of_rounds = sa.select(rounds.c.message).where(rounds.c.voice.in_(names))
            timetable = list(await connection.scalars(sa.select(schedules.c.name).where(schedules.c.voice.in_(names))))
            gone = [sa.delete(votes).where(votes.c.message.in_(of_rounds))]
            gone += [sa.delete(schedule_runs).where(schedule_runs.c.schedule.in_(timetable))]
            gone += await _messages(connection, names)
            gone += [sa.delete(table).where(table.c.voice.in_(names)) for table in OF_A_VOICE]
            gone += await _trainings(connection, jobs.c.name.in_(names))
            gone += [sa.delete(posts).where(row_filter, ~on_the_way)]
            deleted = await self._bare_answers(connection, names)
            deleted += await _unquoted(connection, voice)
            deleted += sum([(await connection.execute(query)).rowcount for query in gone])
            bare = {"text": "", "drawn": "", "voice": "", "version": ""}
            await connection.execute(sa.update(posts).where(row_filter, posts.c.state == "sent").values(bare))
            await _unnamed(connection, {*names, voice}, timetable)
            await self._bury(connection, voice, by)
        await self._database.write_back()
        return deleted

    async def person(self, person: str, by: str) -> int:
        """Delete what is kept of a person, and bury them. Returns how many rows there were.

        Their opt-outs stay, and so do the acts of admins, which name them by id. Pauses, strikes and bare answers stay
        under a pseudonym.
        """
        async with self._database.writing() as connection:
            now = self._clock()
            other = await pseudonym(self._database, connection, person, now)
            gone = [sa.delete(table).where(table.c.person == person) for table in OF_A_PERSON]
            gone += await _trainings(connection, jobs.c.person == person)
            gone += [sa.delete(pauses).where(pauses.c.subject.in_((person, other)), pauses.c.until <= now)]
            gone += [sa.delete(strikes).where(strikes.c.person == person, strikes.c.at < now - STRIKES_LAST)]
            deleted = sum([(await connection.execute(query)).rowcount for query in gone])
            deleted += await unname_mentions(connection, mentions.c.author == person)
            await connection.execute(sa.update(pauses).where(pauses.c.subject == person).values(subject=other))
            await connection.execute(sa.update(strikes).where(strikes.c.person == person).values(person=other))
            theirs = sa.update(answers).where(answers.c.person == person)
            deleted += (await connection.execute(theirs.values(person=other, **BARE))).rowcount
            deleted += await _unquoted(connection, person)
            await self._bury(connection, person, by)
        await self._database.write_back()
        return deleted

    async def _bare_answers(self, connection: AsyncConnection, names: Collection[str]) -> int:
        """Delete what answers in these voices say. Returns how many there were."""
        count = 0
        shown = sa.select(answers.c.voice).where(answers.c.voice.in_(names)).distinct()
        for voice in list(await connection.scalars(shown)):
            owners = await connection.run_sync(owners_of, voice)
            pseudonyms = [await pseudonym(self._database, connection, owner, self._clock()) for owner in owners]
            bare = {"voice": "", "imitated": " ".join(pseudonyms), **BARE}
            count += (
                await connection.execute(sa.update(answers).where(answers.c.voice == voice).values(bare))
            ).rowcount
        return count

    async def about(self, person: str) -> dict[str, list[dict[str, Any]]]:
        """All rows that name a person, by table, as plain values for a download."""
        rows_of: dict[str, list[dict[str, Any]]] = {}
        async with self._database.reading() as connection:
            names = await connection.run_sync(names_of, person)
            shown = {table: table.c.person.in_(names) for table in SHOWN} | {pauses: pauses.c.subject.in_(names)}
            for table, theirs in shown.items():
                rows = await connection.execute(sa.select(table).where(theirs))
                rows_of[table.name] = [
                    {key: value.isoformat() if isinstance(value, datetime) else value for key, value in row.items()}
                    for row in rows.mappings()
                ]
            quoting = sa.select(answers.c.message, answers.c.at, answers.c.prompt, answers.c.context)
            rows_of["quoted"] = [
                {**row, "at": row["at"].isoformat()}
                for row in (await connection.execute(quoting.where(_quotes(person)))).mappings()
            ]
        return {name: rows for name, rows in rows_of.items() if rows}

    async def _bury(self, connection: Any, subject: str, by: str) -> None:
        row = {"subject": subject, "by": by, "at": self._clock()}
        await connection.execute(insert(self._database, tombstones).values(row).on_conflict_do_nothing())


def _quotes(subject: str) -> sa.ColumnElement[bool]:
    """Answers to others that begin with words of `subject`, a person or a voice, or answer them."""
    return (" " + answers.c.said_by + " ").contains(f" {subject} ", autoescape=True)


async def _unquoted(connection: AsyncConnection, subject: str) -> int:
    """Delete words of `subject` from answers to others. Returns how many there were."""
    return (await connection.execute(sa.update(answers).where(_quotes(subject)).values(UNQUOTED))).rowcount


async def _trainings(connection: AsyncConnection, row_filter: sa.ColumnElement[bool]) -> list[sa.Delete]:
    """Returns the statements that delete jobs, except running ones, and notices about them, which quote tweets."""
    deletable = (row_filter, jobs.c.state != "running")
    numbers = await connection.scalars(sa.select(jobs.c.id).where(*deletable))
    news = [notices.c.key.startswith(f"job:{number}:") for number in numbers]
    return [sa.delete(notices).where(sa.or_(sa.false(), *news)), sa.delete(jobs).where(*deletable)]


async def _messages(connection: AsyncConnection, names: Collection[str]) -> list[sa.Delete]:
    """Returns the statements that delete the messages that voices were learned from, and how far they were read."""
    joined = list(await connection.execute(sa.select(members).where(members.c.voice.in_(names))))
    return [
        sa.delete(table).where(
            sa.or_(
                sa.false(),
                *(sa.and_(table.c.server == one.server, table.c.person == one.person) for one in joined),
            )
        )
        for table in (member_messages, past_readings)
    ]


async def _unnamed(connection: AsyncConnection, names: set[str], timetable: Sequence[str]) -> None:
    """Remove the names of voices from what stays: acts, settings of channels, notices."""
    by_clock = [f"schedule:{schedule}" for schedule in timetable]
    await connection.execute(sa.update(audit).where(audit.c.subject.in_([*names, *timetable])).values(subject=""))
    await connection.execute(sa.update(audit).where(audit.c.person.in_(by_clock)).values(person="schedule:"))
    for name in names:
        said = sa.cast(audit.c.facts, sa.Text).contains(name, autoescape=True)
        for act in (await connection.execute(sa.select(audit.c.id, audit.c.facts).where(said))).all():
            facts = {key: value for key, value in act.facts.items() if value not in names}
            await connection.execute(sa.update(audit).where(audit.c.id == act.id).values(facts=facts))
        await connection.execute(sa.delete(notices).where(notices.c.id.in_(await _naming(connection, name))))
    voices_of_channels = (await connection.execute(sa.select(settings).where(settings.c.key == "voice"))).all()
    for setting in voices_of_channels:
        if setting.value in names:
            row_filter = (settings.c.scope == setting.scope, settings.c.key == setting.key)
            await connection.execute(sa.delete(settings).where(*row_filter))


async def _naming(connection: AsyncConnection, name: str) -> list[int]:
    """Returns the notices whose key or text names a voice. An ordinary word that is also a name does not count."""
    in_key = sa.or_(*(notices.c.key.startswith(kind) for kind in NOTICES_OF_A_VOICE))
    named = sa.or_(in_key, notices.c.text.icontains(f"@{name}", autoescape=True))
    word = rf"{re.escape(name)}(?![a-z0-9_])"
    rows = (await connection.execute(sa.select(notices.c.id, notices.c.key, notices.c.text).where(named))).all()
    return [
        row.id
        for row in rows
        if (row.key.startswith(NOTICES_OF_A_VOICE) and re.search(rf"(?<![a-z0-9_]){word}", row.key, re.IGNORECASE))
        or re.search(f"@{word}", row.text, re.IGNORECASE)
    ]


async def _with(connection: AsyncConnection, voice: str) -> list[str]:
    """Returns the voices in the database that `voice` is a part of, with itself."""
    query = sa.union(*(sa.select(table.c.voice) for table in (*OF_A_VOICE, answers, posts)), sa.select(jobs.c.name))
    return [name for name in await connection.scalars(query) if voice in name.people]

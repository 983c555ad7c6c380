"""Answers that were given, by their message, and what people thought of them.

An answer is kept so that its buttons still work after a restart.

Knows rows. Does not know platforms.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.store.people.consent import buried_among, has_withdrawn, owners_of
from bot.store.people.pseudonyms import names_of
from bot.store.sql.database import Database, insert
from bot.store.tables import answers, feedback
from bot.store.tables.conversations import UNQUOTED
from huggingtweets.core.people.names import BlendName


@dataclass(frozen=True, slots=True)
class Answer:
    """Tweets that were shown in `message`, for whom, in which voice."""

    message: str
    person: str
    server: str
    channel: str
    voice: BlendName
    version: str
    prompt: str
    context: str  # what they answer
    said_by: str  # whose words these are, beside those of `person`: people and voices, with blanks between
    options: Mapping[str, Any]  # what was chosen about how they are drawn
    texts: Sequence[str]
    at: datetime
    imitated: str = ""  # whose voice it was, where that was forgotten: see `pseudonyms`


@dataclass(frozen=True, slots=True)
class Tally:
    """How many votes liked a voice's answers, and how many did not."""

    up: int
    down: int


class Feedback:
    """Answers and thumbs."""

    def __init__(self, database: Database, clock: Callable[[], datetime]):
        self._database = database
        self._clock = clock

    async def answered(
        self,
        message: str,
        *,
        person: str,
        voice: BlendName,
        version: str = "",
        prompt: str = "",
        context: str = "",
        said_by: Collection[str] = (),
        options: Mapping[str, Any] | None = None,
        texts: Sequence[str] = (),
        server: str = "",
        channel: str = "",
    ) -> bool:
        """Keep an answer in place of what its message said before.

        `said_by` are other people and voices whose words it begins with or answers. If one of them was forgotten, these
        words are not kept. Returns False if somebody in it has withdrawn meanwhile: then nothing is kept.
        """
        others = sorted({*said_by} - {person, ""})
        row: dict[str, Any] = {
            "person": person,
            "server": server,
            "channel": channel,
            "voice": voice,
            "version": version,
        }
        row |= {"prompt": prompt, "context": context, "options": dict(options or {}), "texts": list(texts)}
        row |= {"said_by": " ".join(others), "at": self._clock()}

        def write(connection: sa.Connection) -> bool:
            if has_withdrawn(connection, voice):
                return False
            values = row | UNQUOTED if buried_among(connection, others) else row
            query = insert(self._database, answers).values(message=message, **values)
            connection.execute(query.on_conflict_do_update(index_elements=["message"], set_=values))
            return True

        return await self._database.write_at_once(write)

    async def answer(self, message: str) -> Answer | None:
        """Returns what is kept of an answer, or None if that is nothing or its voice was forgotten."""
        query = sa.select(answers).where(answers.c.message == message, answers.c.voice != "")
        row = await self._database.row(query)
        return Answer(**row._mapping) if row else None

    async def may_withdraw(self, message: str, person: str) -> bool:
        """Returns True for the person who asked for an answer and the one it imitates, also if they were forgotten."""

        def read(connection: sa.Connection) -> bool:
            row = connection.execute(sa.select(answers).where(answers.c.message == message)).first()
            if not row:
                return False
            names = set(names_of(connection, person))
            imitated = {*row.imitated.split(), *owners_of(connection, row.voice)}
            return row.person in names or not names.isdisjoint(imitated)

        return await self._database.read_at_once(read)

    async def withdrawn(self, *messages: str) -> None:
        """Delete answers whose messages were deleted. The votes on them stay."""
        await self._delete(answers.c.message.in_(messages))

    async def channel_deleted(self, channel: str) -> None:
        """Delete the answers in a channel that was deleted with its messages."""
        await self._delete(answers.c.channel == channel)

    async def _delete(self, row_filter: sa.ColumnElement[bool]) -> None:
        await self._database.change(sa.delete(answers).where(row_filter))

    async def vote(self, message: str, person: str, vote: int) -> bool:
        """Note one person's +1 or -1 for a message; their last vote counts. Returns True if there is such an answer."""

        def write(connection: sa.Connection) -> bool:
            query = sa.select(answers.c.voice, answers.c.version)
            query = query.where(answers.c.message == message, answers.c.voice != "")
            if not (answer := connection.execute(query).first()):
                return False
            row = {"voice": answer.voice, "version": answer.version, "vote": vote, "at": self._clock()}
            change = insert(self._database, feedback).values(message=message, person=person, **row)
            connection.execute(change.on_conflict_do_update(index_elements=["message", "person"], set_=row))
            return True

        return await self._database.write_at_once(write)

    async def votes_of(self, person: str, messages: Sequence[str]) -> dict[str, int]:
        """Returns what one person voted, by message; messages for which they did not vote are not in it."""
        query = sa.select(feedback.c.message, feedback.c.vote)
        query = query.where(feedback.c.person == person, feedback.c.message.in_(messages))
        return {row.message: row.vote for row in await self._database.rows(query)}

    async def tally(self, voice: str, version: str | None = None) -> Tally:
        """Returns the votes for a voice, or for one version of it."""
        up = sa.func.coalesce(sa.func.sum(sa.case((feedback.c.vote > 0, 1), else_=0)), 0)
        query = sa.select(up, sa.func.count()).where(feedback.c.voice == voice)
        if version is not None:
            query = query.where(feedback.c.version == version)
        [(liked, total)] = await self._database.rows(query)
        return Tally(liked, total - liked)

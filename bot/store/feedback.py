"""Answers that were given, by their message, and what people thought of them.

An answer is kept so that its buttons still work after a restart.

Knows rows. Does not know platforms.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.store.consent import has_buried, owners_of
from bot.store.database import Database, insert
from bot.store.pseudonyms import names_of
from bot.store.tables import answers, feedback
from huggingtweets.core.names import BlendName


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
        texts: Sequence[str] = (),
        server: str = "",
        channel: str = "",
    ) -> None:
        """Keep an answer in place of what its message said before, unless somebody in it was forgotten meanwhile."""
        row: dict[str, Any] = {
            "person": person,
            "server": server,
            "channel": channel,
            "voice": voice,
            "version": version,
        }
        row |= {"prompt": prompt, "context": context, "texts": list(texts), "at": self._clock()}
        query = insert(self._database, answers).values(message=message, **row)
        async with self._database.writing() as connection:
            if await has_buried(connection, voice):
                return
            await connection.execute(query.on_conflict_do_update(index_elements=["message"], set_=row))

    async def answer(self, message: str) -> Answer | None:
        """Returns what is kept of an answer, or None if that is nothing or its voice was forgotten."""
        async with self._database.reading() as connection:
            row_filter = (answers.c.message == message, answers.c.voice != "")
            row = (await connection.execute(sa.select(answers).where(*row_filter))).first()
        return Answer(**row._mapping) if row else None

    async def may_withdraw(self, message: str, person: str) -> bool:
        """Returns True for the person who asked for an answer and the one it imitates, also if they were forgotten."""
        async with self._database.reading() as connection:
            row = (await connection.execute(sa.select(answers).where(answers.c.message == message))).first()
            if not row:
                return False
            names = set(await names_of(connection, person))
            imitated = {*row.imitated.split(), *await owners_of(connection, row.voice)}
        return row.person in names or not names.isdisjoint(imitated)

    async def withdrawn(self, message: str) -> None:
        """Delete an answer whose message was deleted. The votes on it stay."""
        async with self._database.writing() as connection:
            await connection.execute(sa.delete(answers).where(answers.c.message == message))

    async def vote(self, message: str, person: str, vote: int) -> bool:
        """Note one person's +1 or -1 for a message; their last vote counts. Returns True if there is such an answer."""
        async with self._database.writing() as connection:
            query = sa.select(answers.c.voice, answers.c.version)
            query = query.where(answers.c.message == message, answers.c.voice != "")
            if not (answer := (await connection.execute(query)).first()):
                return False
            row = {"voice": answer.voice, "version": answer.version, "vote": vote, "at": self._clock()}
            change = insert(self._database, feedback).values(message=message, person=person, **row)
            await connection.execute(change.on_conflict_do_update(index_elements=["message", "person"], set_=row))
        return True

    async def tally(self, voice: str, version: str | None = None) -> Tally:
        """Returns the votes for a voice, or for one version of it."""
        up = sa.func.coalesce(sa.func.sum(sa.case((feedback.c.vote > 0, 1), else_=0)), 0)
        query = sa.select(up, sa.func.count()).where(feedback.c.voice == voice)
        if version is not None:
            query = query.where(feedback.c.version == version)
        async with self._database.reading() as connection:
            liked, total = (await connection.execute(query)).one()
        return Tally(liked, total - liked)

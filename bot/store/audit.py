"""Who did what: every act of an admin, and everything that concerns consent.

Knows rows. Does not know which acts are worth one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.store.sql.database import Database
from bot.store.tables import audit


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One act."""

    id: int
    at: datetime
    person: str
    action: str
    subject: str
    server: str
    facts: Mapping[str, Any]


class Audit:
    """Acts are added and never changed."""

    def __init__(self, database: Database, clock: Callable[[], datetime]):
        self._database = database
        self._clock = clock

    async def add(self, person: str, action: str, subject: str = "", *, server: str = "", **facts: Any) -> None:
        """Note an act. `facts` are ids and figures, never what somebody wrote."""
        row = {"at": self._clock(), "person": person, "action": action, "subject": subject, "server": server}
        await self._database.change(sa.insert(audit).values(**row, facts=facts))

    async def recent(
        self, limit: int = 50, *, server: str | None = None, person: str | None = None, before: int = 0
    ) -> list[AuditEntry]:
        """Returns the latest acts, the newest first; with `before` those with a lower number."""
        query = sa.select(audit).order_by(audit.c.id.desc()).limit(limit)
        if before:
            query = query.where(audit.c.id < before)
        if server is not None:
            query = query.where(audit.c.server == server)
        if person is not None:
            query = query.where(audit.c.person == person)
        return [AuditEntry(**row._mapping) for row in await self._database.rows(query)]

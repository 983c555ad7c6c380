"""Settings that admins change by command, for a server or channel, and the lists of who is let in.

A scope is `global`, a server (`discord:server:1`) or a channel (`discord:channel:2`).

Knows rows. Does not know what a setting means, or which scope wins.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.store.sql.database import Database, insert
from bot.store.tables import rules, settings


class StoredSettings:
    """Values by scope and key, and rules by scope and subject."""

    def __init__(self, database: Database, clock: Callable[[], datetime]):
        self._database = database
        self._clock = clock

    async def get(self, scope: str, key: str) -> Any:
        """Returns the value, or None."""
        query = sa.select(settings.c.value).where(settings.c.scope == scope, settings.c.key == key)
        return await self._database.value(query)

    async def all(self, scope: str) -> dict[str, Any]:
        """Returns all values of a scope."""
        query = sa.select(settings).where(settings.c.scope == scope)
        return {row.key: row.value for row in await self._database.rows(query)}

    async def everything(self) -> dict[str, dict[str, Any]]:
        """Returns all values of all scopes."""
        values: dict[str, dict[str, Any]] = {}
        query = sa.select(settings).order_by(settings.c.scope, settings.c.key)
        for row in await self._database.rows(query):
            values.setdefault(row.scope, {})[row.key] = row.value
        return values

    async def all_rules(self) -> dict[str, dict[str, bool]]:
        """Returns for each scope that has rules whether its subjects are let in."""
        scopes = list(await self._database.values(sa.select(rules.c.scope).distinct().order_by(rules.c.scope)))
        return await self.rules(scopes)

    async def scopes_with(self, key: str) -> list[str]:
        """Returns the scopes that have a value of their own for `key`."""
        return list(await self._database.values(sa.select(settings.c.scope).where(settings.c.key == key)))

    async def put(self, scope: str, key: str, value: Any, by: str) -> None:
        """Set a value. It must be one that JSON can hold."""
        row = {"value": value, "changed_at": self._clock(), "changed_by": by}
        query = insert(self._database, settings).values(scope=scope, key=key, **row)
        await self._database.change(query.on_conflict_do_update(index_elements=["scope", "key"], set_=row))

    async def put_first(self, scope: str, key: str, value: Any, by: str) -> bool:
        """Set a value unless there is one. Returns True if it was set."""
        row = {"scope": scope, "key": key, "value": value, "changed_at": self._clock(), "changed_by": by}
        query = insert(self._database, settings).values(row).on_conflict_do_nothing()
        return bool(await self._database.change(query))

    async def remove(self, scope: str, key: str) -> bool:
        """Go back to the default. Returns True if a value was set."""
        row_filter = (settings.c.scope == scope, settings.c.key == key)
        return bool(await self._database.change(sa.delete(settings).where(*row_filter)))

    async def rule(self, scope: str, subject: str, *, allowed: bool, by: str) -> None:
        """Let a subject (a channel, category, role or user) in, or keep it out."""
        row = {"allowed": allowed, "changed_at": self._clock(), "changed_by": by}
        query = insert(self._database, rules).values(scope=scope, subject=subject, **row)
        await self._database.change(query.on_conflict_do_update(index_elements=["scope", "subject"], set_=row))

    async def remove_rule(self, scope: str, subject: str) -> bool:
        """Delete a rule. Returns True if there was one."""
        row_filter = (rules.c.scope == scope, rules.c.subject == subject)
        return bool(await self._database.change(sa.delete(rules).where(*row_filter)))

    async def rules(self, scopes: Sequence[str]) -> dict[str, dict[str, bool]]:
        """Returns for each scope whether its subjects are let in."""
        rules_of: dict[str, dict[str, bool]] = {scope: {} for scope in scopes}
        query = sa.select(rules).where(rules.c.scope.in_(scopes))
        for row in await self._database.rows(query):
            rules_of.setdefault(row.scope, {})[row.subject] = row.allowed
        return rules_of

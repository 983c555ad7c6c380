"""The tokens with which other programs ask for tweets: their hashes, their limits, and the tweets of the day.

A token itself is never stored. Revoked ones stay, so that it is known that there were any.

Knows rows. Does not know how a token is made, or what a request may cost.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.store.sql.database import Database
from bot.store.tables import api_tokens

COLUMNS = (
    api_tokens.c.id,
    api_tokens.c.name,
    api_tokens.c.requests_per_minute,
    api_tokens.c.at_a_time,
    api_tokens.c.tweets_a_day,
    api_tokens.c.created_at,
    api_tokens.c.used_at,
    api_tokens.c.revoked_at,
)


@dataclass(frozen=True, slots=True)
class ApiToken:
    """What is known of a token. A limit that is None is the one of the settings.

    `used_at` is the last day on which tweets were asked for, as the moment of that day's first request.
    """

    id: int
    name: str
    requests_per_minute: int | None
    at_a_time: int | None
    tweets_a_day: int | None
    created_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


# Statements that stay the same cost half as much as those that are made anew.
_OF = sa.select(*COLUMNS).where(api_tokens.c.digest == sa.bindparam("wanted"), api_tokens.c.revoked_at.is_(None))
_IS_NEW = api_tokens.c.day != sa.bindparam("today", type_=api_tokens.c.day.type)
_COUNTED = sa.case((_IS_NEW, 0), else_=api_tokens.c.tweets) + sa.bindparam("count", type_=sa.Integer)
_COUNT = (
    sa.update(api_tokens)
    .where(api_tokens.c.id == sa.bindparam("token"), sa.bindparam("most", type_=sa.Integer) >= _COUNTED)
    .values(
        {
            api_tokens.c.day: sa.bindparam("today", type_=api_tokens.c.day.type),
            api_tokens.c.tweets: _COUNTED,
            api_tokens.c.used_at: sa.case(
                (_IS_NEW, sa.bindparam("now", type_=api_tokens.c.used_at.type)), else_=api_tokens.c.used_at
            ),
        }
    )
)


class ApiTokens:
    """Tokens by their hash."""

    def __init__(self, database: Database, clock: Callable[[], datetime]):
        self._database = database
        self._clock = clock

    async def add(self, name: str, digest: str, limits: dict[str, int | None]) -> ApiToken | None:
        """Add a token. Returns None if there is one of this name that is not revoked."""
        row: dict[str, Any] = {"name": name, "digest": digest, "created_at": self._clock(), **limits}
        same = sa.select(api_tokens.c.id).where(api_tokens.c.name == name, api_tokens.c.revoked_at.is_(None))
        async with self._database.writing() as connection:
            if await connection.scalar(same):
                return None
            added = await connection.execute(sa.insert(api_tokens).values(row).returning(*COLUMNS))
            return ApiToken(**added.one()._mapping)

    async def of(self, digest: str) -> ApiToken | None:
        """Returns the token of this hash, unless it is revoked."""
        return await self._database.read_kept(
            ("api token", digest),
            lambda connection: connection.execute(_OF, {"wanted": digest}).first(),
            lambda row: ApiToken(**row._mapping) if row else None,
        )

    async def all(self) -> list[tuple[ApiToken, int]]:
        """Returns every token with its tweets of today, the oldest first."""
        today, query = (
            self._today(),
            sa.select(*COLUMNS, api_tokens.c.day, api_tokens.c.tweets).order_by(api_tokens.c.id),
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [
            (ApiToken(**{column.name: row[column.name] for column in COLUMNS}), row["tweets"] * (row["day"] == today))
            for row in rows
        ]

    async def revoke(self, name: str) -> bool:
        """Revoke the token of this name. Returns True if there was one."""
        row_filter = (api_tokens.c.name == name, api_tokens.c.revoked_at.is_(None))
        query = sa.update(api_tokens).where(*row_filter).values(revoked_at=self._clock())
        return bool(await self._database.change(query))

    async def take(self, token: int, tweets: int, most: int) -> bool:
        """Count `tweets` for today. Returns False, and counts nothing, if there would be more than `most`."""
        values = {"token": token, "count": tweets, "most": most, "today": self._today(), "now": self._clock()}
        return await self._database.write_at_once(lambda connection: bool(connection.execute(_COUNT, values).rowcount))

    async def give_back(self, token: int, tweets: int) -> None:
        """Uncount `tweets` that were not drawn, unless a new day has begun."""
        row_filter = (api_tokens.c.id == token, api_tokens.c.day == self._today(), api_tokens.c.tweets >= tweets)
        uncount = sa.update(api_tokens).where(*row_filter).values(tweets=api_tokens.c.tweets - tweets)
        await self._database.write_at_once(lambda connection: connection.execute(uncount))

    def _today(self) -> str:
        return self._clock().date().isoformat()

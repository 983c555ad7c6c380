"""How many trainings and posts there are in each state, and what a month has cost.

Knows rows. Does not know who reads the figures.
"""

from collections.abc import Callable
from datetime import UTC, datetime

import sqlalchemy as sa

from bot.core.process.measures import Stored
from bot.store.sql.database import Database
from bot.store.tables import costs, jobs, posts


class Figures:
    """Sums over all rows. They name nobody."""

    def __init__(self, database: Database, clock: Callable[[], datetime]):
        self._database = database
        self._clock = clock

    async def now(self) -> Stored:
        """The figures at this moment. Costs are those of this month, in UTC."""
        month = self._clock().astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        of_month = sa.select(costs.c.kind, sa.func.sum(costs.c.micro_usd)).where(costs.c.at >= month)
        queries = (
            *(sa.select(table.c.state, sa.func.count()).group_by(table.c.state) for table in (jobs, posts)),
            of_month.group_by(costs.c.kind),
        )
        async with self._database.reading() as connection:
            sums = [{key: int(number) for key, number in await connection.execute(query)} for query in queries]
        return Stored(*sums)

"""Rows that a restore must not lose or bring back: who withdrew here, what was spent here, what was under way there.

Knows rows. Does not know backups or files.
"""

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.sql.database import Database, insert
from bot.store.tables import api_tokens, costs, jobs, links, members, opt_outs, positions, posts, tombstones

LOST = "The bot was restored from a backup that was made before this ended; ask for it again."


async def carry_over(here: Database, into: Database) -> None:
    """Put into the database of a backup what may not be lost of the one that it replaces. Both are up to date.

    Tombstones and opt-outs stay, with the voices of people who have opted out: their own links and memberships say
    which these are. What was spent since the backup was made stays spent. Tokens that were revoked stay so.
    """
    async with here.reading() as reading, into.writing() as writing:
        for table in (tombstones, opt_outs):
            for row in (await reading.execute(sa.select(table))).mappings():
                await writing.execute(insert(into, table).values(dict(row)).on_conflict_do_nothing())
        for table in (links, members):
            theirs = sa.select(table).where(table.c.person.in_(sa.select(opt_outs.c.person)))
            for row in (await reading.execute(theirs)).mappings():
                same = (table.c.server == row["server"], table.c.person == row["person"])
                await writing.execute(sa.delete(table).where(*same))
                await writing.execute(sa.insert(table).values(dict(row)))
        await _carry_costs(reading, writing)
        await _revoke_again(reading, writing)


async def _carry_costs(reading: AsyncConnection, writing: AsyncConnection) -> None:
    latest = await writing.scalar(sa.select(sa.func.max(costs.c.at)))
    since = sa.select(costs) if latest is None else sa.select(costs).where(costs.c.at > latest)
    for row in (await reading.execute(since)).mappings():
        await writing.execute(sa.insert(costs).values({key: value for key, value in row.items() if key != "id"}))


async def _revoke_again(reading: AsyncConnection, writing: AsyncConnection) -> None:
    revoked = sa.select(api_tokens.c.digest, api_tokens.c.revoked_at).where(api_tokens.c.revoked_at.is_not(None))
    for row in (await reading.execute(revoked)).all():
        same = api_tokens.c.digest == row.digest
        await writing.execute(sa.update(api_tokens).where(same).values(revoked_at=row.revoked_at))


async def settle(database: Database, clock: Callable[[], datetime]) -> None:
    """End what was under way when a backup was made, because nobody knows what has become of it.

    Trainings are abandoned: their files are gone. Posts that were to be sent ask for a decision again, for they may
    have been sent since; answers to mentions are dropped. Mentions are read from now on.
    """
    now = clock()
    async with database.writing() as connection:
        ended = {"state": "abandoned", "ended_at": now, "error": LOST, "files": []}
        await connection.execute(sa.update(jobs).where(jobs.c.state.in_(("waiting", "running"))).values(ended))
        queued = sa.update(posts).where(posts.c.state == "queued")
        dropped = {"state": "rejected", "changed_at": now, "error": LOST}
        await connection.execute(queued.where(posts.c.in_reply_to != "").values(dropped))
        await connection.execute(queued.values(state="proposed", changed_at=now))
        await connection.execute(sa.delete(positions))

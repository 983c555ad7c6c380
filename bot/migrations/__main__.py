"""`python -m bot.migrations "What changes"` writes the next migration: what the tables need after the one before.

Read it before it is committed. For example, it takes a renamed column for one that is deleted and one that is added.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from bot.store.sql.database import Database
from bot.store.sql.upgrading import alembic_config


def _write(connection: sa.Connection, message: str) -> Path:
    config = alembic_config(connection)
    latest = ScriptDirectory.from_config(config).get_current_head()
    made = command.revision(config, message, autogenerate=True, rev_id=f"{int(latest or 0) + 1:04}")
    assert made
    assert not isinstance(made, list)
    return Path(made.path)


async def write(message: str) -> Path:
    """The file of the new migration."""
    with tempfile.TemporaryDirectory() as folder:
        async with Database(f"sqlite:///{folder}/bot.db") as database, database.writing() as connection:
            return await connection.run_sync(_write, message)


if __name__ == "__main__":
    print(asyncio.run(write(sys.argv[1])))  # noqa: T201  the result of the command

"""The tables are brought up to date by the migrations. If they are so already, which is usual, Alembic is not imported.

Knows Alembic and the files of the migrations. Does not know tables, or when they are brought up to date.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from bot.core.errors import StoreUnavailable

if TYPE_CHECKING:
    from alembic.config import Config as AlembicConfig

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
VERSION_TABLE = "alembic_version"
HEAD = "head"


def upgrade(connection: sa.Connection) -> None:
    """Bring the tables up to date. Raises `StoreUnavailable` if a newer release has made them."""
    if revision_of(connection) == latest_revision():
        return
    from alembic.util import CommandError

    try:
        upgrade_to(connection, HEAD)
    except CommandError as error:
        raise StoreUnavailable(
            f"The database was made by a newer version of the bot ({error}); start that version, or restore a backup."
        ) from error


def upgrade_to(connection: sa.Connection, revision: str) -> None:
    """Bring the tables to `revision`."""
    from alembic import command

    command.upgrade(alembic_config(connection), revision)


def revision_of(connection: sa.Connection) -> str:
    """The revision of the tables. Empty if there are none."""
    if not sa.inspect(connection).has_table(VERSION_TABLE):
        return ""
    return str(connection.scalar(sa.text(f"SELECT version_num FROM {VERSION_TABLE}")) or "")  # noqa: S608  a constant


def latest_revision() -> str:
    """The revision of the last migration, which its file is named for."""
    files = sorted((MIGRATIONS / "versions").glob("v*_*.py"))
    return files[-1].name.partition("_")[0].removeprefix("v") if files else ""


def is_known(revision: str) -> bool:
    """Returns True if this release has a migration of this name."""
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    try:
        return bool(ScriptDirectory.from_config(alembic_config(None)).get_revision(revision))
    except CommandError:
        return False


def alembic_config(connection: sa.Connection | None) -> "AlembicConfig":
    """Alembic's settings for commands on this connection, or on the migrations alone."""
    from alembic.config import Config as AlembicConfig

    config = AlembicConfig()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("file_template", "v%%(rev)s_%%(slug)s")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config

"""What Alembic calls: it runs the migrations on the connection that it is given.

Knows the tables' metadata. Does not know where the database is: bot/store/sql/database.py connects.
"""

from typing import Any, Literal

from alembic import context

from bot.store.tables import Moment, Name, metadata


def _render(kind: str, item: Any, _: object) -> str | Literal[False]:
    """Migrations name types of SQLAlchemy's own: ours may change after them."""
    if kind == "type" and isinstance(item, Moment):
        return "sa.DateTime(timezone=True)"
    return f"sa.{item.stored!r}" if kind == "type" and isinstance(item, Name) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    render_item=_render,
    compare_server_default=False,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()

"""Longer names of accounts and mentions: those of Bluesky and Mastodon have more than 60 characters."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

COLUMNS = {
    "posts": ("account",),
    "costs": ("account",),
    "positions": ("account", "position"),
    "mentions": ("account", "mention"),
    "opt_outs": ("person",),
}
SHORT, LONG = 60, 300


def upgrade() -> None:
    _change(SHORT, LONG)


def downgrade() -> None:
    _change(LONG, SHORT)


def _change(old: int, new: int) -> None:
    for table, columns in COLUMNS.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            for column in columns:
                batch_op.alter_column(
                    column, existing_type=sa.String(old), type_=sa.String(new), existing_nullable=False
                )

"""The text of a post as it was drawn, beside the one that somebody made of it."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("posts", sa.Column("drawn", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("posts", "drawn")

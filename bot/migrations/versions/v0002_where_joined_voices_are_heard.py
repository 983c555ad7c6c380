"""Where joined voices are heard, and who was imitated in an answer whose voice was forgotten."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.add_column(sa.Column("everywhere", sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table("answers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("imitated", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("answers", schema=None) as batch_op:
        batch_op.drop_column("imitated")
    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.drop_column("everywhere")

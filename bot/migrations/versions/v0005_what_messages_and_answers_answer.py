"""What messages and answers answer."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("answers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("context", sa.Text(), server_default="", nullable=False))

    with op.batch_alter_table("member_messages", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reply_to", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("member_messages", schema=None) as batch_op:
        batch_op.drop_column("reply_to")

    with op.batch_alter_table("answers", schema=None) as batch_op:
        batch_op.drop_column("context")

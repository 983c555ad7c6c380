"""What the bot says by itself: its remarks, each with how far it is."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "remarks",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("schedule", sa.Text(), server_default="", nullable=False),
        sa.Column("server", sa.Text(), server_default="", nullable=False),
        sa.Column("channel", sa.String(100), nullable=False),
        sa.Column("voice", sa.String(400), nullable=False),
        sa.Column("version", sa.Text(), server_default="", nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("message", sa.String(100), server_default="", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sending_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remarks")),
        sa.UniqueConstraint("key", name=op.f("uq_remarks_key")),
    )
    with op.batch_alter_table("remarks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_remarks_channel_created_at"), ["channel", "created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_remarks_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_remarks_message"), ["message"], unique=False)
        batch_op.create_index(batch_op.f("ix_remarks_voice"), ["voice"], unique=False)


def downgrade() -> None:
    op.drop_table("remarks")

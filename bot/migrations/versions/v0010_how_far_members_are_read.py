"""How far the bot has read what members wrote before they joined."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "past_readings",
        sa.Column("server", sa.String(length=60), nullable=False),
        sa.Column("person", sa.String(length=60), nullable=False),
        sa.Column("channel", sa.String(length=60), nullable=False),
        sa.Column("read_to", sa.Text(), server_default="", nullable=False),
        sa.Column("looked", sa.Integer(), server_default="0", nullable=False),
        sa.Column("kept", sa.Integer(), server_default="0", nullable=False),
        sa.Column("done", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("server", "person", "channel", name=op.f("pk_past_readings")),
    )
    with op.batch_alter_table("past_readings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_past_readings_person"), ["person"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("past_readings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_past_readings_person"))
    op.drop_table("past_readings")

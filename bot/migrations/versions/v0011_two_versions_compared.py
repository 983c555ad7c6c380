"""Tweets of two versions of a voice, shown side by side, and which ones somebody liked better."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "comparisons",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("person", sa.String(60), nullable=False),
        sa.Column("voice", sa.String(200), nullable=False),
        sa.Column("older", sa.String(20), nullable=False),
        sa.Column("newer", sa.String(20), nullable=False),
        sa.Column("texts_of_older", sa.JSON(), nullable=False),
        sa.Column("texts_of_newer", sa.JSON(), nullable=False),
        sa.Column("older_first", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("verdict", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comparisons")),
    )
    op.create_index(op.f("ix_comparisons_person"), "comparisons", ["person"])
    op.create_index(op.f("ix_comparisons_voice"), "comparisons", ["voice"])


def downgrade() -> None:
    op.drop_table("comparisons")

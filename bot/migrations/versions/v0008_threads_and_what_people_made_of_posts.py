"""Threads of posts, and what people on networks made of posts."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("posts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("follows", sa.Integer(), server_default="0", nullable=False))

    op.create_table(
        "engagement",
        sa.Column("post", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("voice", sa.String(length=400), nullable=False),
        sa.Column("version", sa.Text(), server_default="", nullable=False),
        sa.Column("likes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reposts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("replies", sa.Integer(), server_default="0", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("post", name=op.f("pk_engagement")),
    )
    with op.batch_alter_table("engagement", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_engagement_voice"), ["voice"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("engagement", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_engagement_voice"))

    op.drop_table("engagement")
    with op.batch_alter_table("posts", schema=None) as batch_op:
        batch_op.drop_column("follows")

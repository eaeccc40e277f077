"""Refresh tokens know their successors; wrong passwords are counted."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("refresh_tokens", sa.Column("successor_hash", sa.LargeBinary(length=32)))
    op.create_table(
        "guesses",
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("full_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("ix_guesses_full_at", "guesses", ["full_at"])


def downgrade() -> None:
    op.drop_table("guesses")
    with op.batch_alter_table("refresh_tokens") as refresh_tokens:
        refresh_tokens.drop_column("successor_hash")

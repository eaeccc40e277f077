"""Refresh tokens know their successors."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("refresh_tokens", sa.Column("successor_hash", sa.LargeBinary(length=32)))


def downgrade() -> None:
    with op.batch_alter_table("refresh_tokens") as refresh_tokens:
        refresh_tokens.drop_column("successor_hash")

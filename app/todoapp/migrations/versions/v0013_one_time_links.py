"""Links that can be used once, and the addresses that they have verified."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    op.add_column("users", sa.Column("email_verified_at", instant))
    op.create_table(
        "one_time_links",
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("user_id", sa.Uuid()),
        sa.Column("token_hash", sa.LargeBinary(length=32)),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", instant),
        sa.Column("expires_at", instant, nullable=False),
        sa.PrimaryKeyConstraint("key"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
        sa.UniqueConstraint("token_hash"),
    )
    op.create_index("ix_one_time_links_user_id", "one_time_links", ["user_id"])
    op.create_index("ix_one_time_links_expires_at", "one_time_links", ["expires_at"])
    op.create_index("ix_one_time_links_next_attempt_at", "one_time_links", ["next_attempt_at"])


def downgrade() -> None:
    op.drop_table("one_time_links")
    op.drop_column("users", "email_verified_at")

"""Credentials: personal API tokens, sessions that can be told apart. Retention: indexes by age."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"

AGED = {"activity_logs": "occurred_at", "notifications": "created_at", "outbox": "created_at"}
"""Tables whose old rows are deleted, and the columns that tell their age."""


def instant() -> sa.DateTime:
    return sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("start", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("scopes", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", instant(), nullable=False),
        sa.Column("expires_at", instant()),
        sa.Column("last_used_at", instant()),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_hash"),
    )
    op.create_index("ix_api_tokens_user_id", "api_tokens", ["user_id"])
    # The defaults are for processes of the version before, which log people in until they are replaced.
    with op.batch_alter_table("sessions") as sessions:
        sessions.add_column(sa.Column("user_agent", sa.String(), nullable=False, server_default=""))
        sessions.add_column(
            sa.Column("last_used_at", instant(), nullable=False, server_default=sa.func.current_timestamp())
        )
    op.execute("UPDATE sessions SET last_used_at = created_at")
    for table, column in AGED.items():
        op.create_index(f"ix_{table}_{column}", table, [column])


def downgrade() -> None:
    for table, column in AGED.items():
        op.drop_index(f"ix_{table}_{column}", table)
    with op.batch_alter_table("sessions") as sessions:
        sessions.drop_column("last_used_at")
        sessions.drop_column("user_agent")
    op.drop_table("api_tokens")

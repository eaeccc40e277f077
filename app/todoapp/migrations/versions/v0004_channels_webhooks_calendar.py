"""Telling the world outside: channels, webhooks and what is sent to them; secret URLs of calendars."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"

WAITING = "next_attempt_at IS NOT NULL"


def instant() -> sa.DateTime:
    return sa.DateTime(timezone=True)


def json_value() -> sa.JSON:
    return sa.JSON().with_variant(JSONB(), "postgresql")


def delivery_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("destination_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", instant()),
        sa.Column("last_error", sa.Text()),
        sa.Column("created_at", instant(), nullable=False),
        sa.Column("delivered_at", instant()),
    ]


def owned_by_user() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE")


def create_delivery_indexes(table: str) -> None:
    op.create_index(f"ix_{table}_user_id", table, ["user_id"])
    op.create_index(
        f"ix_{table}_due",
        table,
        ["next_attempt_at"],
        postgresql_where=sa.text(WAITING),
        sqlite_where=sa.text(WAITING),
    )


def upgrade() -> None:
    create_channels()
    create_webhooks()
    op.create_table(
        "calendar_feeds",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", instant(), nullable=False),
        owned_by_user(),
        sa.PrimaryKeyConstraint("user_id"),
        sa.UniqueConstraint("secret_hash"),
    )
    with op.batch_alter_table("notifications") as notifications:
        notifications.drop_column("delivery")


def create_channels() -> None:
    op.create_table(
        "channels",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("sealed_url", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", instant(), nullable=False),
        sa.Column("updated_at", instant(), nullable=False),
        owned_by_user(),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_channels_user_id", "channels", ["user_id"])
    op.create_table(
        "channel_deliveries",
        *delivery_columns(),
        sa.Column("notification_id", sa.Uuid(), nullable=False),
        owned_by_user(),
        sa.ForeignKeyConstraint(["destination_id"], ["channels.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["notification_id"], ["notifications.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("destination_id", "notification_id"),
    )
    create_delivery_indexes("channel_deliveries")
    op.create_index("ix_channel_deliveries_notification_id", "channel_deliveries", ["notification_id"])


def create_webhooks() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("event_types", json_value(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("sealed_secret", sa.Text(), nullable=False),
        sa.Column("sealed_old_secret", sa.Text()),
        sa.Column("old_secret_ends_at", instant()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", instant(), nullable=False),
        sa.Column("updated_at", instant(), nullable=False),
        owned_by_user(),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_webhooks_user_id", "webhooks", ["user_id"])
    op.create_table(
        "webhook_deliveries",
        *delivery_columns(),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("event_type", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("last_status", sa.Integer()),
        owned_by_user(),
        sa.ForeignKeyConstraint(["destination_id"], ["webhooks.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("destination_id", "event_id"),
    )
    create_delivery_indexes("webhook_deliveries")
    op.create_index("ix_webhook_deliveries_log", "webhook_deliveries", ["destination_id", "created_at", "id"])
    op.create_index("ix_webhook_deliveries_created_at", "webhook_deliveries", ["created_at"])


def downgrade() -> None:
    with op.batch_alter_table("notifications") as notifications:
        notifications.add_column(sa.Column("delivery", json_value(), nullable=False, server_default="{}"))
    for table in ("calendar_feeds", "webhook_deliveries", "webhooks", "channel_deliveries", "channels"):
        op.drop_table(table)

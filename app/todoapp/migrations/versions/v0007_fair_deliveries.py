"""Users take turns in sending; a destination knows what waits for it and whether it answers."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

LANES = {
    "webhook_deliveries": ("webhooks", "webhooks", sa.true()),
    "channel_deliveries": ("channels", "reminders", sa.column("is_test", sa.Boolean()).is_(False)),
}
"""Deliveries → their destinations, their lane, and which of them"""


def instant() -> sa.DateTime:
    return sa.DateTime(timezone=True)


def upgrade() -> None:
    create_turns()
    op.add_column(
        "channel_deliveries", sa.Column("is_test", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.execute(
        "UPDATE channel_deliveries SET is_test = TRUE "
        "WHERE notification_id IN (SELECT id FROM notifications WHERE kind = 'test')"
    )
    for deliveries, (destinations, lane, only) in LANES.items():
        add_columns(deliveries, destinations)
        replace_index(deliveries)
        count(deliveries, destinations, only)
        queue(deliveries, lane, only)
    queue("channel_deliveries", "tests", sa.column("is_test", sa.Boolean()).is_(True))


def create_turns() -> None:
    op.create_table(
        "delivery_turns",
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", instant(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("lane", "user_id"),
    )
    op.create_index("ix_delivery_turns_due", "delivery_turns", ["lane", "due_at"])
    op.create_index("ix_delivery_turns_user_id", "delivery_turns", ["user_id"])


def add_columns(deliveries: str, destinations: str) -> None:
    op.add_column(deliveries, sa.Column("claimed_until", instant()))
    op.add_column(deliveries, sa.Column("requeued_at", instant()))
    op.add_column(destinations, sa.Column("waiting", sa.Integer(), nullable=False, server_default="0"))
    op.add_column(destinations, sa.Column("full_since", instant()))
    op.add_column(destinations, sa.Column("silences", sa.Integer(), nullable=False, server_default="0"))
    op.add_column(destinations, sa.Column("paused_until", instant()))


def replace_index(deliveries: str) -> None:
    waiting, claimed = sa.text("next_attempt_at IS NOT NULL"), sa.text("claimed_until IS NOT NULL")
    op.drop_index(f"ix_{deliveries}_due", deliveries)
    op.create_index(
        f"ix_{deliveries}_waiting",
        deliveries,
        ["destination_id", "next_attempt_at", "id"],
        postgresql_where=waiting,
        sqlite_where=waiting,
    )
    op.create_index(
        f"ix_{deliveries}_claimed",
        deliveries,
        ["user_id"],
        postgresql_where=claimed,
        sqlite_where=claimed,
    )


def rows_of(deliveries: str) -> sa.TableClause:
    return sa.table(
        deliveries,
        sa.column("user_id", sa.Uuid()),
        sa.column("destination_id", sa.Uuid()),
        sa.column("next_attempt_at", instant()),
    )


def count(deliveries: str, destinations: str, only: sa.ColumnElement[bool]) -> None:
    rows = rows_of(deliveries)
    destination = sa.table(destinations, sa.column("id", sa.Uuid()), sa.column("waiting", sa.Integer()))
    waiting = (
        sa.select(sa.func.count())
        .select_from(rows)
        .where(rows.c.destination_id == destination.c.id, rows.c.next_attempt_at.is_not(None), only)
    )
    op.execute(sa.update(destination).values(waiting=waiting.scalar_subquery()))


def queue(deliveries: str, lane: str, only: sa.ColumnElement[bool]) -> None:
    """Give each user who has something to send a place in line."""
    rows = rows_of(deliveries)
    turns = sa.table(
        "delivery_turns",
        sa.column("lane", sa.String()),
        sa.column("user_id", sa.Uuid()),
        sa.column("due_at", instant()),
    )
    first = (
        sa.select(sa.literal(lane), rows.c.user_id, sa.func.min(rows.c.next_attempt_at))
        .where(rows.c.next_attempt_at.is_not(None), only)
        .group_by(rows.c.user_id)
    )
    op.execute(sa.insert(turns).from_select(["lane", "user_id", "due_at"], first))


def downgrade() -> None:
    for deliveries, (destinations, _, _) in LANES.items():
        waiting = sa.text("next_attempt_at IS NOT NULL")
        op.drop_index(f"ix_{deliveries}_claimed", deliveries)
        op.drop_index(f"ix_{deliveries}_waiting", deliveries)
        op.create_index(
            f"ix_{deliveries}_due",
            deliveries,
            ["next_attempt_at"],
            postgresql_where=waiting,
            sqlite_where=waiting,
        )
        for name in ("claimed_until", "requeued_at"):
            op.drop_column(deliveries, name)
        for name in ("waiting", "full_since", "silences", "paused_until"):
            op.drop_column(destinations, name)
    op.drop_column("channel_deliveries", "is_test")
    op.drop_table("delivery_turns")

"""What a list shows of a series is stored: when its open task comes next, and where its COUNT ends."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from todoapp.features.tasks.recurrence.rule import Recurrence, Series, last_counted, next_due
from todoapp.kit.database import Instant, JsonValue

revision = "0010"
down_revision = "0009"

BATCH = 1000  # tasks in memory at a time

tasks = sa.table(
    "tasks",
    sa.column("id", sa.Uuid()),
    sa.column("completed", sa.Boolean()),
    sa.column("skipped_at", Instant),
    sa.column("timezone", sa.Text()),
    sa.column("recurrence", JsonValue),
    sa.column("series_start", sa.Text()),
    sa.column("scheduled_for", sa.Text()),
    sa.column("occurrence", sa.Integer()),
    sa.column("series_last", sa.Text()),
    sa.column("next_due_at", Instant),
)

Row = sa.Row[*tuple[Any, ...]]


def upgrade() -> None:
    op.add_column("tasks", sa.Column("series_last", sa.String(), nullable=True))
    op.add_column("tasks", sa.Column("next_due_at", Instant(), nullable=True))
    _fill(op.get_bind(), datetime.now(UTC))


def downgrade() -> None:
    op.drop_column("tasks", "next_due_at")
    op.drop_column("tasks", "series_last")


def _fill(connection: sa.Connection, now: datetime) -> None:
    fill = (
        sa.update(tasks)
        .where(tasks.c.id == sa.bindparam("task_id"))
        .values(series_last=sa.bindparam("last"), next_due_at=sa.bindparam("following"))
    )
    for batch in _batches(connection):
        connection.execute(fill, [{"task_id": task.id, **_found(task, now)} for task in batch])


def _found(task: Row, now: datetime) -> dict[str, Any]:
    """What is stored now; nothing where a rule that would be refused today needs too long a search."""
    start = datetime.fromisoformat(task.series_start)
    series = Series(Recurrence.stored(**task.recurrence), start, task.timezone)
    last, following = last_counted(series), None
    if not task.completed and task.skipped_at is None and series.rule.basis == "due":
        scheduled = datetime.fromisoformat(task.scheduled_for)
        following = next_due(series, scheduled=scheduled, number=task.occurrence, finished=now)
    return {"last": last and last.isoformat(), "following": following and following.due}


def _batches(connection: sa.Connection) -> Iterator[Sequence[Row]]:
    repeating = (tasks.c.recurrence.is_not(None), tasks.c.series_start.is_not(None))
    following = sa.select(tasks).where(*repeating).order_by(tasks.c.id).limit(BATCH)
    batch = connection.execute(following).all()
    while batch:
        yield batch
        batch = connection.execute(following.where(tasks.c.id > batch[-1].id)).all()

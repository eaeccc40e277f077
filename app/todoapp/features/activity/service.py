"""Keeping a log of what happened to tasks, and looking things up in it."""

from collections.abc import Sequence
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from todoapp.features.activity.events import ActivityLogged
from todoapp.features.activity.model import ActivityLog
from todoapp.features.activity.view import ActivityView
from todoapp.features.tasks.events import EVENTS, TaskEvent
from todoapp.kit.database import col, insert_new, new_id, table_of
from todoapp.kit.fields import Timestamp
from todoapp.kit.paging import Page
from todoapp.kit.timeline import TimelineQuery, page_by_time
from todoapp.messaging.cloudevents import Received
from todoapp.messaging.outbox import UserChanges

__all__ = ["ActivityQuery", "HistoryQuery", "has_history", "list_activity", "log"]

LOG = table_of(ActivityLog)
"""Entries are inserted by the table; by the model each would cost twice as much."""


def _known_type(name: str) -> str:
    known = [event.type for event in EVENTS]
    if name not in known:
        raise ValueError(f"there is no event type {name!r}; valid ones are: {', '.join(known)}")
    return name


class HistoryQuery(TimelineQuery):
    """The parameters of one task's history."""

    event_type: list[Annotated[str, AfterValidator(_known_type)]] = Field(
        default_factory=list, description="any of these; by default all", examples=[["task.completed"]]
    )
    occurred_after: Timestamp | None = Field(default=None, description="that instant included")
    occurred_before: Timestamp | None = Field(default=None, description="that instant not included")
    offset: int | None = Field(default=None, ge=0, le=1_000_000, description="instead of a cursor")

    @model_validator(mode="after")
    def _one_way_to_page(self) -> Self:
        if self.offset is not None and self.cursor is not None:
            raise ValueError("send either offset or cursor")
        return self


class ActivityQuery(HistoryQuery):
    """The parameters of the activity log."""

    task_id: UUID | None = None


async def log(changes: UserChanges, events: Sequence[Received]) -> None:
    """Write task events to the log and announce them. An event that arrives again is ignored.

    Entries are not in the user's feed, which has the changes of the tasks already.
    """
    entries = {each.envelope.id: _entry(each) for each in events}
    new = insert_new(changes.session, LOG).returning(LOG.c.event_id)
    written = set(await changes.session.scalars(new, list(entries.values())))
    for received in events:
        if received.envelope.id in written:
            with changes.caused_by(received.envelope):
                changes.record(_logged(received, entries[received.envelope.id]["id"]))


def _entry(received: Received) -> dict[str, Any]:
    event: TaskEvent = received.event
    return {
        "id": new_id(),
        "event_id": received.envelope.id,
        "event_type": event.type,
        "user_id": event.user_id,
        "task_id": event.task_id,
        "actor": event.actor,
        "occurred_at": received.envelope.time,
        "changes": event.changes,
        "snapshot": event.task,
    }


def _logged(received: Received, entry_id: UUID) -> ActivityLogged:
    event: TaskEvent = received.event
    return ActivityLogged(
        user_id=event.user_id,
        activity_id=entry_id,
        logged_event_id=received.envelope.id,
        logged_event_type=event.type,
        task_id=event.task_id,
        actor=event.actor,
        occurred_at=received.envelope.time,
        changes=event.changes,
    )


async def has_history(session: AsyncSession, user_id: UUID, task_id: UUID) -> bool:
    """Whether the user has the task, or the log still has an entry of it."""
    entry = select(col(ActivityLog.id)).where(
        col(ActivityLog.user_id) == user_id, col(ActivityLog.task_id) == task_id
    )
    return await session.scalar(entry.limit(1)) is not None


async def list_activity(session: AsyncSession, user_id: UUID, query: ActivityQuery) -> Page[ActivityView]:
    """What happened to the user's tasks, newest first.

    Raises:
        InvalidCursor
    """
    rows = select(ActivityLog).where(col(ActivityLog.user_id) == user_id)
    if query.task_id is not None:
        rows = rows.where(col(ActivityLog.task_id) == query.task_id)
    if query.event_type:
        rows = rows.where(col(ActivityLog.event_type).in_(query.event_type))
    if query.occurred_after is not None:
        rows = rows.where(col(ActivityLog.occurred_at) >= query.occurred_after)
    if query.occurred_before is not None:
        rows = rows.where(col(ActivityLog.occurred_at) < query.occurred_before)
    return await page_by_time(
        session,
        rows,
        (col(ActivityLog.occurred_at), col(ActivityLog.id)),
        query=query,
        view=ActivityView,
        newest_first=True,
        offset=query.offset or 0,
    )

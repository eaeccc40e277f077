"""Finding a user's reminders."""

from uuid import UUID

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from todoapp.features.reminders.model import Reminder, ReminderStatus
from todoapp.features.reminders.view import ReminderView
from todoapp.kit.database import col
from todoapp.kit.paging import Page
from todoapp.kit.timeline import TimelineQuery, page_by_time

__all__ = ["ReminderQuery", "list_reminders"]


class ReminderQuery(TimelineQuery):
    """The parameters of a list of reminders."""

    status: list[ReminderStatus] = Field(default_factory=list, description="any of these; by default all")


async def list_reminders(session: AsyncSession, user_id: UUID, query: ReminderQuery) -> Page[ReminderView]:
    """The user's reminders on all tasks, those that fire first in front.

    Raises:
        InvalidCursor
    """
    rows = select(Reminder).where(col(Reminder.user_id) == user_id)
    if query.status:
        rows = rows.where(col(Reminder.status).in_(query.status))
    return await page_by_time(
        session, rows, (col(Reminder.due_at), col(Reminder.id)), query=query, view=ReminderView
    )

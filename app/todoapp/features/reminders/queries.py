"""Reminders as answers show them, read without the objects that changing them would take."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from todoapp.features.reminders.model import Reminder
from todoapp.features.reminders.view import ReminderView
from todoapp.kit.database import is_one_of, table_of

__all__ = ["reminders_of"]

reminders = table_of(Reminder)

OF_TASKS = (
    select(*(reminders.c[name] for name in ReminderView.model_fields))
    .where(is_one_of(reminders.c.task_id, "task_ids"))
    .order_by(reminders.c.due_at, reminders.c.id)
)


async def reminders_of(
    session: AsyncSession, task_ids: Sequence[UUID]
) -> defaultdict[UUID, list[ReminderView]]:
    """The reminders of each of the tasks, those that fire first in front."""
    by_task: defaultdict[UUID, list[ReminderView]] = defaultdict(list)
    for row in await session.execute(OF_TASKS, {"task_ids": task_ids}):
        by_task[row.task_id].append(ReminderView.model_validate(row))
    return by_task

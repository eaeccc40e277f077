"""Tasks as answers show them, read without the objects that changing them would take."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from todoapp.features.reminders.queries import reminders_of
from todoapp.features.tasks import series
from todoapp.features.tasks.errors import TaskNotFound
from todoapp.features.tasks.model import Columns, Tag, task_tags, tasks
from todoapp.features.tasks.view import TaskView
from todoapp.kit.database import is_one_of, table_of

__all__ = ["COLUMNS", "find_task", "views"]

COLUMNS = [column for column in tasks.c if column is not tasks.c.words]
"""What is read of a task; only the database reads the words of the search index."""

tags = table_of(Tag)

# Made once, because making a statement is a good part of what it costs.
ONE = select(*COLUMNS).where(tasks.c.id == bindparam("task_id"), tasks.c.user_id == bindparam("user_id"))
TAGS = (
    select(task_tags.c.task_id, tags.c.id, tags.c.name, tags.c.name_key)
    .join_from(task_tags, tags, tags.c.id == task_tags.c.tag_id)
    .where(is_one_of(task_tags.c.task_id, "task_ids"))
)


async def find_task(session: AsyncSession, user_id: UUID, task_id: UUID) -> Columns:
    """One of the user's tasks.

    Raises:
        TaskNotFound
    """
    found = (await session.execute(ONE, {"task_id": task_id, "user_id": user_id})).one_or_none()
    if found is None:
        raise TaskNotFound(task_id)
    return found


async def views(session: AsyncSession, found: Sequence[Columns], *, now: datetime) -> list[TaskView]:
    """The tasks with their tags and reminders, in the given order."""
    if not found:
        return []
    task_ids = [task.id for task in found]
    tags_of = await _tags_of(session, task_ids)
    reminders = await reminders_of(session, task_ids)

    def shown() -> list[TaskView]:
        return [TaskView.at(now, task, tags_of[task.id], reminders[task.id]) for task in found]

    if any(series.needs_search(task, now=now) for task in found):
        return await series.SEARCHES.run_for(found[0].user_id, shown)
    return shown()


async def _tags_of(session: AsyncSession, task_ids: Sequence[UUID]) -> defaultdict[UUID, list[Columns]]:
    by_task: defaultdict[UUID, list[Columns]] = defaultdict(list)
    for tag in await session.execute(TAGS, {"task_ids": task_ids}):
        by_task[tag.task_id].append(tag)
    return by_task

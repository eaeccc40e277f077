"""Writing down everything of one user, piece by piece."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import orjson
from pydantic import BaseModel
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from todoapp.features.accounts import service as accounts
from todoapp.features.accounts.view import UserView
from todoapp.features.activity.model import ActivityLog
from todoapp.features.activity.view import ActivityView
from todoapp.features.notifications.model import Notification
from todoapp.features.notifications.view import NotificationView
from todoapp.features.personal_data.document import FORMAT, ExportedTask
from todoapp.features.reminders.queries import reminders_of
from todoapp.features.tasks.model import Category, Tag, Task
from todoapp.features.tasks.view import LabelView, TaskState
from todoapp.kit.database import Database, col

__all__ = ["export"]

Row = TypeVar("Row")
Pages = AsyncIterator[Sequence[BaseModel]]

PAGE = 100


async def export(database: Database, user_id: UUID, *, now: datetime) -> AsyncGenerator[bytes, None]:
    """The pieces of one `document.Export` in JSON, as it was at one moment.

    Only one page of the rows is in memory at a time.

    Raises:
        UnknownUser: before the first piece.
    """
    async with database.snapshot() as session:
        profile = UserView.model_validate(await accounts.get_user(session, user_id)).as_value()
        head = {"format": FORMAT, "exported_at": now, "profile": profile}
        yield orjson.dumps(head, option=orjson.OPT_UTC_Z).removesuffix(b"}")
        for name, pages in _arrays(session, user_id).items():
            async for piece in _array(name, pages):
                yield piece
        yield b"}"


def _arrays(session: AsyncSession, user_id: UUID) -> dict[str, Pages]:
    """The parts of the document that can be long, in its order."""
    categories, tags, notifications, activity = (
        select(model).where(col(model.user_id) == user_id)
        for model in (Category, Tag, Notification, ActivityLog)
    )
    return {
        "categories": _viewed(session, categories.order_by(col(Category.name_key)), LabelView),
        "tags": _viewed(session, tags.order_by(col(Tag.name_key)), LabelView),
        "tasks": _tasks(session, user_id),
        "notifications": _viewed(
            session,
            notifications.order_by(col(Notification.created_at), col(Notification.id)),
            NotificationView,
        ),
        "activity": _viewed(
            session, activity.order_by(col(ActivityLog.occurred_at), col(ActivityLog.id)), ActivityView
        ),
    }


async def _viewed(session: AsyncSession, rows: Select[Row], view: type[BaseModel]) -> Pages:
    async for page in _pages(session, rows):
        yield [view.model_validate(row) for row in page]


async def _tasks(session: AsyncSession, user_id: UUID) -> Pages:
    rows = select(Task).where(col(Task.user_id) == user_id).order_by(col(Task.created_at), col(Task.id))
    async for page in _pages(session, rows.options(selectinload(col(Task.tags)))):
        reminders = await reminders_of(session, [task.id for task in page])
        yield [
            ExportedTask(
                **dict(TaskState.of(task, task.tags, reminders[task.id])),
                series_start=task.series_start,
                scheduled_for=task.scheduled_for,
            )
            for task in page
        ]


async def _pages(session: AsyncSession, rows: Select[Row]) -> AsyncIterator[Sequence[Row]]:
    found = await session.stream_scalars(rows.execution_options(yield_per=PAGE))
    async for page in found.partitions():
        yield page


async def _array(name: str, pages: Pages) -> AsyncIterator[bytes]:
    """One more member of the object that is being written."""
    yield f',"{name}":['.encode()
    separator = ""
    async for page in pages:
        yield (separator + ",".join(each.model_dump_json() for each in page)).encode()
        separator = ","
    yield b"]"

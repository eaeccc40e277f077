"""Giving a user's tasks to calendar clients, and withdrawing them."""

import secrets
from collections.abc import AsyncGenerator, Mapping, Sequence
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from todoapp.features.accounts.model import User
from todoapp.features.accounts.token_hash import token_hash
from todoapp.features.calendar.errors import CalendarNotFound
from todoapp.features.calendar.model import CalendarFeed
from todoapp.features.reminders.queries import reminders_of
from todoapp.features.reminders.view import ReminderView
from todoapp.features.tasks.model import Task
from todoapp.kit.database import col
from todoapp.messaging.outbox import UserChanges

__all__ = ["find", "give", "open_tasks", "owner_of", "withdraw"]

SECRET_BYTES = 32
MOST_TASKS = 2_000
PAGE = 100

Page = tuple[Sequence[Task], Mapping[UUID, Sequence[ReminderView]]]
"""Tasks, and their reminders by the tasks' ids"""


async def find(session: AsyncSession, user_id: UUID) -> CalendarFeed | None:
    """The user's calendar, if there is one."""
    return await session.get(CalendarFeed, user_id)


async def give(changes: UserChanges) -> tuple[CalendarFeed, str]:
    """Make a secret under which the user's calendar can be read. An earlier one becomes invalid."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    feed = CalendarFeed(user_id=changes.user_id, secret_hash=token_hash(secret), created_at=changes.now)
    feed = await changes.session.merge(feed)
    await changes.session.flush()
    return feed, secret


async def withdraw(changes: UserChanges) -> None:
    """End all access to the user's calendar."""
    await changes.session.execute(delete(CalendarFeed).where(col(CalendarFeed.user_id) == changes.user_id))


async def owner_of(session: AsyncSession, secret: str) -> UUID:
    """The user whose calendar the secret opens.

    Raises:
        CalendarNotFound
    """
    rows = (
        select(col(CalendarFeed.user_id))
        .join(User, col(User.id) == col(CalendarFeed.user_id))
        .where(col(CalendarFeed.secret_hash) == token_hash(secret), col(User.disabled_at).is_(None))
    )
    owner = await session.scalar(rows)
    if owner is None:
        raise CalendarNotFound
    return owner


async def open_tasks(session: AsyncSession, user_id: UUID) -> AsyncGenerator[Page, None]:
    """What the user's calendar shows: of the open tasks the 2,000 that are due first, page by page."""
    rows = (
        select(Task)
        .where(col(Task.user_id) == user_id, col(Task.completed).is_(False), col(Task.skipped_at).is_(None))
        .order_by(col(Task.due_at).nulls_last(), col(Task.created_at), col(Task.id))
        .limit(MOST_TASKS)
        .options(selectinload(col(Task.tags)))
        .execution_options(yield_per=PAGE)
    )
    async for tasks in (await session.stream_scalars(rows)).partitions():
        yield tasks, await reminders_of(session, [task.id for task in tasks])

"""Counting what users have from the rows themselves, where the counters in their rows may have gone wrong."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ScalarSelect, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from todoapp.features.accounts.model import ApiToken, User
from todoapp.features.channels.model import Channel
from todoapp.features.tasks.model import Category, Tag, Task
from todoapp.features.webhooks.model import Webhook
from todoapp.kit.database import Base, byte_length, col, table_of
from todoapp.kit.usage import Counted

__all__ = ["counted", "miscounted"]

USERS = table_of(User)


async def miscounted(
    session: AsyncSession, after: UUID | None, *, limit: int
) -> tuple[Sequence[UUID], UUID | None]:
    """Among the next users by id: those whose counters are wrong, and the last id that was looked at."""
    ids = select(USERS.c.id).order_by(USERS.c.id).limit(limit)
    found = (await session.scalars(ids if after is None else ids.where(USERS.c.id > after))).all()
    if not found:
        return [], None
    differs = or_(*(USERS.c[what.column] != number for what, number in _numbers().items()))
    within = select(USERS.c.id).where(USERS.c.id >= found[0], USERS.c.id <= found[-1], differs)
    return (await session.scalars(within)).all(), found[-1]


async def counted(session: AsyncSession, user_id: UUID) -> Mapping[Counted, int]:
    """What a user really has."""
    columns = [number.label(what.value) for what, number in _numbers().items()]
    row = (await session.execute(select(*columns).where(USERS.c.id == user_id))).one()
    return {what: int(getattr(row, what.value)) for what in Counted}


def _numbers() -> dict[Counted, ScalarSelect[Any] | Any]:
    return {
        Counted.TASKS: _rows(Task),
        Counted.TAGS: _rows(Tag) + _rows(Category),
        Counted.BYTES: _text(),
        Counted.TOKENS: _rows(ApiToken),
        Counted.WEBHOOKS: _rows(Webhook),
        Counted.CHANNELS: _rows(Channel),
    }


def _rows(kind: type[Base]) -> ScalarSelect[Any]:
    table = table_of(kind)
    rows = select(func.count()).select_from(table).where(table.c.user_id == USERS.c.id)
    return rows.correlate(USERS).scalar_subquery()


def _text() -> ScalarSelect[Any]:
    length = byte_length(col(Task.title)) + byte_length(col(Task.description))
    rows = select(func.coalesce(func.sum(length), 0)).where(col(Task.user_id) == USERS.c.id)
    return rows.correlate(USERS).scalar_subquery()

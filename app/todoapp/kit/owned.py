"""Rows that belong to one user: one of them, all of them, and how many there may be."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from todoapp.kit.errors import Conflict, NotFound

__all__ = ["Owned", "get", "list_of", "refuse_above"]


class Owned(Protocol):
    """A row with an owner."""

    id: Any
    user_id: Any


Row = TypeVar("Row", bound=Owned)


async def get(
    session: AsyncSession, kind: type[Row], user_id: UUID, row_id: UUID, missing: Callable[[UUID], NotFound]
) -> Row:
    """The user's row of this id.

    Raises:
        NotFound: what `missing` makes of the id, also for a row of another user.
    """
    row = await session.scalar(select(kind).where(kind.id == row_id, kind.user_id == user_id))
    if row is None:
        raise missing(row_id)
    return row


async def list_of(
    session: AsyncSession,
    kind: type[Row],
    user_id: UUID,
    *order: ColumnElement[Any] | InstrumentedAttribute[Any],
) -> Sequence[Row]:
    """All of the user's rows of this kind, sorted by these columns."""
    return (await session.scalars(select(kind).where(kind.user_id == user_id).order_by(*order))).all()


async def refuse_above(
    limit: int, session: AsyncSession, kind: type[Row], user_id: UUID, too_many: Callable[[int], Conflict]
) -> None:
    """Let a user have at most `limit` rows of this kind; called before one is added.

    Raises:
        Conflict: what `too_many` makes of the limit.
    """
    rows = select(func.count()).select_from(kind).where(kind.user_id == user_id)
    if (await session.scalar(rows) or 0) >= limit:
        raise too_many(limit)

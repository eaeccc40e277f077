"""Rows that belong to one user: one of them, and all of them."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from todoapp.kit.errors import NotFound

__all__ = ["Owned", "get", "list_of"]


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

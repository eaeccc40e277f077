"""Lists whose rows follow one another in time, page by page."""

from datetime import datetime
from typing import TypeVar
from uuid import UUID

from pydantic import BaseModel, Field, TypeAdapter
from sqlalchemy import ColumnElement, Select, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from todoapp.kit.fields import Input, Timestamp
from todoapp.kit.paging import Page, decode_cursor, encode_cursor

__all__ = ["Place", "TimelineQuery", "page_by_time"]

Row = TypeVar("Row")
View = TypeVar("View", bound=BaseModel)

Place = tuple[InstrumentedAttribute[datetime], InstrumentedAttribute[UUID]]
"""The columns of a row's instant and id."""

LAST_ROW = TypeAdapter[tuple[datetime, UUID]](tuple[Timestamp, UUID])
PAGING = {"limit", "cursor", "offset", "include_total"}


class TimelineQuery(Input):
    """The parameters that all such lists have; a list adds its filters."""

    limit: int = Field(default=50, ge=1, le=200)
    cursor: str | None = Field(default=None, description="next_cursor of the page before")
    include_total: bool = False


async def page_by_time(
    session: AsyncSession,
    rows: Select[Row],
    place: Place,
    *,
    query: TimelineQuery,
    view: type[View],
    newest_first: bool = False,
    offset: int = 0,
) -> Page[View]:
    """Read one page of `rows`, sorted by instant and then by id.

    A cursor is good only with the filters of the query that it came from.

    Raises:
        InvalidCursor
    """
    filters = query.model_dump(mode="json", exclude=PAGING)
    total = (
        await session.scalar(select(func.count()).select_from(rows.subquery()))
        if query.include_total
        else None
    )
    instant, row_id = place
    following = rows.order_by(*((instant.desc(), row_id.desc()) if newest_first else (instant, row_id)))
    if query.cursor is not None:
        following = following.where(
            _beyond(place, decode_cursor(filters, query.cursor, LAST_ROW), newest_first=newest_first)
        )
    found = (await session.scalars(following.offset(offset).limit(query.limit + 1))).all()
    page = found[: query.limit]
    next_cursor = None
    if len(found) > len(page):
        at: datetime = getattr(page[-1], instant.key)
        next_cursor = encode_cursor(filters, [at.isoformat(), str(getattr(page[-1], row_id.key))])
    return Page(items=[view.model_validate(row) for row in page], next_cursor=next_cursor, total=total)


def _beyond(place: Place, here: tuple[datetime, UUID], *, newest_first: bool) -> ColumnElement[bool]:
    return tuple_(*place) < here if newest_first else tuple_(*place) > here

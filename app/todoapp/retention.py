"""Deleting rows that are older than they are kept."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, inspect, select, true, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from todoapp.database import Database

__all__ = ["Rule", "delete_old"]

BATCH = 500
PAUSE_SECONDS = 0.05


@dataclass(frozen=True)
class Rule:
    """Which rows of a table are deleted."""

    name: str
    age: InstrumentedAttribute[datetime]
    """The column from which a row's age counts; in a table that grows large it needs an index."""
    kept: timedelta
    only: ColumnElement[bool] = field(default_factory=true)
    """What has to be so besides."""


async def delete_old(database: Database, rule: Rule, *, now: datetime) -> int:
    """Delete what is as old as `rule.kept` or older, in small transactions with room for others between them.

    Returns:
        The number of rows.
    """
    key = inspect(rule.age.class_).primary_key
    oldest = select(*key).where(rule.age <= now - rule.kept, rule.only).order_by(rule.age).limit(BATCH)
    these = delete(rule.age.class_).where(tuple_(*key).in_(oldest)).returning(*key)
    deleted = 0
    while True:
        async with database.write() as session:
            batch = len((await session.execute(these)).all())
        deleted += batch
        if batch < BATCH:
            return deleted
        await asyncio.sleep(PAUSE_SECONDS)  # who waits for SQLite's one write lock only looks now and then

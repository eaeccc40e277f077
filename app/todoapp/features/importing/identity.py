"""The id under which something from a file is stored, so that a second import finds it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from todoapp.features.tasks.model import Category, Columns, Tag, tasks
from todoapp.kit.database import is_one_of, table_of

__all__ = ["Identities", "identities", "labels_among", "tasks_naming"]

LABELS = [table_of(kind).c for kind in (Category, Tag)]
NAMING = select(
    tasks.c.user_id,
    tasks.c.id,
    tasks.c.series_id,
    tasks.c.parent_task_id,
    and_(tasks.c.completed.is_(False), tasks.c.skipped_at.is_(None)).label("is_open"),
).where(
    or_(*(is_one_of(column, "ids") for column in (tasks.c.id, tasks.c.series_id, tasks.c.parent_task_id)))
)
TIME = slice(0, 6)
RANDOM_BYTES = 10


@dataclass(frozen=True)
class Identities:
    """The ids of one user's import."""

    user_id: UUID
    foreign: frozenset[UUID]
    """Those that mean something to another user, who imported the same file or exported it."""

    def id_of(self, source: UUID | str) -> UUID:
        """The id itself where it is free, else one that follows from the user and the source."""
        if isinstance(source, UUID) and source not in self.foreign:
            return source
        return _derived(self.user_id, source)


async def identities(session: AsyncSession, user_id: UUID, ids: Collection[UUID]) -> Identities:
    """Find out which of the ids that a file names may be kept."""
    foreign: set[UUID] = set()
    for task in await tasks_naming(session, ids):
        if task.user_id != user_id:
            foreign |= {task.id, task.series_id or task.id}
    for labels in LABELS:
        theirs = select(labels.id).where(is_one_of(labels.id, "ids"), labels.user_id != user_id)
        foreign |= set(await session.scalars(theirs, {"ids": list(ids)}))
    return Identities(user_id, frozenset(foreign))


async def labels_among(session: AsyncSession, user_id: UUID, ids: Collection[UUID]) -> set[UUID]:
    """Which of the ids are those of the user's tags and categories."""
    found: set[UUID] = set()
    for labels in LABELS:
        own = select(labels.id).where(is_one_of(labels.id, "ids"), labels.user_id == user_id)
        found |= set(await session.scalars(own, {"ids": list(ids)}))
    return found


async def tasks_naming(session: AsyncSession, ids: Collection[UUID]) -> Sequence[Columns]:
    """Tasks of any user that have one of the ids, as their own, as their series' or as their parent's.

    The caller tells the users apart: the database finds each id by an index of its own, but would read all
    tasks of a user whom the query names.
    """
    return (await session.execute(NAMING, {"ids": list(ids)})).all()


def _derived(user_id: UUID, source: UUID | str) -> UUID:
    """A UUIDv7 with the time of the source's, or none, and a hash in place of randomness."""
    named = source.bytes if isinstance(source, UUID) else source.encode()
    time = source.bytes[TIME] if isinstance(source, UUID) else bytes(6)
    mixed = bytearray(time + blake2b(named, key=user_id.bytes, digest_size=RANDOM_BYTES).digest())
    mixed[6] = 0x70 | mixed[6] & 0x0F  # version 7
    mixed[8] = 0x80 | mixed[8] & 0x3F  # variant of RFC 9562
    return UUID(bytes=bytes(mixed))

"""The id under which something from a file is stored, so that a second import finds it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from todoapp.features.tasks.model import Category, Tag, Task
from todoapp.kit.database import col

__all__ = ["Identities", "identities"]

CHUNK = 1000
"""Ids in one query."""
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
    for chunk in _chunks(list(ids)):
        of_task = or_(col(Task.id).in_(chunk), col(Task.series_id).in_(chunk))
        for task_id, series_id in await session.execute(
            select(col(Task.id), col(Task.series_id)).where(col(Task.user_id) != user_id, of_task)
        ):
            foreign |= {task_id, series_id or task_id}
        for kind in (Category, Tag):
            theirs = (col(kind.user_id) != user_id, col(kind.id).in_(chunk))
            foreign |= set(await session.scalars(select(col(kind.id)).where(*theirs)))
    return Identities(user_id, frozenset(foreign))


def _chunks(ids: Sequence[UUID]) -> list[Sequence[UUID]]:
    return [ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK)]


def _derived(user_id: UUID, source: UUID | str) -> UUID:
    """A UUIDv7 with the time of the source's, or none, and a hash in place of randomness."""
    named = source.bytes if isinstance(source, UUID) else source.encode()
    time = source.bytes[TIME] if isinstance(source, UUID) else bytes(6)
    mixed = bytearray(time + blake2b(named, key=user_id.bytes, digest_size=RANDOM_BYTES).digest())
    mixed[6] = 0x70 | mixed[6] & 0x0F  # version 7
    mixed[8] = 0x80 | mixed[8] & 0x3F  # variant of RFC 9562
    return UUID(bytes=bytes(mixed))

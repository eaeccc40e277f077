"""Reading a user's changes in the order in which they were made."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from todoapp.kit.database import col
from todoapp.kit.errors import Gone
from todoapp.messaging.cloudevents import CloudEvent, unwrap
from todoapp.messaging.event import Action, DataChanged, Topic
from todoapp.messaging.outbox import OutboxEvent, UnknownUser, users

__all__ = ["Change", "FeedAhead", "FeedExpired", "changes_since", "current_seq"]


class FeedExpired(Gone):
    """The feed no longer reaches back to the given number."""

    code = "feed-expired"

    def __init__(self, since: int) -> None:
        super().__init__(
            f"The feed no longer holds all changes after {since}. "
            "Begin again without a number, and load everything."
        )


class FeedAhead(Gone):
    """No change has the given number yet: the database was set back, or the number is another user's."""

    code = "feed-ahead"

    def __init__(self, since: int, newest: int) -> None:
        super().__init__(
            f"The newest change is {newest}, so {since} is not a number of this feed. "
            "Begin again without a number, and load everything."
        )


class Change(BaseModel):
    """One entry of the feed."""

    model_config = ConfigDict(frozen=True)

    seq: int
    entity: str
    action: Action
    id: UUID
    at: datetime
    value: dict[str, object] | None


async def current_seq(session: AsyncSession, user_id: UUID) -> int:
    """The number of the user's newest change; 0 before the first.

    Raises:
        UnknownUser
    """
    seq = await session.scalar(select(users.c.change_seq).where(users.c.id == user_id))
    if seq is None:
        raise UnknownUser(user_id)
    return int(seq)


async def changes_since(session: AsyncSession, user_id: UUID, since: int, *, limit: int) -> list[Change]:
    """The user's changes with numbers above `since`, oldest first, at most `limit`.

    Numbers have no gaps, so each entry is one above the entry before, unless the feed has forgotten some.

    Raises:
        FeedExpired
        FeedAhead
        UnknownUser
    """
    # Before the changes: a number read after them could count one that came in between.
    newest = await current_seq(session, user_id)
    if since > newest:
        raise FeedAhead(since, newest)
    query = (
        select(col(OutboxEvent.user_seq), col(OutboxEvent.event))
        .where(col(OutboxEvent.topic) == Topic.TASK_UPDATES.value)
        .where(col(OutboxEvent.user_id) == user_id, col(OutboxEvent.user_seq) > since)
        .order_by(col(OutboxEvent.user_seq))
        .limit(limit)
    )
    rows = (await session.execute(query)).all()
    reached = rows[-1].user_seq if rows else newest
    if reached - since > len(rows):
        raise FeedExpired(since)
    return [_read(seq, event) for seq, event in rows]


def _read(seq: int, envelope: str) -> Change:
    received = CloudEvent.model_validate_json(envelope)
    changed = unwrap(received, DataChanged)
    return Change(
        seq=seq,
        entity=changed.entity,
        action=changed.action,
        id=changed.entity_id,
        at=received.time,
        value=changed.value,
    )

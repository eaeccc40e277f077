"""Forgetting a user."""

from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from todoapp.kit.database import col
from todoapp.messaging.dead_letters import DeadLetter
from todoapp.messaging.outbox import OutboxEvent

__all__ = ["forget_user"]


async def forget_user(session: AsyncSession, user_id: UUID) -> None:
    """Delete the user's events, published or not, and the dead letters among them.

    It reads both tables from end to end: an index for it would cost every change more than
    accounts are ever deleted.
    """
    await session.execute(delete(OutboxEvent).where(col(OutboxEvent.user_id) == user_id))
    theirs = col(DeadLetter.event)["userid"].as_string() == str(user_id)
    await session.execute(delete(DeadLetter).where(theirs))

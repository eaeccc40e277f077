"""Forgetting what messaging no longer needs to remember."""

from datetime import datetime, timedelta

from sqlalchemy import delete

from todoapp.database import Database
from todoapp.messaging.dead_letters import DeadLetter, DeliveryFailure
from todoapp.messaging.inbox import InboxEntry
from todoapp.messaging.outbox import OutboxEvent

__all__ = ["forget_old_messages"]

INBOX = timedelta(days=7)
"""As long as the topics keep what could be delivered again."""
DEAD_LETTERS = timedelta(days=30)


async def forget_old_messages(database: Database, *, now: datetime, feed: timedelta) -> None:
    """Delete events that are published and older than the feed is kept, and old notes of deliveries."""
    async with database.write() as session:
        await session.execute(
            delete(OutboxEvent).where(
                OutboxEvent.published_at.is_not(None), OutboxEvent.created_at < now - feed
            )
        )
        await session.execute(delete(InboxEntry).where(InboxEntry.processed_at < now - INBOX))
        await session.execute(delete(DeliveryFailure).where(DeliveryFailure.failed_at < now - DEAD_LETTERS))
        await session.execute(delete(DeadLetter).where(DeadLetter.received_at < now - DEAD_LETTERS))

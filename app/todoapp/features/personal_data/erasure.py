"""Deleting an account with everything that is its user's."""

from sqlalchemy import delete

from todoapp.features.accounts.model import User
from todoapp.features.reminders import service as reminders
from todoapp.kit.database import col
from todoapp.messaging.erasure import forget_user
from todoapp.messaging.outbox import UserChanges

__all__ = ["erase"]


async def erase(changes: UserChanges) -> None:
    """Delete the account and every row that belongs to it, its feed and its unpublished events included.

    What is announced then names ids only: that the reminders will not fire, which takes their jobs
    away, and that the account is gone, which closes its connections.
    """
    await forget_user(changes.session, changes.user_id)
    await reminders.withdraw_all(changes)
    # The foreign keys of all other tables cascade.
    await changes.session.execute(delete(User).where(col(User.id) == changes.user_id))
    changes.announce("user", "deleted", changes.user_id)

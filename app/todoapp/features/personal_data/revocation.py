"""Ending what lets others in, all of a kind at once, when a password or a device got into other hands."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from enum import StrEnum

from todoapp.features.accounts import api_tokens
from todoapp.features.calendar import service as calendar
from todoapp.features.channels import service as channels
from todoapp.features.webhooks import service as webhooks
from todoapp.messaging.outbox import UserChanges

__all__ = ["Credentials", "end_all"]


class Credentials(StrEnum):
    """What goes on working when all sessions have ended."""

    TOKENS = "tokens"
    CALENDAR = "calendar"
    WEBHOOKS = "webhooks"
    CHANNELS = "channels"


async def end_all(changes: UserChanges, kinds: Iterable[Credentials]) -> None:
    """Revoke API tokens, withdraw the calendar's URL, delete webhooks and channels."""
    for kind in Credentials:
        if kind in set(kinds):
            await _END[kind](changes)


_END: Mapping[Credentials, Callable[[UserChanges], Awaitable[None]]] = {
    Credentials.TOKENS: api_tokens.delete_all_tokens,
    Credentials.CALENDAR: calendar.withdraw,
    Credentials.WEBHOOKS: webhooks.delete_all,
    Credentials.CHANNELS: channels.delete_all,
}

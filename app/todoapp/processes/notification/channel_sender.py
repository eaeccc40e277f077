"""Sending notifications through channels."""

import logging
from collections.abc import Callable, Coroutine
from typing import Any

from todoapp.features.channels.courier import Courier, NotSent
from todoapp.features.channels.model import ChannelDelivery
from todoapp.features.notifications import service as notifications
from todoapp.features.notifications.model import Notification
from todoapp.kit.sealing import BrokenSeal
from todoapp.kit.telemetry import current_traceparent
from todoapp.messaging.outbox import Origin, UnknownUser, UserChanges
from todoapp.processes.runtime import Runtime

__all__ = ["ChannelSender"]

logger = logging.getLogger(__name__)

TITLE = "TodoApp"


class ChannelSender:
    kind = ChannelDelivery

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._courier = Courier(allow_private=runtime.settings.allow_private_destinations)

    async def attempt(self, delivery: ChannelDelivery) -> None:
        """Send one notification through one channel, and note how that went."""
        async with self._runtime.database.read() as session:
            notification = await session.get(Notification, delivery.notification_id)
        if notification is None:
            return
        try:
            url = self._runtime.seal.open(delivery.channel.sealed_url)
            await self._courier.send(url, title=TITLE, body=notification.message)
        except BrokenSeal:
            reason = "The channel's URL was sealed under another secret; give the channel its URL again."
        except NotSent as error:
            reason = str(error)
        else:
            await self._note(delivery, lambda changes: notifications.note_delivered(changes, delivery.id))
            return
        logger.info("Channel did not accept a notification", extra={"reason": reason})
        await self._note(
            delivery, lambda changes: notifications.note_not_delivered(changes, delivery.id, reason)
        )

    async def _note(
        self, delivery: ChannelDelivery, note: Callable[[UserChanges], Coroutine[Any, Any, None]]
    ) -> None:
        origin = Origin("system", self._runtime.now(), current_traceparent())
        try:
            async with self._runtime.outbox.changes(delivery.user_id, origin) as changes:
                await note(changes)
        except UnknownUser:
            logger.info("Ignoring a delivery of a deleted account")

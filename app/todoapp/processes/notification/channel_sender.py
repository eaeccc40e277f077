"""Sending notifications through channels."""

import logging
from collections.abc import Awaitable, Callable
from functools import partial

from todoapp.features.channels.courier import Courier
from todoapp.features.channels.model import ChannelDelivery
from todoapp.features.channels.not_sent import NotSent
from todoapp.features.notifications import service as notifications
from todoapp.features.notifications.model import Notification
from todoapp.features.outgoing.claiming import Lane
from todoapp.kit.sealing import BrokenSeal
from todoapp.kit.telemetry import current_traceparent
from todoapp.messaging.outbox import Origin, UnknownUser
from todoapp.processes.runtime import Runtime

__all__ = ["ChannelSender"]

logger = logging.getLogger(__name__)

TITLE = "TodoApp"


class ChannelSender:
    """Sends reminders, or tests: each in a lane of its own."""

    def __init__(self, runtime: Runtime, courier: Courier, lane: Lane[ChannelDelivery]) -> None:
        self._runtime = runtime
        self._courier = courier
        self.lane = lane

    async def attempt(self, delivery: ChannelDelivery) -> None:
        """Send one notification through one channel, and note how that went."""
        async with self._runtime.database.read() as session:
            notification = await session.get(Notification, delivery.notification_id)
        if notification is None:
            return
        try:
            await self._send(delivery, notification.message)
        except NotSent as error:
            logger.info("Channel did not accept a notification", extra={"reason": str(error)})
            await self._note(delivery, partial(notifications.note_not_delivered, failure=error))
        else:
            await self._note(delivery, notifications.note_delivered)

    async def _send(self, delivery: ChannelDelivery, message: str) -> None:
        """
        Raises:
            NotSent
        """
        channel = delivery.channel
        if self.lane.is_overdue(delivery, channel, self._runtime.now()):
            raise NotSent("The service has not answered for three hours.", answered=None, final=True)
        try:
            url = self._runtime.seal.open(channel.sealed_url)
        except BrokenSeal:
            sentence = "The channel's URL was sealed under another secret; give the channel its URL again."
            raise NotSent(sentence, answered=None) from None
        await self._courier.send(url, title=TITLE, body=message)

    async def _note(self, delivery: ChannelDelivery, note: Callable[..., Awaitable[None]]) -> None:
        origin = Origin("system", self._runtime.now(), current_traceparent())
        try:
            async with self._runtime.outbox.changes(delivery.user_id, origin) as changes:
                await note(changes, delivery.id)
        except UnknownUser:
            logger.info("Ignoring a delivery of a deleted account")

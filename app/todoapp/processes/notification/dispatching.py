"""Sending what is due, many at a time, and again after a while where it did not arrive."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any, Protocol

from todoapp.features.outgoing.claiming import Lane, claim_due
from todoapp.features.outgoing.delivery import Delivery
from todoapp.kit.outage import describe_outage, is_outage
from todoapp.kit.telemetry import Trace, bind, work
from todoapp.messaging.outbox import UserChanges
from todoapp.processes.runtime import Runtime

__all__ = ["Dispatcher", "Sender"]

logger = logging.getLogger(__name__)


class Sender(Protocol):
    """Knows how to send one kind of delivery."""

    @property
    def lane(self) -> Lane[Any]: ...

    async def attempt(self, delivery: Any) -> None:
        """Send it once and note how that went; raises only what is wrong on our side."""


class Dispatcher:
    """Looks for due deliveries every moment, or when woken, and starts an attempt of each.

    Each sender has places of its own. A delivery that was not noted because of a crash is sent again
    when its lease has run out.
    """

    def __init__(self, runtime: Runtime, senders: Sequence[Sender]) -> None:
        self._runtime = runtime
        self._under_way = dict.fromkeys(senders, 0)
        self._woken = asyncio.Event()

    def wake(self, _changes: UserChanges | None = None) -> None:
        """Look soon: something was committed."""
        self._woken.set()

    async def run(self) -> None:
        """Send until cancelled."""
        async with asyncio.TaskGroup() as attempts:
            while True:
                self._woken.clear()
                try:
                    await self.start_due(attempts)
                except Exception as error:
                    if not is_outage(error):
                        raise
                    logger.warning("Deliveries wait", extra={"error": describe_outage(error)})
                await self._pause()

    async def start_due(self, attempts: asyncio.TaskGroup) -> int:
        """Start an attempt of each due delivery for which there is a place.

        Returns:
            How many were started.
        """
        started = 0
        for sender, under_way in self._under_way.items():
            places = sender.lane.places - under_way
            if not places:
                continue
            due = await claim_due(self._runtime.database, sender.lane, now=self._runtime.now(), places=places)
            self._under_way[sender] += len(due)
            for delivery in due:
                attempts.create_task(self._attempt(sender, delivery))
            started += len(due)
        return started

    async def _attempt(self, sender: Sender, delivery: Delivery) -> None:
        with work(Trace.child_of(None)):
            bind(user_id=delivery.user_id, delivery_id=delivery.id)
            try:
                await sender.attempt(delivery)
            except Exception as error:
                if is_outage(error):
                    logger.warning("Delivery result not saved", extra={"error": describe_outage(error)})
                else:
                    logger.exception("Delivery attempt failed")
            finally:
                self._under_way[sender] -= 1
                self.wake()  # the destination may have more to come

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(self._runtime.settings.dispatch_seconds):
                await self._woken.wait()
        except TimeoutError:
            return

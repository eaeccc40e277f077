"""Sending what is due, as the notification process does, to receivers that really listen."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest

from testbed.app.application import A_YEAR, Clock
from testbed.app.deliveries import Deliveries
from testbed.sidecar.recording_app import RecordingApp, recording_app
from todoapp.processes.notification.channel_sender import ChannelSender
from todoapp.processes.notification.dispatching import Dispatcher
from todoapp.processes.notification.webhook_sender import WebhookSender
from todoapp.processes.runtime import Runtime

__all__ = ["Outgoing", "outgoing", "receiver"]


@dataclass
class Outgoing:
    """A dispatcher that looks for due deliveries when it is told to."""

    runtime: Runtime
    dispatcher: Dispatcher

    @classmethod
    def of(cls, runtime: Runtime) -> "Outgoing":
        return cls(runtime, Dispatcher(runtime, [ChannelSender(runtime), WebhookSender(runtime)]))

    async def send_due(self) -> int:
        """Attempt everything that is due now, and return how many attempts that took."""
        attempts = 0
        while started := await self._send_some():
            attempts += started
        return attempts

    async def _send_some(self) -> int:
        async with asyncio.TaskGroup() as group:
            return await self.dispatcher.start_due(group)


@pytest.fixture
async def outgoing(database_url: str, deliveries: Deliveries, clock: Clock) -> AsyncIterator[Outgoing]:
    """Sends to this machine as well, where the receivers of tests are."""
    notification = deliveries.runtimes["notification"].settings
    settings = notification.model_copy(
        update={"allow_private_destinations": True, "access_token_minutes": A_YEAR}
    )
    runtime = await Runtime.assemble(settings, "notification", now=clock)
    yield Outgoing.of(runtime)
    await runtime.close()


@pytest.fixture
def receiver() -> Iterator[RecordingApp]:
    with recording_app() as receiver:
        yield receiver

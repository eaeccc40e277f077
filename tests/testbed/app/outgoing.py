"""Sending what is due, as the notification process does, to receivers that really listen."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

import pytest

from testbed.app.application import A_YEAR, JWT_SECRET, SEALING_KEY, Clock, WarmApp
from testbed.app.databases import WorkerDatabase
from testbed.sidecar.recording_app import RecordingApp, recording_app
from todoapp.kit.settings import Settings
from todoapp.processes.api.app import create_api
from todoapp.processes.notification.app import senders
from todoapp.processes.notification.dispatching import Dispatcher
from todoapp.processes.runtime import Runtime

__all__ = ["Outgoing", "outgoing", "receiver", "sending_app"]


@dataclass
class Outgoing:
    """A dispatcher that looks for due deliveries when it is told to."""

    runtime: Runtime
    dispatcher: Dispatcher

    @classmethod
    def of(cls, runtime: Runtime) -> Self:
        return cls(runtime, Dispatcher(runtime, senders(runtime)))

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
async def sending_app(worker_database: WorkerDatabase, database_url: str, clock: Clock) -> WarmApp:
    """The api of an installation that sends to this machine as well, where the receivers of tests are."""
    warm = await worker_database.part(_sending_process, database_url, clock)
    warm.forget()
    return warm


@pytest.fixture
def outgoing(sending_app: WarmApp) -> Outgoing:
    return Outgoing.of(sending_app.runtime)


@asynccontextmanager
async def _sending_process(database_url: str, clock: Clock) -> AsyncIterator[WarmApp]:
    settings = Settings(
        database_url=database_url,
        jwt_secret=JWT_SECRET,
        sealing_key=SEALING_KEY,
        dapr_http_port=1,
        trust_any_sidecar=True,
        allow_private_destinations=True,
        access_token_minutes=A_YEAR,
    )
    runtime = await Runtime.assemble(settings, "notification", now=clock)
    yield WarmApp(runtime, create_api(runtime))
    await runtime.close()


@pytest.fixture
def receiver() -> Iterator[RecordingApp]:
    with recording_app() as receiver:
        yield receiver

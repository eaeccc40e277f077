"""Deliver events of the outbox to the subscribing processes, in the way that a test asks for."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import select

from testbed.app.application import JWT_SECRET, SEALING_KEY, Clock, WarmApp, calling
from testbed.app.databases import WorkerDatabase
from todoapp.kit.database import col
from todoapp.kit.settings import Settings
from todoapp.messaging.outbox import OutboxEvent
from todoapp.processes.api.app import api_listeners
from todoapp.processes.notification.app import create_notification
from todoapp.processes.recurrence.app import create_recurrence
from todoapp.processes.runtime import Listeners, Runtime
from todoapp_sidecar.resource_files import load
from todoapp_sidecar.router import Router

__all__ = ["Deliveries", "Envelope", "deliveries"]

Envelope = dict[str, Any]
"""A CloudEvent as it travels."""

SUBSCRIPTIONS = Path("dapr/subscriptions")
CREATORS: dict[str, Callable[[Runtime], Listeners]] = {
    "api": api_listeners,
    "notification": lambda runtime: Listeners(create_notification(runtime)),
    "recurrence": lambda runtime: Listeners(create_recurrence(runtime)),
}


@dataclass
class Deliveries:
    """The consuming processes on one database, each with an HTTP client in place of its sidecar."""

    runtimes: dict[str, Runtime]
    consumers: dict[str, httpx.AsyncClient]
    api: FastAPI
    """What that api serves to people."""
    _carried: set[int] = field(default_factory=set)

    async def published(self) -> list[Envelope]:
        """Every event so far, oldest first, as the relay would publish it."""
        return [envelope for _, envelope in await self._outbox()]

    async def deliver(self, envelope: Envelope) -> httpx.Response:
        """Deliver one event as the subscriptions say."""
        consumer, path = _destination(envelope)
        return await self.send(consumer, path, orjson.dumps(envelope))

    async def deliver_list(self, envelopes: Sequence[Envelope]) -> list[str]:
        """Deliver events of one topic in one call, as to a subscription with `bulkSubscribe`.

        Returns:
            The status of each event.
        """
        consumer, path = _destination(envelopes[0])
        entries = [{"entryId": str(number), "event": each} for number, each in enumerate(envelopes)]
        body = {"id": "a list", "type": "com.dapr.event.sent.bulk", "entries": entries}
        answer = await self.send(consumer, path, orjson.dumps(body), **{"content-type": "application/json"})
        told = answer.json()["statuses"]
        assert [each["entryId"] for each in told] == [each["entryId"] for each in entries]
        statuses = [each["status"] for each in told]
        comes_again = answer.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
        assert comes_again == ("RETRY" in statuses), answer.text
        return statuses

    async def send(self, consumer: str, path: str, body: bytes, **headers: str) -> httpx.Response:
        headers = {"content-type": "application/cloudevents+json"} | headers
        return await self.consumers[consumer].post(path, content=body, headers=headers)

    async def retain(self, rule: str) -> None:
        """Let the job of a retention rule be due."""
        answer = await self.consumers["notification"].post(f"/job/retention-{rule}", json={"rule": rule})
        assert answer.status_code == HTTPStatus.NO_CONTENT, answer.text

    @asynccontextmanager
    async def guarded_by(self, token: str) -> AsyncIterator[httpx.AsyncClient]:
        """Another recurrence process, which accepts deliveries only with the token."""
        settings = self.runtimes["recurrence"].settings.model_copy(update={"app_api_token": SecretStr(token)})
        runtime = await Runtime.assemble(settings, "recurrence", now=self.runtimes["recurrence"].now)
        async with calling(create_recurrence(runtime)) as consumer:
            yield consumer
        await runtime.close()

    async def settle(self) -> None:
        """Deliver every task event that waits, and the events that follow, until none is left."""
        while fresh := [each for each in await self._outbox() if each[0] not in self._carried]:
            for seq, envelope in fresh:
                self._carried.add(seq)
                if envelope["type"].startswith("task."):
                    answer = await self.deliver(envelope)
                    assert answer.json() == {"status": "SUCCESS"}, answer.text

    async def _outbox(self) -> list[tuple[int, Envelope]]:
        rows = select(OutboxEvent).order_by(col(OutboxEvent.seq))
        async with self.runtimes["recurrence"].database.read() as session:
            events = (await session.scalars(rows)).all()
        return [(row.seq, orjson.loads(row.event) | {"topic": row.topic}) for row in events]


@pytest.fixture
async def deliveries(worker_database: WorkerDatabase, database_url: str, clock: Clock) -> Deliveries:
    """api, notification and recurrence, each with its own connections. No sidecar is there to be called."""
    consuming = await worker_database.part(_consuming_processes, database_url, clock)
    for warm, _ in consuming.values():
        warm.forget()
    return Deliveries(
        {service: warm.runtime for service, (warm, _) in consuming.items()},
        {service: sidecar for service, (_, sidecar) in consuming.items()},
        consuming["api"][0].app,
    )


@asynccontextmanager
async def _consuming_processes(
    database_url: str, clock: Clock
) -> AsyncIterator[dict[str, tuple[WarmApp, httpx.AsyncClient]]]:
    """Each process with an HTTP client in place of its sidecar."""
    settings = Settings(
        database_url=database_url,
        jwt_secret=JWT_SECRET,
        sealing_key=SEALING_KEY,
        dapr_http_port=1,
        trust_any_sidecar=True,
    )
    async with AsyncExitStack() as stack:
        running = {}
        for service, create in CREATORS.items():
            runtime = await Runtime.assemble(settings, service, now=clock)
            stack.push_async_callback(runtime.close)
            listeners = create(runtime)
            warm = WarmApp(runtime, listeners.public or listeners.inner)
            running[service] = warm, await stack.enter_async_context(calling(listeners.inner))
        yield running


def _destination(envelope: Envelope) -> tuple[str, str]:
    process, router = _subscriptions()[envelope["topic"]]
    path = router.path(orjson.dumps(envelope))
    assert path, f"No rule of the subscription to {envelope['topic']} takes {envelope['type']}."
    return process, path


@cache
def _subscriptions() -> dict[str, tuple[str, Router]]:
    """Topic → the process that hears it, and its paths, as the files for sidecars say."""
    return {
        each.spec.topic: (next(iter(each.scopes)), Router(each.spec.rules))
        for each in load([SUBSCRIPTIONS]).subscriptions
    }

"""Clients that keep working while parts of a TodoApp are killed, and record what was acknowledged."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from random import Random
from typing import Any
from uuid import uuid4

import httpx
import orjson
from websockets import Subprotocol
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from testbed.app.person import Change
from testbed.waiting import WAIT_TIMEOUT

__all__ = ["Account", "Ledger", "Worker", "account"]

Task = dict[str, Any]

RETRY_SECONDS = 0.1
RULES = ["daily", "weekly", {"rrule": "FREQ=MONTHLY;BYMONTHDAY=1"}]


@dataclass
class Ledger:
    """What was acknowledged: the last answer about each task, and which are deleted."""

    tasks: dict[str, Task] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    acknowledged: int = 0


@dataclass(frozen=True)
class Account:
    """One user, seen by several clients."""

    http: httpx.AsyncClient
    url: str
    token: str

    async def insist(self, method: str, path: str, body: object = None) -> httpx.Response:
        """Repeat the request until its answer is not an outage. A POST is done once."""
        headers = {"Idempotency-Key": uuid4().hex} if method == "POST" else {}
        while True:
            try:
                answer = await self.http.request(method, path, json=body, headers=headers)
            except httpx.TransportError:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            running = answer.status_code == HTTPStatus.CONFLICT and answer.json()["code"] == "request-running"
            if running or answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            return answer

    async def all_of(self, path: str) -> list[dict[str, Any]]:
        """Every page of a list."""
        page = (await self.insist("GET", path)).json()
        items: list[dict[str, Any]] = page["items"]
        while page["next_cursor"]:
            page = (await self.insist("GET", f"{path}?cursor={page['next_cursor']}")).json()
            items += page["items"]
        return items

    async def watch(self, changes: list[Change]) -> None:
        """Receive every change by WebSocket, reconnecting after each loss; never returns."""
        while True:
            since = changes[-1]["seq"] if changes else 0
            protocols = [Subprotocol("todoapp.v1"), Subprotocol(f"bearer.{self.token}")]
            address = f"{self.url.replace('http', 'ws', 1)}/api/ws?since={since}"
            try:
                async with connect(address, subprotocols=protocols, open_timeout=5) as socket:
                    async for message in socket:
                        change: Change = orjson.loads(message)
                        if change["type"] == "change":
                            changes.append(change)
            except (ConnectionClosed, InvalidHandshake, OSError, TimeoutError):
                await asyncio.sleep(RETRY_SECONDS)


@asynccontextmanager
async def account(url: str) -> AsyncIterator[Account]:
    """Create an account, with a token that lasts however long a busy machine takes."""
    body = {"email": f"{uuid4().hex}@example.com", "password": "correct horse", "timezone": "Europe/Berlin"}
    async with httpx.AsyncClient(base_url=url, timeout=WAIT_TIMEOUT) as http:
        answer = await http.post("/api/auth/signup", json=body)
        assert answer.is_success, answer.text
        http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        answer = await http.post("/api/tokens", json={"name": "load", "scopes": ["read", "write"]})
        assert answer.is_success, answer.text
        token = answer.json()["token"]
        http.headers["Authorization"] = f"Bearer {token}"
        yield Account(http, url, token)


@dataclass
class Worker:
    """One client. It changes only tasks that it created, so the last answer about each is the truth."""

    account: Account
    random: Random
    ledger: Ledger = field(default_factory=Ledger)

    async def work(self, until: Callable[[], bool]) -> None:
        acts: list[Callable[[], Coroutine[Any, Any, None]]] = [
            self._create,
            self._create_with_reminder,
            self._create_repeating,
            self._edit,
            self._complete,
            self._delete,
        ]
        while not until():
            [act] = self.random.choices(acts, weights=[4, 4, 3, 6, 4, 1])
            await act()

    async def _create(self, **fields: object) -> None:
        body = {"title": f"Task {self.random.random()}", **fields}
        answer = await self._acknowledged("POST", "/api/tasks", body, HTTPStatus.CREATED)
        self.ledger.tasks[answer["id"]] = answer

    async def _create_with_reminder(self) -> None:
        due = datetime.now(UTC) + timedelta(seconds=self.random.uniform(1, 10))
        await self._create(reminders=[{"remind_at": due.isoformat()}])

    async def _create_repeating(self) -> None:
        await self._create(recurrence=self.random.choice(RULES), tags=["again"])

    async def _edit(self) -> None:
        if task := self._any_task():
            body = {"description": f"Edited {self.random.random()}"}
            path = f"/api/tasks/{task['id']}"
            self.ledger.tasks[task["id"]] = await self._acknowledged("PATCH", path, body, HTTPStatus.OK)

    async def _complete(self) -> None:
        if task := self._any_task():
            path = f"/api/tasks/{task['id']}/complete"
            self.ledger.tasks[task["id"]] = await self._acknowledged("POST", path, None, HTTPStatus.OK)

    async def _delete(self) -> None:
        if task := self._any_task():
            answer = await self.account.insist("DELETE", f"/api/tasks/{task['id']}")
            # Not found: an answer was lost, and this is the repetition.
            assert answer.status_code in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND}, answer.text
            self.ledger.acknowledged += 1
            self.ledger.deleted.add(task["id"])
            del self.ledger.tasks[task["id"]]

    def _any_task(self) -> Task | None:
        return self.random.choice(list(self.ledger.tasks.values())) if self.ledger.tasks else None

    async def _acknowledged(self, method: str, path: str, body: object, status: HTTPStatus) -> Task:
        answer = await self.account.insist(method, path, body)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        self.ledger.acknowledged += 1
        task: Task = answer.json()
        return task

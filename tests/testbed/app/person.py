"""A user of TodoApp: one account, over HTTP and over a WebSocket."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any, Self
from uuid import uuid4

import httpx
import orjson
from websockets import Subprotocol
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection, connect

from testbed.waiting import WAIT_TIMEOUT, wait_until

__all__ = ["Change", "Person", "Watcher"]

Change = dict[str, Any]
"""One entry of the feed of changes."""


@dataclass
class Person:
    """A logged-in user. Answers that are errors fail the test with what they say."""

    url: str
    token: str
    http: httpx.Client

    @classmethod
    @contextmanager
    def signing_up(cls, url: str, *, timezone: str = "Europe/Berlin") -> Iterator[Self]:
        account = {"email": f"{uuid4().hex}@example.com", "password": "correct horse", "timezone": timezone}
        with httpx.Client(base_url=url, timeout=WAIT_TIMEOUT) as http:
            answer = http.post("/api/auth/signup", json=account)
            assert answer.is_success, answer.text
            token = answer.json()["access_token"]
            http.headers["Authorization"] = f"Bearer {token}"
            yield cls(url, token, http)

    def get(self, path: str, **parameters: Any) -> Any:
        return _content(self.http.get(path, params=parameters))

    def post(self, path: str, body: object = None) -> Any:
        return _content(self.http.post(path, json=body))

    def patch(self, path: str, body: object) -> Any:
        return _content(self.http.patch(path, json=body))

    def insist(self, path: str, body: object = None) -> Any:
        """POST until there is an answer, with one key, so that it is done once."""
        headers = {"Idempotency-Key": uuid4().hex}

        def answered() -> httpx.Response | None:
            try:
                answer = self.http.post(path, json=body, headers=headers)
            except httpx.TransportError:
                return None
            busy = answer.status_code in (HTTPStatus.CONFLICT, HTTPStatus.SERVICE_UNAVAILABLE)
            return None if busy else answer

        return _content(wait_until(answered, what=f"an answer to POST {path}"))

    def changes(self) -> list[Change]:
        """The whole feed, oldest first."""
        changes: list[Change] = []
        while True:
            page = self.get("/api/sync", since=changes[-1]["seq"] if changes else 0)
            changes += page["changes"]
            if not page["more"]:
                return changes

    def all_of(self, path: str) -> list[dict[str, Any]]:
        """Every page of a list."""
        page = self.get(path, limit=200)
        items: list[dict[str, Any]] = page["items"]
        while page["next_cursor"]:
            page = self.get(path, limit=200, cursor=page["next_cursor"])
            items += page["items"]
        return items

    def settle(self, *tasks: dict[str, Any]) -> None:
        """Wait until every event of these tasks has been handled.

        Events of one task arrive in order, so when one more change is in its history, no other is on its way.
        """
        for task in tasks:
            self.patch(f"/api/tasks/{task['id']}", {"description": "settled"})
        for task in tasks:
            history = partial(self.get, f"/api/tasks/{task['id']}/history")
            wait_until(partial(_mentions, history, "settled"), what="the last change is in the history")

    @contextmanager
    def watching(self) -> Iterator["Watcher"]:
        """Another client of the same person, which gets every change as it happens."""
        with ExitStack() as connections:
            watcher = Watcher(self.url.replace("http", "ws", 1) + "/api/ws", self.token, connections)
            watcher.connect()
            yield watcher


@dataclass
class Watcher:
    """A WebSocket client that reconnects after every loss, with the last number it has seen."""

    url: str
    token: str
    _connections: ExitStack
    changes: list[Change] = field(default_factory=list)
    _connection: ClientConnection | None = None

    def until(self, wanted: Callable[[Change], bool], *, what: str) -> Change:
        """The first change, of all so far or to come, that is wanted."""
        for change in self.changes:
            if wanted(change):
                return change
        return wait_until(lambda: self._next_wanted(wanted), what=what)

    def connect(self) -> ClientConnection:
        since = self.changes[-1]["seq"] if self.changes else 0
        protocols = [Subprotocol("todoapp.v1"), Subprotocol(f"bearer.{self.token}")]
        opened = connect(f"{self.url}?since={since}", subprotocols=protocols, legacy=False)
        self._connection = self._connections.enter_context(opened)
        return self._connection

    def _next_wanted(self, wanted: Callable[[Change], bool]) -> Change | None:
        """Read on to a wanted change, or until nothing comes."""
        while change := self._next():
            if wanted(change):
                return change
        return None

    def _next(self) -> Change | None:
        try:
            connection = self._connection or self.connect()
            message: Change = orjson.loads(connection.recv(timeout=1))
        except TimeoutError:
            return None
        except (ConnectionClosed, InvalidHandshake, OSError):
            self._connection = None
            return None
        if message.pop("type") != "change":
            return None
        self.changes.append(message)
        return message


def _mentions(read: Callable[[], Any], word: str) -> bool:
    return word in str(read())


def _content(answer: httpx.Response) -> Any:
    assert answer.is_success, (
        f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
    )
    return answer.json() if answer.content else None

"""A real HTTP server that stands for an app behind a sidecar: it records calls and gives scripted answers."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from testbed.ports import free_port
from testbed.waiting import WAIT_TIMEOUT

__all__ = ["Answer", "Call", "RecordingApp", "holding", "recording_app"]


@dataclass(frozen=True)
class Call:
    """One request as it came; header names are in lower case, `at` is of the monotonic clock."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


Script = Callable[[Call], Answer]
Subscription = dict[str, Any]


class RecordingApp:
    """Answers 200 with an empty body where nothing else is said."""

    def __init__(self, port: int, *subscriptions: Subscription) -> None:
        self.port = port
        self._changed = threading.Condition()
        self._calls: list[Call] = []
        self._scripts: dict[str, Script] = {}
        self.forget_scripts()
        self.subscribe(*subscriptions)

    def forget_scripts(self) -> None:
        """Answer as at the start; the subscriptions stay."""
        subscriptions = self._scripts.get("/dapr/subscribe", _succeed)
        self._scripts = {"/dapr/subscribe": subscriptions, "/dapr/config": lambda _: Answer(404)}

    def script(self, path: str, script: Script) -> None:
        """Let `script` answer the calls to `path` from now on."""
        self._scripts[path] = script

    def answer(self, path: str, *answers: Answer) -> None:
        """Answer the next calls to `path` in this order; the last answer repeats."""
        coming = iter(answers)
        last = answers[-1]
        self.script(path, lambda _: next(coming, last))

    def subscribe(self, *subscriptions: Subscription) -> None:
        """Say this when the sidecar asks what the app subscribes to."""
        answer = Answer(200, json.dumps(subscriptions).encode(), {"content-type": "application/json"})
        self.script("/dapr/subscribe", lambda _: answer)

    def calls(self, path: str, *, mentioning: str = "") -> list[Call]:
        """The calls to `path` so far whose body holds the text."""
        with self._changed:
            return self._found(path, mentioning)

    def wait_for(self, path: str, count: int = 1, *, mentioning: str = "") -> list[Call]:
        """The calls to `path` whose body holds the text, as soon as there are `count`.

        Raises:
            AssertionError: they did not come in time.
        """
        with self._changed:
            enough = self._changed.wait_for(lambda: len(self._found(path, mentioning)) >= count, WAIT_TIMEOUT)
            found = self._found(path, mentioning)
            assert enough, f"{path} was called {len(found)} times in {WAIT_TIMEOUT} s, not {count}"
            return found

    def _found(self, path: str, mentioning: str) -> list[Call]:
        return [call for call in self._calls if call.path == path and mentioning.encode() in call.body]

    def handle(self, call: Call) -> Answer:
        """Record a call, then answer it by the script of that moment.

        The test that waited for the call may continue, and set other answers, before this answer is made.
        """
        with self._changed:
            self._calls.append(call)
            self._changed.notify_all()
            script = self._scripts.get(call.path, _succeed)
        return script(call)


def _succeed(_: Call) -> Answer:
    return Answer()


@contextmanager
def recording_app(port: int | None = None, *subscriptions: Subscription) -> Iterator[RecordingApp]:
    """Serve an app on `port`, or on a free one, until the end of the block.

    It has the subscriptions before it listens: a sidecar that waits for it asks at once.
    """
    app = RecordingApp(port or free_port(), *subscriptions)
    server = _Server(("127.0.0.1", app.port), _handler(app))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield app
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def holding(receiver: RecordingApp, path: str) -> Iterator[None]:
    """Let the receiver keep every call to the path waiting until the end of the block."""
    released = threading.Event()

    def answer(_: Call) -> Answer:
        released.wait()
        return Answer(200)

    receiver.script(path, answer)
    try:
        yield
    finally:
        released.set()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self._connections: list[socket.socket] = []

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self._connections.append(connection)
        return connection, address

    def server_close(self) -> None:
        """Close the connections too, as the end of a process does."""
        super().server_close()
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of callers that are gone: tests kill them."""


def _handler(app: RecordingApp) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _respond(self) -> None:
            url = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = app.handle(Call(self.command, url.path, url.query, headers, body, time.monotonic()))
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_DELETE = do_GET = do_PATCH = do_POST = do_PUT = _respond  # noqa: N815 - the library's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """The calls are recorded already."""

    return Handler

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from todoapp.kit.settings import Settings
from todoapp.processes.web.hosts import AllowedHosts, Hosts

SETTINGS = Settings(
    public_url="https://todo.example.com",
    public_hosts="*.todo.example.org,todo-api,todo-api.home,todo-api.home.svc,todo-api.home.svc.cluster.local",
    allowed_hosts=" Lab.Example.net , ",
)
OURS = [
    "todo.example.com",
    "TODO.example.com",
    "todo.example.com.",
    "todo.example.com:443",
    "a.todo.example.org",
    "a.b.todo.example.org:8443",
    "lab.example.net",
    "todo-api",
    "todo-api.home.svc:8000",
    "todo-api.home.svc.cluster.local",
    "localhost",
    "localhost:8000",
    "127.0.0.1:8000",
    "127.9.9.9",
    "[::1]:8000",
]
FOREIGN = [
    "evil.example",
    "todo.example.com.evil.example",
    "evil-todo.example.com",
    "todo.example.org",
    "a.todo.example.org.evil.example",
    "todo-api.home.svc.evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "10.0.0.7:8000",
    "[fe80::1]",
    "0.0.0.0",  # noqa: S104 - as a browser would send it
    "todo.example.com@evil.example",
    "todo.example.com evil.example",
    "todo.example.com:80:80",
    "",
    ":8000",
    "*",
]


async def served(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


async def status_of(*hosts: str, path: str = "/api/tasks") -> int:
    guarded = AllowedHosts(served, Hosts.of(SETTINGS))
    told: list[Message] = []

    async def receive() -> Message:
        raise AssertionError("nothing is read")

    async def send(message: Message) -> None:
        told.append(message)

    headers = [(b"host", host.encode()) for host in hosts]
    await guarded({"type": "http", "path": path, "headers": headers}, receive, send)
    return int(told[0]["status"])


@pytest.mark.parametrize("host", OURS)
async def test_a_host_of_the_installation_is_served(host: str) -> None:
    assert await status_of(host) == httpx.codes.NO_CONTENT


@pytest.mark.parametrize("host", FOREIGN)
async def test_another_host_is_refused(host: str) -> None:
    assert await status_of(host) == httpx.codes.MISDIRECTED_REQUEST


@pytest.mark.parametrize("hosts", [(), ("todo.example.com", "evil.example")])
async def test_a_request_names_exactly_one_host(hosts: tuple[str, ...]) -> None:
    assert await status_of(*hosts) == httpx.codes.MISDIRECTED_REQUEST


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready"])
async def test_load_balancers_ask_for_health_by_address(path: str) -> None:
    assert await status_of("10.0.0.7:8000", path=path) == httpx.codes.NO_CONTENT
    assert await status_of(path=path) == httpx.codes.NO_CONTENT
    assert await status_of("evil.example", path=path) == httpx.codes.MISDIRECTED_REQUEST


async def test_a_websocket_for_another_host_is_not_opened() -> None:
    told: list[Message] = []

    async def send(message: Message) -> None:
        told.append(message)

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    scope: Scope = {"type": "websocket", "path": "/api/ws", "headers": [(b"host", b"evil.example")]}
    await AllowedHosts(served, Hosts.of(SETTINGS))(scope, receive, send)

    assert told == [{"type": "websocket.close"}]

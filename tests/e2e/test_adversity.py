"""When the machine fails, the application says so, is not ready, changes nothing and recovers by itself."""

import os
import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from uuid import uuid4

import httpx
import psutil
import pytest
from sqlalchemy import Connection, text

from testbed.app.databases import migrate
from testbed.app.rows import inside
from testbed.app.service_process import ServiceProcess, running_service
from testbed.postgresql import PostgreSQL, running_postgresql
from testbed.waiting import WAIT_TIMEOUT, wait_until

A_TITLE = {"title": "Pay the rent"}
A_LONG_ONE = A_TITLE | {"description": "x" * 20_000}
OBEYING_PERMISSIONS = ["setpriv", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []
"""Root may write any file, unless it drops that capability."""


@contextmanager
def signed_up(service: ServiceProcess) -> Iterator[httpx.Client]:
    account = {"email": f"{uuid4().hex}@example.com", "password": "correct horse"}
    with httpx.Client(base_url=service.url, timeout=WAIT_TIMEOUT) as person:
        tokens = person.post("/api/auth/signup", json=account).json()
        person.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        yield person


@contextmanager
def no_file_can_grow(service: ServiceProcess, *, beyond: int) -> Iterator[None]:
    """Refuse the process every byte further than `beyond` from the start of any file."""
    process = psutil.Process(service.process.pid)
    process.rlimit(resource.RLIMIT_FSIZE, (beyond, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        process.rlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def refused_write(person: httpx.Client) -> httpx.Response | None:
    """Add a long task; the answer if that was refused."""
    answer = person.post("/api/tasks", json=A_LONG_ONE)
    return None if answer.is_success else answer


def assert_recovers(service: ServiceProcess, person: httpx.Client) -> None:
    service.wait_for(HTTPStatus.OK, "/health/ready")
    wait_until(lambda: person.post("/api/tasks", json=A_TITLE).is_success, what="a task can be added")
    assert "Traceback" not in service.log.read_text()


def titles(person: httpx.Client) -> int:
    total: int = person.get("/api/tasks", params={"include_total": True}).json()["total"]
    return total


def test_a_full_disk(sqlite_template: Path, tmp_path: Path) -> None:
    file = shutil.copy(sqlite_template, tmp_path / "todo.db")
    with (
        running_service("api", tmp_path, TODOAPP_DATABASE_URL=f"sqlite:///{file}") as api,
        signed_up(ready(api)) as person,
    ):
        assert person.post("/api/tasks", json=A_TITLE).is_success
        with no_file_can_grow(api, beyond=128 << 10):
            refusal = wait_until(lambda: refused_write(person), what="a write is refused")
            written = titles(person)
            assert (refusal.status_code, refusal.json()["code"]) == (503, "database-away")
            assert_not_ready(api, "database-unwritable")
            assert refused_write(person) is not None
            assert titles(person) == written

        assert_recovers(api, person)
        assert titles(person) == written + 1
    assert '"message":"The database is unavailable"' in api.log.read_text()


def test_a_read_only_state_folder(sqlite_template: Path, tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    file = Path(shutil.copy(sqlite_template, folder / "todo.db"))
    url = f"sqlite:///{file}"
    with running_service("api", tmp_path, wrapper=OBEYING_PERMISSIONS, TODOAPP_DATABASE_URL=url) as api:
        with read_only(folder, file):
            api.wait_for(200, "/health/live")
            assert_not_ready(api, "database-away")
            wait_until(lambda: "Not ready" in api.log.read_text(), what="the log says why")

        with signed_up(ready(api)) as person:
            assert_recovers(api, person)


@contextmanager
def read_only(folder: Path, file: Path) -> Iterator[None]:
    folder.chmod(0o555)
    file.chmod(0o444)
    try:
        yield
    finally:
        file.chmod(0o644)
        folder.chmod(0o755)


@pytest.fixture
def own_postgresql() -> Iterator[PostgreSQL]:
    """A server that may be stopped: nobody else uses it, and what it commits it keeps."""
    with running_postgresql(options="") as server:
        server.create("todo")
        yield server


@pytest.mark.parametrize("service", ["api", "notification", "recurrence"])
def test_service_gets_ready_once_the_database_answers(
    service: str, own_postgresql: PostgreSQL, tmp_path: Path
) -> None:
    url = own_postgresql.url("todo")
    migrate(url)
    own_postgresql.stop()
    with running_service(service, tmp_path, TODOAPP_DATABASE_URL=url) as running:
        running.wait_for(200, "/health/live")
        assert_not_ready(running, "database-away")

        own_postgresql.start()

        running.wait_for(200, "/health/ready")
        log = running.log.read_text()
        assert "Not ready: the database does not answer." in log
        wait_until(lambda: "Ready: the database answers" in running.log.read_text(), what="the log says so")
        assert "Traceback" not in log


def test_a_database_that_stops_and_starts(own_postgresql: PostgreSQL, tmp_path: Path) -> None:
    url = own_postgresql.url("todo")
    migrate(url)
    with (
        running_service("api", tmp_path, TODOAPP_DATABASE_URL=url) as api,
        signed_up(ready(api)) as person,
    ):
        assert person.post("/api/tasks", json=A_TITLE).is_success
        own_postgresql.stop()
        refusal = person.post("/api/tasks", json=A_TITLE)
        assert (refusal.status_code, refusal.json()["code"]) == (503, "database-away")
        assert refusal.headers["retry-after"]
        assert_not_ready(api, "database-away")

        own_postgresql.start()

        assert_recovers(api, person)


async def test_a_database_that_is_closed_to_writers(own_postgresql: PostgreSQL, tmp_path: Path) -> None:
    """As after a failover to a standby, or when a provider's quota is used up."""
    url = own_postgresql.url("todo")
    migrate(url)
    with (
        running_service("api", tmp_path, TODOAPP_DATABASE_URL=url) as api,
        signed_up(ready(api)) as person,
    ):
        await reconnect_all(own_postgresql, "ALTER DATABASE todo SET default_transaction_read_only = on")
        wait_until(
            lambda: refused_write(person) and "read-only transaction" in api.log.read_text(),
            what="writing is refused, and the log says why",
        )
        refusal = refused_write(person)
        assert refusal is not None
        assert (refusal.status_code, refusal.json()["code"]) == (503, "database-away")
        assert_not_ready(api, "database-unwritable")
        assert person.get("/api/tasks").is_success

        await reconnect_all(own_postgresql, "ALTER DATABASE todo RESET default_transaction_read_only")

        assert_recovers(api, person)


async def reconnect_all(server: PostgreSQL, change: str) -> None:
    """Change the database for all connections, by ending those that there are."""

    def work(connection: Connection) -> None:
        connection.execute(text(change))
        connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'todo'")
        )

    await inside(server.url(), work)


def assert_not_ready(service: ServiceProcess, code: str) -> None:
    def says_so() -> bool:
        answer = service.answer("/health/ready")
        return answer is not None and answer.is_server_error and answer.json()["code"] == code

    wait_until(says_so, what=f"the service is not ready: {code}")


def ready(service: ServiceProcess) -> ServiceProcess:
    service.wait_for(HTTPStatus.OK, "/health/ready")
    return service

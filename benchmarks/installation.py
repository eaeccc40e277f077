"""A TodoApp to measure: started as people do, with a user who has many tasks."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from time import perf_counter
from uuid import UUID

import psutil
import yaml
from sqlalchemy import Connection

from testbed.app.many_tasks import add_crowd, add_tasks
from testbed.app.person import Person
from testbed.app.rows import inside
from testbed.app.stack import Stack, running_stack
from testbed.postgresql import PostgreSQL, running_postgresql
from todoapp.kit.database import open_database

__all__ = ["Installation", "Kind", "ProcessorTime", "installed"]


class Kind(StrEnum):
    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


DURABLE = "-c shared_buffers=512MB"
"""Without the settings that make tests fast and less durable: a commit costs as much as in production."""
UNLIMITED = ("TODOAPP_REQUESTS_PER_MINUTE", "TODOAPP_PASSWORD_CHECKS_PER_QUARTER_HOUR")


@dataclass(frozen=True)
class ProcessorTime:
    """Seconds of a processor, used by the api and by the database server."""

    server: float
    database: float

    def __sub__(self, other: "ProcessorTime") -> "ProcessorTime":
        return ProcessorTime(self.server - other.server, self.database - other.database)


@dataclass(frozen=True)
class Installation:
    """A running TodoApp and the user whose requests are measured."""

    kind: Kind
    stack: Stack
    database_url: str
    database: psutil.Process | None
    """the server's, if there is one"""
    seconds_to_ready: float

    def processor_time(self) -> ProcessorTime:
        """What was used so far."""
        server = _seconds([psutil.Process(self.stack.pid("api"))])
        family = [self.database, *self.database.children(recursive=True)] if self.database else []
        return ProcessorTime(server, _seconds(family))

    def fill(self, person: Person, *, tasks: int, others: int) -> None:
        """Give a person tasks, and on PostgreSQL others as many each."""
        user_id = UUID(person.get("/api/me")["id"])
        asyncio.run(inside(self.database_url, partial(_fill, self.kind, user_id, tasks, others)))
        if self.kind is Kind.POSTGRESQL:
            asyncio.run(_vacuum(self.database_url))


@contextmanager
def installed(kind: Kind, directory: Path) -> Iterator[Installation]:
    """Run a TodoApp on a fresh database of this kind, without limits for its users."""
    if kind is Kind.SQLITE:
        with _started(_resource(directory), directory) as (stack, seconds):
            yield Installation(kind, stack, f"sqlite:///{stack.state / 'todo.db'}", None, seconds)
        return
    with running_postgresql(DURABLE) as server:
        server.create("bench")
        url = server.url("bench")
        with _started(_resource(directory, url), directory) as (stack, seconds):
            yield Installation(kind, stack, url, _postmaster(server), seconds)


@contextmanager
def _started(file: Path, directory: Path) -> Iterator[tuple[Stack, float]]:
    began = perf_counter()
    with running_stack(file, directory) as stack:
        yield stack, perf_counter() - began


def _resource(directory: Path, database_url: str | None = None) -> Path:
    private = {"name": "TODOAPP_ALLOW_PRIVATE_DESTINATIONS", "value": "true"}  # receivers are on this machine
    unlimited = [{"name": name, "value": "0"} for name in UNLIMITED]
    spec: dict[str, object] = {"api": {"env": [*unlimited, private]}, "notification": {"env": [private]}}
    documents: list[object] = []
    if database_url is not None:
        secret = {"name": "bench-database", "key": "url"}
        spec["database"] = {"secretRef": secret}
        documents.append(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": secret["name"]},
                "stringData": {secret["key"]: database_url},
            }
        )
    documents.append(
        {
            "apiVersion": "todoapp.dev/v1alpha1",
            "kind": "TodoApp",
            "metadata": {"name": "bench"},
            "spec": spec,
        }
    )
    file = directory / "todo.yaml"
    file.write_text(yaml.safe_dump_all(documents))
    return file


def _postmaster(server: PostgreSQL) -> psutil.Process:
    return psutil.Process(int((server.directory / "data" / "postmaster.pid").read_text().split()[0]))


def _seconds(processes: Iterable[psutil.Process]) -> float:
    """Of the processes, and of those children that ended."""
    return sum(sum(each.cpu_times()[:4]) for each in processes)


def _fill(kind: Kind, user_id: UUID, tasks: int, others: int, connection: Connection) -> None:
    add_tasks(connection, user_id, tasks, now=datetime.now(UTC).replace(microsecond=0))
    if kind is Kind.POSTGRESQL and others:
        add_crowd(connection, user_id, others)


async def _vacuum(database_url: str) -> None:
    """Do now what PostgreSQL would start by itself during the measurement."""
    database = open_database(database_url)
    async with database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.exec_driver_sql("VACUUM (ANALYZE) tasks")
    await database.close()

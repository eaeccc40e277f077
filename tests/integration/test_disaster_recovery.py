"""The commands of docs/disaster-recovery.md bring a database back, on a real PostgreSQL."""

import os
import re
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from alembic.script import ScriptDirectory
from fastapi import FastAPI

from testbed.app.application import JWT_SECRET, SEALING_KEY, signed_up
from testbed.app.databases import migrate
from testbed.postgresql import PostgreSQL
from todoapp import migrations
from todoapp.kit.settings import Settings
from todoapp.processes.api.app import create_api
from todoapp.processes.runtime import Runtime

PAGE = Path("docs/disaster-recovery.md").read_text()
IN_THE_DATABASES_POD = re.compile(r'"\$primary" -c postgres -- ((?:.*\\\n)*.*)$', re.MULTILINE)
OWNER = "todoapp_lost"
"""The name of the database and of its owner, who is no superuser. The page says todoapp."""


class Terminal:
    """A shell beside PostgreSQL, where its superuser needs no password, as in CloudNativePG's pods."""

    def __init__(self, server: PostgreSQL, directory: Path) -> None:
        self._directory = directory
        self._environment = {
            **os.environ,
            "PATH": f"{server.programs}:{os.environ['PATH']}",
            "PGHOST": str(server.directory),
            "PGPORT": str(server.port),
            "PGUSER": "todoapp",
            "PGDATABASE": "postgres",
        }

    def run(self, command: str) -> None:
        subprocess.run(["bash", "-ec", command], cwd=self._directory, env=self._environment, check=True)


@pytest.fixture
def terminal(postgresql: PostgreSQL, tmp_path: Path) -> Terminal:
    return Terminal(postgresql, tmp_path)


@pytest.fixture
def lost_database_url(postgresql: PostgreSQL, terminal: Terminal) -> Iterator[str]:
    terminal.run(f"psql --command \"CREATE ROLE {OWNER} LOGIN PASSWORD 'lost'\"")
    terminal.run(f"createdb --owner {OWNER} {OWNER}")
    yield f"postgresql://{OWNER}:lost@127.0.0.1:{postgresql.port}/{OWNER}"
    terminal.run(f"dropdb --force {OWNER} && dropuser {OWNER}")


@asynccontextmanager
async def served(database_url: str) -> AsyncIterator[FastAPI]:
    """The api on this database. Nothing listens where its sidecar would be."""
    settings = Settings(
        database_url=database_url, jwt_secret=JWT_SECRET, sealing_key=SEALING_KEY, dapr_http_port=1
    )
    runtime = await Runtime.assemble(settings, "api")
    yield create_api(runtime)
    await runtime.close()


def commands(heading: str) -> list[str]:
    """What a section of the page runs in the pod of the database."""
    [section] = re.findall(rf"^## {heading}$(.*?)(?=^## )", PAGE, re.MULTILINE | re.DOTALL)
    return [command.replace("todoapp", OWNER) for command in IN_THE_DATABASES_POD.findall(section)]


async def test_clients_reload_everything_once_after_an_old_backup_is_restored(
    lost_database_url: str, terminal: Terminal
) -> None:
    [back_up] = commands("Make a backup")
    [make_empty, restore, jump] = commands("Restore the database")
    _, older, *_ = [each.revision for each in ScriptDirectory(str(migrations.FOLDER)).walk_revisions()]
    migrate(lost_database_url)
    async with served(lost_database_url) as api, signed_up(api) as user:
        kept = (await user.post("/api/tasks", json={"title": "Kept"})).json()["id"]
        migrate(lost_database_url, "--down", older)
        terminal.run(back_up)
        migrate(lost_database_url)
        await user.post("/api/tasks", json={"title": "Written after the backup"})
        seen = (await user.get("/api/sync")).json()["seq"]
    headers = user.headers

    for command in (make_empty, restore, jump):
        terminal.run(command)
    migrate(lost_database_url)

    async with served(lost_database_url) as api:
        transport = httpx.ASGITransport(api)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://localhost", headers=headers
        ) as user:
            tasks = (await user.get("/api/tasks")).json()
            resumed = await user.get("/api/sync", params={"since": seen})
            written = await user.post("/api/tasks", json={"title": "Written after the restore"})
            newest = (await user.get("/api/sync")).json()["seq"]
    assert [task["id"] for task in tasks["items"]] == [kept]
    assert resumed.status_code == 410
    assert written.is_success
    assert newest > seen

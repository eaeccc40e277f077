"""Nobody reads or changes what belongs to somebody else, on any route the application has."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from sqlalchemy import select

from testbed.app.application import calling, logged_in, user_id_of
from testbed.app.operations import Operation, operations
from testbed.app.rows import Rows, all_rows
from todoapp.features.notifications.model import Notification
from todoapp.features.webhooks.model import WebhookDelivery
from todoapp.kit.database import Base, Database, new_id
from todoapp.processes.api.pages import PAGES, PARTS
from todoapp.processes.runtime import Runtime

HIDDEN = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
REFUSED = HIDDEN | {HTTPStatus.UNPROCESSABLE_ENTITY}
"""An unknown id in a body is also just invalid."""

WITHOUT_TOKEN = {
    "GET /api/calendar/{secret}.ics",
    "GET /health",
    "GET /health/live",
    "GET /health/ready",
    "POST /api/auth/invite",
    "POST /api/auth/links",
    "POST /api/auth/login",
    "POST /api/auth/refresh",
    "POST /api/auth/reset",
    "POST /api/auth/signup",
    "POST /api/auth/verify",
}
TABLES = {
    "category_id": "categories",
    "token_id": "api_tokens",
    "webhook_delivery_id": "webhook_deliveries",
}
"""Where a reference leads that is not named for its table."""


@dataclass(frozen=True)
class Person:
    """An account with a row of each kind."""

    authorization: str
    rows: dict[str, UUID]
    """Table → the id of this person's row in it."""

    def authorised(self, request: httpx.Request) -> httpx.Request:
        request.headers["Authorization"] = self.authorization
        return request

    def row(self, reference: str) -> UUID:
        table = TABLES.get(reference, f"{reference.removesuffix('_id')}s")
        assert table in self.rows, f"Nobody has a row for {reference!r}; `sign_up` has to give everybody one."
        return self.rows[table]


@pytest.fixture
async def anybody(api: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with calling(api) as anybody:
        yield anybody


def test_every_route_is_described_or_known(api: FastAPI) -> None:
    contexts = iter_route_contexts(api.routes)
    routes = {each.path_format for each in contexts if isinstance(each.original_route, APIRoute)}

    assert routes - {*PAGES, *PARTS} == {operation.path for operation in operations(api)}


async def test_without_a_token_everything_is_refused(api: FastAPI, anybody: httpx.AsyncClient) -> None:
    answers = {str(each): await anybody.send(each.request(nobodys_row)) for each in closed_operations(api)}

    assert {str(operation) for operation in operations(api)} - set(answers) == WITHOUT_TOKEN
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(answers, 401)


async def test_a_request_that_refers_to_somebody_elses_row_is_refused(
    api: FastAPI, anybody: httpx.AsyncClient, runtime: Runtime
) -> None:
    anna, ben = await sign_up(api, runtime), await sign_up(api, runtime)
    before = await mentioning(anna, runtime.database)

    for operation, foreign in ((each, foreign) for each in operations(api) for foreign in each.references):
        request = operation.request(partial(row_of_either, anna, ben, foreign))
        answer = await anybody.send(ben.authorised(request))

        case = f"{operation} with somebody else's {foreign}: {answer.status_code} {answer.text}"
        assert answer.status_code in (HIDDEN if f"{{{foreign}}}" in operation.path else REFUSED), case
        assert await mentioning(anna, runtime.database) == before, case


async def test_reading_shows_own_rows_only(
    api: FastAPI, anybody: httpx.AsyncClient, runtime: Runtime
) -> None:
    anna, ben = await sign_up(api, runtime), await sign_up(api, runtime)

    for operation in closed_operations(api):
        if operation.verb == "GET":
            answer = await anybody.send(ben.authorised(operation.request(ben.row)))

            case = f"{operation}: {answer.status_code} {answer.text}"
            assert answer.is_success, case
            assert not [row for row in anna.rows.values() if str(row) in answer.text], case


async def test_writing_changes_own_rows_only(
    api: FastAPI, anybody: httpx.AsyncClient, runtime: Runtime
) -> None:
    anna = await sign_up(api, runtime)
    before = await mentioning(anna, runtime.database)

    for operation in closed_operations(api):
        if operation.verb != "GET":
            ben = await sign_up(api, runtime)
            answer = await anybody.send(ben.authorised(operation.request(ben.row)))

            case = f"{operation}: {answer.status_code} {answer.text}"
            assert answer.is_success or answer.status_code == HTTPStatus.CONFLICT, case
            assert await mentioning(anna, runtime.database) == before, case


async def test_somebody_elses_user_id_in_the_path_is_refused(
    api: FastAPI, anybody: httpx.AsyncClient, runtime: Runtime
) -> None:
    anna, ben = await sign_up(api, runtime), await sign_up(api, runtime)
    before = await mentioning(anna, runtime.database), await mentioning(ben, runtime.database)

    for operation in closed_operations(api):
        request = operation.request(ben.row, prefix=f"/api/{anna.rows['users']}")
        answer = await anybody.send(ben.authorised(request))

        assert answer.status_code == HTTPStatus.FORBIDDEN, f"{operation}: {answer.text}"
    assert (await mentioning(anna, runtime.database), await mentioning(ben, runtime.database)) == before


def closed_operations(api: FastAPI) -> list[Operation]:
    return [operation for operation in operations(api) if operation.needs_token]


def nobodys_row(_reference: str) -> UUID:
    return new_id()


def row_of_either(anna: Person, ben: Person, annas: str, reference: str) -> UUID:
    """Anna's row for the one reference `annas`, Ben's for all others."""
    return (anna if reference == annas else ben).row(reference)


async def sign_up(api: FastAPI, runtime: Runtime) -> Person:
    """Somebody new, with a row of each kind that a request can refer to."""
    async with logged_in(api) as client:
        user = await user_id_of(client)
        category = (await client.post("/api/categories", json={"name": "Home"})).json()
        task = {
            "title": "Pay the rent",
            "due_at": "2030-03-04T09:00:00Z",
            "recurrence": "weekly",
            "tags": ["money"],
            "category_id": category["id"],
            "reminders": [{"offset_minutes": 30}],
        }
        answer = await client.post("/api/tasks", json=task)
        await client.post("/api/tokens", json={"name": "Script", "scopes": ["read"]})
        await client.post("/api/channels", json={"name": "Phone", "url": "ntfys://ntfy.sh/topic"})
        hook = {"url": "https://example.com/hook", "event_types": ["task.created"]}
        webhook = (await client.post("/api/webhooks", json=hook)).json()
        task_id = UUID(answer.json()["id"])
        authorization = client.headers["Authorization"]
    notification = Notification(
        user_id=user, task_id=task_id, kind="reminder", message="", created_at=runtime.now()
    )
    delivery = WebhookDelivery(
        user_id=user,
        destination_id=UUID(webhook["id"]),
        event_id=new_id(),
        event_type="task.created",
        body="{}",
        created_at=runtime.now(),
    )
    async with runtime.database.write() as session:
        session.add_all([notification, delivery])
    return Person(authorization, {"users": user, **await rows_of(user, runtime.database)})


async def rows_of(user: UUID, database: Database) -> dict[str, UUID]:
    tables = [
        table for table in Base.metadata.sorted_tables if {"id", "user_id"} <= set(table.columns.keys())
    ]
    async with database.read() as session:
        found = {
            table.name: await session.scalar(select(table.c.id).where(table.c.user_id == user))
            for table in tables
        }
    return {table: row for table, row in found.items() if row is not None}


async def mentioning(person: Person, database: Database) -> Rows:
    """Everything in the database that is the person's or speaks of it."""
    async with database.read() as session:
        rows = await (await session.connection()).run_sync(all_rows, Base.metadata)
    ids = [str(row) for row in person.rows.values()]
    return {
        table: [row for row in found if any(each in row for each in ids)] for table, found in rows.items()
    }

"""Accounts over HTTP: signing up, logging in, staying logged in, the profile."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from sqlalchemy import delete, select

from testbed.app.application import Clock, calling
from testbed.app.deliveries import Deliveries
from testbed.app.rows import all_rows
from todoapp.features.accounts.model import User
from todoapp.kit.database import Base, Database, col
from todoapp.processes.api.app import create_api
from todoapp.processes.runtime import Runtime

ADA = {"email": "Ada@Example.com", "password": "correct horse", "timezone": "Europe/London"}


@pytest.fixture
async def anybody(api: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with calling(api) as anybody:
        yield anybody


async def sign_up(anybody: httpx.AsyncClient, **changed: str) -> dict[str, Any]:
    answer = await anybody.post("/api/auth/signup", json=ADA | changed)
    assert answer.status_code == 201, answer.text
    session: dict[str, Any] = answer.json()
    return session


async def refresh(anybody: httpx.AsyncClient, session: dict[str, Any]) -> httpx.Response:
    return await anybody.post("/api/auth/refresh", json={"refresh_token": session["refresh_token"]})


def bearer(session: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {session['access_token']}"}


async def test_signing_up_logs_in(anybody: httpx.AsyncClient) -> None:
    session = await sign_up(anybody)
    me = await anybody.get("/api/me", headers=bearer(session))

    assert (session["token_type"], session["expires_in"]) == ("Bearer", 366 * 24 * 60 * 60)
    assert me.json() == session["user"]
    assert me.json() == {
        "id": me.json()["id"],
        "email": "ada@example.com",
        "name": "ada",
        "timezone": "Europe/London",
        "version": 1,
        "created_at": "2027-03-03T08:00:00Z",
        "email_verified": False,
    }


async def test_an_address_has_one_account_regardless_of_case(anybody: httpx.AsyncClient) -> None:
    await sign_up(anybody)
    again = await anybody.post("/api/auth/signup", json=ADA | {"email": "ADA@example.COM"})
    other_case = await anybody.post(
        "/api/auth/login", json={"email": "aDa@exAmple.com", "password": "correct horse"}
    )

    assert (again.status_code, again.json()["code"]) == (409, "email-taken")
    assert other_case.status_code == 200


async def test_of_five_simultaneous_sign_ups_one_gets_the_address(anybody: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(anybody.post("/api/auth/signup", json=ADA) for _ in range(5)))

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]


@pytest.mark.parametrize(
    ("field", "value", "detail"),
    [
        ("email", "ada at home", "Value is not a valid email address: An email address must have an @-sign."),
        ("password", "seven 7", "Its length must be at least 8."),
        ("password", "x" * 129, "Its length must be at most 128."),
        ("timezone", "Europe/Berln", "'Europe/Berln' is not an IANA time zone; did you mean Europe/Berlin?"),
        ("name", "A\0da", "The character U+0000 is not allowed in a text."),
    ],
)
async def test_an_invalid_sign_up_is_explained(
    anybody: httpx.AsyncClient, field: str, value: str, detail: str
) -> None:
    answer = await anybody.post("/api/auth/signup", json=ADA | {field: value})

    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"pointer": f"/{field}", "detail": detail}]
    assert value not in answer.text or field == "timezone"


async def test_wrong_password_and_unknown_address_get_the_same_answer(anybody: httpx.AsyncClient) -> None:
    await sign_up(anybody)
    wrong = await anybody.post("/api/auth/login", json={"email": ADA["email"], "password": "wrong horse"})
    unknown = await anybody.post("/api/auth/login", json={"email": "bob@example.com", "password": "wrong"})

    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() | {"request_id": ""} == unknown.json() | {"request_id": ""}


async def test_no_secret_is_stored(anybody: httpx.AsyncClient, database: Database) -> None:
    session = await sign_up(anybody)
    async with database.read() as connected:
        rows = await (await connected.connection()).run_sync(all_rows, Base.metadata)

    assert "ada@example.com" in str(rows)
    for secret in (ADA["password"], session["refresh_token"], session["access_token"]):
        assert secret not in str(rows)


async def test_a_refresh_token_works_once(anybody: httpx.AsyncClient, clock: Clock) -> None:
    first = await sign_up(anybody)
    second = (await refresh(anybody, first)).json()
    clock.advance(minutes=1)
    third = (await refresh(anybody, second)).json()

    assert len({session["refresh_token"] for session in (first, second, third)}) == 3
    assert (await anybody.get("/api/me", headers=bearer(third))).status_code == 200


async def test_using_a_refresh_token_twice_ends_the_session(anybody: httpx.AsyncClient, clock: Clock) -> None:
    stolen = await sign_up(anybody)
    owners = (await refresh(anybody, stolen)).json()
    clock.advance(seconds=11)

    thiefs = await refresh(anybody, stolen)

    assert (thiefs.status_code, thiefs.json()["code"]) == (401, "invalid-refresh-token")
    assert (await refresh(anybody, owners)).status_code == 401
    assert (await anybody.post("/api/auth/login", json=_credentials())).status_code == 200


async def test_a_lost_refresh_answer_does_not_end_the_session(
    anybody: httpx.AsyncClient, clock: Clock
) -> None:
    session = await sign_up(anybody)
    await refresh(anybody, session)
    clock.advance(seconds=9)

    repeated = (await refresh(anybody, session)).json()

    assert (await refresh(anybody, repeated)).status_code == 200


async def test_repeated_refreshes_leave_one_token_that_works(anybody: httpx.AsyncClient) -> None:
    session = await sign_up(anybody)
    *earlier, last = [(await refresh(anybody, session)).json() for _ in range(10)]

    refused = [await refresh(anybody, each) for each in earlier]

    assert {(each.status_code, each.json()["code"]) for each in refused} == {(401, "invalid-refresh-token")}
    assert (await refresh(anybody, last)).status_code == 200


async def test_simultaneous_refreshes_leave_one_token_that_works(
    anybody: httpx.AsyncClient,
) -> None:
    session = await sign_up(anybody)
    answers = await asyncio.gather(*(refresh(anybody, session) for _ in range(5)))
    assert [each.status_code for each in answers] == [200] * 5

    again = [(await refresh(anybody, each.json())).status_code for each in answers]

    assert sorted(again) == [200, 401, 401, 401, 401]


async def test_reuse_after_the_successor_was_used_ends_the_session(anybody: httpx.AsyncClient) -> None:
    stolen = await sign_up(anybody)
    owners = (await refresh(anybody, (await refresh(anybody, stolen)).json())).json()

    assert (await refresh(anybody, stolen)).status_code == 401

    assert (await anybody.get("/api/me", headers=bearer(owners))).json()["code"] == "session-ended"
    assert (await refresh(anybody, owners)).status_code == 401


async def test_a_session_ends_however_often_it_is_refreshed(runtime: Runtime, clock: Clock) -> None:
    settings = runtime.settings.model_copy(update={"session_days": 40, "access_token_minutes": 15})
    async with calling(create_api(replace(runtime, settings=settings))) as anybody:
        session = await sign_up(anybody)
        for _ in range(2):
            clock.advance(days=20, minutes=-5)
            session = (await refresh(anybody, session)).json()

        assert session["expires_in"] == 10 * 60
        clock.advance(minutes=10)
        assert (await anybody.get("/api/me", headers=bearer(session))).json()["code"] == "invalid-token"
        assert (await refresh(anybody, session)).json()["code"] == "invalid-refresh-token"


async def test_a_session_that_is_not_refreshed_ends(
    anybody: httpx.AsyncClient, clock: Clock, deliveries: Deliveries
) -> None:
    session = await sign_up(anybody)
    clock.advance(days=29)
    session = (await refresh(anybody, session)).json()
    clock.advance(days=29)
    await deliveries.retain("sessions")
    session = (await refresh(anybody, session)).json()
    clock.advance(days=30)

    assert (await refresh(anybody, session)).status_code == 401


async def test_logging_out_ends_this_session_only(anybody: httpx.AsyncClient) -> None:
    here = await sign_up(anybody)
    there = (await anybody.post("/api/auth/login", json=_credentials())).json()
    answer = await anybody.post("/api/auth/logout", headers=bearer(here))

    assert (answer.status_code, answer.content) == (204, b"")
    assert (await refresh(anybody, here)).status_code == 401
    assert (await refresh(anybody, there)).status_code == 200


async def test_a_changed_profile_is_sent_to_the_other_clients(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.patch("/api/me", json={"timezone": "Asia/Tokyo"})
    again = await client.patch("/api/me", json={"timezone": "Asia/Tokyo"})
    feed = (await client.get("/api/sync?since=0")).json()["changes"]

    assert (answer.json()["timezone"], answer.headers["etag"]) == ("Asia/Tokyo", '"2"')
    assert again.json() == answer.json()
    assert [(each["entity"], each["action"], each["value"]) for each in feed] == [
        ("user", "updated", answer.json())
    ]


@pytest.mark.parametrize("patch", [{"name": None}, {"timezone": "Mars"}, {"email": "new@example.com"}])
async def test_an_invalid_profile_is_refused(
    client_on_one_database: httpx.AsyncClient, patch: dict[str, Any]
) -> None:
    [field] = patch
    answer = await client_on_one_database.patch("/api/me", json=patch)

    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["errors"]] == [f"/{field}"]


async def test_the_token_of_a_deleted_account_is_refused(
    client: httpx.AsyncClient, database: Database
) -> None:
    async with database.write() as session:
        await session.execute(delete(User))

    reading = await client.get("/api/me")
    writing = await client.post("/api/tasks", json={"title": "x"}, headers={"Idempotency-Key": "1"})

    for answer in (reading, writing):
        assert (answer.status_code, answer.json()["code"]) == (401, "account-gone")


async def test_an_outdated_password_hash_is_renewed_at_log_in(
    anybody: httpx.AsyncClient, database: Database
) -> None:
    await sign_up(anybody)
    former = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(ADA["password"])
    async with database.write() as session:
        (await session.scalars(select(User))).one().password_hash = former

    answer = await anybody.post("/api/auth/login", json=_credentials())

    assert answer.status_code == 200
    async with database.read() as session:
        assert (await session.scalars(select(col(User.password_hash)))).one() != former


def _credentials() -> dict[str, str]:
    return {"email": ADA["email"], "password": ADA["password"]}

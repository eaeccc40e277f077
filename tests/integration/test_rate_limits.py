"""Limits as their callers meet them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from testbed.app.application import Clock, signed_up
from todoapp.processes.api.app import create_api
from todoapp.processes.runtime import Runtime

ADA = {"email": "ada@example.com", "password": "correct horse"}


def limited(runtime: Runtime, **limits: int) -> FastAPI:
    """An api with these limits."""
    return create_api(replace(runtime, settings=runtime.settings.model_copy(update=limits)))


@asynccontextmanager
async def calling_from(app: FastAPI, address: str) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, client=(address, 50000))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as caller:
        yield caller


async def log_in(caller: httpx.AsyncClient, **changed: str) -> int:
    return (await caller.post("/api/auth/login", json=ADA | changed)).status_code


async def test_a_user_sees_the_remaining_requests_and_when_to_retry(runtime: Runtime, clock: Clock) -> None:
    app = limited(runtime, requests_per_minute=3)
    async with signed_up(app) as user, signed_up(app) as another:
        answers = [await user.get("/api/me") for _ in range(4)]

        assert [each.headers["ratelimit"] for each in answers] == [
            '"requests";r=2;t=20',
            '"requests";r=1;t=40',
            '"requests";r=0;t=60',
            '"requests";r=0;t=60',
        ]
        refused = answers[3]
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "20")
        assert refused.headers["ratelimit-policy"] == '"requests";q=3;w=60'
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["code"] == "rate-limited"
        assert refused.json()["detail"] == "Too many requests: at most 3 in 60 s; try again in 20 s."
        assert (await another.get("/api/me")).status_code == 200
        clock.advance(seconds=20)
        assert (await user.get("/api/me")).status_code == 200


async def test_a_refused_request_changes_nothing(runtime: Runtime, clock: Clock) -> None:
    async with signed_up(limited(runtime, requests_per_minute=1)) as user:
        answers = [await user.post("/api/tasks", json={"title": f"{number}"}) for number in range(2)]
        clock.advance(minutes=1)

        assert [each.status_code for each in answers] == [201, 429]
        assert [each["title"] for each in (await user.get("/api/tasks")).json()["items"]] == ["0"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/auth/login", {"email": "somebody@example.com", "password": "correct horse"}),
        ("/api/auth/signup", {"email": "somebody@example.com", "password": "correct horse"}),
    ],
)
async def test_an_address_cannot_try_one_account_after_the_other(
    runtime: Runtime, path: str, body: dict[str, Any]
) -> None:
    app = limited(runtime, password_checks_per_quarter_hour=2)
    async with calling_from(app, "198.51.100.7") as guesser, calling_from(app, "203.0.113.9") as other:
        for number in range(2):
            await log_in(guesser, email=f"{number}@example.com")

        refused, served = [await caller.post(path, json=body) for caller in (guesser, other)]

    assert (refused.status_code, refused.headers["ratelimit"]) == (429, '"password-checks";r=0;t=900')
    assert served.status_code in {201, 401}

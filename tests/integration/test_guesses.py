"""Guessing passwords: counted for everybody together, slowed down, and never keeping the owner out."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from testbed.app.application import Clock
from testbed.app.deliveries import Deliveries
from todoapp.features.accounts.model import Guesses
from todoapp.processes.api.app import create_api
from todoapp.processes.runtime import Runtime

ADA = {"email": "ada@example.com", "password": "correct horse"}
BEN = {"email": "ben@example.com", "password": "battery staple"}
ALLOWED = 3


def limited(runtime: Runtime, **settings: object) -> FastAPI:
    """A process of an installation in which three wrong passwords a day are the most."""
    settings = {"wrong_passwords_per_day": ALLOWED} | settings
    return create_api(replace(runtime, settings=runtime.settings.model_copy(update=settings)))


@asynccontextmanager
async def calling_from(app: FastAPI, address: str) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, client=(address, 50000))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as caller:
        yield caller


@pytest.fixture
def addresses() -> Iterator[str]:
    """Another address for each guess."""
    return (f"198.51.100.{number}" for number in count(1))


@pytest.fixture
async def owner(runtime: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    """Ada, at the device where she signed up."""
    async with calling_from(limited(runtime), "203.0.113.9") as ada:
        assert (await ada.post("/api/auth/signup", json=ADA)).status_code == 201
        yield ada


async def log_in(caller: httpx.AsyncClient, **changed: str) -> int:
    return (await caller.post("/api/auth/login", json=ADA | changed)).status_code


async def guess(app: FastAPI, addresses: Iterator[str], **changed: str) -> int:
    """A log-in from a device that nobody knows, and from an address of its own."""
    async with calling_from(app, next(addresses)) as stranger:
        return await log_in(stranger, **{"password": "wrong horse"} | changed)


async def test_guesses_from_everywhere_are_counted_together(
    owner: httpx.AsyncClient, runtime: Runtime, addresses: Iterator[str]
) -> None:
    replicas = limited(runtime), limited(runtime)

    statuses = [await guess(replicas[number % 2], addresses) for number in range(ALLOWED + 2)]

    assert statuses == [401] * ALLOWED + [429] * 2
    assert (
        await guess(limited(runtime), addresses, **ADA) == 429
    )  # a right guess tells no more than a wrong one


async def test_guessing_is_slowed_down_and_not_locked_out(
    owner: httpx.AsyncClient, runtime: Runtime, addresses: Iterator[str], clock: Clock
) -> None:
    app = limited(runtime)
    async with calling_from(app, "198.51.100.200") as stranger:
        for _ in range(ALLOWED):
            await log_in(stranger, password="wrong horse")
        refused = await stranger.post("/api/auth/login", json=ADA)

        assert (refused.status_code, refused.headers["retry-after"]) == (429, str(8 * 60 * 60))
        assert refused.json()["code"] == "too-many-guesses"
        clock.advance(hours=8)
        assert await log_in(stranger) == 200


async def test_simultaneous_guesses_do_not_pass_by_one_another(
    owner: httpx.AsyncClient, runtime: Runtime, addresses: Iterator[str]
) -> None:
    app = limited(runtime)

    statuses = await asyncio.gather(*(guess(app, addresses) for _ in range(ALLOWED * 2)))

    assert sorted(statuses) == [401] * ALLOWED + [429] * ALLOWED


async def test_an_account_that_does_not_exist_is_counted_alike(
    runtime: Runtime, addresses: Iterator[str]
) -> None:
    app = limited(runtime)

    statuses = [await guess(app, addresses, email="nobody@example.com") for _ in range(ALLOWED + 1)]

    assert statuses == [401] * ALLOWED + [429]


async def test_strangers_cannot_keep_a_known_device_out(
    owner: httpx.AsyncClient, runtime: Runtime, addresses: Iterator[str], clock: Clock
) -> None:
    clock.advance(days=390)
    assert await log_in(owner) == 200  # and the cookie begins again
    clock.advance(days=390)
    for _ in range(ALLOWED + 1):
        await guess(limited(runtime), addresses)

    assert await log_in(owner) == 200
    assert [await log_in(owner, password="wrong horse") for _ in range(ALLOWED + 1)] == [401] * ALLOWED + [
        429
    ]


async def test_a_device_is_known_to_its_own_account_only(
    owner: httpx.AsyncClient, runtime: Runtime, addresses: Iterator[str]
) -> None:
    async with calling_from(limited(runtime), "198.51.100.200") as ben:
        await ben.post("/api/auth/signup", json=BEN)
        for _ in range(ALLOWED):
            await guess(limited(runtime), addresses)

        assert await log_in(ben) == 429
        ben.cookies.set("todoapp_device", "a.forged.cookie")
        assert await log_in(ben) == 429
        access_token = (await owner.post("/api/auth/login", json=ADA)).json()["access_token"]
        ben.cookies.set("todoapp_device", access_token)
        assert await log_in(ben) == 429


async def test_right_passwords_use_nothing_up(
    owner: httpx.AsyncClient, runtime: Runtime, addresses: Iterator[str]
) -> None:
    app = limited(runtime, wrong_passwords_of_an_address_per_day=2)

    assert {await guess(app, addresses, **ADA) for _ in range(ALLOWED + 1)} == {200}
    async with calling_from(app, "198.51.100.200") as office:
        assert {await log_in(office) for _ in range(ALLOWED)} == {200}


async def test_an_address_cannot_try_many_accounts(runtime: Runtime) -> None:
    app = limited(runtime, wrong_passwords_of_an_address_per_day=2)
    async with calling_from(app, "2001:db8::1") as guesser, calling_from(app, "2001:db8::2") as neighbour:
        statuses = [await log_in(guesser, email=f"{number}@example.com") for number in range(3)]

        assert statuses == [401, 401, 429]
        assert await log_in(neighbour) == 429  # one subscriber has the whole /64


async def test_where_addresses_are_unknown_accounts_are_limited_alone(runtime: Runtime) -> None:
    app = limited(
        runtime,
        limits_per_address=False,
        wrong_passwords_of_an_address_per_day=1,
        password_checks_per_quarter_hour=1,
    )
    async with calling_from(app, "10.0.0.1") as proxy:
        others = [await log_in(proxy, email=f"{number}@example.com") for number in range(3)]
        one = [await log_in(proxy) for _ in range(ALLOWED + 1)]

    assert (others, one) == ([401] * 3, [401] * ALLOWED + [429])


async def test_zero_limits_nothing(
    owner: httpx.AsyncClient, runtime: Runtime, addresses: Iterator[str]
) -> None:
    app = limited(runtime, wrong_passwords_per_day=0, wrong_passwords_of_an_address_per_day=0)

    assert {await guess(app, addresses) for _ in range(ALLOWED + 2)} == {401}


async def test_counts_are_deleted_when_they_mean_nothing(
    runtime: Runtime, addresses: Iterator[str], clock: Clock, deliveries: Deliveries
) -> None:
    await guess(limited(runtime), addresses)
    await deliveries.retain("guesses")
    assert await counted(runtime) == 2
    clock.advance(days=1)

    await deliveries.retain("guesses")

    assert await counted(runtime) == 0


async def counted(runtime: Runtime) -> int:
    async with runtime.database.read() as session:
        return await session.scalar(select(func.count()).select_from(Guesses)) or 0


@pytest.mark.parametrize("password", ["password", "aaaaaaaa", "ada@example.com"])
async def test_weak_passwords_are_refused_at_sign_up_and_change(
    owner: httpx.AsyncClient, password: str
) -> None:
    token = (await owner.post("/api/auth/login", json=ADA)).json()["access_token"]
    change = {"current_password": ADA["password"], "new_password": password}

    signed_up = await owner.post("/api/auth/signup", json=ADA | {"password": password})
    changed = await owner.put("/api/me/password", json=change, headers={"Authorization": f"Bearer {token}"})

    for answer, pointer in ((signed_up, "/password"), (changed, "/new_password")):
        assert (answer.status_code, answer.json()["code"]) == (422, "weak-password")
        assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]
        assert f'"{password}"' not in answer.text

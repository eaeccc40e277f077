"""Who may make an account, and what the people who run an installation do with accounts."""

from dataclasses import replace
from datetime import UTC, datetime

import httpx
import orjson
import pytest
from fastapi import FastAPI

from testbed.app.application import Clock, calling, user_id_of
from testbed.app.databases import WorkerDatabase
from testbed.app.service_process import run_command
from todoapp.features.accounts import administration
from todoapp.kit.settings import SignUpPolicy
from todoapp.messaging.outbox import Origin
from todoapp.processes.api.app import create_api
from todoapp.processes.runtime import Runtime

ADA = {"email": "ada@example.com", "password": "correct horse"}
PASSWORD = "correct horse"


@pytest.mark.parametrize(
    ("policy", "code"),
    [(SignUpPolicy.INVITE, "invitation-needed"), (SignUpPolicy.CLOSED, "sign-up-closed")],
)
async def test_only_an_open_installation_lets_visitors_sign_up(
    runtime: Runtime, api: FastAPI, policy: SignUpPolicy, code: str
) -> None:
    settings = runtime.settings.model_copy(update={"sign_up": policy})
    async with calling(create_api(replace(runtime, settings=settings))) as visitor:
        refused = await visitor.post("/api/auth/signup", json=ADA)
    async with calling(api) as visitor:
        unknown = await visitor.post("/api/auth/login", json=ADA)

    assert (refused.status_code, refused.json()["code"]) == (403, code)
    assert unknown.status_code == 401


async def test_a_disabled_account_cannot_be_used(client: httpx.AsyncClient, runtime: Runtime) -> None:
    user_id, origin = await user_id_of(client), Origin("system", runtime.now())
    email = (await client.get("/api/me")).json()["email"]
    token = (await client.post("/api/tokens", json={"name": "backup", "scopes": ["read"]})).json()["token"]
    calendar = (await client.post("/api/me/calendar")).json()["url"]

    async def answers() -> list[int]:
        program = {"Authorization": f"Bearer {token}"}
        right, wrong = {"email": email, "password": PASSWORD}, {"email": email, "password": "wrong horse"}
        requests = [
            await client.get("/api/me"),
            await client.get("/api/me", headers=program),
            await client.get(httpx.URL(calendar).path, headers={"Authorization": ""}),
            await client.post("/api/auth/login", json=right),
            await client.post("/api/auth/login", json=wrong),
        ]
        return [each.status_code for each in requests]

    before = await answers()
    async with runtime.outbox.changes(user_id, origin) as changes:
        await administration.disable(changes)
    disabled = await answers()
    async with runtime.outbox.changes(user_id, origin) as changes:
        await administration.enable(changes)

    assert before == [200, 200, 200, 200, 401]
    assert disabled == [401, 401, 404, 403, 401]
    assert await answers() == [401, 200, 200, 200, 401]


async def test_accounts_are_listed_with_their_last_use(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient, runtime: Runtime, clock: Clock
) -> None:
    await client.post("/api/tasks", json={"title": "Pay the rent"})
    mine = (await client.get("/api/me")).json()

    async with runtime.database.read() as session:
        accounts = {each.email: each for each in await administration.list_accounts(session)}

    assert len(accounts) == 2
    account = accounts[mine["email"]]
    assert (account.used_tasks, account.last_used_at, account.disabled_at) == (1, clock.now, None)


def token_of(link: str) -> str:
    return link.strip().partition("#")[2]


async def test_operators_manage_accounts_by_commands(
    client_on_one_database: httpx.AsyncClient, sqlite_of_worker: WorkerDatabase, clock: Clock
) -> None:
    clock.now = datetime.now(UTC)  # that of the commands

    def users(*arguments: str) -> str:
        done = run_command("users", *arguments, TODOAPP_DATABASE_URL=sqlite_of_worker.url, COLUMNS="200")
        assert done.returncode == 0, done.stderr
        return done.stdout

    visitor = client_on_one_database
    named = await visitor.patch("/api/me", json={"name": "[red]Ada[/red]"})
    bob = {"email": "bob@example.com", "password": "battery staple 9"}

    invitation = {"token": token_of(users("invite", "Bob@Example.com")), "password": PASSWORD}
    made = await visitor.post("/api/auth/invite", json=invitation)
    reset = {"token": token_of(users("reset-password", "BOB@example.com"))} | bob
    del reset["email"]
    changed = await visitor.post("/api/auth/reset", json=reset)

    assert (made.status_code, changed.status_code) == (201, 204)
    assert (await visitor.post("/api/auth/login", json=bob)).status_code == 200
    users("disable", "BOB@example.com")
    assert "disabled" in users("list")
    assert "[red]Ada[/red]" in users("list")
    assert (await visitor.post("/api/auth/login", json=bob)).status_code == 403
    users("delete", "bob@example.com", "--yes")
    assert [each["email"] for each in orjson.loads(users("list", "--json"))] == [named.json()["email"]]
    unknown = run_command("users", "enable", "bob@example.com", TODOAPP_DATABASE_URL=sqlite_of_worker.url)
    assert (unknown.returncode, "There is no account" in unknown.stderr) == (1, True)

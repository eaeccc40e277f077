"""Links that work once: verifying an address, another address, a new password, an invitation."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from testbed.app.application import Clock, calling, logged_in
from testbed.app.rows import all_rows
from todoapp.features.accounts import administration
from todoapp.features.accounts.model import OneTimeLink
from todoapp.kit.database import Base
from todoapp.kit.settings import SignUpPolicy
from todoapp.processes.api.app import create_api
from todoapp.processes.api.pages import PAGES
from todoapp.processes.notification.link_sender import LinkSender
from todoapp.processes.runtime import Runtime

PASSWORD, ANOTHER = "correct horse", "battery staple 9"
NOBODY = "nobody@example.com"


@dataclass
class Mail:
    """What `notification` sends, as a laptop shows it."""

    runtime: Runtime
    caplog: pytest.LogCaptureFixture

    async def sent(self) -> list[str]:
        """The URLs of the links that were due."""
        self.caplog.clear()
        with self.caplog.at_level(logging.INFO):
            await LinkSender(self.runtime).send_due()
        return [record.link for record in self.caplog.records if hasattr(record, "link")]

    async def token(self) -> str:
        """That of the one link that was due."""
        [link] = await self.sent()
        return token_of(link)


def token_of(link: str) -> str:
    return link.partition("#")[2]


def changed_api(runtime: Runtime, **changed: Any) -> FastAPI:
    return create_api(replace(runtime, settings=runtime.settings.model_copy(update=changed)))


@pytest.fixture
def mail(runtime: Runtime, caplog: pytest.LogCaptureFixture) -> Mail:
    return Mail(runtime, caplog)


@pytest.fixture
def mailing(runtime: Runtime) -> FastAPI:
    """An api where nobody signs up without an invitation."""
    return changed_api(runtime, sign_up=SignUpPolicy.CLOSED)


@pytest.fixture
async def ada(mailing: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with logged_in(mailing) as ada:
        yield ada


async def address_of(user: httpx.AsyncClient) -> str:
    return str((await user.get("/api/me")).json()["email"])


async def ask(visitor: httpx.AsyncClient, email: str, purpose: str = "reset") -> httpx.Response:
    return await visitor.post("/api/auth/links", json={"email": email, "purpose": purpose})


async def reset(visitor: httpx.AsyncClient, token: str, **more: Any) -> httpx.Response:
    return await visitor.post("/api/auth/reset", json={"token": token, "password": ANOTHER} | more)


async def log_in(visitor: httpx.AsyncClient, email: str, password: str) -> int:
    answer = await visitor.post("/api/auth/login", json={"email": email, "password": password})
    return answer.status_code


async def test_a_reset_link_sets_a_password_once(ada: httpx.AsyncClient, mail: Mail) -> None:
    email = await address_of(ada)
    await ask(ada, email)
    token = await mail.token()

    weak = await reset(ada, token, password="password123")
    first, again = await reset(ada, token), await reset(ada, token)

    assert (weak.status_code, first.status_code) == (422, 204)
    assert (again.status_code, again.json()["code"]) == (410, "invalid-link")
    assert (await ada.get("/api/me")).status_code == 401
    assert [await log_in(ada, email, each) for each in (PASSWORD, ANOTHER)] == [401, 200]


async def test_a_link_works_once_even_at_the_same_time(ada: httpx.AsyncClient, mail: Mail) -> None:
    await ask(ada, await address_of(ada))
    token = await mail.token()

    answers = await asyncio.gather(*(reset(ada, token) for _ in range(3)))

    assert sorted(each.status_code for each in answers) == [204, 410, 410]


async def test_asking_for_a_link_never_tells_who_has_an_account(
    ada: httpx.AsyncClient, mail: Mail, runtime: Runtime
) -> None:
    known = await address_of(ada)

    answers = [await ask(ada, email) for email in (known, NOBODY)]
    async with runtime.database.read() as session:
        queued = await session.scalar(select(func.count()).select_from(OneTimeLink))
    sent = await mail.sent()

    assert [(each.status_code, each.json()) for each in answers] == [
        (202, {"email": known}),
        (202, {"email": NOBODY}),
    ]
    assert (queued, len(sent)) == (2, 1)
    assert await mail.sent() == []


async def test_links_are_counted_for_known_and_unknown_addresses(ada: httpx.AsyncClient) -> None:
    for email in (await address_of(ada), NOBODY):
        answers = [await ask(ada, email) for _ in range(6)]

        assert [each.status_code for each in answers] == [202] * 5 + [429]
        assert (answers[-1].json()["code"], "Retry-After" in answers[-1].headers) == ("too-many-mails", True)


async def test_a_replaced_or_old_link_does_not_work(ada: httpx.AsyncClient, mail: Mail, clock: Clock) -> None:
    email = await address_of(ada)
    await ask(ada, email)
    replaced = await mail.token()
    await ask(ada, email)
    old = await mail.token()
    first = await reset(ada, replaced)
    clock.advance(minutes=60)

    assert (first.status_code, (await reset(ada, old)).status_code) == (410, 410)


async def test_a_reset_of_an_unverified_address_ends_everything(ada: httpx.AsyncClient, mail: Mail) -> None:
    """The person who made the account may not have been the one who reads its mail."""
    email = await address_of(ada)
    made = await ada.post("/api/tokens", json={"name": "backup", "scopes": ["read"]})
    program = {"Authorization": f"Bearer {made.json()['token']}"}
    await ask(ada, email)

    await reset(ada, await mail.token())

    assert (await ada.get("/api/me", headers=program)).status_code == 401


async def test_an_address_is_verified_by_a_link(ada: httpx.AsyncClient, mail: Mail) -> None:
    email = await address_of(ada)
    await ask(ada, email, "verification")
    token = await mail.token()
    before = (await ada.get("/api/me")).json()

    verified = await ada.post("/api/auth/verify", json={"token": token})
    await ask(ada, email, "verification")

    assert verified.status_code == 204
    assert before["email_verified"] is False
    assert (await ada.get("/api/me")).json()["email_verified"] is True
    assert await mail.sent() == []


async def test_an_address_changes_when_the_new_one_is_verified(ada: httpx.AsyncClient, mail: Mail) -> None:
    old, new = await address_of(ada), "ada.new@example.com"
    await ask(ada, old)
    old_reset = await mail.token()

    asked = await ada.post("/api/me/email", json={"email": "Ada.New@example.com"})
    before = await address_of(ada)
    token = await mail.token()
    changed = await ada.post("/api/auth/verify", json={"token": token})

    assert (asked.status_code, before, changed.status_code) == (202, old, 204)
    assert await address_of(ada) == new
    assert [await log_in(ada, each, PASSWORD) for each in (old, new)] == [401, 200]
    assert (await reset(ada, old_reset)).status_code == 410


async def test_a_taken_address_is_answered_like_a_free_one(
    ada: httpx.AsyncClient, mail: Mail, stranger: httpx.AsyncClient
) -> None:
    taken = await address_of(stranger)

    answers = [await ada.post("/api/me/email", json={"email": each}) for each in (taken, NOBODY)]

    assert [(each.status_code, each.json()["email"]) for each in answers] == [(202, taken), (202, NOBODY)]
    assert len(await mail.sent()) == 1


async def test_changing_the_address_needs_a_recent_log_in(ada: httpx.AsyncClient, clock: Clock) -> None:
    clock.advance(minutes=6)

    refused = await ada.post("/api/me/email", json={"email": NOBODY})

    assert (refused.status_code, refused.json()["code"]) == (403, "log-in-again")


async def test_an_invitation_makes_an_account_without_sign_up(mailing: FastAPI, runtime: Runtime) -> None:
    async with runtime.database.write() as session:
        link = await administration.invite(session, "bob@example.com", now=runtime.now())
    invitation = {"token": token_of(link.url("http://localhost")), "password": ANOTHER, "name": "Bob"}

    async with calling(mailing) as bob:
        visitor = await bob.post("/api/auth/signup", json={"email": NOBODY, "password": ANOTHER})
        made, again = [await bob.post("/api/auth/invite", json=invitation) for _ in range(2)]

    assert (visitor.status_code, made.status_code, again.status_code) == (403, 201, 410)
    user = made.json()["user"]
    assert (user["email"], user["name"], user["email_verified"]) == ("bob@example.com", "Bob", True)


async def test_opening_a_link_uses_nothing_up(ada: httpx.AsyncClient, mail: Mail) -> None:
    await ask(ada, await address_of(ada))
    [link] = await mail.sent()

    pages = [await ada.get(path, headers={"Authorization": ""}) for path in (*PAGES, "/link.js", "/link.css")]

    assert link.startswith("http://127.0.0.1:8000/reset#")
    for page in pages:
        assert (page.status_code, "script-src 'self'" in page.headers["Content-Security-Policy"]) == (
            200,
            True,
        )
        assert not re.search(r"<script(?! src)|<style| style=| on[a-z]+=|https?://", page.text)
    assert (await reset(ada, token_of(link))).status_code == 204


async def test_every_page_calls_a_route_that_exists(ada: httpx.AsyncClient) -> None:
    for path in PAGES:
        page = await ada.get(path)
        [action] = re.findall(r'data-action="([^"]+)"', page.text)
        answer = await ada.post(action, json={"token": "unknown", "password": ANOTHER})

        # The page that verifies sends no password.
        expected = HTTPStatus.UNPROCESSABLE_ENTITY if path == "/verify" else HTTPStatus.GONE
        assert answer.status_code == expected


async def test_no_token_of_a_link_is_stored(ada: httpx.AsyncClient, mail: Mail, runtime: Runtime) -> None:
    await ask(ada, await address_of(ada))
    token = await mail.token()

    async with runtime.database.read() as connected:
        rows = await (await connected.connection()).run_sync(all_rows, Base.metadata)

    assert token not in str(rows)


async def test_without_a_way_to_send_nothing_is_promised(runtime: Runtime) -> None:
    async with calling(changed_api(runtime, print_links=False)) as visitor:
        refused = await ask(visitor, NOBODY)

    assert (refused.status_code, refused.json()["code"]) == (403, "feature-off")

"""One-time links that a mail server brings, and signing up where there is one."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from testbed.app.application import Clock, calling, logged_in
from testbed.app.mailbox import Mailbox
from todoapp.features.accounts.one_time_links import ATTEMPTS, take_due
from todoapp.features.channels.mail_server import MailServer
from todoapp.kit.settings import SignUpPolicy
from todoapp.processes.api.app import create_api
from todoapp.processes.notification.link_sender import LinkSender
from todoapp.processes.runtime import Runtime

EVE = "eve@example.com"
PASSWORD = "battery staple 9"


def mailing(runtime: Runtime, mailbox: Mailbox, **changed: Any) -> Runtime:
    settings = runtime.settings.model_copy(update={"print_links": False} | changed)
    return replace(runtime, mail_server=MailServer.of(mailbox.url), settings=settings)


@pytest.fixture
def mailing_runtime(runtime: Runtime, mailbox: Mailbox) -> Runtime:
    return mailing(runtime, mailbox)


@pytest.fixture
def mailing_api(mailing_runtime: Runtime) -> FastAPI:
    return create_api(mailing_runtime)


@pytest.fixture
def sender(mailing_runtime: Runtime) -> LinkSender:
    return LinkSender(mailing_runtime)


@pytest.fixture
async def visitor(mailing_api: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with calling(mailing_api) as visitor:
        yield visitor


async def sign_up(visitor: httpx.AsyncClient, email: str = EVE, **more: Any) -> httpx.Response:
    return await visitor.post("/api/auth/signup", json={"email": email} | more)


async def join(visitor: httpx.AsyncClient, token: str) -> httpx.Response:
    return await visitor.post("/api/auth/invite", json={"token": token, "password": PASSWORD})


async def log_in(visitor: httpx.AsyncClient, password: str) -> int:
    answer = await visitor.post("/api/auth/login", json={"email": EVE, "password": password})
    return answer.status_code


def link_in(mailbox: Mailbox, number: int = -1) -> str:
    text = mailbox.mails[number].get_body(("plain",))
    assert text is not None
    [link] = [line for line in text.get_content().splitlines() if line.startswith("http")]
    return str(link)


def token_in(mailbox: Mailbox, number: int = -1) -> str:
    return link_in(mailbox, number).partition("#")[2]


async def test_signing_up_takes_opening_the_link(
    visitor: httpx.AsyncClient, sender: LinkSender, mailbox: Mailbox
) -> None:
    asked = await sign_up(visitor, password="correct horse")
    before = await log_in(visitor, "correct horse")
    await sender.send_due()
    made = await join(visitor, token_in(mailbox))

    assert (asked.status_code, asked.json(), len(asked.cookies)) == (202, {"email": EVE}, 0)
    assert before == 401
    assert (made.status_code, made.json()["user"]["email_verified"]) == (201, True)
    # Who signed up may not have been the one who reads the mail, so that password counts for nothing.
    assert [await log_in(visitor, each) for each in ("correct horse", PASSWORD)] == [401, 200]


async def test_a_known_address_gets_a_link_into_its_account(
    visitor: httpx.AsyncClient, mailing_api: FastAPI, sender: LinkSender, mailbox: Mailbox
) -> None:
    async with logged_in(mailing_api) as ada:
        known = (await ada.get("/api/me")).json()["email"]

    answers = [await sign_up(visitor, email) for email in (known, EVE)]
    while await sender.send_due():
        pass
    links = {mail["To"]: link_in(mailbox, number) for number, mail in enumerate(mailbox.mails)}

    assert [(each.status_code, each.json()) for each in answers] == [
        (202, {"email": known}),
        (202, {"email": EVE}),
    ]
    assert links.keys() == {known, EVE}
    assert "/reset#" in links[known]
    assert "/invite#" in links[EVE]


async def test_a_mail_says_what_its_link_does(
    visitor: httpx.AsyncClient, sender: LinkSender, mailbox: Mailbox
) -> None:
    await sign_up(visitor)
    await sender.send_due()

    [mail] = mailbox.mails
    assert (mailbox.recipients, mail["To"], mail["Subject"]) == (
        [[EVE]],
        EVE,
        "TodoApp: Make your account",
    )
    assert "todo@example.com" in mail["From"]
    text = str(mail)
    assert "It works once, for 24 hours." in text
    assert "do nothing" in text


async def test_a_refused_mail_is_sent_again(
    visitor: httpx.AsyncClient, sender: LinkSender, mailbox: Mailbox, clock: Clock
) -> None:
    await sign_up(visitor)
    taken, mailbox.answer = mailbox.answer, "451 try again later"
    first = await sender.send_due()
    at_once = await sender.send_due()
    mailbox.answer = taken
    clock.advance(seconds=10)
    again = await sender.send_due()

    assert (first, at_once, again, len(mailbox.mails)) == (1, 0, 1, 1)
    assert (await join(visitor, token_in(mailbox))).status_code == 201


async def test_a_mail_that_is_never_taken_is_given_up(
    visitor: httpx.AsyncClient,
    sender: LinkSender,
    mailbox: Mailbox,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    mailbox.answer = "550 no such user"
    await sign_up(visitor)

    attempts = 0
    for _ in range(ATTEMPTS + 2):
        attempts += await sender.send_due()
        clock.advance(minutes=30)

    assert attempts == ATTEMPTS
    assert "A link could not be mailed" in caplog.text
    assert EVE not in caplog.text


async def test_sending_that_always_dies_is_given_up(
    visitor: httpx.AsyncClient, mailing_runtime: Runtime, clock: Clock
) -> None:
    await sign_up(visitor)

    attempts = 0
    for _ in range(ATTEMPTS + 2):
        attempts += len(await take_due(mailing_runtime.database, now=clock.now, limit=10))
        clock.advance(minutes=2)

    assert attempts == ATTEMPTS


async def test_a_link_ends_when_sign_up_is_closed(
    visitor: httpx.AsyncClient, runtime: Runtime, sender: LinkSender, mailbox: Mailbox
) -> None:
    await sign_up(visitor)
    await sender.send_due()
    closed = create_api(mailing(runtime, mailbox, sign_up=SignUpPolicy.CLOSED))

    async with calling(closed) as late:
        answers = [await join(late, token_in(mailbox)), await sign_up(late)]

    assert [(each.status_code, each.json()["code"]) for each in answers] == [(403, "sign-up-closed")] * 2


async def test_mails_to_an_address_are_limited(visitor: httpx.AsyncClient) -> None:
    answers = [await sign_up(visitor) for _ in range(6)]

    assert [each.status_code for each in answers] == [202] * 5 + [429]


async def test_without_a_mail_server_a_password_is_needed(api: FastAPI) -> None:
    async with calling(api) as visitor:
        refused = await sign_up(visitor)

    assert (refused.status_code, refused.json()["code"]) == (422, "password-missing")
    assert refused.json()["errors"][0]["pointer"] == "/password"

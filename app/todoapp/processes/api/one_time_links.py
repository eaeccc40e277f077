"""What people do by a link in a mail: verify an address, reset a password, accept an invitation.

The pages `/verify`, `/reset` and `/invite` show the link's token here. Only these requests act: programs that
open every link of a mail use none up.
"""

from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import Depends, Response
from pydantic import Field, SecretStr

from todoapp.features.accounts import mail_requests, recovery
from todoapp.features.accounts.one_time_links import Purpose
from todoapp.features.accounts.recovery import Invited
from todoapp.features.personal_data.revocation import Credentials, end_all
from todoapp.kit.fields import Email, Input, Name, NewPassword, TimeZone
from todoapp.processes.api.dependencies import CurrentOrigin, CurrentRuntime, FreshSession, TokenIssuer
from todoapp.processes.api.features import links_are_sent
from todoapp.processes.api.mails import LinkAsked, Mails
from todoapp.processes.api.opened_sessions import (
    LIMITED,
    Address,
    CurrentCookies,
    Kept,
    LoggedInView,
    UserAgent,
    opened,
)
from todoapp.processes.api.routing import resource_router

__all__ = ["own", "router"]

router = resource_router("/api/auth", "Accounts")
own = resource_router("/api/me", "Accounts")

LinkToken = Annotated[SecretStr, Field(max_length=100, description="what stands after `#` in the link")]


class LinkRequest(Input):
    email: Email
    purpose: Literal[Purpose.RESET, Purpose.VERIFICATION] = Field(
        description="to set a new password, or to show that the address is yours"
    )


class AddressChange(Input):
    email: Email = Field(description="the new address; the link goes there")


class Verification(Input):
    token: LinkToken


class PasswordReset(Input):
    token: LinkToken
    password: NewPassword
    also_end: list[Credentials] = Field(
        default=[],
        max_length=len(Credentials),
        description="all API tokens, the calendar's URL, all webhooks, all channels; all of them end anyway "
        "if the address was not verified before",
    )


class Acceptance(Input):
    token: LinkToken
    password: NewPassword
    name: Name | None = Field(default=None, description="the part of the e-mail before the @ when left out")
    timezone: TimeZone = "UTC"
    session: Kept = "body"

    def invited(self) -> Invited:
        return Invited(
            self.token.get_secret_value(), self.password.get_secret_value(), self.name, self.timezone
        )


Sent = Annotated[None, Depends(links_are_sent)]
"""Comes after the identity, where there is one: who shows no token learns nothing else."""
ASKED: dict[int | str, dict[str, Any]] = {HTTPStatus.FORBIDDEN: {}, HTTPStatus.TOO_MANY_REQUESTS: {}}
REFUSALS: dict[int | str, dict[str, Any]] = {
    HTTPStatus.CONFLICT: {},
    HTTPStatus.GONE: {},
    HTTPStatus.TOO_MANY_REQUESTS: {},
}


@router.post("/links", status_code=HTTPStatus.ACCEPTED, responses=ASKED)
async def ask_for_link(
    body: LinkRequest,
    _sent: Sent,
    runtime: CurrentRuntime,
    address: Address,
    limits: Mails,
    origin: CurrentOrigin,
) -> LinkAsked:
    """Have a link sent to the address of an account. The answer is the same if there is none."""
    await mail_requests.ask_for_link(
        runtime.database, body.purpose, body.email, limits, address=address, now=origin.now
    )
    return LinkAsked(email=body.email)


@own.post("/email", status_code=HTTPStatus.ACCEPTED, responses=ASKED)
async def ask_for_new_address(
    body: AddressChange,
    identity: FreshSession,
    _sent: Sent,
    runtime: CurrentRuntime,
    address: Address,
    limits: Mails,
    origin: CurrentOrigin,
) -> LinkAsked:
    """Have a link sent to another address of yours; opening it makes it that of your account.

    It takes a log-in of the last five minutes. The answer is the same if the address has an account.
    """
    await mail_requests.ask_for_new_address(
        runtime.database, identity.user_id, body.email, limits, address=address, now=origin.now
    )
    return LinkAsked(email=body.email)


@router.post("/verify", status_code=HTTPStatus.NO_CONTENT, responses=REFUSALS, dependencies=LIMITED)
async def verify_address(body: Verification, runtime: CurrentRuntime, origin: CurrentOrigin) -> None:
    """Show by a link that you read the mail of an address."""
    await recovery.verify(runtime.outbox, body.token.get_secret_value(), origin)


@router.post("/reset", status_code=HTTPStatus.NO_CONTENT, responses=REFUSALS, dependencies=LIMITED)
async def reset_password(body: PasswordReset, runtime: CurrentRuntime, origin: CurrentOrigin) -> None:
    """Set a new password by a link. All sessions end, and of what goes on without one what you wish."""
    token, password = body.token.get_secret_value(), body.password.get_secret_value()
    async with recovery.resetting_password(runtime.outbox, token, password, origin) as reset:
        await end_all(reset.changes, body.also_end if reset.was_verified else Credentials)


@router.post(
    "/invite",
    status_code=HTTPStatus.CREATED,
    response_model_exclude_none=True,
    responses=REFUSALS,
    dependencies=LIMITED,
)
async def accept_invitation(
    body: Acceptance,
    runtime: CurrentRuntime,
    issuer: TokenIssuer,
    user_agent: UserAgent,
    origin: CurrentOrigin,
    cookies: CurrentCookies,
    response: Response,
) -> LoggedInView:
    """Make your account by an invitation, or by the link that signing up sent you, and log in."""
    logged_in = await recovery.accept_invitation(
        runtime.outbox,
        issuer,
        body.invited(),
        runtime.settings.sign_up,
        user_agent=user_agent,
        origin=origin,
    )
    response.headers["Location"] = "/api/me"
    return opened(response, cookies, logged_in, body.session)

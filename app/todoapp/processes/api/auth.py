"""Signing up, logging in and staying logged in.

Nobody is known yet, so `Idempotency-Key` has no meaning here: a repeated sign-up is answered 409,
a repeated log-in opens another session, a repeated refresh works within a few seconds.

A page of this installation asks for its session in a cookie, which its scripts cannot read: then the refresh
token is in no answer, and `refresh` and `logout` find it in the cookie. Access tokens are shown as ever, so
no other route has to ask which page a request comes from.
"""

from http import HTTPStatus
from typing import Annotated

from fastapi import Cookie, Depends, Request, Response
from fastapi.security import HTTPAuthorizationCredentials
from pydantic import Field, SecretStr

from todoapp.features.accounts import mail_requests, refresh_tokens, service, sessions
from todoapp.features.accounts.errors import InvalidRefreshToken
from todoapp.features.accounts.identity import SessionIdentity
from todoapp.features.accounts.one_time_links import Purpose
from todoapp.features.accounts.password_choice import PasswordMissing
from todoapp.features.accounts.service import NewAccount
from todoapp.kit.errors import Unauthorized
from todoapp.kit.fields import Email, Input, Name, NewPassword, TimeZone
from todoapp.processes.api.cookies import DEVICE, REFRESH
from todoapp.processes.api.dependencies import (
    CurrentGuessLimits,
    CurrentOrigin,
    CurrentRuntime,
    Now,
    TokenIssuer,
    bearer,
    identity_of,
    require_session,
)
from todoapp.processes.api.mails import LinkAsked, Mails
from todoapp.processes.api.opened_sessions import (
    LIMITED,
    Address,
    CurrentCookies,
    Kept,
    LoggedInView,
    TokensView,
    UserAgent,
    in_cookie,
    opened,
)
from todoapp.processes.api.routing import resource_router

router = resource_router("/api/auth", "Accounts")

LONGEST_COOKIE = 1000


class SignUp(Input):
    email: Email = Field(examples=["ada@example.com"])
    password: NewPassword | None = Field(
        default=None,
        examples=["correct horse"],
        description="needed where the installation has no mail server; where it has one, you choose the "
        "password after you opened the link, and this one is not looked at",
    )
    name: Name | None = Field(default=None, description="the part of the e-mail before the @ when left out")
    timezone: TimeZone = Field(default="UTC", description="IANA name", examples=["Europe/Berlin"])
    session: Kept = "body"

    def account(self) -> NewAccount:
        return NewAccount(self.email, self.name or self.email.partition("@")[0], self.timezone)

    def chosen_password(self) -> str:
        """
        Raises:
            PasswordMissing
        """
        if self.password is None:
            raise PasswordMissing
        return self.password.get_secret_value()


class LogIn(Input):
    email: Email
    password: SecretStr = Field(max_length=128)
    session: Kept = "body"


class Refresh(Input):
    refresh_token: SecretStr = Field(max_length=200)


async def _open_sign_up(runtime: CurrentRuntime) -> None:
    service.require_open_sign_up(runtime.settings.sign_up)


DeviceCookie = Annotated[SecretStr | None, Cookie(alias=DEVICE, max_length=LONGEST_COOKIE)]
RefreshCookie = Annotated[SecretStr | None, Cookie(alias=REFRESH, max_length=LONGEST_COOKIE)]


@router.post(
    "/signup",
    status_code=HTTPStatus.CREATED,
    response_model_exclude_none=True,
    responses={
        HTTPStatus.ACCEPTED: {"model": LinkAsked, "description": "a link to make the account was sent"},
        HTTPStatus.FORBIDDEN: {},
        HTTPStatus.CONFLICT: {},
        HTTPStatus.TOO_MANY_REQUESTS: {},
    },
    dependencies=[Depends(_open_sign_up), *LIMITED],
)
async def sign_up(
    body: SignUp,
    runtime: CurrentRuntime,
    issuer: TokenIssuer,
    user_agent: UserAgent,
    address: Address,
    mails: Mails,
    now: Now,
    cookies: CurrentCookies,
    response: Response,
) -> LoggedInView | LinkAsked:
    """Create an account, and log in. Common passwords, and your name or address as one, are refused.

    Where the installation has a mail server the answer is 202, the same for every address, and you get a link
    by which you choose name and password; until you do, there is no account. Who has an account gets a link
    to set its password instead. An installation may accept only the people whom it invites, or nobody.
    """
    if runtime.mail_server is not None:
        await mail_requests.ask_for_link(
            runtime.database, Purpose.SIGN_UP, body.email, mails, address=address, now=now
        )
        response.status_code = HTTPStatus.ACCEPTED
        return LinkAsked(email=body.email)
    password = body.chosen_password()
    logged_in = await service.sign_up(
        runtime.database, issuer, body.account(), password, user_agent=user_agent, now=now
    )
    response.headers["Location"] = "/api/me"
    return opened(response, cookies, logged_in, body.session)


@router.post(
    "/login",
    response_model_exclude_none=True,
    responses={HTTPStatus.UNAUTHORIZED: {}, HTTPStatus.FORBIDDEN: {}, HTTPStatus.TOO_MANY_REQUESTS: {}},
    dependencies=LIMITED,
)
async def log_in(
    body: LogIn,
    runtime: CurrentRuntime,
    issuer: TokenIssuer,
    user_agent: UserAgent,
    address: Address,
    origin: CurrentOrigin,
    limits: CurrentGuessLimits,
    cookies: CurrentCookies,
    response: Response,
    device: DeviceCookie = None,
) -> LoggedInView:
    """Open a session with e-mail and password.

    Many wrong passwords slow all further log-ins to the account down, but not those from a device that sends
    the cookie of an earlier log-in.
    """
    wanted = service.LogIn(
        email=body.email,
        password=body.password.get_secret_value(),
        user_agent=user_agent,
        address=address,
        device_token=device.get_secret_value() if device else None,
    )
    logged_in = await service.log_in(runtime.outbox, issuer, limits, wanted, origin=origin)
    return opened(response, cookies, logged_in, body.session)


@router.post(
    "/refresh",
    response_model_exclude_none=True,
    responses={HTTPStatus.UNAUTHORIZED: {}, HTTPStatus.FORBIDDEN: {}},
)
async def refresh(
    request: Request,
    runtime: CurrentRuntime,
    issuer: TokenIssuer,
    origin: CurrentOrigin,
    cookies: CurrentCookies,
    response: Response,
    body: Refresh | None = None,
    kept: RefreshCookie = None,
) -> TokensView:
    """Get the next pair of tokens. Each refresh token works once; a stolen one ends its session.

    Without a body the token is that of the cookie, which only a page of this installation may use.
    """
    if body is not None:
        token = body.refresh_token.get_secret_value()
        return TokensView.of(await refresh_tokens.refresh(runtime.outbox, issuer, token, origin=origin))
    if kept is None:
        raise InvalidRefreshToken
    cookies.require_own_page(request)
    # A refused token stays in the cookie: another tab may have put a newer one there.
    token = kept.get_secret_value()
    tokens = await refresh_tokens.refresh(runtime.outbox, issuer, token, origin=origin)
    return in_cookie(response, cookies, tokens)


async def _ending_session(
    request: Request,
    response: Response,
    runtime: CurrentRuntime,
    now: Now,
    cookies: CurrentCookies,
    shown: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
    kept: RefreshCookie = None,
) -> SessionIdentity | None:
    """The session of the access token or, when that has ended, of the cookie; None if both have."""
    try:
        return require_session(await identity_of(request, response, shown))
    except Unauthorized:
        if kept is None:
            raise
    cookies.require_own_page(request)
    async with runtime.database.read() as session:
        return await refresh_tokens.session_of(session, kept.get_secret_value(), now=now)


@router.post("/logout", status_code=HTTPStatus.NO_CONTENT)
async def log_out(
    ending: Annotated[SessionIdentity | None, Depends(_ending_session)],
    runtime: CurrentRuntime,
    origin: CurrentOrigin,
    cookies: CurrentCookies,
    response: Response,
) -> None:
    """End the session of the access token or of the cookie, and with it all its tokens."""
    if ending is not None:
        async with runtime.outbox.changes(ending.user_id, origin) as changes:
            await sessions.end_session(changes, ending.session_id)
    cookies.clear(response, REFRESH)

"""Signing up, logging in and staying logged in.

Nobody is known yet, so `Idempotency-Key` has no meaning here: a repeated sign-up is answered 409,
a repeated log-in opens another session, a repeated refresh works within a few seconds.
"""

from http import HTTPStatus
from typing import Annotated, Literal, Self

from fastapi import Depends, Request, Response
from pydantic import AfterValidator, BaseModel, EmailStr, Field, SecretStr

from todoapp.features.accounts import refresh_tokens, service, sessions
from todoapp.features.accounts.refresh_tokens import Tokens
from todoapp.features.accounts.service import LoggedIn, NewAccount
from todoapp.features.accounts.view import UserView
from todoapp.kit.fields import Input, Name, NewPassword, TimeZone
from todoapp.processes.api.dependencies import (
    AccountChanges,
    CurrentOrigin,
    CurrentRuntime,
    CurrentSession,
    Limits,
    Now,
    TokenIssuer,
)
from todoapp.processes.api.rate_limits import origin_of
from todoapp.processes.api.routing import resource_router

router = resource_router("/api/auth", "Accounts")

LONGEST_USER_AGENT = 200

Email = Annotated[EmailStr, AfterValidator(str.lower)]


class SignUp(Input):
    email: Email = Field(examples=["ada@example.com"])
    password: NewPassword
    name: Name | None = Field(default=None, description="the part of the e-mail before the @ when left out")
    timezone: TimeZone = Field(default="UTC", description="IANA name", examples=["Europe/Berlin"])

    def account(self) -> NewAccount:
        return NewAccount(self.email, self.name or self.email.partition("@")[0], self.timezone)


class LogIn(Input):
    email: Email
    password: SecretStr = Field(max_length=128)


class Refresh(Input):
    refresh_token: SecretStr = Field(max_length=200)


class TokensView(BaseModel):
    access_token: str = Field(description="goes into `Authorization: Bearer …`")
    refresh_token: str = Field(description="gets the next pair, once, from /api/auth/refresh")
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - RFC 6750's name of the scheme
    expires_in: int = Field(description="seconds until the access token ends")

    @classmethod
    def of(cls, tokens: Tokens) -> Self:
        return cls(
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token,
            expires_in=int(tokens.expires_in.total_seconds()),
        )


class LoggedInView(TokensView):
    user: UserView

    @classmethod
    def opened(cls, logged_in: LoggedIn) -> Self:
        return cls(**TokensView.of(logged_in.tokens).model_dump(), user=logged_in.user)


async def _user_agent(request: Request) -> str:
    return request.headers.get("user-agent", "")[:LONGEST_USER_AGENT]


async def _check_of_password(request: Request, limits: Limits) -> None:
    """Count a request for which a password is hashed, because hashing is slow on purpose."""
    limits.password_checks.take(origin_of(request))


UserAgent = Annotated[str, Depends(_user_agent)]
LIMITED = [Depends(_check_of_password)]


@router.post(
    "/signup",
    status_code=HTTPStatus.CREATED,
    responses={HTTPStatus.CONFLICT: {}, HTTPStatus.TOO_MANY_REQUESTS: {}},
    dependencies=LIMITED,
)
async def sign_up(
    body: SignUp,
    runtime: CurrentRuntime,
    issuer: TokenIssuer,
    user_agent: UserAgent,
    now: Now,
    response: Response,
) -> LoggedInView:
    """Create an account, and log in."""
    password = body.password.get_secret_value()
    logged_in = await service.sign_up(
        runtime.database, issuer, body.account(), password, user_agent=user_agent, now=now
    )
    response.headers["Location"] = "/api/me"
    return LoggedInView.opened(logged_in)


@router.post(
    "/login",
    responses={HTTPStatus.UNAUTHORIZED: {}, HTTPStatus.TOO_MANY_REQUESTS: {}},
    dependencies=LIMITED,
)
async def log_in(
    body: LogIn,
    request: Request,
    runtime: CurrentRuntime,
    issuer: TokenIssuer,
    user_agent: UserAgent,
    origin: CurrentOrigin,
    limits: Limits,
) -> LoggedInView:
    """Open a session with e-mail and password."""
    limits.log_ins.take((origin_of(request), body.email))
    logged_in = await service.log_in(
        runtime.outbox,
        issuer,
        email=body.email,
        password=body.password.get_secret_value(),
        user_agent=user_agent,
        origin=origin,
    )
    return LoggedInView.opened(logged_in)


@router.post("/refresh", responses={HTTPStatus.UNAUTHORIZED: {}})
async def refresh(
    body: Refresh, runtime: CurrentRuntime, issuer: TokenIssuer, origin: CurrentOrigin
) -> TokensView:
    """Get the next pair of tokens. Each refresh token works once; a stolen one ends its session."""
    token = body.refresh_token.get_secret_value()
    return TokensView.of(await refresh_tokens.refresh(runtime.outbox, issuer, token, origin=origin))


@router.post("/logout", status_code=HTTPStatus.NO_CONTENT)
async def log_out(identity: CurrentSession, changes: AccountChanges) -> None:
    """End the session of the access token, and with it all its tokens."""
    await sessions.end_session(changes, identity.session_id)

"""Signing up, logging in and staying logged in.

Nobody is known yet, so `Idempotency-Key` has no meaning here: a repeated sign-up is answered 409,
a repeated log-in opens another session, a repeated refresh works within a few seconds.
"""

from http import HTTPStatus
from typing import Annotated, Literal, Self

from fastapi import Response
from pydantic import AfterValidator, BaseModel, ConfigDict, EmailStr, Field, SecretStr

from todoapp.accounts import service, sessions
from todoapp.accounts.service import LoggedIn, NewAccount
from todoapp.accounts.sessions import Tokens
from todoapp.accounts.view import UserView
from todoapp.api.dependencies import CurrentIdentity, CurrentRuntime, Now, TokenIssuer
from todoapp.api.routing import resource_router
from todoapp.fields import Name, TimeZone

router = resource_router("/api/auth", "Accounts")

Email = Annotated[EmailStr, AfterValidator(str.lower)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SignUp(_Body):
    email: Email = Field(examples=["ada@example.com"])
    password: SecretStr = Field(min_length=8, max_length=128)
    name: Name | None = Field(default=None, description="the part of the e-mail before the @ when left out")
    timezone: TimeZone = Field(default="UTC", description="IANA name", examples=["Europe/Berlin"])

    def account(self) -> NewAccount:
        return NewAccount(self.email, self.name or self.email.partition("@")[0], self.timezone)


class LogIn(_Body):
    email: Email
    password: SecretStr = Field(max_length=128)


class Refresh(_Body):
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


@router.post("/signup", status_code=HTTPStatus.CREATED, responses={HTTPStatus.CONFLICT: {}})
async def sign_up(
    body: SignUp, runtime: CurrentRuntime, issuer: TokenIssuer, now: Now, response: Response
) -> LoggedInView:
    """Create an account, and log in."""
    password = body.password.get_secret_value()
    response.headers["Location"] = "/api/me"
    return LoggedInView.opened(
        await service.sign_up(runtime.database, issuer, body.account(), password, now=now)
    )


@router.post("/login", responses={HTTPStatus.UNAUTHORIZED: {}})
async def log_in(body: LogIn, runtime: CurrentRuntime, issuer: TokenIssuer, now: Now) -> LoggedInView:
    """Open a session with e-mail and password."""
    password = body.password.get_secret_value()
    return LoggedInView.opened(
        await service.log_in(runtime.database, issuer, email=body.email, password=password, now=now)
    )


@router.post("/refresh", responses={HTTPStatus.UNAUTHORIZED: {}})
async def refresh(body: Refresh, runtime: CurrentRuntime, issuer: TokenIssuer, now: Now) -> TokensView:
    """Get the next pair of tokens. Each refresh token works once; a stolen one ends its session."""
    token = body.refresh_token.get_secret_value()
    return TokensView.of(await sessions.refresh(runtime.database, issuer, token, now=now))


@router.post("/logout", status_code=HTTPStatus.NO_CONTENT)
async def log_out(identity: CurrentIdentity, runtime: CurrentRuntime, now: Now) -> None:
    """End the session of the access token; the token itself ends by its own time."""
    await sessions.log_out(runtime.database, identity.session_id, now=now)

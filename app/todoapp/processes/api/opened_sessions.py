"""How people come in: what is known of them before, and the session that they get.

The routes of log-ins and of invitations answer alike.
"""

from typing import Annotated, Literal, Self

from fastapi import Depends, Request, Response
from pydantic import BaseModel, Field

from todoapp.features.accounts.devices import DEVICE_LIFETIME
from todoapp.features.accounts.refresh_tokens import Tokens
from todoapp.features.accounts.service import LoggedIn
from todoapp.features.accounts.view import UserView
from todoapp.processes.api.cookies import DEVICE, REFRESH, Cookies
from todoapp.processes.api.dependencies import CurrentRuntime, Limits
from todoapp.processes.api.rate_limits import origin_of

__all__ = [
    "LIMITED",
    "Address",
    "CurrentCookies",
    "Kept",
    "LoggedInView",
    "TokensView",
    "UserAgent",
    "in_cookie",
    "opened",
]

LONGEST_USER_AGENT = 200

Kept = Annotated[
    Literal["body", "cookie"],
    Field(description="where the refresh token is: in the answer, or in a cookie that scripts cannot read"),
]


class TokensView(BaseModel):
    access_token: str = Field(description="goes into `Authorization: Bearer …`")
    refresh_token: str | None = Field(
        default=None, description="gets the next pair, once, from /api/auth/refresh; absent when in a cookie"
    )
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


async def _user_agent(request: Request) -> str:
    return request.headers.get("user-agent", "")[:LONGEST_USER_AGENT]


async def _address(request: Request, runtime: CurrentRuntime) -> str | None:
    """The network that the request comes from, as far as that can be known."""
    return origin_of(request) if runtime.settings.limits_per_address else None


Address = Annotated[str | None, Depends(_address)]


async def _check_of_password(address: Address, limits: Limits) -> None:
    """Count a request for which a password is hashed, because hashing is slow on purpose."""
    if address is not None:
        limits.password_checks.take(address)


async def _cookies(request: Request) -> Cookies:
    cookies: Cookies = request.app.state.cookies
    return cookies


UserAgent = Annotated[str, Depends(_user_agent)]
CurrentCookies = Annotated[Cookies, Depends(_cookies)]
LIMITED = [Depends(_check_of_password)]


def opened(
    response: Response, cookies: Cookies, logged_in: LoggedIn, kept: Literal["body", "cookie"]
) -> LoggedInView:
    """The answer to who has just logged in, with its cookies."""
    cookies.keep(response, DEVICE, logged_in.device_token, DEVICE_LIFETIME)
    tokens = logged_in.tokens
    view = in_cookie(response, cookies, tokens) if kept == "cookie" else TokensView.of(tokens)
    return LoggedInView(**view.model_dump(), user=logged_in.user)


def in_cookie(response: Response, cookies: Cookies, tokens: Tokens) -> TokensView:
    cookies.keep(response, REFRESH, tokens.refresh_token, tokens.refresh_expires_in)
    return TokensView.of(tokens).model_copy(update={"refresh_token": None})

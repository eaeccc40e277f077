"""How the sidecar calls its app."""

import asyncio
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass

import aiohttp
from yarl import URL

__all__ = ["Answer", "AppChannel", "AppUnreachable", "CallFailed", "client_session"]


class CallFailed(Exception):
    """The app took the call and did not answer, so what it did is unknown."""


class AppUnreachable(Exception):
    """Nothing listens on the app's port, so the app never got the call."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes

    @property
    def succeeded(self) -> bool:
        return 200 <= self.status < 300


def client_session() -> aiohttp.ClientSession:
    """The connections of one process to its apps: no time limit, no cookies, nothing added or unpacked."""
    return aiohttp.ClientSession(
        # Shorter than the 5 s after which uvicorn closes, or a call would race with the closing.
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=2),
        timeout=aiohttp.ClientTimeout(total=None),
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
        auto_decompress=False,
    )


class AppChannel:
    """HTTP calls to one app instance, with its token and within its limit of calls at a time."""

    def __init__(
        self, session: aiohttp.ClientSession, address: str, *, token: str | None, max_concurrency: int | None
    ) -> None:
        self._session = session
        self._base = f"http://{address}"
        self._token = {"dapr-api-token": token} if token else {}
        self._slots: AbstractAsyncContextManager[object] = (
            asyncio.Semaphore(max_concurrency) if max_concurrency else nullcontext()
        )

    async def get(self, path: str, *, within: float | None = None) -> Answer:
        """Raises: AppUnreachable, CallFailed."""
        return await self._call("GET", path, b"", {}, within)

    async def post(
        self, path: str, body: bytes, headers: Mapping[str, str], *, within: float | None = None
    ) -> Answer:
        """Call when a slot is free; the answer has to come `within` so many seconds of that.

        Raises:
            AppUnreachable
            CallFailed
        """
        async with self._slots:
            return await self._call("POST", path, body, headers, within)

    async def _call(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str], within: float | None
    ) -> Answer:
        try:
            async with (
                asyncio.timeout(within),
                self._session.request(
                    method,
                    URL(self._base + path, encoded=True),
                    data=body,
                    headers={**headers, **self._token},
                    allow_redirects=False,
                ) as response,
            ):
                return Answer(response.status, await response.read())
        except aiohttp.ClientConnectorError as error:
            raise AppUnreachable(str(error)) from error
        except TimeoutError as error:
            raise CallFailed(f"no answer to {method} {path} within {within} s") from error
        except aiohttp.ClientError as error:
            raise CallFailed(f"{method} {path}: {error}") from error

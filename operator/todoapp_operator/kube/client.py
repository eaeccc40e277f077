"""Requests to the API server, in raw JSON over one HTTP session.

Server-side apply and watch cost a fraction of what they cost by client libraries with models; docs/adr/0037
has the figures.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Self

import aiohttp
import orjson

from todoapp_operator.kube.kinds import Kind, url
from todoapp_operator.kube.login import Login
from todoapp_operator.metrics import API_WRITES

__all__ = ["UNREACHABLE", "ApiError", "Client"]

Object = dict[str, Any]

UNREACHABLE = (aiohttp.ClientError, TimeoutError, OSError)
"""What a request raises when there is no answer."""

_REQUEST_SECONDS = 10
_CONNECT_SECONDS = 5
_PAGE = 250


class ApiError(Exception):
    """The API server says no; `reason` is for programs, as in `NotFound`."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Self:
        """From a `Status` object."""
        return cls(answer.get("code", 500), answer.get("reason", ""), answer.get("message", ""))


class Client:
    """Every method raises ApiError when the API server says no, and one of UNREACHABLE without an answer.

    What it writes belongs to the field manager `manager`, unless a call names another.
    """

    def __init__(self, session: aiohttp.ClientSession, login: Login, manager: str) -> None:
        self._session = session
        self._login = login
        self._manager = manager

    @classmethod
    @asynccontextmanager
    async def connected(cls, manager: str) -> AsyncIterator[Self]:
        """
        Raises:
            UserError: nothing says where the API server is.
        """
        login = Login()
        async with aiohttp.ClientSession(
            login.server,
            connector=aiohttp.TCPConnector(limit=0, ssl=login.tls),
            timeout=aiohttp.ClientTimeout(total=_REQUEST_SECONDS, sock_connect=_CONNECT_SECONDS),
            # The API server packs long answers otherwise, which costs more than it saves within a cluster.
            headers={"Accept-Encoding": "identity", "User-Agent": manager},
        ) as session:
            yield cls(session, login, manager)

    async def get(self, path: str, **parameters: str) -> Object:
        return await self._request("GET", path, parameters)

    async def apply(
        self,
        kind: Kind,
        namespace: str,
        name: str,
        body: bytes,
        *,
        subresource: str = "",
        manager: str = "",
    ) -> Object:
        """Server-side apply: `body` is all that `manager` has to say about the object.

        Returns:
            The whole object as it is then.
        """
        parameters = {"fieldManager": manager or self._manager, "force": "true"}
        path = url(kind, namespace, name, subresource)
        result = await self._request("PATCH", path, parameters, body, "application/apply-patch+yaml")
        API_WRITES.labels("apply", kind.name).inc()
        return result

    async def apply_gently(self, kind: Kind, namespace: str, name: str, body: bytes) -> tuple[Object, bool]:
        """Server-side apply that takes no field from another manager: that is a conflict (409).

        Returns:
            The whole object as it is then, and whether it was made.
        """
        parameters = {"fieldManager": self._manager}
        path, content_type = url(kind, namespace, name), "application/apply-patch+yaml"
        status, result = await self._answer("PATCH", path, parameters, body, content_type)
        API_WRITES.labels("apply", kind.name).inc()
        return result, status == HTTPStatus.CREATED

    async def merge(self, kind: Kind, namespace: str, name: str, body: bytes, *, manager: str) -> Object:
        """JSON merge patch: what `body` names is replaced, lists as a whole."""
        path, parameters = url(kind, namespace, name), {"fieldManager": manager}
        result = await self._request("PATCH", path, parameters, body, "application/merge-patch+json")
        API_WRITES.labels("merge", kind.name).inc()
        return result

    async def create(self, kind: Kind, namespace: str, body: bytes) -> Object:
        result = await self._request("POST", url(kind, namespace), {"fieldManager": self._manager}, body)
        API_WRITES.labels("create", kind.name).inc()
        return result

    async def replace(self, kind: Kind, namespace: str, name: str, body: bytes) -> Object:
        """Fails if it has changed since the `resourceVersion` in `body`."""
        result = await self._request("PUT", url(kind, namespace, name), {}, body)
        API_WRITES.labels("replace", kind.name).inc()
        return result

    async def delete(self, kind: Kind, namespace: str, name: str, uid: str) -> None:
        """Ask for the end of this very object; what it owns follows it."""
        body = orjson.dumps({"preconditions": {"uid": uid}, "propagationPolicy": "Background"})
        await self._request("DELETE", url(kind, namespace, name), {}, body)
        API_WRITES.labels("delete", kind.name).inc()

    async def pages(
        self, path: str, accept: str = "application/json", **parameters: str
    ) -> AsyncIterator[Object]:
        """All objects of a kind, some at a time."""
        token = ""
        while True:
            chosen = parameters | {"limit": str(_PAGE)} | ({"continue": token} if token else {})
            page = await self._request("GET", path, chosen, accept=accept)
            yield page
            if not (token := page["metadata"].get("continue", "")):
                return

    async def watch(
        self, path: str, *, accept: str = "application/json", silence_seconds: float, **parameters: str
    ) -> AsyncIterator[Object]:
        """Events as they come, until the API server ends the watch or is silent for too long."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS, sock_read=silence_seconds)
        chosen = parameters | {"watch": "true", "allowWatchBookmarks": "true"}
        async with self._session.get(
            path, params=chosen, headers=self._headers(accept), timeout=timeout
        ) as response:
            if not response.ok:
                raise _error(response.status, await response.read())
            rest = b""
            async for chunk in response.content.iter_any():
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    yield orjson.loads(line)

    async def _request(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, str],
        body: bytes | None = None,
        content_type: str = "application/json",
        *,
        accept: str = "application/json",
    ) -> Object:
        _, result = await self._answer(method, path, parameters, body, content_type, accept=accept)
        return result

    async def _answer(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, str],
        body: bytes | None,
        content_type: str,
        *,
        accept: str = "application/json",
    ) -> tuple[int, Object]:
        headers = self._headers(accept)
        if body is not None:
            headers["Content-Type"] = content_type
        async with self._session.request(
            method, path, params=parameters, data=body, headers=headers
        ) as response:
            answer = await response.read()
            if not response.ok:
                raise _error(response.status, answer)
            return response.status, orjson.loads(answer)

    def _headers(self, accept: str) -> dict[str, str]:
        return {"Accept": accept, **self._login.headers()}


def _error(status: int, body: bytes) -> ApiError:
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        # A proxy in between, or an API server that is just starting.
        return ApiError(status, HTTPStatus(status).phrase, body.decode(errors="replace"))
    return ApiError.of(answer)

"""Which host names the public listener answers to.

A web page may let its own name point to a port of its visitor's machine (DNS rebinding) and read what is
answered there. The browser sends the name as `Host`, so a name that is not ours is refused.

Starlette's `TrustedHostMiddleware` reads no IPv6 addresses, answers in plain text, and breaks WebSockets.
"""

import re
from collections.abc import Iterable
from http import HTTPStatus
from ipaddress import ip_address
from typing import Self
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from todoapp.kit.settings import Settings
from todoapp.processes.web.health import PATHS as HEALTH_PATHS
from todoapp.processes.web.problem import problem_response

__all__ = ["AllowedHosts", "Hosts"]

HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[^\s:/?#@\[\]]+)(?::\d*)?")
"""RFC 9110 §7.2: a name or an address, and maybe a port."""


class Hosts:
    """Names and patterns like `*.example.com`, which stands for every name below `example.com`."""

    def __init__(self, allowed: Iterable[str]) -> None:
        names = {name.strip().lower() for name in allowed}
        self._below = tuple(name.removeprefix("*") for name in names if name.startswith("*."))
        self._names = names | {"localhost"}

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The host of `public_url`, and those that the other two settings list."""
        named = f"{settings.public_hosts},{settings.allowed_hosts}".split(",")
        return cls([urlsplit(settings.public_url).hostname or "", *filter(None, map(str.strip, named))])

    def include(self, name: str) -> bool:
        name = name.lower().removesuffix(".")
        return name in self._names or name.endswith(self._below) or _is_loopback(name)


class AllowedHosts:
    """Refuses every request for a host that is not ours.

    The paths of health also answer to addresses, by which load balancers ask; nobody can let another
    name point to an address that stands in `Host` itself.
    """

    def __init__(self, app: ASGIApp, hosts: Hosts) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or self._allows(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close"})  # before it was accepted: answered with 403
        else:
            response = problem_response(
                HTTPStatus.MISDIRECTED_REQUEST,
                "unknown-host",
                "Nothing is served under this host name; use the public address of the installation. "
                "TODOAPP_ALLOWED_HOSTS lets the api answer to more names.",
            )
            await response(scope, receive, send)

    def _allows(self, scope: Scope) -> bool:
        name = _host(Headers(scope=scope))
        if scope["path"] in HEALTH_PATHS and (name is None or _is_address(name)):
            return True
        return name is not None and self._hosts.include(name)


def _host(headers: Headers) -> str | None:
    """The name without its port; None when there is none, or not exactly one."""
    given = headers.getlist("host")
    found = HOST.fullmatch(given[0]) if len(given) == 1 else None
    return found["name"].strip("[]") if found else None


def _is_loopback(name: str) -> bool:
    return _is_address(name) and ip_address(name).is_loopback


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True

"""What every answer tells browsers: keep it nowhere, embed it nowhere, guess nothing about it."""

from http import HTTPStatus

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["SecurityHeaders"]

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
}
# Two users of a browser ask for the same paths and may even get the same ETag.
NOT_KEPT = {"Cache-Control": "no-store"}
HTTPS_ONLY = {"Strict-Transport-Security": "max-age=31536000"}


class SecurityHeaders:
    """Adds the headers that an answer does not have already, so a route may choose its own."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        self._headers = HEADERS | (HTTPS_ONLY if https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                # 304 is about an answer that the client kept with our permission.
                kept = message["status"] == HTTPStatus.NOT_MODIFIED
                for name, value in (self._headers | ({} if kept else NOT_KEPT)).items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, protected)

"""The pages that links in mails lead to: files with a script and without a build.

Opening one does nothing. Its script takes the token that stands after `#`, and shows it when the person asks.
"""

from collections.abc import Callable, Coroutine
from importlib.resources import files
from typing import Any

from fastapi import APIRouter, Response

__all__ = ["PAGES", "PARTS", "router"]

PAGES = {"/verify": "verify.html", "/reset": "reset.html", "/invite": "invite.html"}
PARTS = {"/link.js": ("link.js", "text/javascript"), "/link.css": ("link.css", "text/css")}
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def _router() -> APIRouter:
    made = APIRouter(include_in_schema=False)
    for path, name in PAGES.items():
        made.add_api_route(path, _file(name, "text/html"), name=name)
    for path, (name, kind) in PARTS.items():
        made.add_api_route(path, _file(name, kind), name=name)
    return made


def _file(name: str, kind: str) -> Callable[[], Coroutine[Any, Any, Response]]:
    content = files("todoapp.processes.api").joinpath("static", name).read_bytes()

    async def answer() -> Response:
        headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
        return Response(content, media_type=kind, headers=headers)

    return answer


router = _router()

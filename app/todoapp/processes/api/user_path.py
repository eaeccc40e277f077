"""`/api/{user_id}/…` is another spelling of `/api/…`, for the token's own user."""

import re
from uuid import UUID

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from todoapp.kit.errors import Forbidden

__all__ = ["UserPaths", "require_own_path"]

USER_PATH = re.compile(r"/api/(?P<user>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})(?P<rest>/.*)")


class ForeignPath(Forbidden):
    code = "foreign-path"

    def __init__(self) -> None:
        super().__init__("The user id in the path is not yours; leave it out, or use your own.")


class UserPaths:
    """Takes the user id out of the path, and remembers it for `require_own_path`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan" and (found := USER_PATH.fullmatch(scope["path"])):
            short = f"/api{found['rest']}"
            state = {**scope.get("state", {}), "path_user_id": UUID(found["user"])}
            scope = {**scope, "path": short, "raw_path": short.encode(), "state": state}
        await self._app(scope, receive, send)


def require_own_path(connection: HTTPConnection, user_id: UUID) -> None:
    """
    Raises:
        ForeignPath: the path named somebody else.
    """
    if getattr(connection.state, "path_user_id", user_id) != user_id:
        raise ForeignPath

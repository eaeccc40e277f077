"""The cookies of browsers: sent to the routes of log-in only, never seen by scripts or other sites."""

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from fastapi import Request, Response

from todoapp.kit.errors import Forbidden

__all__ = ["DEVICE", "REFRESH", "Cookies"]

DEVICE = "todoapp_device"
"""Makes a device known at log-in; good for nothing else."""
REFRESH = "todoapp_refresh"
"""A refresh token, for a page that does not want to keep one itself."""
PATH = "/api/auth"


class ForeignOrigin(Forbidden):
    code = "foreign-origin"

    def __init__(self, origin: str) -> None:
        super().__init__(
            f"A session kept in a cookie is used by pages of {origin} only; send a token instead."
        )


@dataclass(frozen=True)
class Cookies:
    public_url: str

    def keep(self, response: Response, name: str, value: str, lifetime: timedelta) -> None:
        response.set_cookie(
            name,
            value,
            max_age=int(lifetime.total_seconds()),
            path=PATH,
            secure=self.public_url.startswith("https:"),
            httponly=True,
            samesite="strict",
        )

    def clear(self, response: Response, name: str) -> None:
        self.keep(response, name, "", timedelta(0))

    def require_own_page(self, request: Request) -> None:
        """Refuse a request that a page of another site had a browser make.

        Raises:
            ForeignOrigin
        """
        headers = request.headers
        if headers.get("sec-fetch-site") != "same-origin" and headers.get("origin") != self._origin:
            raise ForeignOrigin(self._origin)

    @property
    def _origin(self) -> str:
        url = urlsplit(self.public_url)
        return f"{url.scheme}://{url.netloc}"

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from todoapp.processes.web.security_headers import SecurityHeaders


def plain(_: Request) -> Response:
    return PlainTextResponse("x")


def chosen(_: Request) -> Response:
    own = {"Cache-Control": "private, no-cache", "Content-Security-Policy": "default-src 'self'"}
    return PlainTextResponse("x", headers=own)


def unchanged(_: Request) -> Response:
    return Response(status_code=304)


APP = Starlette(routes=[Route("/", plain), Route("/chosen", chosen), Route("/unchanged", unchanged)])


async def headers_at(path: str, *, https: bool = True) -> httpx.Headers:
    transport = httpx.ASGITransport(SecurityHeaders(APP, https=https))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return (await client.get(path)).headers


@pytest.mark.parametrize("path", ["/", "/nothing"])
async def test_every_answer_is_kept_nowhere_and_embedded_nowhere(path: str) -> None:
    headers = await headers_at(path)

    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["strict-transport-security"] == "max-age=31536000"


async def test_https_is_asked_for_only_where_it_is_served() -> None:
    assert "strict-transport-security" not in await headers_at("/", https=False)


async def test_a_route_may_choose_its_own_headers() -> None:
    headers = await headers_at("/chosen")

    assert headers["cache-control"] == "private, no-cache"
    assert headers["content-security-policy"] == "default-src 'self'"


async def test_an_unchanged_answer_stays_kept_as_before() -> None:
    assert "cache-control" not in await headers_at("/unchanged")

"""Sessions of pages: the refresh token is in a cookie, which no script and no other site can use."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from testbed.app.application import Clock, calling
from todoapp.processes.api.app import create_api
from todoapp.processes.runtime import Runtime

Json = dict[str, Any]

ADA = {"email": "ada@example.com", "password": "correct horse", "session": "cookie"}
OWN = {"Sec-Fetch-Site": "same-origin"}
ATTRIBUTES = "HttpOnly; Max-Age=2592000; Path=/api/auth; SameSite=strict"


@pytest.fixture
def app(runtime: Runtime) -> FastAPI:
    """An api whose access tokens end as soon as people's do."""
    settings = runtime.settings.model_copy(update={"access_token_minutes": 15})
    return create_api(replace(runtime, settings=settings))


@pytest.fixture
async def page(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A page of the installation, whose browser keeps cookies."""
    async with calling(app) as page:
        yield page


async def sign_up(page: httpx.AsyncClient) -> httpx.Response:
    answer = await page.post("/api/auth/signup", json=ADA)
    assert answer.status_code == 201, answer.text
    return answer


async def refresh(page: httpx.AsyncClient, **headers: str) -> httpx.Response:
    return await page.post("/api/auth/refresh", headers=headers or OWN)


def bearer(answer: httpx.Response) -> dict[str, str]:
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def cookie_of(answer: httpx.Response) -> tuple[str, str]:
    """The value and the attributes of the refresh cookie that an answer sets."""
    [line] = [each for each in answer.headers.get_list("set-cookie") if each.startswith("todoapp_refresh=")]
    value, _, attributes = line.removeprefix("todoapp_refresh=").partition("; ")
    return value, attributes


@pytest.mark.parametrize("path", ["/api/auth/signup", "/api/auth/login"])
async def test_the_refresh_token_is_in_the_cookie_alone(page: httpx.AsyncClient, path: str) -> None:
    await sign_up(page)
    if path == "/api/auth/signup":
        await page.delete("/api/me", headers=bearer(await page.post("/api/auth/login", json=ADA)))

    answer = await page.post(path, json=ADA)

    token, attributes = cookie_of(answer)
    assert "refresh_token" not in answer.json()
    assert len(token) > 40
    assert token not in answer.text
    assert attributes == ATTRIBUTES
    assert (await page.get("/api/me", headers=bearer(answer))).status_code == 200


async def test_cookies_of_an_encrypted_installation_are_sent_encrypted_only(runtime: Runtime) -> None:
    settings = runtime.settings.model_copy(update={"public_url": "https://todo.example.com"})
    async with calling(create_api(replace(runtime, settings=settings))) as page:
        cookies = (await sign_up(page)).headers.get_list("set-cookie")

    assert len(cookies) == 2
    for cookie in cookies:
        assert {"HttpOnly", "Secure", "SameSite=strict", "Path=/api/auth"} <= set(cookie.split("; "))


async def test_other_clients_get_the_refresh_token_as_before(page: httpx.AsyncClient) -> None:
    answer = await page.post("/api/auth/signup", json=ADA | {"session": "body"})

    assert answer.json()["refresh_token"]
    assert "todoapp_refresh" not in str(answer.headers.get_list("set-cookie"))


@pytest.mark.parametrize("headers", [OWN, {"Origin": "http://127.0.0.1:8000"}])
async def test_an_own_page_refreshes_by_its_cookie(
    page: httpx.AsyncClient, clock: Clock, headers: dict[str, str]
) -> None:
    first = await sign_up(page)
    clock.advance(minutes=16)
    assert (await page.get("/api/me", headers=bearer(first))).status_code == 401

    second = await refresh(page, **headers)

    assert second.status_code == 200
    assert "refresh_token" not in second.json()
    assert cookie_of(second)[0] != cookie_of(first)[0]
    assert cookie_of(second)[1] == ATTRIBUTES
    assert (await page.get("/api/me", headers=bearer(second))).status_code == 200
    assert (await refresh(page)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:9000"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "null"},
        {"X-Nothing": "that says where the request comes from"},
    ],
)
@pytest.mark.parametrize("path", ["/api/auth/refresh", "/api/auth/logout"])
async def test_other_sites_cannot_use_the_cookie(
    page: httpx.AsyncClient, clock: Clock, path: str, headers: dict[str, str]
) -> None:
    await sign_up(page)

    refused = await page.post(path, headers=headers)

    assert (refused.status_code, refused.json()["code"]) == (403, "foreign-origin")
    assert "set-cookie" not in refused.headers
    clock.advance(minutes=1)
    assert (await refresh(page)).status_code == 200


async def test_without_any_refresh_token_there_is_nothing_to_refresh(page: httpx.AsyncClient) -> None:
    assert (await refresh(page)).json()["code"] == "invalid-refresh-token"


async def test_the_cookie_opens_no_other_route(page: httpx.AsyncClient) -> None:
    await sign_up(page)
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in page.cookies.jar)

    answer = await page.get("/api/me", headers=OWN | {"Cookie": cookies})

    assert (answer.status_code, answer.json()["code"]) == (401, "token-missing")


async def test_a_refused_refresh_leaves_the_cookie_of_another_tab(page: httpx.AsyncClient) -> None:
    lost, _ = cookie_of(await sign_up(page))
    await refresh(page)
    await refresh(page)

    refused = await page.post("/api/auth/refresh", headers=OWN | {"Cookie": f"todoapp_refresh={lost}"})

    assert refused.status_code == 401
    assert "set-cookie" not in refused.headers


async def test_logging_out_ends_the_session_and_the_cookie(page: httpx.AsyncClient) -> None:
    opened = await sign_up(page)
    token, _ = cookie_of(opened)

    answer = await page.post("/api/auth/logout", headers=bearer(opened))

    assert answer.status_code == 204
    assert cookie_of(answer) == ('""', ATTRIBUTES.replace("2592000", "0"))
    assert (await page.get("/api/me", headers=bearer(opened))).status_code == 401
    again = await page.post("/api/auth/refresh", json={"refresh_token": token})
    assert again.json()["code"] == "invalid-refresh-token"


async def test_logging_out_works_after_the_access_token_ended(page: httpx.AsyncClient, clock: Clock) -> None:
    opened = await sign_up(page)
    token, _ = cookie_of(opened)
    clock.advance(minutes=16)

    answer = await page.post("/api/auth/logout", headers=OWN | bearer(opened))

    assert answer.status_code == 204
    assert cookie_of(answer)[0] == '""'
    again = await page.post("/api/auth/refresh", json={"refresh_token": token})
    assert again.json()["code"] == "invalid-refresh-token"


async def test_logging_out_clears_a_cookie_whose_session_has_ended(page: httpx.AsyncClient) -> None:
    opened = await sign_up(page)
    other = await page.post("/api/auth/login", json=ADA | {"session": "body"})
    await page.delete("/api/sessions", headers=bearer(other))

    answer = await page.post("/api/auth/logout", headers=OWN | bearer(opened))

    assert (answer.status_code, cookie_of(answer)[0]) == (204, '""')
    assert (await page.post("/api/auth/logout", headers=OWN)).status_code == 401

"""What is wrong with a request, in sentences that say what would be right."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Annotated, Any, Literal

import httpx
import pytest
from fastapi import FastAPI, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from todoapp.kit.errors import Gone, Unavailable, Violation
from todoapp.kit.metrics import Metrics
from todoapp.processes.web.middleware import BodyLimits, Observed
from todoapp.processes.web.problem import answer_problems


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Create(Strict):
    kind: Literal["create"]
    title: str = Field(min_length=1)
    due_at: AwareDatetime | None = None


class Delete(Strict):
    kind: Literal["delete"]
    task: int


class Bulk(Strict):
    operations: list[Annotated[Create | Delete, Field(discriminator="kind")]] = Field(max_length=2)


class Paging(Strict):
    limit: int = Field(default=50, ge=1, le=200)


class FeedEnded(Gone):
    code = "feed-ended"


class Busy(Unavailable):
    code = "busy"


def shop() -> FastAPI:
    """A small application whose routes refuse in every way there is."""
    app = FastAPI()
    answer_problems(app)
    app.add_middleware(Observed, metrics=Metrics.fresh(), body_limits=BodyLimits(1 << 20))

    @app.post("/bulk")
    async def bulk(body: Bulk) -> Bulk:
        return body

    @app.get("/items")
    async def items(paging: Annotated[Paging, Query()]) -> Paging:
        return paging

    @app.delete("/items")
    async def delete_items() -> None:
        raise FeedEnded("It is over.", errors=[Violation("#/query/since", "It is too old.")])

    @app.get("/busy")
    async def busy() -> None:
        raise Busy("Come again.", retry_after=timedelta(seconds=7))

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("the password is swordfish")

    @app.get("/away")
    async def away() -> None:
        raise ConnectionRefusedError("connect to 10.0.0.7 failed")

    return app


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(shop())
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.test") as client:
        yield client


def errors_of(answer: httpx.Response) -> dict[str, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return {each["pointer"]: each["detail"] for each in answer.json()["errors"]}


async def test_a_problem_has_every_member_of_the_contract(client: httpx.AsyncClient) -> None:
    answer = await client.delete("/items", headers={"x-request-id": "r-1"})

    assert answer.status_code == 410
    assert answer.json() == {
        "type": "https://todoapp.dev/problems/feed-ended",
        "title": "Gone",
        "status": 410,
        "detail": "It is over.",
        "code": "feed-ended",
        "errors": [{"pointer": "#/query/since", "detail": "It is too old."}],
        "request_id": "r-1",
    }


async def test_pointers_include_list_positions_but_not_union_members(client: httpx.AsyncClient) -> None:
    operations: list[Any] = [
        {"kind": "create", "title": "", "due_at": "2027-03-01T09:00:00"},
        {"kind": "delete", "task": 1, "tasc": 2},
    ]
    answer = await client.post("/bulk", json={"operations": operations})

    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(
        "3 parts of the request are invalid. The first is /operations/0"
    )
    assert errors_of(answer) == {
        "/operations/0/title": "It must have at least 1 characters.",
        "/operations/0/due_at": "It must name its offset, like 2027-03-01T09:00:00Z.",
        "/operations/1/tasc": "There is no field 'tasc'; did you mean 'task'? Valid are: kind, task.",
    }


async def test_a_missing_field_and_a_field_of_a_wrong_type(client: httpx.AsyncClient) -> None:
    missing = await client.post("/bulk", json={})
    wrong = await client.post("/bulk", json={"operations": "all"})
    nothing = await client.post("/bulk")

    assert errors_of(missing) == {"/operations": "It is required."}
    assert errors_of(wrong) == {"/operations": "It must be a list."}
    assert nothing.json()["detail"] == "The body: It is required."


async def test_other_parts_of_a_request_have_pointers_too(client: httpx.AsyncClient) -> None:
    answer = await client.get("/items?limit=1000")

    assert errors_of(answer) == {"#/query/limit": "It must be 200 or less."}


@pytest.mark.parametrize("body", [b'{"operations": [', b'{"operations": "\xff"}', b"[" * 100_000])
async def test_malformed_json_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/bulk", content=body, headers={"content-type": "application/json"})

    assert answer.status_code == 400
    assert answer.json()["code"] == "malformed-body"


async def test_an_unknown_path_is_named(client: httpx.AsyncClient) -> None:
    answer = await client.get("/nothing")

    assert answer.status_code == 404
    assert answer.json()["detail"] == "There is nothing at /nothing."


async def test_a_wrong_method_gets_the_allowed_methods(client: httpx.AsyncClient) -> None:
    answer = await client.put("/items")

    assert answer.status_code == 405
    assert answer.headers["allow"] == "DELETE, GET"


async def test_waiting_is_asked_for_in_seconds(client: httpx.AsyncClient) -> None:
    answer = await client.get("/busy")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")


async def test_an_unexpected_error_reveals_no_details(client: httpx.AsyncClient) -> None:
    answer = await client.get("/broken", headers={"x-request-id": "r-2"})

    assert answer.status_code == 500
    assert answer.json()["request_id"] == answer.headers["x-request-id"] == "r-2"
    assert "swordfish" not in answer.text


async def test_unavailable_database_answers_503_with_retry_after(client: httpx.AsyncClient) -> None:
    answer = await client.get("/away")

    assert (answer.status_code, answer.json()["code"]) == (503, "database-away")
    assert int(answer.headers["retry-after"]) > 0
    assert "10.0.0.7" not in answer.text

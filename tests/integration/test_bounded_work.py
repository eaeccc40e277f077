"""No request makes the others wait: what a request may hold is limited before anything looks at it."""

import asyncio
import json
from threading import Event
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import update

from testbed.app.application import Clock
from testbed.app.deliveries import Deliveries
from testbed.app.searched_years import counted_years
from todoapp.features.tasks.model import tasks
from todoapp.features.tasks.text_index.words import fold
from todoapp.kit.pools import SharedPool
from todoapp.processes.runtime import Runtime

LEAP_MONDAYS = "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO"
NEVER_TODAY = {"rrule": "FREQ=DAILY;INTERVAL=7;BYDAY=MO", "basis": "due"}
"""Of a series from a Tuesday; earlier versions stored it."""


def fields(count: int) -> dict[str, int]:
    return {f"field{number}": 0 for number in range(count)}


def nested(depth: int) -> object:
    inner: object = 0
    for _ in range(depth):
        inner = [inner]
    return inner


async def refused(client: httpx.AsyncClient, path: str, body: object) -> dict[str, Any]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = await client.post(path, content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 422, answer.text
    assert len(answer.content) < 20_000
    problem: dict[str, Any] = answer.json()
    return problem


@pytest.mark.parametrize("path", ["/api/auth/refresh", "/api/auth/login", "/api/auth/signup"])
async def test_stranger_with_very_many_fields_is_refused(
    client_on_one_database: httpx.AsyncClient, path: str
) -> None:
    problem = await refused(client_on_one_database, path, fields(60_000))

    assert problem["code"] == "body-too-complex"
    assert problem["detail"] == "The body may have 20000 values at most."


@pytest.mark.parametrize(
    ("body", "pointer", "named"),
    [
        (fields(201), "", "It has 201 fields; an object may have 200 at most."),
        ({"title": "x", "recurrence": fields(5_000)}, "/recurrence", "It has 5000 fields"),
        ({"title": "x", "tags": ["t"] * 1_001}, "/tags", "It has 1001 entries; a list may have 1000"),
        ({"title": "x", "recurrence": {"a": nested(40)}}, "/recurrence", "nested 32 deep at most"),
        ({"title": "x", "tags": [[]] * 19_999}, "", "20000 values at most"),
        ({"title": '\\" [{,:' * 20_000, **fields(201)}, "", "It has 202 fields"),
    ],
)
async def test_body_of_too_many_parts_is_refused(
    client_on_one_database: httpx.AsyncClient, body: object, pointer: str, named: str
) -> None:
    problem = await refused(client_on_one_database, "/api/tasks", body)

    assert problem["code"] == "body-too-complex"
    [error] = problem["errors"]
    assert error["pointer"] == pointer
    assert named in error["detail"]


@pytest.mark.parametrize("end", [b"", b', "last": NaN}', b', "last": "\\ud800"}'])
async def test_large_body_other_than_json_is_refused(
    client_on_one_database: httpx.AsyncClient, end: bytes
) -> None:
    content = json.dumps(fields(5_000)).encode()[:-1] + end

    answer = await client_on_one_database.post(
        "/api/tasks", content=content, headers={"content-type": "application/json"}
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed-body")


async def test_twenty_problems_are_listed_and_all_counted(client_on_one_database: httpx.AsyncClient) -> None:
    problem = await refused(
        client_on_one_database, "/api/tasks", {"title": "x", **{f"titel{n}": 0 for n in range(150)}}
    )

    assert problem["detail"].startswith("150 parts of the request are invalid.")
    assert problem["detail"].endswith("The first 20 are listed.")
    assert len(problem["errors"]) == 20
    assert sum("did you mean 'title'?" in each["detail"] for each in problem["errors"]) == 3


async def test_very_long_names_are_cut_in_the_answer(client_on_one_database: httpx.AsyncClient) -> None:
    problem = await refused(client_on_one_database, "/api/tasks", {"title": "x", "a" * 500_000: 0})

    assert problem["errors"][0]["pointer"] == "/" + "a" * 100 + "…"


async def test_very_long_text_is_refused_by_its_length(client_on_one_database: httpx.AsyncClient) -> None:
    problem = await refused(
        client_on_one_database, "/api/tasks", {"title": "x" * 900_000, "timezone": "E" * 100_000}
    )

    assert [each["detail"] for each in problem["errors"]] == [
        "It must have at most 20000 characters.",
        "It must have at most 100 characters.",
    ]


async def test_bulk_is_checked_up_to_its_first_malformed_operation(
    client_on_one_database: httpx.AsyncClient,
) -> None:
    wrong = {"op": "create", "task": {"title": "x", **fields(30)}}

    problem = await refused(client_on_one_database, "/api/tasks/bulk", {"operations": [wrong] * 500})

    assert problem["detail"].startswith("30 parts of the request are invalid.")
    assert {each["pointer"].rpartition("/")[0] for each in problem["errors"]} == {"/operations/0/task"}


async def test_bulk_still_takes_five_hundred_operations(client: httpx.AsyncClient) -> None:
    new = {
        "op": "create",
        "task": {"title": 'Say "{[:,', "description": "a, b: [c]" * 20, "tags": ["x", "y"]},
    }

    answer = await client.post("/api/tasks/bulk", json={"operations": [new] * 500})

    assert answer.status_code == 200
    assert len(answer.json()["results"]) == 500


@pytest.mark.parametrize(
    "query",
    [
        "&".join(f"parameter{number}=1" for number in range(51)),
        "&".join(f"tags={number}" for number in range(51)),
        "&".join(["limit=5"] * 51),
        "&".join(["a"] * 501),
    ],
)
@pytest.mark.parametrize("path", ["/api/tasks", "/api/reminders"])
async def test_query_of_too_many_parameters_is_refused(
    client_on_one_database: httpx.AsyncClient, path: str, query: str
) -> None:
    answer = await client_on_one_database.get(f"{path}?{query}")

    assert (answer.status_code, answer.json()["code"]) == (422, "too-many-parameters")
    assert answer.json()["detail"] == ("A query may have 50 parameters, with 50 values each and 500 in all.")


async def test_address_that_is_too_long_is_refused(stranger: httpx.AsyncClient) -> None:
    for path in ("/" + "a" * 20_000, "/api/tasks?search=" + "a" * 20_000):
        answer = await stranger.get(path)
        assert (answer.status_code, answer.json()["code"]) == (414, "address-too-long")


def test_only_the_beginning_of_a_word_is_folded() -> None:
    """Putting accents in order takes the square of their number."""
    assert fold("a" + "\u0300\u0316" * 9_000 + "b") == "a"


async def test_text_of_accents_is_stored_and_not_compared(client: httpx.AsyncClient) -> None:
    accents = "a" + "\u0300\u0316" * 9_000

    answer = await client.post("/api/tasks", json={"title": "x", "description": accents})

    assert answer.status_code == 201
    for name in ("tags", "category"):
        assert (await client.get("/api/tasks", params={name: accents[:101]})).status_code == 422


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/tasks", {"title": "x"}),
        ("/api/recurrence/preview", {}),
        ("/api/tasks/bulk", None),
    ],
)
async def test_rule_that_waits_too_long_is_refused_everywhere(
    client_on_one_database: httpx.AsyncClient, path: str, body: dict[str, Any] | None
) -> None:
    rule = {"recurrence": {"rrule": "FREQ=YEARLY;INTERVAL=101"}, "due_date": "2027-03-09"}
    sent = {"operations": [{"op": "create", "task": {"title": "x", **rule}}]} if body is None else body | rule

    assert (
        "more than 100 years without a date" in (await refused(client_on_one_database, path, sent))["detail"]
    )


async def test_patched_rule_that_waits_too_long_is_refused(client: httpx.AsyncClient) -> None:
    task = (await client.post("/api/tasks", json={"title": "x", "due_date": "2027-03-09"})).json()

    answer = await client.patch(
        f"/api/tasks/{task['id']}", json={"recurrence": {"rrule": "FREQ=YEARLY;INTERVAL=101"}}
    )

    assert answer.status_code == 422
    assert "more than 100 years without a date" in answer.json()["detail"]


async def test_preview_of_leap_mondays_is_a_short_search(client: httpx.AsyncClient) -> None:
    body = {"recurrence": {"rrule": LEAP_MONDAYS}, "count": 100}

    answer = await client.post("/api/recurrence/preview", json=body)

    assert answer.status_code == 200
    assert len(answer.json()["dates"]) == 100


async def repeating(client: httpx.AsyncClient, rule: object, **more: Any) -> dict[str, Any]:
    body = {"title": "Walk", "recurrence": rule, "due_at": "1950-01-03T08:00:00Z", **more}
    answer = await client.post("/api/tasks", json=body)
    assert answer.status_code == 201, answer.text
    task: dict[str, Any] = answer.json()
    return task


async def test_list_searches_no_date_that_is_stored(client: httpx.AsyncClient, clock: Clock) -> None:
    for _ in range(3):
        await repeating(client, {"rrule": f"{LEAP_MONDAYS};COUNT=9999"})

    with counted_years() as searched:
        listed = (await client.get("/api/tasks")).json()["items"]

    assert searched.years == 0
    assert {task["next_occurrence"] for task in listed} == {"2044-02-29T08:00:00Z"}


async def test_stored_date_holds_until_it_has_passed(client: httpx.AsyncClient, clock: Clock) -> None:
    task = await repeating(client, "daily", due_at="2027-03-03T09:00:00Z")

    async def following() -> str:
        found: str = (await client.get(f"/api/tasks/{task['id']}")).json()["next_occurrence"]
        return found

    assert await following() == "2027-03-04T09:00:00Z"
    clock.advance(hours=25)
    assert await following() == "2027-03-05T09:00:00Z"
    clock.advance(days=10)
    assert await following() == "2027-03-15T09:00:00Z"


async def test_another_time_zone_moves_the_stored_date(client: httpx.AsyncClient) -> None:
    task = await repeating(client, "daily", due_at="2027-03-08T09:00:00Z")

    moved = await client.patch(f"/api/tasks/{task['id']}", json={"timezone": "America/New_York"})

    assert moved.json()["next_occurrence"] != task["next_occurrence"]
    ended = await client.patch(f"/api/tasks/{task['id']}", json={"recurrence": None})
    assert ended.json()["next_occurrence"] is None


async def test_rule_stored_by_an_earlier_version_is_read_and_ends(
    client: httpx.AsyncClient, runtime: Runtime, deliveries: Deliveries
) -> None:
    task = await repeating(client, "daily", due_at="2027-03-09T08:00:00Z")
    async with runtime.database.write() as session:
        await session.execute(
            update(tasks)
            .where(tasks.c.id == UUID(task["id"]))
            .values(recurrence=NEVER_TODAY, next_due_at=None, series_last=None)
        )

    read = (await client.get(f"/api/tasks/{task['id']}")).json()
    completed = await client.post(f"/api/tasks/{task['id']}/complete")
    await deliveries.settle()

    assert (read["recurrence"], read["next_occurrence"]) == (NEVER_TODAY, None)
    assert completed.status_code == 200
    assert [each["id"] for each in (await client.get("/api/tasks")).json()["items"]] == [task["id"]]


async def test_user_has_one_place_in_a_shared_pool() -> None:
    pool = SharedPool("test", 2)
    begun, may_end = Event(), Event()
    ada, bob = UUID(int=1), UUID(int=2)

    def first_work() -> bool:
        begun.set()
        return may_end.wait()

    first = asyncio.create_task(pool.run_for(ada, first_work))
    second = asyncio.create_task(pool.run_for(ada, lambda: "second"))
    await asyncio.to_thread(begun.wait)

    assert await pool.run_for(bob, lambda: "served") == "served"
    assert not second.done()
    may_end.set()
    assert await first
    assert await second == "second"

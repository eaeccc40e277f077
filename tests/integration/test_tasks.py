"""Tasks over HTTP: creating, reading, changing, deleting."""

from typing import Any
from uuid import uuid4

import httpx
import pytest


async def made(client: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    answer = await client.post("/api/tasks", json={"title": "Pay the rent", **fields})
    assert answer.status_code == 201, answer.text
    task: dict[str, Any] = answer.json()
    return task


async def test_a_task_starts_with_sensible_values(client: httpx.AsyncClient) -> None:
    """A new field of the answer gets its default value here."""
    task = await made(client)

    assert task == {
        "id": task["id"],
        "title": "Pay the rent",
        "description": "",
        "completed": False,
        "completed_at": None,
        "skipped_at": None,
        "priority": "none",
        "due_at": None,
        "due_date": None,
        "all_day": False,
        "timezone": "Europe/Berlin",
        "category_id": None,
        "tags": [],
        "recurrence": None,
        "series_id": None,
        "occurrence": 1,
        "parent_task_id": None,
        "position": 1.0,
        "reminders": [],
        "version": 1,
        "created_at": "2027-03-03T08:00:00Z",
        "updated_at": "2027-03-03T08:00:00Z",
        "is_overdue": False,
        "next_occurrence": None,
        "notices": [],
    }


async def test_every_field_is_kept(client: httpx.AsyncClient) -> None:
    category = (await client.post("/api/categories", json={"name": "Home"})).json()
    fields = {
        "description": "**Now** with\nMarkdown",
        "priority": "urgent",
        "due_at": "2027-03-05T17:00:00+01:00",
        "timezone": "America/New_York",
        "category_id": category["id"],
        "tags": ["money", "Monthly"],
        "position": 2.5,
        "reminders": [{"offset_minutes": 30}, {"remind_at": "2027-03-04T09:00:00Z"}],
    }

    created = await made(client, **fields)

    read = (await client.get(f"/api/tasks/{created['id']}")).json()
    assert read == created
    assert read["due_at"] == "2027-03-05T16:00:00Z"
    assert [tag["name"] for tag in read["tags"]] == ["money", "Monthly"]
    assert [reminder["due_at"] for reminder in read["reminders"]] == [
        "2027-03-04T09:00:00Z",
        "2027-03-05T15:30:00Z",
    ]
    for same in ("description", "priority", "timezone", "category_id", "position"):
        assert read[same] == fields[same]


async def test_a_day_is_not_an_instant(client: httpx.AsyncClient, clock: Any) -> None:
    task = await made(client, due_date="2027-03-03")

    assert (task["due_date"], task["due_at"], task["all_day"]) == ("2027-03-03", None, True)

    clock.advance(hours=14)  # 23:00 in Berlin
    assert not (await client.get(f"/api/tasks/{task['id']}")).json()["is_overdue"]
    clock.advance(hours=1)
    assert (await client.get(f"/api/tasks/{task['id']}")).json()["is_overdue"]


async def test_due_day_does_not_change_with_the_zone(client: httpx.AsyncClient) -> None:
    task = await made(client, due_date="2027-03-03")

    patch = {"timezone": "Pacific/Auckland"}
    moved = (await client.patch(f"/api/tasks/{task['id']}", json=patch)).json()

    assert (moved["due_date"], moved["timezone"]) == ("2027-03-03", "Pacific/Auckland")


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"title": "  "}, "/title"),
        ({"title": "x" * 501}, "/title"),
        ({"title": "two\nlines"}, "/title"),
        ({"title": "nul\x00"}, "/title"),
        ({"description": "x" * 20_001}, "/description"),
        ({"priority": "later"}, "/priority"),
        ({"due_at": "2027-03-05T17:00:00"}, "/due_at"),
        ({"due_at": "2027-03-05T17:00:00Z", "due_date": "2027-03-05"}, "/due_date"),
        ({"due_date": "2027-02-30"}, "/due_date"),
        ({"due_date": "9999-12-31"}, "/due_date"),
        ({"all_day": True}, "/all_day"),
        ({"due_date": "2027-03-05", "all_day": False}, "/all_day"),
        ({"timezone": "Europe/Berlinn"}, "/timezone"),
        ({"category_id": "01890a5d-ac96-774b-bcce-b302099a8057"}, "/category_id"),
        ({"recurrence": "fortnightly"}, "/recurrence"),
        ({"recurrence": {"rrule": "FREQ=HOURLY"}}, "/recurrence"),
        ({"reminders": [{"offset_minutes": 5}]}, "/reminders/0/offset_minutes"),
        ({"reminders": [{}]}, "/reminders/0"),
        ({"titel": "x"}, "/titel"),
    ],
)
async def test_bad_input_is_refused_with_its_place(
    client_on_one_database: httpx.AsyncClient, fields: dict[str, Any], pointer: str
) -> None:
    answer = await client_on_one_database.post("/api/tasks", json={"title": "Pay the rent", **fields})

    problem = answer.json()
    assert (answer.status_code, problem["status"]) == (422, 422)
    assert answer.headers["content-type"] == "application/problem+json"
    assert pointer in [error["pointer"] for error in problem["errors"]]
    assert (await client_on_one_database.get("/api/tasks")).json()["items"] == []


async def test_an_unknown_field_names_the_valid_ones(client: httpx.AsyncClient) -> None:
    problem = (await client.post("/api/tasks", json={"title": "x", "due": "tomorrow"})).json()

    [error] = problem["errors"]
    assert "due_at" in error["detail"]
    assert "due_date" in error["detail"]


async def test_a_patch_changes_what_it_names_and_null_clears(client: httpx.AsyncClient) -> None:
    task = await made(
        client, description="old", priority="high", due_at="2027-03-05T16:00:00Z", tags=["money"]
    )

    patch = {"title": "Pay it", "description": None, "due_at": None}
    patched = (await client.patch(f"/api/tasks/{task['id']}", json=patch)).json()

    assert (patched["title"], patched["description"], patched["due_at"]) == ("Pay it", "", None)
    assert (patched["priority"], patched["tags"]) == ("high", task["tags"])
    assert patched["version"] == 2


async def test_a_title_cannot_be_cleared(client: httpx.AsyncClient) -> None:
    task = await made(client)

    answer = await client.patch(f"/api/tasks/{task['id']}", json={"title": None})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/title"


async def test_put_keeps_reminders_when_it_omits_them(client: httpx.AsyncClient) -> None:
    task = await made(
        client,
        description="old",
        priority="high",
        due_at="2027-03-05T16:00:00Z",
        reminders=[{"offset_minutes": 10}],
    )

    body = {"title": "New", "due_at": "2027-03-06T16:00:00Z"}
    replaced = (await client.put(f"/api/tasks/{task['id']}", json=body)).json()

    assert (replaced["title"], replaced["description"], replaced["priority"]) == ("New", "", "none")
    assert [reminder["due_at"] for reminder in replaced["reminders"]] == ["2027-03-06T15:50:00Z"]


async def test_refused_reminder_is_named_by_its_place(client: httpx.AsyncClient) -> None:
    task = await made(client, due_at="2027-03-05T16:00:00Z", reminders=[{"offset_minutes": 10}])

    tried = [{"offset_minutes": 10}, {"remind_at": "2020-03-05T16:00:00Z"}]
    body = {"title": "New", "due_at": "2027-03-05T16:00:00Z", "reminders": tried}
    refused = await client.put(f"/api/tasks/{task['id']}", json=body)

    assert [error["pointer"] for error in refused.json()["errors"]] == ["/reminders/1/remind_at"]
    kept = (await client.get(f"/api/tasks/{task['id']}")).json()["reminders"]
    assert [reminder["offset_minutes"] for reminder in kept] == [10]


async def test_saving_without_a_difference_changes_nothing(client: httpx.AsyncClient) -> None:
    task = await made(client)

    answer = await client.patch(f"/api/tasks/{task['id']}", json={"title": "Pay the rent"})

    assert answer.json()["version"] == 1
    assert (await client.get("/api/sync", params={"since": 1})).json()["changes"] == []


async def test_completing_again_changes_nothing(client: httpx.AsyncClient, clock: Any) -> None:
    task = await made(client)
    first = (await client.post(f"/api/tasks/{task['id']}/complete")).json()
    clock.advance(hours=1)

    second = (await client.post(f"/api/tasks/{task['id']}/complete")).json()

    assert first["completed_at"] == "2027-03-03T08:00:00Z"
    assert second == first


async def test_a_completion_is_taken_back_by_reopen_or_by_patch(client: httpx.AsyncClient) -> None:
    task = await made(client)
    path = f"/api/tasks/{task['id']}"

    await client.post(f"{path}/complete")
    reopened = (await client.post(f"{path}/reopen")).json()
    assert (reopened["completed"], reopened["completed_at"]) == (False, None)

    completed = (await client.patch(path, json={"completed": True})).json()
    assert completed["completed_at"] is not None
    assert not (await client.patch(path, json={"completed": False})).json()["completed"]


async def test_a_deleted_task_is_gone(client: httpx.AsyncClient) -> None:
    task = await made(
        client, tags=["money"], due_at="2027-03-05T16:00:00Z", reminders=[{"offset_minutes": 1}]
    )

    assert (await client.delete(f"/api/tasks/{task['id']}")).status_code == 204

    answer = await client.get(f"/api/tasks/{task['id']}")
    assert (answer.status_code, answer.json()["code"]) == (404, "task-not-found")
    assert (await client.delete(f"/api/tasks/{task['id']}")).status_code == 404


async def test_if_match_lets_only_the_newest_version_be_changed(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/tasks", json={"title": "Pay the rent"})
    path, first = answer.headers["location"], answer.headers["etag"]
    second = (await client.patch(path, json={"title": "Two"}, headers={"If-Match": first})).headers["etag"]

    stale = await client.patch(path, json={"title": "Three"}, headers={"If-Match": first})

    assert (first, second) == ('"1"', '"2"')
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    assert (await client.get(path)).json()["title"] == "Two"
    assert (await client.patch(path, json={"title": "Last"})).status_code == 200


async def test_if_none_match_saves_the_answer(client: httpx.AsyncClient) -> None:
    path = (await client.post("/api/tasks", json={"title": "Pay the rent"})).headers["location"]

    same = await client.get(path, headers={"If-None-Match": '"1"'})

    assert (same.status_code, same.content) == (304, b"")
    assert (await client.get(path, headers={"If-None-Match": '"2"'})).status_code == 200


async def test_an_idempotency_key_creates_one_task(client: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": str(uuid4())}

    first = await client.post("/api/tasks", json={"title": "Once"}, headers=headers)
    again = await client.post("/api/tasks", json={"title": "Once"}, headers=headers)
    other = await client.post("/api/tasks", json={"title": "Twice"}, headers=headers)

    assert "idempotency-replayed" not in first.headers
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["etag"] == first.headers["etag"]
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert len((await client.get("/api/tasks")).json()["items"]) == 1


async def test_a_refused_request_may_be_corrected_under_its_key(client: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    task = await made(client)
    await client.post(f"/api/tasks/{task['id']}/complete")

    refused = await client.post(f"/api/tasks/{task['id']}/skip-occurrence", headers=headers)
    await client.post(f"/api/tasks/{task['id']}/reopen")
    await client.put(f"/api/tasks/{task['id']}/recurrence", json={"recurrence": "daily"})
    accepted = await client.post(f"/api/tasks/{task['id']}/skip-occurrence", headers=headers)

    assert (refused.status_code, accepted.status_code) == (409, 200)


@pytest.mark.parametrize(
    ("field", "value", "detail"),
    [
        ("due_at", 5, "It must be an instant with its offset, like 2027-03-01T09:00:00Z."),
        ("due_at", "0.5", "It must be an instant with its offset, like 2027-03-01T09:00:00Z."),
        ("due_at", "2027-03-01T09:00:00", "It must name its offset, like 2027-03-01T09:00:00Z."),
        ("due_at", "0001-01-01T00:00:00+14:00", "Its year must be from 1 to 9999, in UTC too."),
        ("due_date", 86400, "It must be a day, like 2027-03-01."),
        ("due_date", "2027-03-01T00:00:00Z", "It must be a day, like 2027-03-01."),
        ("all_day", "yes", "It must be true or false."),
    ],
)
async def test_ambiguous_input_is_refused(
    client_on_one_database: httpx.AsyncClient, field: str, value: object, detail: str
) -> None:
    answer = await client_on_one_database.post("/api/tasks", json={"title": "Pay the rent", field: value})

    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"pointer": f"/{field}", "detail": detail}]

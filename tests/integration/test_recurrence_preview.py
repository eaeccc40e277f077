"""A preview shows the dates that completing the task will give."""

from datetime import datetime
from typing import Any

import httpx
import pytest

from testbed.app.application import Clock
from testbed.app.deliveries import Deliveries

DATES = 5


async def previewed(client: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    answer = await client.post("/api/recurrence/preview", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def open_task(client: httpx.AsyncClient) -> dict[str, Any]:
    [task] = (await client.get("/api/tasks", params={"status": "open"})).json()["items"]
    found: dict[str, Any] = task
    return found


@pytest.mark.parametrize(
    ("recurrence", "due"),
    [
        ("daily", {"due_at": "2027-03-26T02:30:00+01:00"}),  # clocks go forward on the 28th
        ("monthly", {"due_date": "2027-03-31"}),
        ({"rrule": "FREQ=MONTHLY;BYMONTHDAY=31"}, {"due_date": "2027-03-31"}),
        ({"type": "monthly", "basis": "completion"}, {"due_at": "2027-03-31T09:00:00+02:00"}),
        ({"rrule": "FREQ=DAILY;COUNT=3", "basis": "completion"}, {"due_date": "2027-03-05"}),
        ({"cron": "30 2 * * 0"}, {"due_at": "2027-03-21T02:30:00+01:00"}),
        ("weekly", {"due_at": "2027-02-01T09:00:00+01:00"}),  # overdue
        ("weekdays", {}),
    ],
)
async def test_completing_on_time_gives_what_the_preview_shows(
    client: httpx.AsyncClient,
    deliveries: Deliveries,
    clock: Clock,
    recurrence: object,
    due: dict[str, str],
) -> None:
    preview = await previewed(client, recurrence=recurrence, count=DATES, **due)

    await client.post("/api/tasks", json={"title": "Walk", "recurrence": recurrence, **due})
    for expected in preview["dates"]:
        task = await open_task(client)
        shown = (task["occurrence"], task["due_at"] or task["due_date"], task["recurrence"])
        moment = "day" if preview["all_day"] else "instant"
        assert shown == (expected["number"], expected[moment], preview["recurrence"])
        clock.now = max(clock.now, datetime.fromisoformat(expected["instant"]))
        await client.post(f"/api/tasks/{task['id']}/complete")
        await deliveries.settle()


async def test_each_date_has_an_instant_a_wall_time_and_notes(client: httpx.AsyncClient) -> None:
    preview = await previewed(client, recurrence="daily", due_at="2027-03-27T01:30:00Z", count=2)

    assert preview == {
        "recurrence": {"rrule": "FREQ=DAILY", "basis": "due"},
        "timezone": "Europe/Berlin",
        "all_day": False,
        "dates": [
            {
                "number": 1,
                "instant": "2027-03-27T01:30:00Z",
                "wall": "2027-03-27T02:30:00",
                "day": "2027-03-27",
                "notes": [],
            },
            {
                "number": 2,
                "instant": "2027-03-28T01:00:00Z",
                "wall": "2027-03-28T03:00:00",
                "day": "2027-03-28",
                "notes": [
                    "Clocks go forward: 02:30 does not exist on 28 March 2027, so it is due at 03:00.",
                ],
            },
        ],
        "notices": [],
    }


async def test_nothing_is_stored(client: httpx.AsyncClient) -> None:
    await previewed(client, recurrence="daily")

    assert (await client.get("/api/tasks")).json()["items"] == []
    assert (await client.get("/api/sync", params={"since": 0})).json()["changes"] == []


async def test_the_zone_may_differ_and_a_missing_date_is_noted(client: httpx.AsyncClient) -> None:
    preview = await previewed(client, recurrence="daily", timezone="Asia/Tokyo")

    assert (preview["timezone"], len(preview["dates"])) == ("Asia/Tokyo", 10)
    assert preview["dates"][0]["wall"] == "2027-03-04T09:00:00"
    assert preview["notices"] == [
        "A repeating task needs a date, so this one is due on 2027-03-04 at 09:00 (Asia/Tokyo)."
    ]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/recurrence"),
        ({"recurrence": "fortnightly"}, "/recurrence"),
        ({"recurrence": {"rrule": "FREQ=HOURLY"}}, "/recurrence"),
        ({"recurrence": "daily", "due_at": "2027-03-05T09:00:00"}, "/due_at"),
        ({"recurrence": "daily", "due_at": "2027-03-05T09:00:00Z", "due_date": "2027-03-05"}, "/due_date"),
        ({"recurrence": "daily", "due_date": "1066-10-14"}, "/due_date"),
        ({"recurrence": "daily", "timezone": "Berlin"}, "/timezone"),
        ({"recurrence": "daily", "count": 101}, "/count"),
        ({"recurrence": "daily", "count": 0}, "/count"),
    ],
)
async def test_bad_input_is_refused_with_its_place(
    client_on_one_database: httpx.AsyncClient, body: dict[str, Any], pointer: str
) -> None:
    answer = await client_on_one_database.post("/api/recurrence/preview", json=body)

    assert answer.status_code == 422
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]

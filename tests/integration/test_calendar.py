"""The calendar feed: who may read it, and what calendar clients find in it."""

import asyncio
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI
from icalendar import Calendar, Component
from sqlalchemy import insert

from testbed.app.application import Clock, calling, user_id_of
from testbed.app.statements import statements_of
from todoapp.features.calendar import service
from todoapp.features.tasks.model import Task
from todoapp.kit.database import new_id
from todoapp.processes.api.app import create_api
from todoapp.processes.runtime import Runtime

Json = dict[str, Any]


async def give(client: httpx.AsyncClient) -> str:
    """Make a secret URL and return its path."""
    answer = await client.post("/api/me/calendar")
    assert answer.status_code == 201, answer.text
    url: str = answer.json()["url"]
    return urlsplit(url).path


async def read(api: FastAPI, path: str, **parameters: str) -> list[Component]:
    """What a calendar client finds, which has no token."""
    async with calling(api) as anybody:
        answer = await anybody.get(path, params=parameters)
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    return list(Calendar.from_ical(answer.content).subcomponents)


def one(components: list[Component], name: str) -> Component:
    [found] = [each for each in components if each.name == name]
    return found


async def add(client: httpx.AsyncClient, **fields: Any) -> Json:
    answer = await client.post("/api/tasks", json={"title": "Pay the rent"} | fields)
    assert answer.status_code == 201, answer.text
    added: Json = answer.json()
    return added


async def test_only_the_secret_url_opens_the_calendar(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient, api: FastAPI
) -> None:
    task = await add(client)
    await add(stranger, title="Not yours")
    path = await give(client)

    [todo] = await read(api, path)

    assert (todo.name, todo["SUMMARY"], todo["UID"]) == (
        "VTODO",
        "Pay the rent",
        f"{task['id']}@todoapp.dev",
    )
    async with calling(api) as anybody:
        guessed = await anybody.get("/api/calendar/guess.ics")
    assert (guessed.status_code, guessed.json()["code"]) == (404, "calendar-not-found")


async def test_a_new_url_and_a_withdrawal_end_the_one_before(client: httpx.AsyncClient, api: FastAPI) -> None:
    first = await give(client)
    second = await give(client)
    given = (await client.get("/api/me/calendar")).json()
    withdrawn = await client.delete("/api/me/calendar")

    async with calling(api) as anybody:
        answers = [await anybody.get(path) for path in (first, second)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert (given, withdrawn.status_code) == ({"created_at": "2027-03-03T08:00:00Z"}, 204)
    assert (await client.get("/api/me/calendar")).json() == {"created_at": None}


async def test_a_timed_task_is_due_at_local_wall_time(client: httpx.AsyncClient, api: FastAPI) -> None:
    await add(
        client,
        due_at="2027-07-01T07:00:00Z",
        description="Before noon",
        priority="high",
        tags=["money", "home"],
        reminders=[{"offset_minutes": 30}, {"remind_at": "2027-06-30T12:00:00Z"}],
    )

    components = await read(api, await give(client))

    todo, event = one(components, "VTODO"), one(components, "VEVENT")
    assert todo["DUE"].to_ical() == event["DTSTART"].to_ical() == b"20270701T090000"
    assert todo["DUE"].params["TZID"] == event["DTSTART"].params["TZID"] == "Europe/Berlin"
    assert one(components, "VTIMEZONE")["TZID"] == "Europe/Berlin"
    assert (todo["PRIORITY"], todo["DESCRIPTION"]) == (3, "Before noon")
    assert todo["CATEGORIES"].to_ical() == b"home,money"
    assert [alarm["TRIGGER"].to_ical() for alarm in todo.walk("VALARM")] == [b"20270630T120000Z", b"-PT30M"]


async def test_an_all_day_task_is_due_on_a_day(client: httpx.AsyncClient, api: FastAPI) -> None:
    await add(client, due_date="2027-07-01")

    components = await read(api, await give(client))

    assert one(components, "VTODO")["DUE"].to_ical() == b"20270701"
    assert one(components, "VEVENT")["DTSTART"].to_ical() == b"20270701"


@pytest.mark.parametrize(
    ("recurrence", "rule"),
    [
        ({"rrule": "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH"}, b"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH"),
        ({"rrule": "FREQ=DAILY;COUNT=3"}, b"FREQ=DAILY;UNTIL=20270703T070000Z"),
        ({"rrule": "FREQ=DAILY;UNTIL=20270705"}, b"FREQ=DAILY;UNTIL=20270705T215959Z"),
        ({"rrule": "FREQ=DAILY;UNTIL=20270705T120000"}, b"FREQ=DAILY;UNTIL=20270705T100000Z"),
        ({"rrule": "FREQ=DAILY", "basis": "completion"}, None),
        ({"cron": "0 9 * * *"}, None),
    ],
)
async def test_a_series_repeats_by_its_rule_where_icalendar_has_one(
    client: httpx.AsyncClient, api: FastAPI, recurrence: Json, rule: bytes | None
) -> None:
    await add(client, due_at="2027-07-01T07:00:00Z", recurrence=recurrence)

    event = one(await read(api, await give(client), shown="events"), "VEVENT")

    assert (event["RRULE"].to_ical() if "RRULE" in event else None) == rule


async def test_an_all_day_series_ends_on_a_day(client: httpx.AsyncClient, api: FastAPI) -> None:
    await add(client, due_date="2027-07-01", recurrence={"rrule": "FREQ=DAILY;COUNT=3"})

    event = one(await read(api, await give(client)), "VEVENT")

    assert event["RRULE"].to_ical() == b"FREQ=DAILY;UNTIL=20270703"


async def test_a_moved_occurrence_is_an_exception_of_its_series(
    client: httpx.AsyncClient, api: FastAPI
) -> None:
    task = await add(client, due_at="2027-07-01T07:00:00Z", recurrence="daily")
    await client.patch(f"/api/tasks/{task['id']}", json={"due_at": "2027-07-01T10:00:00Z"})

    components = await read(api, await give(client), shown="events")

    series, moved = (each for each in components if each.name == "VEVENT")
    assert (series["DTSTART"].to_ical(), "RECURRENCE-ID" in series) == (b"20270701T090000", False)
    assert (moved["DTSTART"].to_ical(), moved["RECURRENCE-ID"].to_ical(), "RRULE" in moved) == (
        b"20270701T120000",
        b"20270701T090000",
        False,
    )
    assert series["UID"] == moved["UID"]


async def test_closed_tasks_are_not_shown(client: httpx.AsyncClient, api: FastAPI) -> None:
    task = await add(client)
    await client.post(f"/api/tasks/{task['id']}/complete")

    assert await read(api, await give(client)) == []


@pytest.mark.parametrize(("shown", "names"), [("todos", {"VTODO"}), ("events", {"VEVENT"})])
async def test_a_client_may_ask_for_one_kind(
    client: httpx.AsyncClient, api: FastAPI, shown: str, names: set[str]
) -> None:
    await add(client, due_date="2027-07-01")

    assert {each.name for each in await read(api, await give(client), shown=shown)} == names


async def test_an_unchanged_calendar_is_not_sent_again(client: httpx.AsyncClient, api: FastAPI) -> None:
    await add(client, due_at="2027-07-01T07:00:00Z")
    path = await give(client)

    async with calling(api) as anybody:
        first = await anybody.get(path)
        same = await anybody.get(path, headers={"If-None-Match": first.headers["etag"]})
        again = await anybody.get(path)
        await add(client)
        changed = await anybody.get(path, headers={"If-None-Match": first.headers["etag"]})

    assert (same.status_code, same.content) == (304, b"")
    assert again.content == first.content
    assert (changed.status_code, changed.content != first.content) == (200, True)


async def test_calendar_is_written_once_for_each_version(
    client: httpx.AsyncClient, api: FastAPI, runtime: Runtime
) -> None:
    await add(client, due_at="2027-07-01T07:00:00Z")
    path = await give(client)

    async with calling(api) as anybody:
        with statements_of(runtime.database) as asked:
            both = await asyncio.gather(anybody.get(path), anybody.get(path))
            known = await anybody.get(path, headers={"If-None-Match": both[0].headers["etag"]})
            again = await anybody.get(path)
        await add(client, title="Another")
        changed = await anybody.get(path)

    reads = [each for each, _ in asked if each.startswith("SELECT") and "FROM tasks" in each]
    assert len(reads) == 1
    assert {each.content for each in (*both, again)} == {both[0].content}
    assert (known.status_code, known.content) == (304, b"")
    assert changed.headers["etag"] != both[0].headers["etag"]
    assert b"SUMMARY:Another" in changed.content


async def test_calendar_of_one_kind_is_kept_apart(client: httpx.AsyncClient, api: FastAPI) -> None:
    await add(client, due_date="2027-07-01")
    path = await give(client)

    for shown, names in (("todos", {"VTODO"}), ("events", {"VEVENT"}), ("todos", {"VTODO"})):
        assert {each.name for each in await read(api, path, shown=shown)} == names


async def test_readers_of_one_calendar_are_limited(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient, runtime: Runtime, clock: Clock
) -> None:
    limits = {"calendar_reads_per_minute": 2}
    api = create_api(replace(runtime, settings=runtime.settings.model_copy(update=limits)))
    path, other = await give(client), await give(stranger)

    async with calling(api) as anybody:
        answers = [await anybody.get(path) for _ in range(3)]
        of_another = await anybody.get(other)
        clock.advance(minutes=1)
        later = await anybody.get(path)

    assert [each.status_code for each in answers] == [200, 200, 429]
    assert answers[2].json()["detail"] == "Too many calendar-reads: at most 2 in 60 s; try again in 30 s."
    assert (of_another.status_code, later.status_code) == (200, 200)


async def test_calendar_shows_a_limited_number_of_tasks(
    client: httpx.AsyncClient, api: FastAPI, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = 2 * service.PAGE + 1
    monkeypatch.setattr(service, "MOST_TASKS", most)
    undated = [
        {
            "id": new_id(),
            "user_id": await user_id_of(client),
            "title": f"{number}",
            "timezone": "UTC",
            "occurrence": 1,
            "position": 1.0,
            "version": 1,
            "created_at": runtime.now(),
            "updated_at": runtime.now(),
        }
        for number in range(most + 10)
    ]
    async with runtime.database.write() as session:
        await session.execute(insert(Task), undated)
    await add(client, due_date="2027-07-01")

    shown = await read(api, await give(client), shown="todos")

    assert len(shown) == most
    assert shown[0]["SUMMARY"] == "Pay the rent"

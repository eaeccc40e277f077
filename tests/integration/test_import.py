"""Imports: what comes of each kind of file, once however often it is imported."""

from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest
from fastapi import FastAPI

from testbed.app.application import Clock
from testbed.app.deliveries import Deliveries

Json = dict[str, Any]

CSV = """\
TYPE,CONTENT,DESCRIPTION,PRIORITY,INDENT,AUTHOR,RESPONSIBLE,DATE,DATE_LANG,TIMEZONE
meta,view_style=list,,,,,,,,
task,Pay the rent @money @home,"First line
Second line",1,1,Ada (1),,every month on the 1st at 9,en,Europe/London
note,The IBAN is in the folder,,,,Ada (1),,,,
section,Garden,,,,,,,,
task,Water the plants,,4,1,Ada (1),,2027-05-01,en,
task,Buy a can,,3,2,Ada (1),,jeden Montag,de,Atlantis
,,,,,,,,,
"""

ICAL = """\
BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VTODO
UID:first
SUMMARY:Pay the
  rent
DUE;TZID=W. Europe Standard Time:20270401T090000
RRULE:FREQ=MONTHLY;BYMONTHDAY=1;UNTIL=20271231T225959Z
PRIORITY:1
CATEGORIES:home,money
BEGIN:VALARM
ACTION:DISPLAY
TRIGGER;RELATED=END:-PT30M
END:VALARM
END:VTODO
BEGIN:VEVENT
UID:second
SUMMARY:Summer party
DTSTART;TZID=Atlantis:20270701T180000
RRULE:FREQ=HOURLY
END:VEVENT
BEGIN:VTODO
UID:third
SUMMARY:Done before
STATUS:COMPLETED
COMPLETED:20270301T120000Z
END:VTODO
BEGIN:VTODO
UID:fourth
SUMMARY:Called off
STATUS:CANCELLED
END:VTODO
END:VCALENDAR
"""


async def send(client: httpx.AsyncClient, content: str | bytes, media_type: str, **parameters: Any) -> Json:
    answer = await client.post(
        "/api/import", content=content, params=parameters, headers={"content-type": media_type}
    )
    assert answer.status_code == 200, answer.text
    report: Json = answer.json()
    return report


async def tasks_of(client: httpx.AsyncClient) -> dict[str, Json]:
    """The user's tasks by their titles."""
    found = (await client.get("/api/tasks", params={"status": "all", "limit": 200})).json()["items"]
    return {task["title"]: task for task in found}


def outcomes(report: Json) -> list[tuple[str, str, str]]:
    return [(each["place"], each["title"], each["outcome"]) for each in report["entries"]]


async def test_todoists_csv(client: httpx.AsyncClient) -> None:
    report = await send(client, CSV, "text/csv")

    tasks = await tasks_of(client)
    rent, plants, can = tasks["Pay the rent"], tasks["Water the plants"], tasks["Buy a can"]
    assert outcomes(report) == [
        ("line 3", "Pay the rent", "created"),
        ("line 6", "Garden", "skipped"),
        ("line 7", "Water the plants", "created"),
        ("line 8", "Buy a can", "created"),
    ]
    assert rent["description"] == "First line\nSecond line\n\nThe IBAN is in the folder"
    assert (rent["priority"], [tag["name"] for tag in rent["tags"]]) == ("urgent", ["home", "money"])
    assert (rent["due_at"], rent["timezone"]) == ("2027-04-01T08:00:00Z", "Europe/London")
    assert rent["recurrence"] == {"rrule": "FREQ=MONTHLY;BYMONTHDAY=1", "basis": "due"}
    assert (plants["due_date"], plants["priority"], plants["category_id"]) == (
        "2027-05-01",
        "none",
        can["category_id"],
    )
    [garden] = (await client.get("/api/categories")).json()["items"]
    assert (garden["id"], garden["name"], rent["category_id"]) == (can["category_id"], "Garden", None)
    assert (can["priority"], can["due_at"], can["timezone"]) == ("medium", None, "Europe/Berlin")
    assert report["entries"][3]["notes"] == [
        "Its time zone 'Atlantis' is not known; Europe/Berlin is taken.",
        "Its date 'jeden Montag' is not understood and left out.",
        "It was part of the task before it and becomes a task of its own.",
    ]


async def test_icalendar(client: httpx.AsyncClient) -> None:
    report = await send(client, ICAL, "text/calendar")

    tasks = await tasks_of(client)
    rent, party, done = tasks["Pay the rent"], tasks["Summer party"], tasks["Done before"]
    assert outcomes(report) == [
        ("line 3", "Pay the rent", "created"),
        ("line 16", "Summer party", "created"),
        ("line 22", "Done before", "created"),
        ("line 28", "Called off", "skipped"),
    ]
    assert (rent["due_at"], rent["timezone"]) == ("2027-04-01T07:00:00Z", "Europe/Berlin")
    assert rent["recurrence"]["rrule"] == "FREQ=MONTHLY;BYMONTHDAY=1;UNTIL=20271231T235959"
    assert (rent["priority"], [tag["name"] for tag in rent["tags"]]) == ("urgent", ["home", "money"])
    assert [each["offset_minutes"] for each in rent["reminders"]] == [30]
    assert (party["due_at"], party["recurrence"]) == ("2027-07-01T16:00:00Z", None)
    assert (done["completed"], done["completed_at"]) == (True, "2027-03-01T12:00:00Z")
    unknown_zone, no_rule = report["entries"][1]["notes"]
    assert unknown_zone == "Its time zone 'Atlantis' is not known; Europe/Berlin is taken."
    assert no_rule.startswith("Its recurrence is left out. FREQ is 'HOURLY'")


@pytest.mark.parametrize(("content", "media_type"), [(CSV, "text/csv"), (ICAL, "text/calendar")])
async def test_a_second_import_changes_nothing(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient, content: str, media_type: str
) -> None:
    first = await send(client, content, media_type)
    before = await tasks_of(client), (await client.get("/api/sync")).json()["seq"]

    second = await send(client, content, media_type)

    assert (second["created"], second["present"]) == (0, first["created"])
    assert (await tasks_of(client), (await client.get("/api/sync")).json()["seq"]) == before
    assert (await send(stranger, content, media_type))["created"] == first["created"]


async def test_equal_rows_become_separate_tasks(client: httpx.AsyncClient) -> None:
    content = "TYPE,CONTENT\ntask,Call home\ntask,Call home\n"

    reports = [await send(client, content, "text/csv") for _ in range(2)]

    assert [report["created"] for report in reports] == [2, 0]


async def test_a_dry_run_reports_the_same_and_changes_nothing(client: httpx.AsyncClient) -> None:
    before = (await client.get("/api/sync")).json()["seq"]

    rehearsed = await send(client, CSV, "text/csv", dry_run=True)

    assert (rehearsed["dry_run"], rehearsed["created"]) == (True, 3)
    assert await tasks_of(client) == {}
    assert (await client.get("/api/categories")).json()["items"] == []
    assert (await client.get("/api/sync")).json()["seq"] == before
    assert outcomes(await send(client, CSV, "text/csv")) == outcomes(rehearsed)


async def test_one_wrong_line_refuses_the_whole_file(client: httpx.AsyncClient) -> None:
    content = f"TYPE,CONTENT\ntask,Fine\ntask,{'x' * 501}\ntask,\n"

    rehearsed = await send(client, content, "text/csv", dry_run=True)
    answer = await client.post("/api/import", content=content, headers={"content-type": "text/csv"})

    assert [each["outcome"] for each in rehearsed["entries"]] == ["created", "refused", "refused"]
    assert (answer.status_code, answer.json()["code"]) == (422, "import-refused")
    assert [each["pointer"] for each in answer.json()["errors"]] == ["line 3", "line 4"]
    assert await tasks_of(client) == {}


async def life(client: httpx.AsyncClient, clock: Clock) -> None:
    """An account with something of everything in it."""
    category = (await client.post("/api/categories", json={"name": "Home", "colour": "#4f8a10"})).json()
    rent = (
        await client.post(
            "/api/tasks",
            json={
                "title": "Pay the rent",
                "due_at": "2027-03-08T09:00:00Z",
                "recurrence": {"rrule": "FREQ=WEEKLY;COUNT=10"},
                "tags": ["money"],
                "category_id": category["id"],
                "reminders": [{"offset_minutes": 30}],
            },
        )
    ).json()
    await client.patch(f"/api/tasks/{rent['id']}", json={"due_at": "2027-03-09T09:00:00Z"})
    done = (await client.post("/api/tasks", json={"title": "Call home", "priority": "low"})).json()
    await client.post(f"/api/tasks/{done['id']}/complete")
    clock.advance(minutes=1)


LOST = {"version", "updated_at", "reminders"}
"""What a task that was imported has of its own."""


def kept(tasks: dict[str, Json]) -> dict[str, Json]:
    return {
        title: {name: value for name, value in task.items() if name not in LOST}
        | {"reminders": [(each["offset_minutes"], each["due_at"]) for each in task["reminders"]]}
        for title, task in tasks.items()
    }


async def test_an_export_restores_what_was_deleted_under_its_old_ids(
    client: httpx.AsyncClient, clock: Clock
) -> None:
    await life(client, clock)
    before = await tasks_of(client)
    export = (await client.get("/api/me/export")).content
    for task in before.values():
        await client.delete(f"/api/tasks/{task['id']}")
    for labels in ("tags", "categories"):
        for label in (await client.get(f"/api/{labels}")).json()["items"]:
            await client.delete(f"/api/{labels}/{label['id']}")

    report = await send(client, export, "application/json")

    assert (report["created"], report["refused"]) == (4, 0)
    assert kept(await tasks_of(client)) == kept(before)
    [category] = (await client.get("/api/categories")).json()["items"]
    assert (category["name"], category["colour"]) == ("Home", "#4f8a10")


async def test_an_export_changes_nothing_where_it_came_from(client: httpx.AsyncClient, clock: Clock) -> None:
    await life(client, clock)
    before = (await client.get("/api/sync")).json()["seq"]

    report = await send(client, (await client.get("/api/me/export")).content, "application/json")

    assert (report["created"], report["present"]) == (0, 4)
    assert (await client.get("/api/sync")).json()["seq"] == before


async def test_an_export_is_imported_once_into_another_account(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient, clock: Clock
) -> None:
    await life(client, clock)
    export = (await client.get("/api/me/export")).content

    reports = [await send(stranger, export, "application/json") for _ in range(2)]

    mine, theirs = await tasks_of(client), await tasks_of(stranger)
    assert [report["created"] for report in reports] == [4, 0]
    assert mine.keys() == theirs.keys()
    for title, task in theirs.items():
        assert task["id"] != mine[title]["id"]
        assert task["due_at"] == mine[title]["due_at"]
        assert task["series_id"] == (task["id"] if task["recurrence"] else None)


async def test_an_imported_series_continues(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient, clock: Clock
) -> None:
    await life(client, clock)
    export = (await client.get("/api/me/export")).content

    await send(stranger, export, "application/json")

    mine, theirs = await tasks_of(client), await tasks_of(stranger)
    assert theirs["Pay the rent"]["next_occurrence"] == mine["Pay the rent"]["next_occurrence"]


async def test_a_series_that_advanced_is_not_opened_twice(
    client: httpx.AsyncClient, clock: Clock, deliveries: Deliveries
) -> None:
    await life(client, clock)
    export = (await client.get("/api/me/export")).content
    rent = (await tasks_of(client))["Pay the rent"]
    await client.post(f"/api/tasks/{rent['id']}/complete")
    await deliveries.settle()
    await client.delete(f"/api/tasks/{rent['id']}")

    report = await send(client, export, "application/json")

    [entry] = [each for each in report["entries"] if each["title"] == "Pay the rent"]
    restored = (await client.get(f"/api/tasks/{rent['id']}")).json()
    assert entry["notes"] == ["Its series has an open task already, so it begins a series of its own."]
    assert (restored["completed"], restored["recurrence"]) == (False, rent["recurrence"])
    assert restored["series_id"] != rent["series_id"]


async def test_a_task_that_the_rules_refuse_is_refused(client: httpx.AsyncClient, clock: Clock) -> None:
    await life(client, clock)
    export = (await client.get("/api/me/export")).json()
    for task in export["tasks"]:
        task |= {"id": str(uuid4()), "due_at": "9500-01-01T00:00:00Z", "series_id": None}

    report = await send(client, orjson.dumps(export), "application/json", dry_run=True)

    assert report["refused"] == 2
    assert report["entries"][-1]["notes"] == ["The year must be from 1900 to 8999."]


async def test_past_reminders_are_not_imported(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient, clock: Clock
) -> None:
    await life(client, clock)
    export = (await client.get("/api/me/export")).content
    clock.advance(days=10)

    report = await send(stranger, export, "application/json")

    [rent] = [each for each in report["entries"] if each["title"] == "Pay the rent"]
    assert rent["notes"] == ["1 reminders have had their time and are left out."]
    assert (await tasks_of(stranger))["Pay the rent"]["reminders"] == []


async def test_our_own_calendar_changes_nothing_where_it_came_from(
    client: httpx.AsyncClient, api: FastAPI, clock: Clock
) -> None:
    await life(client, clock)
    url = (await client.post("/api/me/calendar")).json()["url"]
    feed = await client.get(httpx.URL(url).path)

    report = await send(client, feed.content, "text/calendar")

    assert (report["created"], report["present"]) == (0, 1)


@pytest.mark.parametrize(
    ("content", "media_type", "sentence"),
    [
        (b"\xff\xfe", "text/csv", "The file is not in UTF-8: byte 0 does not fit."),
        (b"", "text/csv", "The first line names no column CONTENT; Todoist's CSV has one."),
        (b"a,b\n1,2", "text/csv", "The first line names no column CONTENT; Todoist's CSV has one."),
        (b"\xff\xfe", "text/calendar", "The file is not in UTF-8: byte 0 does not fit."),
        (b"hello", "text/calendar", "The file is not iCalendar: it has no line BEGIN:VCALENDAR."),
        (
            b'{"format": "else"}',
            "application/json",
            'The file is not an export: it would be an object that begins with "format": "todoapp-export/1".',
        ),
        (
            b'{"format": "todoapp-export/1", "tasks": [1]}',
            "application/json",
            'The export\'s "tasks" is not an array of objects.',
        ),
    ],
)
async def test_a_malformed_file_is_refused(
    client_on_one_database: httpx.AsyncClient, content: bytes, media_type: str, sentence: str
) -> None:
    answer = await client_on_one_database.post(
        "/api/import", content=content, headers={"content-type": media_type}
    )

    assert (answer.status_code, answer.json()["code"], answer.json()["detail"]) == (
        422,
        "unreadable-file",
        sentence,
    )


async def test_malformed_json_is_refused_with_its_position(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/import", content=b"{", headers={"content-type": "application/json"})

    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("The file is not JSON: ")


async def test_another_media_type_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/import", content=b"x", headers={"content-type": "text/plain"})

    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media-type")


async def test_a_file_may_be_larger_than_other_bodies(client: httpx.AsyncClient, api: FastAPI) -> None:
    large = "TYPE,CONTENT\n" + "meta,x\n" * (2 << 20 >> 3)
    headers = {"content-type": "text/csv"}

    taken = await client.post("/api/import", content=large, headers=headers)
    too_large = await client.post("/api/import", content=b"x" * (10 << 20 | 1), headers=headers)

    assert (taken.status_code, too_large.status_code) == (200, 413)
    assert too_large.json()["detail"] == "The body may have 10485760 bytes at most."


async def test_a_file_with_too_many_entries_is_refused(client: httpx.AsyncClient) -> None:
    content = "TYPE,CONTENT\n" + "section,x\n" * 5001

    answer = await client.post("/api/import", content=content, headers={"content-type": "text/csv"})

    assert answer.json()["detail"] == "The file has more than 5000 entries; split it into smaller ones."

"""Repeating tasks: what contract.md §1 promises, from the request to the next occurrence."""

from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

from testbed.app.application import Clock, user_id_of
from testbed.app.rule_parses import counted_parses
from todoapp.features.tasks.occurrences import create_next_occurrence
from todoapp.messaging.outbox import Origin
from todoapp.processes.runtime import Runtime

Task = dict[str, Any]

MONDAYS = {"rrule": "FREQ=WEEKLY;BYDAY=MO"}


async def made(client: httpx.AsyncClient, recurrence: object = MONDAYS, **fields: Any) -> Task:
    body = {"title": "Put out the bins", "recurrence": recurrence, "due_at": "2027-03-08T08:00:00Z", **fields}
    answer = await client.post("/api/tasks", json=body)
    assert answer.status_code == 201, answer.text
    task: Task = answer.json()
    return task


async def done(client: httpx.AsyncClient, task: Task, verb: str = "complete") -> Task:
    answer = await client.post(f"/api/tasks/{task['id']}/{verb}")
    assert answer.status_code == 200, answer.text
    finished: Task = answer.json()
    return finished


async def series(client: httpx.AsyncClient) -> list[Task]:
    items: list[Task] = (await client.get("/api/tasks", params={"sort_by": "due_at"})).json()["items"]
    return items


@pytest.fixture
async def recur(runtime: Runtime, client: httpx.AsyncClient, clock: Clock) -> Any:
    """What the recurrence process does when it hears that a task was finished."""
    user_id = await user_id_of(client)

    async def create(task: Task) -> None:
        async with runtime.outbox.changes(user_id, Origin("recurrence", clock.now)) as changes:
            await create_next_occurrence(changes, UUID(task["id"]))

    return create


async def test_the_next_occurrence_is_a_copy_with_tags_and_reminders(
    client: httpx.AsyncClient, recur: Any
) -> None:
    category = (await client.post("/api/categories", json={"name": "Home"})).json()
    task = await made(
        client,
        description="both of them",
        priority="high",
        tags=["home", "street"],
        category_id=category["id"],
        reminders=[{"offset_minutes": 60}, {"remind_at": "2027-03-07T18:00:00Z"}],
    )

    await recur(await done(client, task))

    first, second = await series(client)
    for same in (
        "title",
        "description",
        "priority",
        "tags",
        "category_id",
        "timezone",
        "recurrence",
        "series_id",
    ):
        assert second[same] == task[same]
    assert (second["due_at"], second["occurrence"]) == ("2027-03-15T08:00:00Z", 2)
    assert second["parent_task_id"] == first["id"] == task["id"]
    assert [reminder["due_at"] for reminder in second["reminders"]] == [
        "2027-03-14T18:00:00Z",
        "2027-03-15T07:00:00Z",
    ]
    assert {reminder["status"] for reminder in second["reminders"]} == {"scheduled"}


async def test_the_done_occurrence_stays_as_history_and_one_is_open(
    client: httpx.AsyncClient, recur: Any
) -> None:
    task = await made(client)

    await recur(await done(client, task))

    assert [each["completed"] for each in await series(client)] == [True, False]


async def test_a_repeated_event_creates_nothing(client: httpx.AsyncClient, recur: Any) -> None:
    task = await done(client, await made(client))

    for _ in range(3):
        await recur(task)

    assert len(await series(client)) == 2


async def test_a_skipped_occurrence_stays_and_the_next_is_created(
    client: httpx.AsyncClient, recur: Any
) -> None:
    task = await made(client)

    skipped = await done(client, task, "skip-occurrence")
    again = await done(client, task, "skip-occurrence")
    await recur(skipped)

    assert again == skipped
    assert (skipped["skipped_at"], skipped["completed"]) == ("2027-03-03T08:00:00Z", False)
    assert [each["due_at"] for each in await series(client)] == [
        "2027-03-08T08:00:00Z",
        "2027-03-15T08:00:00Z",
    ]


async def test_an_occurrence_is_completed_or_skipped_not_both(client: httpx.AsyncClient) -> None:
    completed, skipped = await made(client), await made(client)
    await done(client, completed)
    await done(client, skipped, "skip-occurrence")

    assert (await client.post(f"/api/tasks/{completed['id']}/skip-occurrence")).status_code == 409
    assert (await client.post(f"/api/tasks/{skipped['id']}/complete")).status_code == 409


async def test_only_a_repeating_task_can_be_skipped(client: httpx.AsyncClient) -> None:
    task = await made(client, recurrence=None)

    answer = await client.post(f"/api/tasks/{task['id']}/skip-occurrence")

    assert (answer.status_code, answer.json()["code"]) == (409, "not-repeating")


async def test_moving_a_date_keeps_the_rule_and_takes_reminders_along(
    client: httpx.AsyncClient, recur: Any
) -> None:
    task = await made(client, reminders=[{"offset_minutes": 60}])

    patch = {"due_at": "2027-03-10T12:00:00Z"}
    moved = (await client.patch(f"/api/tasks/{task['id']}", json=patch)).json()
    await recur(await done(client, moved))

    assert moved["recurrence"] == task["recurrence"]
    assert [reminder["due_at"] for reminder in moved["reminders"]] == ["2027-03-10T11:00:00Z"]
    assert (await series(client))[1]["due_at"] == "2027-03-15T08:00:00Z"


async def test_completing_cancels_the_reminders_and_reopening_brings_them_back(
    client: httpx.AsyncClient,
) -> None:
    task = await made(client, reminders=[{"offset_minutes": 60}])

    completed = await done(client, task)
    reopened = await done(client, task, "reopen")

    assert [reminder["status"] for reminder in completed["reminders"]] == ["cancelled"]
    assert [reminder["status"] for reminder in reopened["reminders"]] == ["scheduled"]


async def test_a_late_completion_lands_on_the_first_occurrence_after_now(
    client: httpx.AsyncClient, recur: Any, clock: Clock
) -> None:
    task = await made(client)
    clock.now = datetime.fromisoformat("2027-03-24T08:00:00+00:00")

    await recur(await done(client, task))

    # Summer time began on the 28th: 09:00 in Berlin stays 09:00.
    assert (await series(client))[1]["due_at"] == "2027-03-29T07:00:00Z"


async def test_after_completion_counts_from_the_day_of_completing(
    client: httpx.AsyncClient, recur: Any, clock: Clock
) -> None:
    task = await made(client, {"rrule": "FREQ=DAILY;INTERVAL=10", "basis": "completion"})
    clock.now = datetime.fromisoformat("2027-03-11T20:00:00+00:00")

    await recur(await done(client, task))

    assert (await series(client))[1]["due_at"] == "2027-03-21T08:00:00Z"


async def test_a_series_ends_after_its_count(client: httpx.AsyncClient, recur: Any, clock: Clock) -> None:
    await made(client, {"rrule": "FREQ=WEEKLY;BYDAY=MO;COUNT=3"})

    for _ in range(4):
        newest = (await series(client))[-1]
        clock.now = datetime.fromisoformat(newest["due_at"])
        await recur(await done(client, newest))

    assert [each["due_at"][:10] for each in await series(client)] == [
        "2027-03-08",
        "2027-03-15",
        "2027-03-22",
    ]
    assert all(each["completed"] for each in await series(client))


async def test_an_all_day_series_stays_on_whole_days(client: httpx.AsyncClient, recur: Any) -> None:
    task = await made(client, "monthly", due_at=None, due_date="2027-03-31")

    await recur(await done(client, task))

    days = [(each["due_date"], each["due_at"], each["all_day"]) for each in await series(client)]
    assert days == [("2027-03-31", None, True), ("2027-04-30", None, True)]


async def test_a_shorthand_is_stored_as_a_rule(client: httpx.AsyncClient) -> None:
    task = await made(client, "monthly", due_at="2027-01-31T08:00:00Z")

    assert task["recurrence"] == {
        "rrule": "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1",
        "basis": "due",
    }


async def test_the_answer_shows_the_date_given_to_a_repeating_task(
    client: httpx.AsyncClient,
) -> None:
    created = await made(client, due_at=None)
    cleared = (await client.patch(f"/api/tasks/{created['id']}", json={"due_at": None})).json()

    for task in (created, cleared):
        assert task["due_at"] == "2027-03-08T08:00:00Z"
        [notice] = task["notices"]
        assert "2027-03-08 at 09:00 (Europe/Berlin)" in notice


async def test_reopening_deletes_an_unchanged_next_occurrence(client: httpx.AsyncClient, recur: Any) -> None:
    task = await made(client)
    await recur(await done(client, task))

    reopened = await done(client, task, "reopen")

    assert [each["id"] for each in await series(client)] == [task["id"]]
    await recur(reopened)
    assert len(await series(client)) == 1
    await recur(await done(client, task))
    assert [each["due_at"][:10] for each in await series(client)] == ["2027-03-08", "2027-03-15"]


async def test_reopening_is_refused_once_the_next_occurrence_was_changed(
    client: httpx.AsyncClient, recur: Any
) -> None:
    task = await made(client)
    await recur(await done(client, task))
    [_, following] = await series(client)
    await client.patch(f"/api/tasks/{following['id']}", json={"description": "and the paper"})

    answer = await client.post(f"/api/tasks/{task['id']}/reopen")

    assert (answer.status_code, answer.json()["code"]) == (409, "later-occurrence-exists")


async def test_deleting_what_was_just_completed_does_not_end_the_series(client: httpx.AsyncClient) -> None:
    task = await made(client)
    await done(client, task)

    await client.delete(f"/api/tasks/{task['id']}")

    [following] = await series(client)
    assert following["due_at"] == "2027-03-15T08:00:00Z"


async def test_deleting_the_open_occurrence_ends_the_series(client: httpx.AsyncClient, recur: Any) -> None:
    task = await made(client)
    await recur(await done(client, task))
    [_, following] = await series(client)

    await client.delete(f"/api/tasks/{following['id']}")

    assert [each["completed"] for each in await series(client)] == [True]


async def test_a_rule_is_set_and_removed(client: httpx.AsyncClient, recur: Any) -> None:
    task = await made(client, recurrence=None)
    path = f"/api/tasks/{task['id']}/recurrence"

    repeating = (await client.put(path, json={"recurrence": "weekdays"})).json()
    assert repeating["next_occurrence"] == "2027-03-09T08:00:00Z"

    single = (await client.delete(path)).json()
    await recur(await done(client, single))
    assert (single["recurrence"], single["next_occurrence"]) == (None, None)
    assert len(await series(client)) == 1


async def test_saving_the_same_rule_with_another_date_continues_the_series(
    client: httpx.AsyncClient, recur: Any
) -> None:
    task = await made(client, {"rrule": "FREQ=DAILY;INTERVAL=7"})

    body = {"title": task["title"], "due_at": "2027-03-09T08:00:00Z", "recurrence": task["recurrence"]}
    saved = (await client.put(f"/api/tasks/{task['id']}", json=body)).json()
    await recur(await done(client, saved))

    assert (await series(client))[1]["due_at"] == "2027-03-15T08:00:00Z"


async def test_a_change_without_dates_parses_no_rule(client: httpx.AsyncClient) -> None:
    bins = await made(client)
    path = f"/api/tasks/{bins['id']}"

    with counted_parses() as renamed:
        answer = await client.patch(path, json={"title": "Take in the bins", "priority": "high"})
    with counted_parses() as moved:
        await client.patch(path, json={"due_at": "2027-03-09T08:00:00Z"})

    assert answer.json()["recurrence"] == bins["recurrence"]
    assert (renamed.count, moved.count) == (0, 1)

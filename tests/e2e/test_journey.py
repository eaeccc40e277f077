"""A newcomer's first day, through the whole running stack, and again while its processes are killed."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from threading import Event
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from testbed.app.changes import completion_of, notification_of, occurrence_after
from testbed.app.person import Person
from testbed.app.stack import Stack
from testbed.waiting import wait_until

BERLIN = ZoneInfo("Europe/Berlin")
A_MOMENT = timedelta(seconds=2)
"""People set reminders a minute ahead or more; two seconds take the same way through the system."""


@pytest.fixture
def anna(stack: Stack) -> Iterator[Person]:
    with Person.signing_up(stack.url, timezone=BERLIN.key) as anna:
        yield anna


def test_a_weekly_task_from_sign_up_to_its_next_occurrence(anna: Person) -> None:
    monday = next_monday()
    with anna.watching() as second_client:
        rent = anna.post("/api/tasks", weekly("Pay the rent", due=monday))

        reminded = second_client.until(notification_of(rent), what="the reminder arrives")
        anna.post(f"/api/tasks/{rent['id']}/complete")
        second_client.until(completion_of(rent), what="the second client sees the completion")
        following = second_client.until(occurrence_after(rent), what="the next occurrence appears")["value"]

    assert [each["id"] for each in anna.get("/api/notifications")["items"]] == [reminded["id"]]
    assert local(following["due_at"]) == datetime.combine(monday + timedelta(days=7), time(9), BERLIN)
    assert [each["id"] for each in anna.get("/api/tasks", status="open")["items"]] == [following["id"]]
    assert second_client.changes == anna.changes()[: len(second_client.changes)]


@pytest.mark.parametrize("victim", ["api", "notification", "recurrence", "sidecar"])
def test_a_killed_process_loses_nothing(stack: Stack, anna: Person, victim: str) -> None:
    before = stack.pid(victim)
    with anna.watching() as second_client, writing_all_the_time(anna) as acknowledged:
        rent = anna.insist("/api/tasks", weekly("Pay the rent", due=next_monday()))
        anna.insist(f"/api/tasks/{rent['id']}/complete")
        plants = anna.insist("/api/tasks", weekly("Water the plants", due=next_monday()))

        stack.kill(victim)

        wait_until(lambda: stack.pid(victim) != before, what=f"{victim} is started again")
        second_client.until(occurrence_after(rent), what="the next occurrence appears")
        second_client.until(notification_of(plants), what="the reminder arrives")
    anna.settle(rent, plants)

    titles = [task["title"] for task in anna.all_of("/api/tasks")]
    feed = anna.changes()
    assert sorted(acknowledged) == sorted(title for title in titles if title.startswith("Note"))
    assert [change["seq"] for change in feed] == list(range(1, len(feed) + 1))
    assert second_client.changes == anna.changes()[: len(second_client.changes)]
    assert len([task for task in titles if task == "Pay the rent"]) == 2
    assert len([each for each in anna.all_of("/api/notifications") if each["task_id"] == plants["id"]]) == 1


@contextmanager
def writing_all_the_time(person: Person) -> Iterator[list[str]]:
    """Add task after task until the end of the block; gives the titles that were acknowledged."""
    acknowledged: list[str] = []
    enough = Event()

    def write() -> None:
        for number in count(1):
            if enough.is_set():
                return
            acknowledged.append(person.insist("/api/tasks", {"title": f"Note {number}"})["title"])

    with ThreadPoolExecutor(max_workers=1) as pool:
        writing = pool.submit(write)
        try:
            yield acknowledged
        finally:
            enough.set()
            writing.result()


def weekly(title: str, *, due: date) -> dict[str, Any]:
    return {
        "title": title,
        "due_at": datetime.combine(due, time(9), BERLIN).isoformat(),
        "recurrence": {"rrule": "FREQ=WEEKLY;BYDAY=MO"},
        "reminders": [{"remind_at": (datetime.now(UTC) + A_MOMENT).isoformat()}],
    }


def next_monday() -> date:
    today = datetime.now(BERLIN).date()
    return today + timedelta(days=7 - today.weekday())


def local(instant: str) -> datetime:
    return datetime.fromisoformat(instant).astimezone(BERLIN)

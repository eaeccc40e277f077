"""An account with an example of everything that an export holds.

`make record-export` runs TodoApp as people do, fills such an account and keeps its export. Every release
adds one, and each later version has to read all of them.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from testbed.app.changes import notification_of, occurrence_after
from testbed.app.person import Person
from testbed.app.stack import running_stack
from testbed.waiting import wait_until

__all__ = ["EXPORTS", "fill", "record"]

Task = dict[str, Any]

EXPORTS = Path("tests/recorded/exports")
"""`<version>.json`, as `GET /api/me/export` of that version answered."""

RECURRENCES: tuple[object, ...] = (
    *("daily", "weekdays", "weekly", "monthly", "yearly"),
    {"type": "daily", "interval": 3, "count": 5},
    {"type": "daily", "end_date": "2032-01-31"},
    {"type": "weekly", "days": ["Monday", "th"], "interval": 2},
    {"type": "monthly", "day_of_month": 31},
    {"type": "yearly", "month": 2, "day_of_month": 29},
    {"type": "custom", "unit": "week", "interval": 6},
    {"type": "custom", "unit": "day", "basis": "completion"},
    {"rrule": "FREQ=MONTHLY;BYDAY=-1FR"},
    {"rrule": "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=24"},
    {"rrule": "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU,TU;UNTIL=20330101T000000Z"},
    {"rrule": "FREQ=YEARLY;BYMONTH=3,9;BYMONTHDAY=1,-1"},
    {"rrule": "FREQ=WEEKLY", "basis": "completion"},
    {"cron": "30 9 * * 1-5"},
    {"cron": "0 0 29 2 *"},
)
DUE: tuple[Task, ...] = (
    {"due_at": "2031-03-03T09:00:00+01:00"},
    {"due_date": "2031-03-04"},
    {"due_at": "2031-03-30T02:30:00+00:00", "timezone": "America/New_York"},
)
"""At a time, the whole day, and in another time zone than the user's."""

PLAIN: tuple[Task, ...] = (
    {"title": "Nothing but a title"},
    *(
        {"title": f"Of priority {name}", "priority": name}
        for name in ("none", "low", "medium", "high", "urgent")
    ),
    {"title": "Ärger mit 東京 🎉", "description": "# Markdown\n\n- *one*\n- `two`\n" * 50, "position": -2.5},
    {"title": "All day far away", "due_date": "2031-12-31", "timezone": "Pacific/Kiritimati"},
    {"title": "Twice an hour of the night", "due_at": "2031-10-26T00:30:00Z", "timezone": "Europe/Berlin"},
    {"title": "Long overdue", "due_at": "2020-02-29T12:00:00Z"},
)
REMINDERS = [{"offset_minutes": 0}, {"offset_minutes": 1440}, {"remind_at": "2031-01-01T08:00:00Z"}]


def fill(person: Person) -> None:
    """Give a new account every form of what an export holds, and wait until all of it has happened."""
    home = person.post("/api/categories", {"name": "Home", "colour": "#336699"})
    for name in ("Work", "Nothing in it"):
        person.post("/api/categories", {"name": name})
    person.post("/api/tags", {"name": "money", "colour": "#4f8a10"})
    person.post("/api/tags", {"name": "on no task"})
    labelled = {"category_id": home["id"], "tags": ["money", "Später"]}

    for fields in PLAIN:
        person.post("/api/tasks", fields)
    person.post(
        "/api/tasks", labelled | {"title": "Labelled", "due_date": "2031-05-01", "reminders": REMINDERS}
    )
    for number, recurrence in enumerate(RECURRENCES):
        due = DUE[number % len(DUE)]
        person.post("/api/tasks", due | {"title": f"Repeating {number}", "recurrence": recurrence})
    person.post("/api/tasks", {"title": "Repeating without a date", "recurrence": {"cron": "0 6 * * *"}})

    _closed(person)
    _series(person, labelled)
    _notified(person)


def _closed(person: Person) -> None:
    done = person.post(
        "/api/tasks", {"title": "Done", "due_at": "2031-02-01T08:00:00Z", "reminders": REMINDERS}
    )
    person.post(f"/api/tasks/{done['id']}/complete")
    open_again = person.post("/api/tasks", {"title": "Done and open again"})
    person.post(f"/api/tasks/{open_again['id']}/complete")
    person.post(f"/api/tasks/{open_again['id']}/reopen")
    gone = person.post("/api/tasks", {"title": "Deleted, which the activity remembers"})
    _delete(person, gone)
    person.settle(done, open_again)


def _series(person: Person, labelled: Task) -> None:
    """Series of some length: done, skipped, moved, ended, and one whose beginning was deleted."""
    rent = labelled | {"title": "Pay the rent", "recurrence": "monthly", "reminders": REMINDERS} | DUE[0]
    with person.watching() as watcher:

        def finished(task: Task, verb: str) -> Task:
            person.post(f"/api/tasks/{task['id']}/{verb}")
            following: Task = watcher.until(occurrence_after(task), what="the next occurrence appears")[
                "value"
            ]
            return following

        second = finished(person.post("/api/tasks", rent), "complete")
        third = finished(second, "skip-occurrence")
        moved = person.patch(
            f"/api/tasks/{third['id']}", {"due_at": "2031-05-05T05:05:00Z", "priority": "high"}
        )

        all_day = {"title": "Water the plants", "recurrence": {"type": "daily", "basis": "completion"}} | DUE[
            1
        ]
        first = person.post("/api/tasks", all_day)
        latest = finished(finished(first, "complete"), "complete")
        _delete(person, first)

        backup = {"title": "Check the backup", "recurrence": {"cron": "0 7 * * 1"}} | DUE[2]
        last = finished(person.post("/api/tasks", backup), "skip-occurrence")
        person.http.delete(f"/api/tasks/{last['id']}/recurrence").raise_for_status()
    person.settle(moved, latest, last)


def _notified(person: Person) -> None:
    """Reminders that have fired: one notification is read, and each was tried on a channel."""
    channel = {"name": "Nowhere", "url": "json://127.0.0.1:9/"}  # not a public address, so it is refused
    person.post("/api/channels", channel)
    soon = (datetime.now(UTC) + timedelta(seconds=2)).isoformat()
    tasks = [
        person.post(
            "/api/tasks",
            {"title": title, "reminders": [{"remind_at": soon}, {"remind_at": "2031-01-01T00:00:00Z"}]},
        )
        for title in ("Read by now", "Not read yet")
    ]
    with person.watching() as watcher:
        told = [watcher.until(notification_of(task), what="the reminder arrives") for task in tasks]
    person.post(f"/api/notifications/{told[0]['id']}/read")
    wait_until(lambda: all(_attempts(person)), what="every notification was tried on the channel")
    person.settle(*tasks)


def _attempts(person: Person) -> Iterator[bool]:
    for notification in person.all_of("/api/notifications"):
        yield any(delivery["attempts"] for delivery in notification["deliveries"])


def _delete(person: Person, task: Task) -> None:
    person.http.delete(f"/api/tasks/{task['id']}").raise_for_status()


def record(file: Path) -> None:
    """Run this version, fill an account and keep its export.

    Raises:
        FileExistsError: a released export exists already and is never overwritten.
    """
    with (
        file.open("xb") as output,
        TemporaryDirectory() as directory,
        running_stack(Path("examples/todo.yaml"), Path(directory)) as running,
        Person.signing_up(running.url) as owner,
    ):
        fill(owner)
        output.write(orjson.dumps(owner.get("/api/me/export"), option=orjson.OPT_INDENT_2) + b"\n")


if __name__ == "__main__":
    record(EXPORTS / f"{version('todoapp')}.json")

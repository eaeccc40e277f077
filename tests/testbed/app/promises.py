"""Compares the changes that a TodoApp acknowledged with what its database holds."""

from collections import Counter, defaultdict
from typing import Any

from sqlalchemy import func, select

from testbed.app.load import Account, Worker
from testbed.app.person import Change
from testbed.waiting import eventually
from todoapp.features.activity.model import ActivityLog
from todoapp.features.notifications.model import Notification
from todoapp.features.reminders.model import Reminder, ReminderStatus
from todoapp.features.tasks.model import Task
from todoapp.kit.database import Database, col
from todoapp.messaging.event import Topic
from todoapp.messaging.outbox import OutboxEvent

__all__ = [
    "caught_up",
    "continued_every_series_once",
    "fired_every_reminder_once",
    "is_seen_as_it_is",
    "keeps_every_promise",
    "settled",
    "told_every_event_once_and_in_order",
]

SETTLE_SECONDS = 180
PATHS = {
    "task": "/api/tasks",
    "tag": "/api/tags",
    "reminder": "/api/reminders",
    "notification": "/api/notifications",
}


async def settled(database: Database) -> None:
    """Wait until no event waits to be published or handled, and no reminder to fire, now or later."""
    events = select(func.count()).where(col(OutboxEvent.topic) == Topic.TASK_EVENTS.value).scalar_subquery()
    unpublished = select(func.count()).where(col(OutboxEvent.published_at).is_(None)).scalar_subquery()
    logged = select(func.count()).select_from(ActivityLog).scalar_subquery()
    scheduled = select(func.count()).where(col(Reminder.status) == ReminderStatus.SCHEDULED).scalar_subquery()

    async def nothing_waits() -> bool:
        async with database.read() as session:
            return not any((await session.execute(select(events - logged, unpublished, scheduled))).one())

    await eventually(nothing_waits, what="all events handled, all reminders fired", seconds=SETTLE_SECONDS)


async def caught_up(person: Account, feed: list[Change]) -> None:
    """Wait until the WebSocket client has heard of the newest change."""
    newest = (await person.insist("GET", "/api/sync")).json()["seq"]

    async def heard_the_newest() -> bool:
        return bool(feed) and feed[-1]["seq"] >= newest

    await eventually(heard_the_newest, what="the WebSocket client has heard everything")


async def keeps_every_promise(worker: Worker) -> None:
    """Every task is as it was last acknowledged; what was deleted is gone."""
    tasks = {task["id"]: task for task in await worker.account.all_of("/api/tasks")}
    for promised in worker.ledger.tasks.values():
        task = tasks[promised["id"]]
        for name in ("title", "description", "completed", "completed_at", "recurrence", "tags", "created_at"):
            assert task[name] == promised[name], f"{name} of {promised['id']}"
        assert [each["id"] for each in task["reminders"]] == [each["id"] for each in promised["reminders"]]
    assert not worker.ledger.deleted & tasks.keys()


async def is_seen_as_it_is(person: Account, feed: list[Change]) -> None:
    """A client that only listened has heard every change once, and knows what the database says."""
    # The first change made the token with which it listens, and no token is told of tokens.
    assert [change["seq"] for change in feed] == list(range(2, len(feed) + 2))
    seen: dict[str, dict[str, Any]] = {entity: {} for entity in PATHS}
    for change in feed:
        if change["action"] == "deleted":
            seen[change["entity"]].pop(change["id"], None)
        else:
            seen[change["entity"]][change["id"]] = change["value"]
    for entity, path in PATHS.items():
        stored = {each["id"]: each for each in await person.all_of(path)}
        assert seen[entity].keys() == stored.keys(), entity
        for key, value in seen[entity].items():
            assert value == {name: stored[key][name] for name in value}, f"{entity} {key}"


async def told_every_event_once_and_in_order(database: Database) -> None:
    async with database.read() as session:
        recorded = await session.scalars(
            select(col(OutboxEvent.event_id)).where(col(OutboxEvent.topic) == Topic.TASK_EVENTS.value)
        )
        heard = (
            await session.execute(
                select(
                    col(ActivityLog.event_id), col(ActivityLog.task_id), col(ActivityLog.snapshot)
                ).order_by(col(ActivityLog.id))
            )
        ).all()
    assert Counter(recorded) == Counter(row.event_id for row in heard)
    versions: dict[object, list[int]] = defaultdict(list)
    for row in heard:
        versions[row.task_id].append(row.snapshot["version"])
    for task_id, heard_versions in versions.items():
        assert heard_versions == sorted(heard_versions), task_id


async def continued_every_series_once(database: Database) -> None:
    async with database.read() as session:
        tasks = (await session.scalars(select(Task).where(col(Task.series_id).is_not(None)))).all()
    successors = Counter(task.parent_task_id for task in tasks if task.parent_task_id)
    finished = [task.id for task in tasks if task.completed]
    assert {task_id: successors[task_id] for task_id in finished} == dict.fromkeys(finished, 1)
    open_occurrences = Counter(task.series_id for task in tasks if not task.completed)
    assert set(open_occurrences.values()) <= {1}


async def fired_every_reminder_once(database: Database) -> None:
    async with database.read() as session:
        triggered = await session.scalars(
            select(col(Reminder.id)).where(col(Reminder.status) == ReminderStatus.TRIGGERED)
        )
        reminded = select(col(Notification.reminder_id)).where(col(Notification.kind) == "reminder")
        notified = Counter(await session.scalars(reminded))
    assert set(notified.values()) <= {1}
    assert set(triggered) <= notified.keys()

"""Tasks by the ten thousand and by the million, written by SQL: through the API they would take hours."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert, text

from todoapp.features.reminders.model import ReminderStatus
from todoapp.features.tasks.model import Priority
from todoapp.features.tasks.text_index.document import SearchDocument, owner_key
from todoapp.kit.database import Base, new_id

__all__ = ["TASKS_EACH", "WORDS", "add_crowd", "add_tasks"]

TASKS_EACH = 10_000
LABELS = 20
TAG_TURN = 31
"""Of this many tasks in a row, as many have a tag as there are tags."""

Row = dict[str, Any]

BEGINNINGS = ("ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "wu")
MIDDLES = ("ban", "cher", "din", "fol", "gus", "kar", "lem", "mir", "not", "pul", "ras", "sel", "tin", "vor")
ENDS = ("da", "ek", "ip", "ol", "um", "ath", "ent", "ing", "ost", "ull")

WORDS = [beginning + middle + end for end in ENDS for middle in MIDDLES for beginning in BEGINNINGS] + [
    beginning + middle + middle + end for end in ENDS for middle in MIDDLES for beginning in BEGINNINGS
]
"""The words of titles, the most frequent first: the first is n times as frequent as the nth."""

SAID = list(accumulate(1 / (1 + place) for place in range(len(WORDS))))

CROWD = (
    """
    INSERT INTO users (id, email, name, password_hash, timezone, change_seq, version, created_at)
    SELECT gen_random_uuid(), 'one-of-many-' || n || '@example.com', 'n', 'x', 'UTC', 0, 1, now()
    FROM generate_series(1, :others) n
    """,
    """
    CREATE TEMPORARY TABLE copies ON COMMIT DROP AS
    SELECT id AS user_id, 'u' || right(id::text, 6) AS key FROM users WHERE email LIKE 'one-of-many-%'
    """,
    """
    INSERT INTO tags (id, user_id, name, name_key, version, created_at, updated_at)
    SELECT gen_random_uuid(), copies.user_id, name, name_key, version, created_at, updated_at
    FROM copies, tags WHERE tags.user_id = :original
    """,
    """
    INSERT INTO categories (id, user_id, name, name_key, version, created_at, updated_at)
    SELECT gen_random_uuid(), copies.user_id, name, name_key, version, created_at, updated_at
    FROM copies, categories WHERE categories.user_id = :original
    """,
    """
    INSERT INTO tasks (
        id, user_id, title, description, words, completed, completed_at,
        priority, due_at, overdue_at, all_day, timezone, category_id,
        recurrence, series_start, scheduled_for, occurrence, position, version, created_at, updated_at
    )
    SELECT
        gen_random_uuid(), copies.user_id, title, description,
        replace(words::text, :key, copies.key)::tsvector, completed, completed_at,
        priority, due_at, overdue_at, all_day, timezone, theirs.id,
        recurrence, series_start, scheduled_for, occurrence, position, tasks.version,
        tasks.created_at, tasks.updated_at
    FROM copies
    CROSS JOIN tasks
    LEFT JOIN categories his ON his.id = tasks.category_id
    LEFT JOIN categories theirs ON theirs.user_id = copies.user_id AND theirs.name_key = his.name_key
    WHERE tasks.user_id = :original
    """,
    """
    INSERT INTO task_tags (task_id, tag_id)
    SELECT tasks.id, tags.id FROM copies JOIN tasks USING (user_id) JOIN tags USING (user_id)
    WHERE tags.name = 'tag-' || (tasks.position::integer % 31)
    """,
    """
    INSERT INTO search_vocabulary
    SELECT copies.key || substr(term, 8) FROM copies, search_vocabulary WHERE term LIKE :key || '%'
    ON CONFLICT DO NOTHING
    """,
)
"""Statements that let `others` users have what the `original` one has."""


def add_tasks(
    connection: Connection,
    user_id: UUID,
    count: int = TASKS_EACH,
    *,
    now: datetime,
    longest_description: int = 23,
) -> None:
    """Give a user so many tasks, some of them with tags, categories and reminders, on either database.

    They are due before and after `now`, and were changed before it. Titles have 6 words, descriptions up to
    `longest_description`.
    """
    tags, categories = (_labels(kind, user_id, now) for kind in ("tag", "category"))
    tasks = [
        _task(user_id, number, categories, now, longest_description=longest_description)
        for number in range(count)
    ]
    # By the tables: the models would make objects of all of it.
    tables = Base.metadata.tables
    connection.execute(insert(tables["tags"]), tags)
    connection.execute(insert(tables["categories"]), categories)
    connection.execute(insert(tables["tasks"]), tasks)
    connection.execute(insert(tables["task_tags"]), list(_tagged(tasks, tags)))
    connection.execute(insert(tables["reminders"]), list(_reminders(tasks, now)))


def add_crowd(connection: Connection, user_id: UUID, others: int) -> None:
    """On PostgreSQL, add so many users who have the same tasks as this one."""
    indexes = text(
        "SELECT indexname, indexdef FROM pg_indexes"
        " WHERE tablename = 'tasks' AND indexname NOT IN (SELECT conname FROM pg_constraint)"
    )
    definitions = connection.execute(indexes).all()
    # An index is built faster than filled. The triggers would look at every row for itself.
    for name, _ in definitions:
        connection.exec_driver_sql(f"DROP INDEX {name}")
    connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
    connection.exec_driver_sql("SET LOCAL maintenance_work_mem = '256MB'")
    parameters = {"original": user_id, "key": owner_key(user_id), "others": others}
    for statement in CROWD:
        asked = text(statement)
        connection.execute(asked, {name: parameters[name] for name in asked._bindparams})
    for _, definition in definitions:
        connection.exec_driver_sql(definition)
    connection.exec_driver_sql("ANALYZE")


def _labels(kind: str, user_id: UUID, now: datetime) -> list[Row]:
    return [
        {
            "id": new_id(),
            "user_id": user_id,
            "name": f"{kind}-{number}",
            "name_key": f"{kind}-{number}",
            "version": 1,
            "created_at": now,
            "updated_at": now,
        }
        for number in range(LABELS)
    ]


def _task(
    user_id: UUID, number: int, categories: Sequence[Row], now: datetime, *, longest_description: int
) -> Row:
    random = Random(number)
    title = _sentence(random, 6)
    description = _sentence(random, random.randint(0, longest_description))
    due_at = now + timedelta(hours=number if number % 4 < 2 else -number) if number % 7 else None
    changed_at = now - timedelta(minutes=number)
    repeats = due_at is not None and number % 20 == 0
    start = due_at.isoformat()[:19] if due_at and repeats else None
    task_id = new_id()
    return {
        "id": task_id,
        "user_id": user_id,
        "title": title,
        "description": description,
        "words": SearchDocument.of(user_id, title, description),
        "completed": number % 3 == 0,
        "completed_at": now if number % 3 == 0 else None,
        "priority": number % len(Priority),
        "due_at": due_at,
        "overdue_at": due_at,
        "all_day": False,
        "timezone": "UTC",
        "category_id": categories[number % 97]["id"] if number % 97 < LABELS else None,
        "recurrence": {"rrule": "FREQ=DAILY", "basis": "due"} if repeats else None,
        "series_id": task_id if repeats else None,
        "series_start": start,
        "scheduled_for": start,
        "occurrence": 1,
        "position": float(number),
        "version": 1,
        "created_at": changed_at,
        "updated_at": changed_at,
    }


def _sentence(random: Random, words: int) -> str:
    return " ".join(random.choices(WORDS, cum_weights=SAID, k=words)).capitalize()


def _tagged(tasks: Iterable[Row], tags: Sequence[Row]) -> Iterator[Row]:
    for number, task in enumerate(tasks):
        if number % TAG_TURN < LABELS:
            yield {"task_id": task["id"], "tag_id": tags[number % TAG_TURN]["id"]}


def _reminders(tasks: Iterable[Row], now: datetime) -> Iterator[Row]:
    """Half an hour before every tenth task, of those that are due more than a day ahead."""
    for number, task in enumerate(tasks):
        if number % 10 == 0 and task["due_at"] and task["due_at"] > now + timedelta(days=1):
            yield {
                "id": new_id(),
                "user_id": task["user_id"],
                "task_id": task["id"],
                "offset_minutes": 30,
                "due_at": task["due_at"] - timedelta(minutes=30),
                "status": ReminderStatus.SCHEDULED.value,
                "version": 1,
                "created_at": now,
                "updated_at": now,
            }

"""`todoapp dlq`: looking at dead letters and replaying them, with the command that people use."""

from subprocess import CompletedProcess
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import delete, select, update

from testbed.app.deliveries import Deliveries, Envelope
from testbed.app.service_process import run_command
from testbed.ports import free_port
from todoapp.kit.database import Database, col
from todoapp.messaging.dead_letters import DeadLetter
from todoapp.messaging.outbox import OutboxEvent

Json = dict[str, Any]


class Queue:
    """The commands, on one database."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url

    def run(self, *arguments: str) -> CompletedProcess[str]:
        return run_command("dlq", *arguments, TODOAPP_DATABASE_URL=self._database_url, COLUMNS="250")

    def letters(self, *options: str) -> list[Json]:
        listed = self.run("list", "--json", *options)
        assert listed.returncode == 0, listed.stderr
        letters: list[Json] = orjson.loads(listed.stdout)
        return letters


@pytest.fixture
def queue(database_url: str) -> Queue:
    return Queue(database_url)


@pytest.fixture
async def completed(history: list[Envelope], deliveries: Deliveries, database: Database) -> Envelope:
    """A completion of a repeating task that was published, could not be handled, and is a dead letter."""
    completed = next(each for each in history if each["type"] == "task.completed")
    async with database.write() as session:
        await session.execute(update(OutboxEvent).values(published_at=col(OutboxEvent.created_at)))
    await deliveries.send("recurrence", "/events/dead-letter", orjson.dumps(completed))
    return completed


async def pending(database: Database) -> list[Envelope]:
    """What the next relay publishes."""
    rows = select(col(OutboxEvent.event), col(OutboxEvent.topic)).where(
        col(OutboxEvent.published_at).is_(None)
    )
    async with database.read() as session:
        return [orjson.loads(event) | {"topic": topic} for event, topic in await session.execute(rows)]


async def test_a_letter_is_listed_and_shown(completed: Envelope, queue: Queue) -> None:
    [letter] = queue.letters()
    table, text = queue.run("list"), queue.run("show", letter["id"])
    shown = orjson.loads(queue.run("show", letter["id"], "--json").stdout)

    assert shown == letter | {"event": completed}
    assert (letter["consumer"], letter["topic"], letter["event_id"]) == (
        "recurrence",
        "task-events",
        completed["id"],
    )
    for expected in (letter["id"], "recurrence", "task.completed", "No failure was noted"):
        assert expected in table.stdout
    for expected in (letter["id"], completed["subject"], "No failure was noted"):
        assert expected in text.stdout


async def test_a_replayed_event_is_handled_once(
    completed: Envelope, queue: Queue, deliveries: Deliveries, database: Database, client: httpx.AsyncClient
) -> None:
    [letter] = queue.letters()

    for _ in range(2):
        replayed = queue.run("replay", letter["id"])
        assert (replayed.returncode, replayed.stdout) == (0, f"Replayed {letter['id']} for recurrence\n")
        assert completed in await pending(database)
        assert (await deliveries.deliver(completed)).json() == {"status": "SUCCESS"}

    tasks = (await client.get("/api/tasks", params={"status": "all"})).json()["items"]
    assert [each["due_at"] for each in tasks if each["parent_task_id"] == completed["subject"]] == [
        "2027-03-15T08:00:00Z"
    ]
    assert queue.letters() == []
    assert [each["replayed_at"] is not None for each in queue.letters("--all")] == [True]


async def test_an_event_deleted_from_the_outbox_is_republished_unchanged(
    completed: Envelope, queue: Queue, database: Database
) -> None:
    async with database.write() as session:
        await session.execute(delete(OutboxEvent))

    assert queue.run("replay", "--all").returncode == 0

    assert await pending(database) == [completed]


async def test_a_replayed_event_that_fails_is_kept_again(
    completed: Envelope, queue: Queue, deliveries: Deliveries
) -> None:
    queue.run("replay", "--all")
    assert queue.letters() == []

    await deliveries.send("recurrence", "/events/dead-letter", orjson.dumps(completed))

    assert len(queue.letters()) == 1


@pytest.mark.parametrize(
    ("letter", "reason"),
    [
        (b"{", "specversion"),
        ({"type": "task.vanished"}, "task.vanished is no type of event."),
        ({"data": {"version": "2.0.0"}}, "this consumer reads 1.0.0"),
        ({"time": "yesterday"}, "time: "),
    ],
)
async def test_a_malformed_dead_letter_is_reported_and_others_are_replayed(
    completed: Envelope, queue: Queue, deliveries: Deliveries, database: Database, letter: Any, reason: str
) -> None:
    body = letter if isinstance(letter, bytes) else orjson.dumps(completed | {"id": "poison"} | letter)
    await deliveries.send("recurrence", "/events/dead-letter", body)

    ended = queue.run("replay", "--all")

    assert ended.returncode == 1
    assert ended.stdout.count("Replayed") == 1
    assert ended.stderr.startswith("todoapp: Dead letter ")
    assert reason in ended.stderr or "id: " in ended.stderr
    assert len(await pending(database)) == 1
    assert len(queue.letters()) == 1


async def test_an_empty_queue_shows_nothing(queue: Queue) -> None:
    assert queue.run("list").stdout == "No dead letters.\n"
    assert queue.letters() == []


@pytest.mark.parametrize("command", ["show", "replay"])
async def test_an_unknown_letter_is_named(queue: Queue, command: str) -> None:
    unknown = "01a2021f-6ea7-72ca-8dbc-b1dc0a37b443"
    ended = queue.run(command, unknown)

    assert ended.returncode == 1
    assert ended.stderr == (
        f"todoapp: There is no dead letter {unknown}; `todoapp dlq list --all` names those that are kept.\n"
    )


@pytest.mark.parametrize("arguments", [(), ("--all", "01a2021f-6ea7-72ca-8dbc-b1dc0a37b443")])
async def test_a_replay_of_what_is_asked_for(queue: Queue, arguments: tuple[str, ...]) -> None:
    ended = queue.run("replay", *arguments)

    assert ended.returncode == 2
    assert "Name dead letters by their ids, or all of them by --all." in ended.stderr


def test_unavailable_database_is_reported_in_one_sentence() -> None:
    ended = Queue(f"postgresql://todo:swordfish@127.0.0.1:{free_port()}/todo").run("list")

    assert ended.returncode == 1
    assert ended.stderr.startswith("todoapp: The database does not answer (")
    assert ended.stderr.count("\n") == 1
    assert "swordfish" not in ended.stderr


async def test_replaying_leaves_other_letters_alone(
    completed: Envelope, history: list[Envelope], queue: Queue, deliveries: Deliveries, database: Database
) -> None:
    other = next(each for each in history if each["type"] == "reminder.scheduled")
    await deliveries.send("notification", "/events/dead-letter", orjson.dumps(other))
    [first, second] = queue.letters()

    queue.run("replay", second["id"])

    assert [each["id"] for each in queue.letters()] == [first["id"]]
    async with database.read() as session:
        assert len((await session.scalars(select(col(DeadLetter.id)))).all()) == 2

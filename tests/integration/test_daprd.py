"""A TodoApp on Dapr's own sidecars and scheduler, with a real Kafka and a real PostgreSQL."""

import os
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest
import yaml
from confluent_kafka import Consumer, Producer

from testbed.app.changes import notification_of, occurrence_after
from testbed.app.deliveries import Envelope
from testbed.app.person import Person
from testbed.app.service_process import run_command
from testbed.app.stack import Stack, running_stack
from testbed.kafka.broker import Account, Kafka
from testbed.kafka.strimzi_operators import carried_out
from testbed.postgresql import PostgreSQL
from testbed.waiting import WAIT_TIMEOUT, wait_until
from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.names import Names
from todoapp_operator.render.strimzi import strimzi_resources
from todoapp_operator.resource.spec import TodoApp

TASK_EVENTS = "daprd-task-events"
TOPICS = {
    "taskEvents": {"name": TASK_EVENTS},
    "reminders": {"name": "daprd-reminders"},
    "taskUpdates": {"name": "daprd-task-updates"},
    "activityLogs": {"name": "daprd-activity-logs"},
}
NAMES = Names(topic_prefix="daprd-")
BEHIND_OTHERS = 20
UNSTORABLE = "9999-12-31T23:59:59-01:00"
"""An instant that the schema allows; in UTC it would lie in the year 10000."""

# The first test on a machine builds Dapr and fetches Kafka. A bad event is tried for about 16 seconds.
pytestmark = pytest.mark.timeout(func_only=True)


@pytest.fixture(scope="module")
def database_url(postgresql: PostgreSQL) -> Iterator[str]:
    with postgresql.database() as url:
        yield url


@pytest.fixture(scope="module")
def stack(
    dapr: Path, kafka: Kafka, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """Two replicas of the api, so that each has to hear what is done at the other."""
    folder = tmp_path_factory.mktemp("daprd")
    file = folder / "todo.yaml"
    file.write_text(yaml.safe_dump_all(documents(kafka_user(kafka), database_url)))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PATH", f"{dapr}{os.pathsep}{os.environ['PATH']}")
        with running_stack(file, folder, "--sidecar", "daprd", "--replicas", "api=2") as running:
            yield running


def kafka_user(kafka: Kafka) -> Account:
    """Make the topics, and one user with the rights of all three processes, as the owner of a Kafka would."""
    manifests = strimzi_resources(TodoApp.model_validate({"metadata": {"name": "todo"}}), NAMES)
    topics = [each for each in manifests if each["kind"] == "KafkaTopic"]
    users = [each for each in manifests if each["kind"] == "KafkaUser"]
    [account] = carried_out(kafka, [*topics, united(users)]).values()
    return account


def united(users: list[Manifest]) -> Manifest:
    rights = {
        (acl["resource"]["type"], acl["resource"]["name"], operation): {**acl, "operations": [operation]}
        for user in users
        for acl in user["spec"]["authorization"]["acls"]
        for operation in acl["operations"]
    }
    authorization = {"type": "simple", "acls": list(rights.values())}
    return {
        **users[0],
        "metadata": {"name": "daprd"},
        "spec": {**users[0]["spec"], "authorization": authorization},
    }


def documents(account: Account, database_url: str) -> list[Manifest]:
    secrets = {
        "todo-database": {"url": database_url},
        "kafka-user": {"username": account["sasl.username"], "password": account["sasl.password"]},
        "kafka-ca": {"ca.crt": account["ssl.ca.pem"]},
    }
    broker = {
        "brokers": [account["bootstrap.servers"]],
        "auth": "scram",
        "credentialsSecretRef": {"name": "kafka-user"},
        "caSecretRef": {"name": "kafka-ca"},
    }
    return [
        *(
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": values}
            for name, values in secrets.items()
        ),
        {
            "apiVersion": "todoapp.dev/v1alpha1",
            "kind": "TodoApp",
            "metadata": {"name": "todo"},
            "spec": {
                "database": {"secretRef": {"name": "todo-database", "key": "url"}},
                "broker": {"kafka": broker},
                "topics": TOPICS,
            },
        },
    ]


@pytest.fixture
def anna(stack: Stack) -> Iterator[Person]:
    with Person.signing_up(stack.url) as anna:
        yield anna


def in_seconds(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def test_a_task_is_shown_reminded_and_repeated_at_another_replica(stack: Stack, anna: Person) -> None:
    elsewhere = Person(stack.address("api-1"), anna.token, anna.http)
    with elsewhere.watching() as other_page:
        rent = anna.post(
            "/api/tasks",
            {"title": "Rent", "recurrence": "monthly", "reminders": [{"remind_at": in_seconds(2)}]},
        )
        other_page.until(notification_of(rent), what="the reminder arrives")
        anna.post(f"/api/tasks/{rent['id']}/complete")
        other_page.until(occurrence_after(rent), what="the next occurrence appears")
    anna.settle(rent)

    assert other_page.changes == anna.changes()[: len(other_page.changes)]


def test_a_reminder_has_a_dapr_job_until_it_is_cancelled(stack: Stack, anna: Person) -> None:
    task = anna.post("/api/tasks", {"title": "Call", "reminders": [{"remind_at": in_seconds(3600)}]})
    [reminder] = task["reminders"]
    secrets = orjson.loads((stack.state / "secrets.json").read_bytes())
    token = {"dapr-api-token": secrets["todo-dapr-api-token"]["token"]}
    job = f"{stack.address('notification-daprd')}/v1.0/jobs/reminder-{reminder['id']}"

    found = wait_until(lambda: answered(job, token, HTTPStatus.OK), what="the reminder has a job")
    anna.http.delete(f"/api/tasks/{task['id']}/reminders/{reminder['id']}")
    wait_until(lambda: answered(job, token, HTTPStatus.INTERNAL_SERVER_ERROR), what="the job is gone")

    assert found.json()["data"]["value"]["reminder_id"] == reminder["id"]
    assert found.json()["failurePolicy"]["constant"]["interval"] == "5s"
    assert httpx.get(job, timeout=WAIT_TIMEOUT).status_code == HTTPStatus.UNAUTHORIZED


def answered(url: str, headers: Mapping[str, str], status: HTTPStatus) -> httpx.Response | None:
    answer = httpx.get(url, headers=headers, timeout=WAIT_TIMEOUT)
    return answer if answer.status_code == status else None


def test_only_the_event_that_fails_becomes_a_dead_letter(
    stack: Stack, anna: Person, kafka: Kafka, database_url: str
) -> None:
    task = anna.post("/api/tasks", {"title": "Read"})
    good = first_event(kafka, TASK_EVENTS, naming=task["id"])
    bad = good | {"id": str(uuid4()), "time": UNSTORABLE}
    sidecar = stack.pid("recurrence-daprd")

    publish(kafka, TASK_EVENTS, [good] * BEHIND_OTHERS + [bad])

    letter = first_event(kafka, f"{TASK_EVENTS}-dead-letter", naming=bad["id"])
    anna.settle(task)
    assert letter["id"] == bad["id"]
    kept = wait_until(lambda: dead_letters(database_url), what="the dead letter is kept")
    assert [(each["event_id"], each["consumer"], each["topic"]) for each in kept] == [
        (bad["id"], "recurrence", TASK_EVENTS)
    ]
    # It ends when it is told to drop an event of a list that came a second time in part.
    assert stack.pid("recurrence-daprd") == sidecar


def first_event(kafka: Kafka, topic: str, *, naming: str) -> Envelope:
    """The first event of a topic that holds the text, as soon as there is one."""
    options = {"group.id": uuid4().hex, "auto.offset.reset": "earliest", "log_level": 0}
    with closing(Consumer({**kafka.administrator, **options})) as reading:
        reading.subscribe([topic])

        def found() -> Envelope | None:
            record = reading.poll(1)
            value = (record.value() if record and not record.error() else None) or b""
            return orjson.loads(value) if naming.encode() in value else None

        return wait_until(found, what=f"{topic} has an event that names {naming}")


def publish(kafka: Kafka, topic: str, events: list[Envelope]) -> None:
    """All of them to one partition."""
    producer = Producer({**kafka.administrator, "log_level": 0})
    for event in events:
        producer.produce(topic, orjson.dumps(event), partition=0)
    producer.flush()


def dead_letters(database_url: str) -> list[dict[str, Any]]:
    listed = run_command("dlq", "list", "--json", TODOAPP_DATABASE_URL=database_url)
    letters: list[dict[str, Any]] = orjson.loads(listed.stdout)
    return letters


def test_restart_of_crashed_broker_loses_no_event(stack: Stack, anna: Person, kafka: Kafka) -> None:
    with anna.watching() as page:
        before = anna.post("/api/tasks", {"title": "Before", "recurrence": "daily"})
        anna.post(f"/api/tasks/{before['id']}/complete")
        kafka.restart()
        after = anna.post("/api/tasks", {"title": "After", "recurrence": "daily"})
        anna.post(f"/api/tasks/{after['id']}/complete")
        page.until(occurrence_after(before), what="the occurrence after the task of before the crash")
        page.until(occurrence_after(after), what="the occurrence after the task of after the crash")
    anna.settle(before, after)

    assert page.changes == anna.changes()[: len(page.changes)]
    open_tasks = anna.get("/api/tasks", status="open")["items"]
    assert sorted(each["title"] for each in open_tasks) == ["After", "Before"]

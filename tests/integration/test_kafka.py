"""On a real broker, every process of a TodoApp can do what it must, and nothing else."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml
from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from testbed.kafka.broker import Account, Kafka
from testbed.kafka.strimzi_operators import carried_out
from testbed.waiting import wait_until
from todoapp_operator.render.names import names_on_cluster
from todoapp_operator.render.strimzi import strimzi_resources
from todoapp_operator.resource.document import load
from todoapp_operator.resource.spec import TodoApp

APP = load(Path("examples/production.yaml")).app
NEIGHBOUR = TodoApp.model_validate({"metadata": {"name": "todo", "namespace": "home"}})
"""A TodoApp of the same name in another namespace, on the same broker."""
ACTIVITY_READER = yaml.safe_load(Path("strimzi/users/activity-reader.yaml").read_text())

PARTITIONS_AND_RETENTION = {
    "todo.todo.task-events": (12, timedelta(days=7)),
    "todo.todo.reminders": (6, timedelta(hours=24)),
    "todo.todo.task-updates": (6, timedelta(hours=1)),
    "todo.todo.activity-logs": (3, timedelta(days=30)),
    "todo.todo.task-events-dead-letter": (1, timedelta(days=30)),
    "todo.todo.reminders-dead-letter": (1, timedelta(days=30)),
    "todo.todo.task-updates-dead-letter": (1, timedelta(days=30)),
}
PUBLISHED = {
    "todo.todo.task-events",
    "todo.todo.reminders",
    "todo.todo.task-updates",
    "todo.todo.activity-logs",
}
NEIGHBOURS = {name.replace("todo.", "home.", 1) for name in PARTITIONS_AND_RETENTION}
PRIVATE = "somebody-elses"
EVERY_TOPIC = {*PARTITIONS_AND_RETENTION, *NEIGHBOURS, PRIVATE}

READ = {
    "api": {"todo.todo.task-updates", "todo.todo.task-updates-dead-letter"},
    "notification": {"todo.todo.reminders", "todo.todo.reminders-dead-letter"},
    "recurrence": {"todo.todo.task-events", "todo.todo.task-events-dead-letter"},
}
GROUPS = {
    "api": "todo.todo-api-7d9f8-x2x4z",
    "notification": "todo.todo-notification",
    "recurrence": "todo.todo-recurrence",
}
EVERY_GROUP = {*GROUPS.values(), "todo.todo-api", "home.todo-notification", "somebody-elses"}

REFUSALS = {KafkaError.CLUSTER_AUTHORIZATION_FAILED, KafkaError.TOPIC_AUTHORIZATION_FAILED}

each_process = pytest.mark.parametrize("process", list(GROUPS))

# The first test on a machine fetches the broker.
pytestmark = pytest.mark.timeout(func_only=True)


@pytest.fixture(scope="module")
def accounts(kafka: Kafka) -> Mapping[str, Account]:
    """How each process connects; and every topic is there, with one record in it."""
    administrator = AdminClient(dict(kafka.administrator))
    done(administrator.create_topics([NewTopic(PRIVATE, num_partitions=1)]))
    manifests = [
        manifest for app in (APP, NEIGHBOUR) for manifest in strimzi_resources(app, names_on_cluster(app))
    ]
    users = carried_out(kafka, [*manifests, ACTIVITY_READER])
    assert set(refusals_to_write(kafka.administrator, EVERY_TOPIC).values()) == {None}
    return {name.removeprefix("todo.todo."): account for name, account in users.items()}


def done(futures: Mapping[Any, Future[Any]]) -> None:
    for future in futures.values():
        future.result()


def refusals_to_write(account: Account, topics: Iterable[str]) -> dict[str, int | None]:
    """What the broker answers to a record in each topic: an error's code, or None."""
    answers: dict[str, int | None] = {}

    def delivered(error: KafkaError | None, record: Message) -> None:
        answers[str(record.topic())] = error.code() if error else None

    producer = Producer({**account, "log_level": 0})
    for topic in topics:
        producer.produce(topic, b"{}", partition=0, on_delivery=delivered)
    producer.flush()
    return answers


def refusals_to_read(account: Account, group: str, topics: Iterable[str]) -> dict[str, int | None]:
    """What the broker answers to a reader of each topic: an error's code, or None with a record."""
    with consumer(account, group) as reading:
        # The client itself asks for no record of a topic that it may not know of.
        unseen = {topic: reading.list_topics(topic, timeout=30).topics[topic].error for topic in topics}
        answers = {topic: error.code() if error else None for topic, error in unseen.items()}
        seen = {topic for topic, error in unseen.items() if error is None}
        reading.assign([TopicPartition(topic, 0, OFFSET_BEGINNING) for topic in seen])
        while seen:
            if record := reading.poll(1):
                error = record.error()
                answers[str(record.topic())] = error.code() if error else None
                seen.discard(str(record.topic()))
    return answers


@contextmanager
def consumer(account: Account, group: str) -> Iterator[Consumer]:
    options = {"group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False}
    reading = Consumer({**account, **options, "log_level": 0})
    try:
        yield reading
    finally:
        reading.close()


def test_topics_have_the_partitions_and_the_retention_of_the_resource(
    kafka: Kafka, accounts: Mapping[str, Account]
) -> None:
    administrator = AdminClient(dict(kafka.administrator))
    topics = administrator.list_topics(timeout=30).topics
    questions = [ConfigResource(ConfigResource.Type.TOPIC, name) for name in PARTITIONS_AND_RETENTION]

    found = {
        resource.name: (len(topics[resource.name].partitions), future.result()["retention.ms"].value)
        for resource, future in administrator.describe_configs(questions).items()
    }

    assert found == {
        name: (partitions, str(retention // timedelta(milliseconds=1)))
        for name, (partitions, retention) in PARTITIONS_AND_RETENTION.items()
    }


@each_process
def test_a_process_writes_to_topics_and_its_own_dead_letters(
    process: str, accounts: Mapping[str, Account]
) -> None:
    allowed = PUBLISHED | READ[process]

    assert refusals_to_write(accounts[process], EVERY_TOPIC) == {
        topic: None if topic in allowed else KafkaError.TOPIC_AUTHORIZATION_FAILED for topic in EVERY_TOPIC
    }


@each_process
def test_a_process_reads_what_it_is_subscribed_to(process: str, accounts: Mapping[str, Account]) -> None:
    assert refusals_to_read(accounts[process], GROUPS[process], EVERY_TOPIC) == {
        topic: None if topic in READ[process] else KafkaError.TOPIC_AUTHORIZATION_FAILED
        for topic in EVERY_TOPIC
    }


@each_process
def test_a_process_reads_its_topics_in_its_group(process: str, accounts: Mapping[str, Account]) -> None:
    heard: set[str | None] = set()
    with consumer(accounts[process], GROUPS[process]) as reading:
        reading.subscribe(list(READ[process]))
        while heard != READ[process]:
            if record := reading.poll(1):
                assert record.error() is None
                heard.add(record.topic())
        committed = reading.commit(asynchronous=False)

    assert {each.topic for each in committed or ()} == READ[process]


@each_process
def test_a_process_joins_no_group_but_its_own(process: str, accounts: Mapping[str, Account]) -> None:
    for group in EVERY_GROUP - {GROUPS[process]}:
        with consumer(accounts[process], group) as reading:
            reading.subscribe(list(READ[process]))
            refusal = wait_until(lambda: reading.poll(1), what=f"{group} is refused").error()
        assert refusal is not None
        assert refusal.code() == KafkaError.GROUP_AUTHORIZATION_FAILED


def delete_topic(client: AdminClient) -> Mapping[Any, Future[Any]]:
    return client.delete_topics(["todo.todo.task-events"])


def create_topic(client: AdminClient) -> Mapping[Any, Future[Any]]:
    return client.create_topics([NewTopic("another", num_partitions=1)])


def add_partitions(client: AdminClient) -> Mapping[Any, Future[Any]]:
    return client.create_partitions([NewPartitions("todo.todo.task-events", 24)])


def shorten_retention(client: AdminClient) -> Mapping[Any, Future[Any]]:
    entry = ConfigEntry("retention.ms", "1", incremental_operation=AlterConfigOpType.SET)
    return client.incremental_alter_configs(
        [ConfigResource(ConfigResource.Type.TOPIC, "todo.todo.task-events", incremental_configs=[entry])]
    )


def grant_everything(client: AdminClient) -> Mapping[Any, Future[Any]]:
    everything = AclBinding(
        ResourceType.TOPIC,
        "*",
        ResourcePatternType.LITERAL,
        "User:todo.todo.api",
        "*",
        AclOperation.ALL,
        AclPermissionType.ALLOW,
    )
    return client.create_acls([everything])


def replace_a_password(client: AdminClient) -> Mapping[Any, Future[Any]]:
    mechanism = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
    credential = UserScramCredentialUpsertion("todo.todo.api", mechanism, b"guessed")
    return client.alter_user_scram_credentials([credential])


@each_process
@pytest.mark.parametrize(
    "change",
    [delete_topic, create_topic, add_partitions, shorten_retention, grant_everything, replace_a_password],
    ids=lambda change: change.__name__,
)
def test_a_process_changes_nothing_of_the_broker(
    process: str, change: Callable[[AdminClient], Mapping[Any, Future[Any]]], accounts: Mapping[str, Account]
) -> None:
    client = AdminClient(dict(accounts[process]))

    for answer in change(client).values():
        with pytest.raises(KafkaException) as refused:
            answer.result()
        assert refused.value.args[0].code() in REFUSALS


def test_an_outside_consumer_reads_only_the_activity_log(
    accounts: Mapping[str, Account],
) -> None:
    outside = accounts["activity-reader"]

    read = refusals_to_read(outside, "activity-reader-1", EVERY_TOPIC)

    assert {topic for topic, refusal in read.items() if refusal is None} == {"todo.todo.activity-logs"}
    assert set(refusals_to_write(outside, EVERY_TOPIC).values()) == {KafkaError.TOPIC_AUTHORIZATION_FAILED}


def test_a_wrong_password_is_refused(kafka: Kafka, accounts: Mapping[str, Account]) -> None:
    wait_until_told(kafka.by_password("todo.todo.api", "guessed"), "invalid credentials")


def test_a_certificate_of_another_authority_is_refused(kafka: Kafka, accounts: Mapping[str, Account]) -> None:
    forged = kafka.by_certificate("activity-reader", authority=trustme.CA())

    wait_until_told(forged, "alert certificate required")


def test_a_broker_of_another_authority_is_not_trusted(
    accounts: Mapping[str, Account],
) -> None:
    elsewhere = {"ssl.ca.pem": trustme.CA().cert_pem.bytes().decode()}

    wait_until_told({**accounts["api"], **elsewhere}, "broker certificate could not be verified")


def wait_until_told(account: Account, reason: str) -> None:
    """A client that cannot connect tries again and again; one attempt at least ends for this reason.

    Another attempt may end earlier: a busy broker also closes connections before it answers.
    """
    told: list[str] = []
    client = Producer({**account, "error_cb": lambda error: told.append(error.str()), "log_level": 0})

    def is_told() -> bool:
        client.poll(0)
        return any(reason in error for error in told)

    wait_until(is_told, what=f"the client is told: {reason}")

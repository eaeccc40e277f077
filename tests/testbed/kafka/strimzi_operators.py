"""What Strimzi's topic and user operators would do on a broker; they are in no package registry."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    NewTopic,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from testbed.kafka.broker import Account, Kafka

__all__ = ["carried_out"]

TYPES = {"topic": ResourceType.TOPIC, "group": ResourceType.GROUP}
PATTERNS = {"literal": ResourcePatternType.LITERAL, "prefix": ResourcePatternType.PREFIXED}
ITERATIONS = 4096

Manifest = Mapping[str, Any]


def carried_out(kafka: Kafka, manifests: Iterable[Manifest]) -> dict[str, Account]:
    """Make the KafkaTopics and KafkaUsers among `manifests`.

    Returns:
        How each user connects, by the name of its KafkaUser.
    """
    manifests = list(manifests)
    administrator = AdminClient(dict(kafka.administrator))
    topics = [each for each in manifests if each["kind"] == "KafkaTopic"]
    users = [each for each in manifests if each["kind"] == "KafkaUser"]
    _wait(administrator.create_topics([_topic(each) for each in topics]))
    _wait(administrator.create_acls([acl for each in users for acl in _acls(each)]))
    by_password = [each["metadata"]["name"] for each in users if _authentication(each) == "scram-sha-512"]
    if by_password:
        _wait(administrator.alter_user_scram_credentials([_credential(user) for user in by_password]))
    return {user["metadata"]["name"]: _account(kafka, user) for user in users}


def _topic(manifest: Manifest) -> NewTopic:
    spec = manifest["spec"]
    config = {name: str(value) for name, value in spec["config"].items()}
    return NewTopic(spec["topicName"], num_partitions=spec["partitions"], config=config)


def _acls(user: Manifest) -> Iterator[AclBinding]:
    for acl in user["spec"]["authorization"]["acls"]:
        resource = acl["resource"]
        for operation in acl["operations"]:
            yield AclBinding(
                TYPES[resource["type"]],
                resource["name"],
                PATTERNS[resource["patternType"]],
                _principal(user),
                "*",
                AclOperation[operation.upper()],
                AclPermissionType.ALLOW,
            )


def _authentication(user: Manifest) -> str:
    return str(user["spec"]["authentication"]["type"])


def _principal(user: Manifest) -> str:
    name = user["metadata"]["name"]
    return f"User:CN={name}" if _authentication(user) == "tls" else f"User:{name}"


def _credential(user: str) -> UserScramCredentialUpsertion:
    mechanism = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, ITERATIONS)
    return UserScramCredentialUpsertion(user, mechanism, _password(user).encode())


def _password(user: str) -> str:
    return f"the password of {user}"


def _account(kafka: Kafka, user: Manifest) -> Account:
    name = user["metadata"]["name"]
    return (
        kafka.by_certificate(name)
        if _authentication(user) == "tls"
        else kafka.by_password(name, _password(name))
    )


def _wait(futures: Mapping[Any, Any]) -> None:
    """
    Raises:
        KafkaException: the broker refused one of them.
    """
    for future in futures.values():
        future.result()

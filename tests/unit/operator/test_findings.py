"""What people are told, for each state that the parts of a TodoApp can be in."""

from datetime import UTC, datetime
from typing import Any

import pytest

from todoapp_operator.kube.health import Health, HealthStatus
from todoapp_operator.kube.kinds import KINDS, Provider
from todoapp_operator.reconcile.conditions import ConditionType, Reason
from todoapp_operator.reconcile.facts import Pods
from todoapp_operator.reconcile.findings import (
    Observation,
    findings,
    while_invalid,
    while_not_allowed,
    while_suspended,
)
from todoapp_operator.reconcile.order import Blocker, before_migrating, before_starting
from todoapp_operator.reconcile.report import report, version_of
from todoapp_operator.reconcile.secrets import MissingSecret, Purpose
from todoapp_operator.render.todoapp import MissingKind
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.spec import TodoApp

NOW = datetime(2030, 1, 2, tzinfo=UTC)
READY, WAITING = HealthStatus(Health.READY), HealthStatus(Health.PROGRESSING, "not yet")
FAILED = HealthStatus(Health.FAILED, "out of luck")
THEIRS = {"database": {"secretRef": {"name": "db"}}, "broker": {"kafka": {"brokers": ["kafka:9092"]}}}
MISSING = MissingSecret(Purpose.DATABASE, "Secret home/db is missing.")
AWAITED = MissingSecret(Purpose.BROKER, "password of kafka/home.todo is missing.", awaited=True)


def todoapp(**spec: Any) -> TodoApp:
    metadata = {"name": "todo", "namespace": "home", "generation": 3}
    return TodoApp.model_validate({"metadata": metadata, "spec": spec})


def pods(component: Component, status: HealthStatus = READY, **more: Any) -> Pods:
    ready = status.health is Health.READY
    chosen: dict[str, Any] = {
        "component": str(component),
        "image": "example.com/todoapp:2",
        "status": status,
        "desired": 2,
        "ready": 2 if ready else 1,
        "rolled_out": ready,
        "sets_replicas": True,
    }
    return Pods(**chosen | more)


def observation(**more: Any) -> Observation:
    """Everything is well; `more` says what is not."""
    well: dict[str, Any] = {
        "app": todoapp(),
        "missing_secrets": (),
        "missing": (),
        "database": READY,
        "broker": {"KafkaUser home.todo": READY},
        "migration": READY,
        "pods": {component: pods(component) for component in Component},
        "blocker": None,
    }
    return Observation(**well | more)


def missing(provider: Provider) -> MissingKind:
    return MissingKind(next(kind for kind in KINDS if kind.provider is provider), f"No {provider}.")


def told(seen: Observation) -> dict[str, tuple[str, str]]:
    return {str(each.type): (each.status, str(each.reason)) for each in findings(seen)}


WELL = {
    "Ready": ("True", "Available"),
    "DatabaseReady": ("True", "Available"),
    "BrokerReady": ("True", "Available"),
    "MigrationsApplied": ("True", "Migrated"),
    "Progressing": ("False", "RolledOut"),
    "Degraded": ("False", "AsExpected"),
}


@pytest.mark.parametrize(
    ("seen", "differences"),
    [
        (observation(), {}),
        (
            observation(app=todoapp(**THEIRS), database=None, broker={}),
            {"DatabaseReady": ("True", "Configured"), "BrokerReady": ("True", "Configured")},
        ),
        (
            observation(app=todoapp(rollout={"migrations": "Manual"}), migration=None),
            {"MigrationsApplied": ("Unknown", "ManualMigrations")},
        ),
        (
            observation(
                app=todoapp(**THEIRS),
                missing_secrets=(MISSING,),
                migration=None,
                blocker=Blocker(Reason.SECRET_MISSING, ""),
            ),
            {
                "Ready": ("False", "SecretMissing"),
                "DatabaseReady": ("False", "SecretMissing"),
                "BrokerReady": ("True", "Configured"),
                "MigrationsApplied": ("False", "SecretMissing"),
                "Progressing": ("False", "SecretMissing"),
                "Degraded": ("True", "SecretMissing"),
            },
        ),
        (
            observation(
                missing_secrets=(AWAITED,), migration=None, blocker=Blocker(Reason.BROKER_NOT_READY, "")
            ),
            {
                "Ready": ("False", "BrokerNotReady"),
                "BrokerReady": ("False", "BrokerNotReady"),
                "MigrationsApplied": ("False", "BrokerNotReady"),
                "Progressing": ("True", "BrokerNotReady"),
            },
        ),
        (
            observation(broker={"KafkaUser home.todo": FAILED}),
            {
                "Ready": ("False", "BrokerFailed"),
                "BrokerReady": ("False", "BrokerFailed"),
                "Degraded": ("True", "BrokerFailed"),
            },
        ),
        (
            observation(
                database=WAITING, migration=None, pods={}, blocker=Blocker(Reason.DATABASE_NOT_READY, "")
            ),
            {
                "Ready": ("False", "DatabaseNotReady"),
                "DatabaseReady": ("False", "DatabaseNotReady"),
                "MigrationsApplied": ("False", "DatabaseNotReady"),
                "Progressing": ("True", "DatabaseNotReady"),
            },
        ),
        (
            observation(migration=WAITING, blocker=Blocker(Reason.MIGRATING, "")),
            {
                "Ready": ("False", "Migrating"),
                "MigrationsApplied": ("False", "Migrating"),
                "Progressing": ("True", "Migrating"),
            },
        ),
        (
            observation(migration=FAILED, blocker=Blocker(Reason.MIGRATION_FAILED, "")),
            {
                "Ready": ("False", "MigrationFailed"),
                "MigrationsApplied": ("False", "MigrationFailed"),
                "Progressing": ("False", "MigrationFailed"),
                "Degraded": ("True", "MigrationFailed"),
            },
        ),
        (
            observation(pods={Component.API: pods(Component.API)}),
            {"Ready": ("False", "RollingOut"), "Progressing": ("True", "RollingOut")},
        ),
        (
            observation(
                pods={each: pods(each, WAITING, rolled_out=True) for each in Component},
            ),
            {"Ready": ("False", "PodsUnavailable"), "Progressing": ("False", "PodsUnavailable")},
        ),
        (
            observation(pods={each: pods(each, FAILED) for each in Component}),
            {
                "Ready": ("False", "RolloutStalled"),
                "Progressing": ("False", "RolloutStalled"),
                "Degraded": ("True", "RolloutStalled"),
            },
        ),
        (
            observation(missing=(missing(Provider.PROMETHEUS_OPERATOR),)),
            {"Degraded": ("True", "KindMissing")},
        ),
        (
            observation(missing=(missing(Provider.DAPR),)),
            {"Ready": ("False", "KindMissing"), "Degraded": ("True", "KindMissing")},
        ),
        (
            observation(missing=(missing(Provider.STRIMZI),), broker={}),
            {
                "Ready": ("False", "KindMissing"),
                "BrokerReady": ("False", "KindMissing"),
                "Degraded": ("True", "KindMissing"),
            },
        ),
        (
            observation(refusal=Blocker(Reason.APPLY_REFUSED, "no")),
            {
                "Ready": ("False", "ApplyRefused"),
                "Progressing": ("False", "ApplyRefused"),
                "Degraded": ("True", "ApplyRefused"),
            },
        ),
    ],
    ids=[
        "all is well",
        "database and broker of others",
        "migrations by hand",
        "a Secret is missing",
        "a Secret is awaited",
        "the broker refuses",
        "the database starts",
        "a migration runs",
        "a migration failed",
        "a roll-out has begun",
        "pods are lost",
        "a roll-out is stuck",
        "no monitoring",
        "no Dapr",
        "no Strimzi",
        "an object is refused",
    ],
)
def test_conditions_describe_the_state(seen: Observation, differences: dict[str, tuple[str, str]]) -> None:
    assert told(seen) == WELL | differences


def test_refused_todoapp_is_degraded_and_its_parts_are_unknown() -> None:
    found = while_not_allowed("There is no Kafka that allows it.")

    assert {str(each.type): (each.status, str(each.reason)) for each in found} == {
        "Ready": ("False", "BrokerNotAllowed"),
        "DatabaseReady": ("Unknown", "BrokerNotAllowed"),
        "BrokerReady": ("False", "BrokerNotAllowed"),
        "MigrationsApplied": ("Unknown", "BrokerNotAllowed"),
        "Progressing": ("False", "BrokerNotAllowed"),
        "Degraded": ("True", "BrokerNotAllowed"),
    }
    assert report(todoapp(), found, {}, {}, now=NOW)["phase"] == "Degraded"


@pytest.mark.parametrize(
    ("spec", "says_so"),
    [
        ({}, False),
        ({"ingress": {"host": "todo.example.com"}}, True),
        ({"ingress": {"host": "todo.example.com"}, "trustedProxies": ["10.0.0.0/8"]}, False),
    ],
)
def test_unknown_proxies_are_named_where_people_look(spec: dict[str, Any], says_so: bool) -> None:
    ready = findings(observation(app=todoapp(**spec)))[0]

    assert (ready.type, ready.status) == (ConditionType.READY, "True")
    assert ("spec.trustedProxies" in ready.message) is says_so


def test_a_long_list_of_topics_is_cut_short() -> None:
    topics = {f"KafkaTopic home.todo.{number}": WAITING for number in range(9)}

    [broker] = [each for each in findings(observation(broker=topics)) if each.type == "BrokerReady"]

    assert broker.message.count("KafkaTopic") == 3
    assert "and 6 more" in broker.message


def test_while_suspended_only_pods_are_looked_at() -> None:
    serving, broken = pods(Component.API), pods(Component.API, WAITING)

    states = [
        {str(each.type): each.status for each in while_suspended(given)}
        for given in ([serving], [broken], [])
    ]

    assert [each["Ready"] for each in states] == ["True", "False", "False"]
    assert {each["Progressing"] for each in states} == {"False"}
    assert {each["DatabaseReady"] for each in states} == {"Unknown"}


def test_every_state_has_every_condition_once() -> None:
    everything = sorted(ConditionType)

    for found in (findings(observation()), while_suspended([]), while_invalid("spec: no")):
        assert sorted(each.type for each in found) == everything


@pytest.mark.parametrize(
    ("missing_secrets", "absent", "database", "reason"),
    [
        ((), (), READY, None),
        ((), (), None, None),
        ((AWAITED, MISSING), (), WAITING, Reason.SECRET_MISSING),
        ((AWAITED,), (), WAITING, Reason.BROKER_NOT_READY),
        ((), (Provider.CLOUDNATIVE_PG,), None, Reason.KIND_MISSING),
        ((), (Provider.KEDA, Provider.DAPR), READY, None),
        ((), (), WAITING, Reason.DATABASE_NOT_READY),
    ],
)
def test_secrets_come_first_and_then_the_database(
    missing_secrets: tuple[MissingSecret, ...],
    absent: tuple[Provider, ...],
    database: HealthStatus | None,
    reason: Reason | None,
) -> None:
    blocker = before_migrating(missing_secrets, [missing(each) for each in absent], database)

    assert (blocker.reason if blocker else None) == reason


@pytest.mark.parametrize(
    ("migration", "reason"),
    [
        (READY, None),
        (WAITING, Reason.MIGRATING),
        (None, Reason.MIGRATING),
        (FAILED, Reason.MIGRATION_FAILED),
    ],
)
def test_pods_start_after_the_migration(migration: HealthStatus | None, reason: Reason | None) -> None:
    blocker = before_starting(migration)

    assert (blocker.reason if blocker else None) == reason


@pytest.mark.parametrize(
    ("seen", "phase"),
    [
        (observation(), "Ready"),
        (observation(pods={}, blocker=Blocker(Reason.MIGRATING, "")), "Pending"),
        (observation(blocker=Blocker(Reason.MIGRATING, "")), "Progressing"),
        (observation(pods={each: pods(each, WAITING) for each in Component}), "Progressing"),
        (observation(blocker=Blocker(Reason.MIGRATION_FAILED, "")), "Degraded"),
        (observation(app=todoapp(suspend=True)), "Suspended"),
    ],
)
def test_phase_summarises_the_conditions(seen: Observation, phase: str) -> None:
    assert report(seen.app, findings(seen), seen.pods, {}, now=NOW)["phase"] == phase


def test_a_version_counts_once_all_of_its_pods_are_there() -> None:
    before = {"services": {"api": {"ready": 2, "desired": 2, "version": "1"}}}
    states = [WAITING, READY]

    reports = [
        report(
            todoapp(), findings(observation()), {Component.API: pods(Component.API, each)}, before, now=NOW
        )
        for each in states
    ]

    assert [each["version"] for each in reports] == ["1", "2"]
    assert [each["services"]["api"]["version"] for each in reports] == ["1", "2"]
    assert [each["services"]["api"]["ready"] for each in reports] == [1, 2]


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("example.com/todoapp:1.2.0", "1.2.0"),
        ("localhost:5000/todoapp", ""),
        ("localhost:5000/todoapp:edge", "edge"),
        ("example.com/todoapp:1.2.0@sha256:" + "a" * 64, "1.2.0"),
        ("example.com/todoapp@sha256:" + "a" * 64, "sha256:" + "a" * 12),
    ],
)
def test_a_version_is_the_tag_or_the_digest(image: str, version: str) -> None:
    assert version_of(image) == version

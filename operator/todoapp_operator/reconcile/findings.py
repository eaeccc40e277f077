"""What to tell people about a TodoApp, found from the state of its parts; pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from todoapp_operator.kube.health import Health, HealthStatus
from todoapp_operator.kube.kinds import Provider
from todoapp_operator.reconcile.conditions import ConditionType, Finding, Reason
from todoapp_operator.reconcile.facts import Pods
from todoapp_operator.reconcile.order import Blocker
from todoapp_operator.reconcile.ownership import TakenName, in_words
from todoapp_operator.reconcile.secrets import MissingSecret, Purpose
from todoapp_operator.render.broker import broker
from todoapp_operator.render.environment import knows_addresses
from todoapp_operator.render.todoapp import MissingKind
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.spec import TodoApp

__all__ = ["Observation", "findings", "while_invalid", "while_not_allowed", "while_suspended"]

_SHOWN = 3

_BLIND = (
    "Limits per network address are off, because spec.trustedProxies does not say which proxies to believe; "
    "those per account hold."
)

_ESSENTIAL = frozenset({Provider.DAPR, Provider.STRIMZI, Provider.CLOUDNATIVE_PG})
"""Without these nothing is served; without the others something that was asked for is left out."""


@dataclass(frozen=True)
class Observation:
    """Everything that a reconciliation has seen."""

    app: TodoApp
    missing_secrets: tuple[MissingSecret, ...]
    missing: tuple[MissingKind, ...]
    database: HealthStatus | None
    """Of our own database's Cluster; None when the database is an external one."""
    broker: Mapping[str, HealthStatus]
    """Of Strimzi's objects, by their names."""
    migration: HealthStatus | None
    """Of this version's Job; None when there is none."""
    pods: Mapping[Component, Pods]
    """Of the wanted Deployments that exist."""
    blocker: Blocker | None
    """Why the wanted Deployments are not applied."""
    refusal: Blocker | None = None
    """Why an object could not be applied."""
    taken_names: tuple[TakenName, ...] = ()
    """Those that somebody else's objects have; nothing was written to these."""


def findings(seen: Observation) -> list[Finding]:
    """One finding for each condition, in the order in which people read them."""
    parts = [_database(seen), _broker(seen), _migrations(seen)]
    progress = _progressing(seen)
    degraded = _degraded(seen)
    return [_ready(seen, parts, progress), *parts, progress, degraded]


def while_suspended(pods: Iterable[Pods]) -> list[Finding]:
    """Pods are counted all the same; nothing else is looked at."""
    of, message = ConditionType, "The operator leaves everything as it is while spec.suspend is true."
    serving = list(pods)
    if serving and all(each.status.health is Health.READY for each in serving):
        ready = Finding(of.READY, "True", Reason.AVAILABLE, "Every pod that is there serves.")
    else:
        ready = Finding(of.READY, "False", Reason.SUSPENDED, message)
    return [
        ready,
        *_unknown(Reason.SUSPENDED, message),
        Finding(of.PROGRESSING, "False", Reason.SUSPENDED, message),
        Finding(of.DEGRADED, "False", Reason.AS_EXPECTED),
    ]


def while_not_allowed(message: str) -> list[Finding]:
    """Of a TodoApp that may not use its Kafka: it is left as it is, and nothing else is looked at."""
    of, reason = ConditionType, Reason.BROKER_NOT_ALLOWED
    return [
        Finding(of.READY, "False", reason, message),
        Finding(of.DATABASE_READY, "Unknown", reason, message),
        Finding(of.BROKER_READY, "False", reason, message),
        Finding(of.MIGRATIONS_APPLIED, "Unknown", reason, message),
        Finding(of.PROGRESSING, "False", reason, message),
        Finding(of.DEGRADED, "True", reason, message),
    ]


def while_invalid(message: str) -> list[Finding]:
    """Of a spec that cannot be understood."""
    of, reason = ConditionType, Reason.INVALID_SPEC
    return [
        Finding(of.READY, "False", reason, message),
        *_unknown(reason, message),
        Finding(of.PROGRESSING, "False", reason, message),
        Finding(of.DEGRADED, "True", reason, message),
    ]


def _unknown(reason: Reason, message: str) -> list[Finding]:
    parts = (ConditionType.DATABASE_READY, ConditionType.BROKER_READY, ConditionType.MIGRATIONS_APPLIED)
    return [Finding(part, "Unknown", reason, message) for part in parts]


def _database(seen: Observation) -> Finding:
    of = ConditionType.DATABASE_READY
    if missing := _missing(seen, Provider.CLOUDNATIVE_PG):
        return Finding(of, "False", Reason.KIND_MISSING, missing)
    if taken := _taken(seen, Provider.CLOUDNATIVE_PG):
        return Finding(of, "False", Reason.NAME_TAKEN, taken)
    if secret := _missing_secret(seen, Purpose.DATABASE):
        return Finding(of, "False", Reason.SECRET_MISSING, secret.message)
    if seen.app.spec.database and (reference := seen.app.spec.database.secret_ref):
        return Finding(
            of,
            "True",
            Reason.CONFIGURED,
            f"Secret {reference.name} names the database; whether it answers shows when it is migrated.",
        )
    if seen.database and seen.database.health is Health.READY:
        return Finding(of, "True", Reason.AVAILABLE, _message(seen.database))
    message = _message(seen.database) if seen.database else "CloudNativePG has not been asked for it yet."
    return Finding(of, "False", Reason.DATABASE_NOT_READY, message)


def _broker(seen: Observation) -> Finding:
    of = ConditionType.BROKER_READY
    if missing := _missing(seen, Provider.STRIMZI):
        return Finding(of, "False", Reason.KIND_MISSING, missing)
    if taken := _taken(seen, Provider.STRIMZI):
        return Finding(of, "False", Reason.NAME_TAKEN, taken)
    if (secret := _missing_secret(seen, Purpose.BROKER)) and not secret.awaited:
        return Finding(of, "False", Reason.SECRET_MISSING, secret.message)
    if not broker(seen.app).strimzi:
        return Finding(
            of, "True", Reason.CONFIGURED, "The broker is external; its address and Secrets are known."
        )
    failed = _those(seen.broker, Health.FAILED)
    if failed:
        return Finding(of, "False", Reason.BROKER_FAILED, f"Strimzi refuses {failed}.")
    unfinished = _those(seen.broker, Health.PROGRESSING)
    if unfinished or not seen.broker:
        return Finding(
            of, "False", Reason.BROKER_NOT_READY, f"Strimzi has not finished {unfinished or 'yet'}."
        )
    if secret:
        return Finding(of, "False", Reason.BROKER_NOT_READY, secret.message)
    return Finding(of, "True", Reason.AVAILABLE, "Topics and user are ready.")


def _migrations(seen: Observation) -> Finding:
    of = ConditionType.MIGRATIONS_APPLIED
    if seen.app.spec.rollout.migrations == "Manual":
        return Finding(of, "Unknown", Reason.MANUAL_MIGRATIONS, "Migrating the database is left to you.")
    if seen.migration and seen.migration.health is Health.READY:
        return Finding(of, "True", Reason.MIGRATED, "The database has the schema of this version.")
    if seen.blocker:
        return Finding(of, "False", seen.blocker.reason, seen.blocker.message)
    return Finding(of, "False", Reason.MIGRATING, "The database is about to be migrated.")


def _progressing(seen: Observation) -> Finding:
    of = ConditionType.PROGRESSING
    blocked = seen.refusal or seen.blocker
    if blocked:
        moving = blocked.reason in _PASSING_BY_THEMSELVES
        return Finding(of, "True" if moving else "False", blocked.reason, blocked.message)
    if taken := _taken(seen):
        return Finding(of, "False", Reason.NAME_TAKEN, taken)
    if stalled := _stalled(seen):
        return Finding(of, "False", Reason.ROLLOUT_STALLED, stalled)
    if unready := _unready(seen):
        rolled_out = len(seen.pods) == len(Component) and all(pods.rolled_out for pods in seen.pods.values())
        if rolled_out:
            return Finding(of, "False", Reason.PODS_UNAVAILABLE, unready)
        return Finding(of, "True", Reason.ROLLING_OUT, unready)
    return Finding(of, "False", Reason.ROLLED_OUT, "Every pod is of the wanted version.")


_PASSING_BY_THEMSELVES = frozenset({Reason.DATABASE_NOT_READY, Reason.BROKER_NOT_READY, Reason.MIGRATING})


def _degraded(seen: Observation) -> Finding:
    """What takes a person, or another spec."""
    of = ConditionType.DEGRADED
    if seen.refusal:
        return Finding(of, "True", seen.refusal.reason, seen.refusal.message)
    if taken := _taken(seen):
        return Finding(of, "True", Reason.NAME_TAKEN, taken)
    if seen.missing:
        messages = " ".join(each.message for each in seen.missing)
        return Finding(of, "True", Reason.KIND_MISSING, messages)
    if theirs := [each.message for each in seen.missing_secrets if not each.awaited]:
        return Finding(of, "True", Reason.SECRET_MISSING, " ".join(theirs))
    if failed := _those(seen.broker, Health.FAILED):
        return Finding(of, "True", Reason.BROKER_FAILED, f"Strimzi refuses {failed}.")
    if seen.blocker and seen.blocker.reason is Reason.MIGRATION_FAILED:
        return Finding(of, "True", Reason.MIGRATION_FAILED, seen.blocker.message)
    if stalled := _stalled(seen):
        return Finding(of, "True", Reason.ROLLOUT_STALLED, stalled)
    return Finding(of, "False", Reason.AS_EXPECTED)


def _ready(seen: Observation, parts: Iterable[Finding], progress: Finding) -> Finding:
    of = ConditionType.READY
    if seen.refusal:
        return Finding(of, "False", seen.refusal.reason, seen.refusal.message)
    if taken := _taken(seen):
        return Finding(of, "False", Reason.NAME_TAKEN, taken)
    if essential := [each.message for each in seen.missing if each.kind.provider in _ESSENTIAL]:
        return Finding(of, "False", Reason.KIND_MISSING, " ".join(essential))
    for part in parts:
        if part.status == "False":
            return Finding(of, "False", part.reason, part.message)
    if progress.reason is not Reason.ROLLED_OUT:
        return Finding(of, "False", progress.reason, progress.message)
    message = "Everything is as the spec says, and serves."
    return Finding(
        of, "True", Reason.AVAILABLE, message if knows_addresses(seen.app) else f"{message} {_BLIND}"
    )


def _missing(seen: Observation, provider: Provider) -> str:
    return " ".join(each.message for each in seen.missing if each.kind.provider is provider)


def _taken(seen: Observation, provider: Provider | None = None) -> str:
    """About those of one provider, or all."""
    return in_words([name for name in seen.taken_names if provider in (None, name.kind.provider)])


def _missing_secret(seen: Observation, purpose: Purpose) -> MissingSecret | None:
    return next((secret for secret in seen.missing_secrets if secret.purpose is purpose), None)


def _those(statuses: Mapping[str, HealthStatus], health: Health) -> str:
    found = [
        f"{name} ({status.message})" if status.message else name
        for name, status in statuses.items()
        if status.health is health
    ]
    shown, more = found[:_SHOWN], len(found) - _SHOWN
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _stalled(seen: Observation) -> str:
    return _of_pods(seen, Health.FAILED)


def _unready(seen: Observation) -> str:
    absent = [f"{component}: no Deployment yet." for component in Component if component not in seen.pods]
    return " ".join(filter(None, (*absent, _of_pods(seen, Health.PROGRESSING))))


def _of_pods(seen: Observation, health: Health) -> str:
    return " ".join(
        f"{component}: {_message(pods.status)}"
        for component, pods in seen.pods.items()
        if pods.status.health is health
    )


def _message(status: HealthStatus) -> str:
    text = status.message.rstrip(".")
    return f"{text}." if text else ""

"""What has to be there before pods of a version start: Secrets, then the database, then its schema; pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from todoapp_operator.kube.health import Health, HealthStatus
from todoapp_operator.kube.kinds import Provider
from todoapp_operator.reconcile.conditions import Reason
from todoapp_operator.reconcile.ownership import TakenName, in_words
from todoapp_operator.reconcile.secrets import MissingSecret
from todoapp_operator.render.todoapp import MissingKind

__all__ = ["WORKLOADS", "Blocker", "before_migrating", "before_starting"]

WORKLOADS = frozenset({"Deployment", "HorizontalPodAutoscaler", "ScaledObject"})
"""Kinds left as they are while something holds up the roll-out, so that what serves goes on serving."""


@dataclass(frozen=True)
class Blocker:
    """Why the roll-out waits."""

    reason: Reason
    message: str


def before_migrating(
    missing_secrets: Sequence[MissingSecret],
    missing: Sequence[MissingKind],
    database: HealthStatus | None,
    taken_names: Sequence[TakenName] = (),
) -> Blocker | None:
    """
    Args:
        database: of our own database's Cluster; None when the database is an external one.
        taken_names: pods would work with somebody else's Secrets, rights or database.
    """
    if taken_names:
        return Blocker(Reason.NAME_TAKEN, in_words(taken_names))
    for secret in sorted(missing_secrets, key=lambda secret: secret.awaited):
        return Blocker(Reason.BROKER_NOT_READY if secret.awaited else Reason.SECRET_MISSING, secret.message)
    for kind in missing:
        if kind.kind.provider is Provider.CLOUDNATIVE_PG:
            return Blocker(Reason.KIND_MISSING, kind.message)
    if database and database.health is not Health.READY:
        return Blocker(Reason.DATABASE_NOT_READY, _waiting("the database", database))
    return None


def before_starting(migration: HealthStatus | None, taken_names: Sequence[TakenName] = ()) -> Blocker | None:
    """
    Args:
        migration: of this version's Job; None when there is none yet.
        taken_names: the Job's among them, if somebody else has that.
    """
    if taken_names:
        return Blocker(Reason.NAME_TAKEN, in_words(taken_names))
    if migration and migration.health is Health.READY:
        return None
    if migration and migration.health is Health.FAILED:
        return Blocker(
            Reason.MIGRATION_FAILED,
            f"The migration Job has failed ({migration.message}); see its pods' logs. "
            "Delete the Job to try again.",
        )
    return Blocker(Reason.MIGRATING, "The database is being migrated.")


def _waiting(what: str, status: HealthStatus) -> str:
    return f"Waiting for {what}: {status.message}." if status.message else f"Waiting for {what}."

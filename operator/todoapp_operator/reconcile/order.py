"""What has to be there before pods of a version start: Secrets, then the database, then its schema; pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from todoapp_operator.kube.health import Health, Verdict
from todoapp_operator.kube.kinds import Provider
from todoapp_operator.reconcile.conditions import Reason
from todoapp_operator.reconcile.secrets import Lack
from todoapp_operator.render.todoapp import MissingKind

__all__ = ["WORKLOADS", "Hold", "before_migrating", "before_starting"]

WORKLOADS = frozenset({"Deployment", "HorizontalPodAutoscaler", "ScaledObject"})
"""Kinds left as they are while something holds up the roll-out, so that what serves goes on serving."""


@dataclass(frozen=True)
class Hold:
    """Why the roll-out waits."""

    reason: Reason
    message: str


def before_migrating(
    lacks: Sequence[Lack], missing: Sequence[MissingKind], database: Verdict | None
) -> Hold | None:
    """
    Args:
        database: of our own database's Cluster; None when the database is somebody else's.
    """
    for lack in sorted(lacks, key=lambda each: each.awaited):
        return Hold(Reason.BROKER_NOT_READY if lack.awaited else Reason.SECRET_MISSING, lack.sentence)
    for each in missing:
        if each.kind.provider is Provider.CLOUDNATIVE_PG:
            return Hold(Reason.KIND_MISSING, each.sentence)
    if database and database.health is not Health.READY:
        return Hold(Reason.DATABASE_NOT_READY, _waiting("the database", database))
    return None


def before_starting(migration: Verdict | None) -> Hold | None:
    """
    Args:
        migration: of this version's Job; None when there is none yet.
    """
    if migration and migration.health is Health.READY:
        return None
    if migration and migration.health is Health.FAILED:
        return Hold(
            Reason.MIGRATION_FAILED,
            f"The migration Job has failed ({migration.sentence}); see its pods' logs. "
            "Delete the Job to try again.",
        )
    return Hold(Reason.MIGRATING, "The database is being migrated.")


def _waiting(what: str, verdict: Verdict) -> str:
    return f"Waiting for {what}: {verdict.sentence}." if verdict.sentence else f"Waiting for {what}."

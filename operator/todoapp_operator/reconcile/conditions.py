"""The conditions of a TodoApp: every reason there is, and how one follows from the one before it.

https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md#typical-status-properties
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

__all__ = ["ConditionType", "Finding", "Reason", "conditions"]


class ConditionType(StrEnum):
    READY = "Ready"
    DATABASE_READY = "DatabaseReady"
    BROKER_READY = "BrokerReady"
    MIGRATIONS_APPLIED = "MigrationsApplied"
    PROGRESSING = "Progressing"
    DEGRADED = "Degraded"


class Reason(StrEnum):
    """Why a condition has its status; docs/conditions.md says what to do about each."""

    AS_EXPECTED = "AsExpected"
    """Nothing is wrong."""
    AVAILABLE = "Available"
    """It is there, and its own controller says that it works."""
    CONFIGURED = "Configured"
    """It is external: its address and Secrets are known, and whether it answers is not."""
    SECRET_MISSING = "SecretMissing"  # noqa: S105 - no password
    """A Secret, or a key in it, is not there."""
    KIND_MISSING = "KindMissing"
    """The cluster does not know a kind of object that is needed."""
    NAME_TAKEN = "NameTaken"
    """An object of somebody else's has a name that is needed."""
    DATABASE_NOT_READY = "DatabaseNotReady"
    """The database's own controller has not finished."""
    BROKER_NOT_ALLOWED = "BrokerNotAllowed"
    """The Kafka's owner has not named the TodoApp's namespace, so everything is left as it is."""
    BROKER_NOT_READY = "BrokerNotReady"
    """Strimzi has not finished the topics or the user."""
    BROKER_FAILED = "BrokerFailed"
    """Strimzi refuses a topic or the user."""
    MIGRATING = "Migrating"
    """The migration Job is at work."""
    MIGRATED = "Migrated"
    """The migration Job has succeeded."""
    MIGRATION_FAILED = "MigrationFailed"
    """The migration Job has given up; what ran before goes on running."""
    MANUAL_MIGRATIONS = "ManualMigrations"
    """Migrating is left to people, so nothing is known of it."""
    ROLLING_OUT = "RollingOut"
    """Pods of the wanted version are being started."""
    ROLLED_OUT = "RolledOut"
    """Every pod is of the wanted version."""
    ROLLOUT_STALLED = "RolloutStalled"
    """Pods of the wanted version do not get ready in time."""
    PODS_UNAVAILABLE = "PodsUnavailable"
    """The version is rolled out, and some of its pods are not ready now."""
    APPLY_REFUSED = "ApplyRefused"
    """The API server refuses an object."""
    INVALID_SPEC = "InvalidSpec"
    """The spec, admitted under an earlier definition, is none that this operator understands."""
    SUSPENDED = "Suspended"
    """The operator leaves everything as it is."""


@dataclass(frozen=True)
class Finding:
    """A condition without the time of its last change."""

    type: ConditionType
    status: Literal["True", "False", "Unknown"]
    reason: Reason
    message: str = ""


def conditions(
    findings: Iterable[Finding], before: Iterable[Mapping[str, Any]], *, generation: int, now: datetime
) -> list[dict[str, Any]]:
    """Findings as a status writes them; `lastTransitionTime` moves only when `status` does."""
    earlier = {each["type"]: each for each in before}
    moment = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    return [
        {
            "type": str(finding.type),
            "status": finding.status,
            "reason": str(finding.reason),
            "message": finding.message,
            "observedGeneration": generation,
            "lastTransitionTime": _since(finding, earlier.get(finding.type), moment),
        }
        for finding in findings
    ]


def _since(finding: Finding, before: Mapping[str, Any] | None, moment: str) -> str:
    unchanged = before is not None and before["status"] == finding.status
    return str(before["lastTransitionTime"]) if before is not None and unchanged else moment

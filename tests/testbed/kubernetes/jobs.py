"""Jobs that fail. On the test cluster's nodes every pod of a Job succeeds at once."""

from datetime import UTC, datetime

from testbed.kubernetes.objects import Objects, kind_named
from testbed.waiting import wait_until

__all__ = ["fail"]

JOB = kind_named("Job")


def fail(objects: Objects, name: str, namespace: str, *, message: str) -> None:
    """Give a Job up that no pod works for, in the words of Kubernetes' own controller."""

    def begun() -> bool:
        return "startTime" in (objects.get(JOB, name, namespace) or {}).get("status", {})

    wait_until(begun, what=f"Job {name} has begun")
    now = datetime.now(UTC).isoformat(timespec="seconds")
    conditions = [
        {
            "type": kind,
            "status": "True",
            "reason": "BackoffLimitExceeded",
            "message": message,
            "lastTransitionTime": now,
            "lastProbeTime": now,
        }
        for kind in ("FailureTarget", "Failed")
    ]
    objects.edit(JOB, name, namespace, {"status": {"conditions": conditions}}, subresource="status")

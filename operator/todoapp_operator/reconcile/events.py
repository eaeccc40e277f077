"""Kubernetes Events: one for each change of `Ready`, shown by `kubectl describe`."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from todoapp_operator.kube.client import Client
from todoapp_operator.kube.kinds import Kind
from todoapp_operator.kube.manifest import body_of
from todoapp_operator.reconcile.todoapps import Record
from todoapp_operator.render.identity import MANAGER
from todoapp_operator.resource.spec import API_VERSION, KIND

__all__ = ["announce"]

_EVENT = Kind("v1", "Event", "events")
_LONGEST_MESSAGE = 1024


async def announce(client: Client, record: Record, status: Mapping[str, Any], *, now: datetime) -> None:
    """Make an Event if `Ready` has another status or reason than before, as `record` tells.

    Of a new TodoApp there is no before, so its first state is no news.
    """
    before, after = _ready(record.status), _ready(status)
    if before is None or after is None or all(before[each] == after[each] for each in ("status", "reason")):
        return
    namespace, name = record.key
    moment = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    event = {
        "apiVersion": _EVENT.api_version,
        "kind": _EVENT.name,
        "metadata": {"name": f"{name}.{secrets.token_hex(8)}", "namespace": namespace},
        "involvedObject": {
            "apiVersion": API_VERSION,
            "kind": KIND,
            "namespace": namespace,
            "name": name,
            "uid": record.uid,
        },
        "type": "Warning" if _is_degraded(status) else "Normal",
        "reason": after["reason"],
        "message": after["message"][:_LONGEST_MESSAGE],
        "source": {"component": MANAGER},
        "reportingComponent": MANAGER,
        "firstTimestamp": moment,
        "lastTimestamp": moment,
        "count": 1,
    }
    await client.create(_EVENT, namespace, body_of(event))


def _ready(status: Mapping[str, Any]) -> Mapping[str, Any] | None:
    return _condition(status, "Ready")


def _is_degraded(status: Mapping[str, Any]) -> bool:
    degraded = _condition(status, "Degraded")
    return degraded is not None and degraded["status"] == "True"


def _condition(status: Mapping[str, Any], kind: str) -> Mapping[str, Any] | None:
    return next((each for each in status.get("conditions", ()) if each["type"] == kind), None)

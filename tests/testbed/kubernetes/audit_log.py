"""The operator's requests, read from the audit log of the API server."""

from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest

from testbed.control_plane.cluster import Cluster

__all__ = ["Audit", "Request", "audit"]

WRITING = frozenset({"create", "update", "patch", "delete", "deletecollection"})


@dataclass(frozen=True)
class Request:
    """`verb` is the one that RBAC speaks of."""

    verb: str
    resource: str
    namespace: str
    name: str
    code: int
    message: str
    """Why it was refused."""

    @property
    def writes(self) -> bool:
        return self.verb in WRITING


@dataclass
class Audit:
    """Reads the record from where it last stopped."""

    log: Path
    position: int = 0

    @classmethod
    def from_now_on(cls, log: Path) -> "Audit":
        return cls(log, log.stat().st_size)

    def requests(self) -> list[Request]:
        """Those answered since the last call."""
        with self.log.open("rb") as record:
            record.seek(self.position)
            *lines, _ = record.read().split(b"\n")
        self.position += sum(len(line) + 1 for line in lines)
        return list(map(_request, lines))

    def writes(self, namespace: str) -> list[Request]:
        """Those that changed something in a namespace, or tried to."""
        return [each for each in self.requests() if each.writes and each.namespace == namespace]


def _request(line: bytes) -> Request:
    event = orjson.loads(line)
    target, answer = event.get("objectRef", {}), event.get("responseStatus", {})
    resource = "/".join(filter(None, (target.get("resource", ""), target.get("subresource", ""))))
    return Request(
        verb=event["verb"],
        resource=resource,
        namespace=target.get("namespace", ""),
        name=target.get("name", ""),
        code=answer.get("code", 0),
        message=answer.get("message", ""),
    )


@pytest.fixture
def audit(cluster: Cluster) -> Audit:
    """What the operator asks from the beginning of the test."""
    return Audit.from_now_on(cluster.audit_log)

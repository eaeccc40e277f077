"""Errors in the two shapes Dapr answers with: code and message, newer APIs with details."""

from dataclasses import dataclass
from typing import Any

__all__ = ["ApiError", "Detail", "error_info", "resource_info"]

Detail = dict[str, Any]


@dataclass(eq=False)
class ApiError(Exception):
    """A refused call; the HTTP edge turns it into an answer.

    The order of `details` is that of the recorded answers.
    """

    status: int
    code: str
    message: str
    details: tuple[Detail, ...] = ()

    def body(self) -> dict[str, Any]:
        answer: dict[str, Any] = {"errorCode": self.code, "message": self.message}
        return answer | {"details": list(self.details)} if self.details else answer


def error_info(reason: str, metadata: dict[str, str] | None) -> Detail:
    return {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "domain": "dapr.io",
        "metadata": metadata,
        "reason": reason,
    }


def resource_info(kind: str, name: str, description: str) -> Detail:
    return {
        "@type": "type.googleapis.com/google.rpc.ResourceInfo",
        "description": description,
        "owner": "",
        "resource_name": name,
        "resource_type": kind,
    }

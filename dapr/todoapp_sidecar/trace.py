"""W3C trace context as the sidecar passes it on. Spans are named, never exported."""

import os
import re

__all__ = ["NO_TRACE", "child", "of_request"]

NO_TRACE = "00-00000000000000000000000000000000-0000000000000000-00"
"""What Dapr sends as a header where there is no trace."""

_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def of_request(incoming: str, *, enabled: bool) -> str:
    """The trace a request belongs to, as a traceparent; empty when there is none.

    With tracing on, the request is a new span of the caller's trace or of a new one. With tracing
    off, the caller's is passed on as it came.
    """
    if enabled:
        return child(incoming)
    return incoming if _TRACEPARENT.fullmatch(incoming) else ""


def child(parent: str) -> str:
    """A new span in the trace of `parent`, or in a new trace when `parent` is none."""
    if _TRACEPARENT.fullmatch(parent):
        return f"{parent[:36]}{os.urandom(8).hex()}{parent[-3:]}"
    return f"00-{os.urandom(16).hex()}-{os.urandom(8).hex()}-01"

"""What a process says about itself while it works: one log line per event, joined by traces.

Trace Context: https://www.w3.org/TR/trace-context/#traceparent-header
"""

import logging
import re
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from pythonjsonlogger.orjson import OrjsonFormatter

from todoapp.kit.settings import LogFormat, Settings

__all__ = ["Trace", "bind", "configure_logging", "current_request_id", "current_traceparent", "work"]

TRACEPARENT = re.compile(
    r"(?P<version>[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})(?P<more>-.*)?"
)
SAMPLED = "01"


@dataclass(frozen=True)
class Trace:
    """One step of work within a trace."""

    trace_id: str
    """32 hexadecimal digits, the same in all processes that the work passes through"""
    span_id: str
    """16 hexadecimal digits, this step's own"""
    flags: str = SAMPLED

    @classmethod
    def child_of(cls, traceparent: str | None) -> Self:
        """A step under the caller's, or the first of a new trace when the header is absent or invalid."""
        parent = TRACEPARENT.fullmatch(traceparent.strip()) if traceparent else None
        if parent is None or not _is_valid(parent):
            return cls(trace_id=secrets.token_hex(16), span_id=secrets.token_hex(8))
        return cls(trace_id=parent["trace"], span_id=secrets.token_hex(8), flags=parent["flags"])

    @property
    def traceparent(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"


def _is_valid(header: re.Match[str]) -> bool:
    if header["version"] == "ff" or (header["version"] == "00" and header["more"]):
        return False
    return header["trace"] != "0" * 32 and header["span"] != "0" * 16


@dataclass
class _Work:
    trace: Trace
    request_id: str | None
    fields: dict[str, str]


_work: ContextVar[_Work | None] = ContextVar("work", default=None)


@contextmanager
def work(trace: Trace, *, request_id: str | None = None) -> Iterator[None]:
    """Join what is logged in the block to a trace."""
    token = _work.set(_Work(trace, request_id, {}))
    try:
        yield
    finally:
        _work.reset(token)


def bind(**fields: object) -> None:
    """Add fields such as `user_id` to every line that this piece of work logs from here on."""
    if current := _work.get():
        current.fields.update({name: str(value) for name, value in fields.items()})


def current_request_id() -> str | None:
    current = _work.get()
    return current.request_id if current else None


def current_traceparent() -> str | None:
    """The header that a call or an event made now carries on."""
    current = _work.get()
    return current.trace.traceparent if current else None


def configure_logging(settings: Settings, service: str) -> None:
    """Log to standard output, in the format and from the level that the settings name."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        _json_lines(settings, service) if settings.log_format is LogFormat.JSON else _TextLines()
    )
    handler.addFilter(_add_context)
    logging.basicConfig(handlers=[handler], level=settings.log_level, force=True)
    for chatty in ("aiosqlite", "alembic", "asyncio", "httpcore", "httpx", "uvicorn"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _add_context(record: logging.LogRecord) -> bool:
    if current := _work.get():
        fields = {"trace_id": current.trace.trace_id, **current.fields}
        if current.request_id:
            fields["request_id"] = current.request_id
        for name, value in fields.items():
            record.__dict__.setdefault(name, value)
    return True


class _JsonLines(OrjsonFormatter):
    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _json_lines(settings: Settings, service: str) -> logging.Formatter:
    place = {"service": service} | ({"pod": settings.pod_name} if settings.pod_name else {})
    return _JsonLines(
        ["asctime", "levelname", "name", "message"],
        rename_fields={
            "asctime": "time",
            "levelname": "level",
            "name": "logger",
            "exc_info": "exception",
            "stack_info": "stack",
        },
        rename_fields_keep_missing=False,
        static_fields=place,
    )


class _TextLines(logging.Formatter):
    """`09:00:00 WARNING todoapp.relay: Publishing events waits for the database error=…`, for people."""

    _standard = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        extra = (f"{name}={value}" for name, value in vars(record).items() if name not in self._standard)
        return " ".join([super().formatMessage(record), *extra])

"""Log lines: one sentence with its fields, for people or for programs."""

import logging
import sys
from enum import StrEnum

from pythonjsonlogger.json import JsonFormatter

__all__ = ["LogFormat", "configure"]

_STANDARD_FIELDS = set(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


class LogFormat(StrEnum):
    JSON = "json"
    TEXT = "text"


class _TextFormatter(logging.Formatter):
    """The sentence, then the extra fields as `name=value`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        fields = [
            f"{name}={value}" for name, value in record.__dict__.items() if name not in _STANDARD_FIELDS
        ]
        return " ".join([super().formatMessage(record), *fields])


def configure(log_format: LogFormat, level: str) -> None:
    handler = logging.StreamHandler(sys.stderr)
    if log_format is LogFormat.JSON:
        handler.setFormatter(JsonFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    else:
        handler.setFormatter(_TextFormatter())
    logging.basicConfig(level=level, handlers=[handler])

"""The operator's log: one line of JSON for each event."""

import logging
import sys
from datetime import UTC, datetime

from pythonjsonlogger.orjson import OrjsonFormatter

__all__ = ["log_json_lines"]


def log_json_lines(level: str) -> None:
    """Log to standard output from `level` on, Kopf's own lines from warnings on."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        _JsonLines(
            ["asctime", "levelname", "name", "message"],
            rename_fields={
                "asctime": "time",
                "levelname": "level",
                "name": "logger",
                "exc_info": "exception",
                "stack_info": "stack",
            },
            rename_fields_keep_missing=False,
            static_fields={"service": "operator"},
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for chatty in ("aiohttp", "asyncio", "kopf"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.getLogger("asyncio").addFilter(_is_not_shutdown_noise)


def _is_not_shutdown_noise(record: logging.LogRecord) -> bool:
    """At the end of the process the event loop complains of the generators with which Kopf was watching."""
    return not record.getMessage().startswith("an error occurred during closing of asynchronous generator")


class _JsonLines(OrjsonFormatter):
    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")

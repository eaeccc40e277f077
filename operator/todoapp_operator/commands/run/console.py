"""One readable line for each log event of every process."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self, TextIO

import typer

__all__ = ["Console"]

_PALETTE = (
    "cyan",
    "green",
    "magenta",
    "blue",
    "bright_cyan",
    "bright_green",
    "bright_magenta",
    "bright_blue",
)
_LEVEL_COLOURS = {"WARNING": "yellow", "WARN": "yellow", "ERROR": "red", "CRITICAL": "red", "FATAL": "red"}
_QUIET_LEVELS = {"", "INFO", "DEBUG"}

# The application's names, daprd's, and those that Python's logging gives by itself.
_TIME = ("time", "asctime")
_LEVEL = ("level", "levelname")
_MESSAGE = ("message", "msg")
_TRACEBACKS = ("exception", "exc_info", "stack", "stack_info")
# What the process's name says already, and what does not help to follow along.
_LEFT_OUT = ("logger", "name", "service", "app_id", "instance", "scope", "type", "ver")
_KNOWN = frozenset({*_TIME, *_LEVEL, *_MESSAGE, *_TRACEBACKS, *_LEFT_OUT})


@dataclass
class Console:
    """Writes `HH:MM:SS name  message key=value`; names are padded to `width`, each in a colour of its own."""

    out: TextIO
    colours: bool
    width: int = 0
    _colour_of: dict[str, str] = field(default_factory=dict)

    @classmethod
    def on(cls, out: TextIO) -> Self:
        """In colours on a terminal, unless NO_COLOR (https://no-color.org) is set."""
        return cls(out, colours=out.isatty() and not os.environ.get("NO_COLOR"))

    def say(self, sentence: str) -> None:
        self._write(sentence)

    def note(self, name: str, sentence: str, *, level: str = "INFO") -> None:
        """Write an event of our own about the process `name`."""
        self._event(name, datetime.now().astimezone(), level, sentence, details={}, tracebacks=())

    def relay(self, name: str, line: str) -> None:
        """Write what the process `name` logged: JSON becomes readable, anything else stays as it is."""
        event = _parsed(line)
        if event is None:
            self.note(name, line)
            return
        self._event(
            name,
            _time(_first(event, _TIME)),
            str(_first(event, _LEVEL)),
            str(_first(event, _MESSAGE)),
            details={key: value for key, value in event.items() if key not in _KNOWN},
            tracebacks=[str(event[key]) for key in _TRACEBACKS if event.get(key)],
        )

    def _event(
        self,
        name: str,
        time: datetime,
        level: str,
        message: str,
        *,
        details: Mapping[str, Any],
        tracebacks: Iterable[str],
    ) -> None:
        level = level.upper()
        colour = _LEVEL_COLOURS.get(level)
        shown = message if level in _QUIET_LEVELS else f"{level} {message}"
        clock = self._style(f"{time:%H:%M:%S}", dim=True)
        who = self._style(name.ljust(self.width), fg=self._colour(name))
        pairs = " ".join(f"{key}={_text(value)}" for key, value in details.items())
        tail = self._style(f" {pairs}", dim=True) if pairs else ""
        self._write(f"{clock} {who}  {self._style(shown, fg=colour)}{tail}")
        for traceback in tracebacks:
            self._write(self._style(traceback, fg=colour))

    def _colour(self, name: str) -> str:
        return self._colour_of.setdefault(name, _PALETTE[len(self._colour_of) % len(_PALETTE)])

    def _style(self, text: str, *, fg: str | None = None, dim: bool | None = None) -> str:
        return typer.style(text, fg=fg, dim=dim) if self.colours and (fg or dim) else text

    def _write(self, text: str) -> None:
        print(text, file=self.out, flush=True)


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) else None


def _first(event: Mapping[str, Any], keys: Iterable[str]) -> Any:
    return next((event[key] for key in keys if key in event), "")


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone()
    except (TypeError, ValueError):
        return datetime.now().astimezone()


def _text(value: Any) -> str:
    if isinstance(value, str) and value and not any(sign in value for sign in ' "=\n'):
        return value
    return json.dumps(value, ensure_ascii=False)

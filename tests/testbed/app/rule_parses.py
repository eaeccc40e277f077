"""How often the application parses the rule of a recurrence."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from todoapp.features.tasks.recurrence import parser

__all__ = ["Parses", "counted_parses"]


@dataclass
class Parses:
    count: int = 0


@contextmanager
def counted_parses() -> Iterator[Parses]:
    """Count the rules that this thread parses inside the block."""
    parses = Parses()

    def profiler(frame: FrameType, event: str, _argument: object) -> None:
        parses.count += event == "call" and frame.f_code is parser._parts.__code__

    sys.setprofile(profiler)
    try:
        yield parses
    finally:
        sys.setprofile(None)

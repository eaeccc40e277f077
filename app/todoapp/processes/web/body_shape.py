"""How much a body of JSON may hold, found out before anything asks what it means.

A wrong field costs time to find and to describe, so the number of fields is limited first.
"""

from typing import Any

import orjson

from todoapp.kit.errors import Invalid, Violation
from todoapp.processes.web.validation import pointer_to

__all__ = ["BodyTooComplex", "check_shape"]

MOST_FIELDS = 200
"""of one object"""
MOST_ENTRIES = 1_000
"""of one list; a few kinds of lists allow fewer"""
DEEPEST = 32
MOST_VALUES = 20_000
"""of the whole body: fields of objects and entries of lists"""

Path = tuple[str | int, ...]


class BodyTooComplex(Invalid):
    """The body has the form of JSON, but more in it than any request needs."""

    code = "body-too-complex"

    def __init__(self, path: Path, sentence: str) -> None:
        super().__init__(sentence, errors=[Violation(pointer_to(path), sentence)])


def check_shape(body: bytes) -> None:
    """Refuse a body of too many parts. One of far too many is not even parsed.

    Raises:
        BodyTooComplex
        ValueError: it is not JSON.
    """
    if _is_small(body):
        return
    if _values(body) > MOST_VALUES:
        raise BodyTooComplex((), f"The body may have {MOST_VALUES} values at most.")
    whole = orjson.loads(body)
    waiting: list[tuple[Any, Path]] = [(whole, ())] if isinstance(whole, dict | list) else []
    while waiting:
        part, path = waiting.pop()
        _check(part, path)
        for step, inner in part.items() if isinstance(part, dict) else enumerate(part):
            if isinstance(inner, dict | list):
                waiting.append((inner, (*path, step)))


def _is_small(body: bytes) -> bool:
    """Whether a glance shows that no limit is reached; colons and commas within texts count as well."""
    return (
        body.count(b":") <= MOST_FIELDS
        and body.count(b",") < MOST_ENTRIES
        and body.count(b"[") + body.count(b"{") <= DEEPEST
    )


def _values(body: bytes) -> int:
    """About how many values a body has, or one too many, in a few passes that look at no value by itself."""
    without_escapes = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    if without_escapes.count(b'"') > 4 * MOST_VALUES:  # a field has at most two texts
        return MOST_VALUES + 1
    outside_texts = b"".join(without_escapes.split(b'"')[::2])
    return outside_texts.count(b",") + outside_texts.count(b"[") + outside_texts.count(b"{")


def _check(part: Any, path: Path) -> None:
    if len(path) >= DEEPEST:
        raise BodyTooComplex(path[:1], f"The body may be nested {DEEPEST} deep at most.")
    if isinstance(part, dict) and len(part) > MOST_FIELDS:
        raise BodyTooComplex(path, f"It has {len(part)} fields; an object may have {MOST_FIELDS} at most.")
    if isinstance(part, list) and len(part) > MOST_ENTRIES:
        raise BodyTooComplex(path, f"It has {len(part)} entries; a list may have {MOST_ENTRIES} at most.")

"""Edits by hand: every field of an object changed, one at a time."""

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from todoapp_operator.kube.manifest import Manifest

__all__ = ["HandEdit", "hand_edits"]

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class HandEdit:
    """A field, and merge patches that change it; the API server may refuse some of them."""

    path: Path
    changes: tuple[dict[str, Any], ...]

    def __str__(self) -> str:
        return ".".join(map(str, self.path))


def hand_edits(rendered: Manifest, live: Manifest) -> Iterator[HandEdit]:
    """An edit of each field of `rendered`, except those that identify the object."""
    for path in _leaves(rendered):
        if path[0] in ("apiVersion", "kind") or path[:2] in (("metadata", "name"), ("metadata", "namespace")):
            continue
        if path[:2] == ("metadata", "ownerReferences"):
            continue
        value = _at(live, path)
        yield HandEdit(path, tuple(_merge_patch(live, path, each) for each in _others(value)))


def _leaves(value: Any, path: Path = ()) -> Iterator[Path]:
    if isinstance(value, dict) and value:
        for name, part in value.items():
            yield from _leaves(part, (*path, name))
    elif isinstance(value, list) and value:
        for index, part in enumerate(value):
            yield from _leaves(part, (*path, index))
    elif isinstance(value, (str, int, bool)):
        yield path


def _others(value: Any) -> Iterator[Any]:
    """Other values of the same kind, of which the API server may refuse some."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
    elif isinstance(value, str):
        yield from {re.sub(r"\d+", lambda digits: str(int(digits[0]) + 1), value, count=1)} - {value}
        yield f"{value}x"


def _at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


def _merge_patch(live: Manifest, path: Path, new: Any) -> dict[str, Any]:
    """A list is replaced as a whole, because a merge patch cannot name an item of it."""
    names = path
    for position, step in enumerate(path):
        if isinstance(step, int):
            names = path[:position]
            changed = deepcopy(_at(live, names))
            entry = changed
            for inner in path[position:-1]:
                entry = entry[inner]
            entry[path[-1]] = new
            new = changed
            break
    for name in reversed(names):
        new = {name: new}
    return dict(new)

"""Whether an object on the cluster is what we would apply.

Server-side apply notes for each manager which fields it applied. An edit takes the field away from us, so
an object is as rendered when we own exactly the rendered fields and each has the rendered value; what
others own does not count. https://kubernetes.io/docs/reference/using-api/server-side-apply/
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson

from todoapp_operator.kube.manifest import Manifest

__all__ = ["is_as_rendered", "owned_fields"]

Fields = Mapping[str, Any]
"""A set of fields as `fieldsV1` has it: `f:name` of a mapping, `k:{…}` and `v:…` of a list, `.` itself."""

# They say which object it is, so no manager owns them.
_IDENTITY = ("apiVersion", "kind")
_IDENTITY_IN_METADATA = ("name", "namespace")


def owned_fields(manifest: Manifest, manager: str) -> Fields:
    """What `manager` has applied to an object as the API server returns it, its status left out."""
    for entry in manifest["metadata"].get("managedFields", ()):
        applied = entry["manager"] == manager and entry["operation"] == "Apply"
        if applied and not entry.get("subresource"):
            fields: Fields = entry["fieldsV1"]
            return fields
    return {}


def is_as_rendered(rendered: Manifest, live: Manifest, owned: Fields) -> bool:
    metadata = {
        name: value for name, value in rendered["metadata"].items() if name not in _IDENTITY_IN_METADATA
    }
    rest = {name: value for name, value in rendered.items() if name not in (*_IDENTITY, "metadata")}
    return _agrees(rest | ({"metadata": metadata} if metadata else {}), live, owned)


def _agrees(wanted: Any, live: Any, owned: Fields) -> bool:
    if not owned:
        return _covers(live, wanted)
    if isinstance(wanted, dict):
        return isinstance(live, dict) and _mappings_agree(wanted, live, owned)
    if isinstance(wanted, list):
        return isinstance(live, list) and _lists_agree(wanted, live, owned)
    return False


def _mappings_agree(wanted: dict[str, Any], live: dict[str, Any], owned: Fields) -> bool:
    if len(wanted) != len(owned) - ("." in owned):
        return False
    for name, value in wanted.items():
        fields = owned.get(f"f:{name}")
        if fields is None or name not in live or not _agrees(value, live[name], fields):
            return False
    return True


def _lists_agree(wanted: list[Any], live: list[Any], owned: Fields) -> bool:
    """Lists whose entries are owned one by one: told apart by some of their fields, or by their value."""
    if len(wanted) != len(owned) - ("." in owned):
        return False
    for path, fields in owned.items():
        if path == ".":
            continue
        kind, key = path[0], _parsed(path[2:])
        if kind == "v":
            if key not in wanted or key not in live:
                return False
        else:
            ours, theirs = _entry(wanted, key), _entry(live, key)
            if ours is None or theirs is None or not _agrees(ours, theirs, fields):
                return False
    return True


def _entry(entries: list[Any], key: Mapping[str, Any]) -> Any:
    wanted = key.items()
    return next((each for each in entries if all(each.get(name) == value for name, value in wanted)), None)


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Any:
    return orjson.loads(text)


def _covers(live: Any, wanted: Any) -> bool:
    """Whether a value owned as a whole is as wanted; the API server adds defaults inside."""
    if isinstance(wanted, dict):
        return isinstance(live, dict) and all(
            name in live and _covers(live[name], value) for name, value in wanted.items()
        )
    if isinstance(wanted, list):
        return isinstance(live, list) and len(live) == len(wanted) and all(map(_covers, live, wanted))
    return bool(live == wanted)

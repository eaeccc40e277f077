"""What Pydantic found wrong with a request, as pointers and sentences for people."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from fastapi.routing import APIRoute
from pydantic import BaseModel

from todoapp.kit.errors import Violation

__all__ = ["MOST_LISTED", "pointer_to", "unknown_name", "violations"]

MOST_LISTED = 20
"""How many problems of one request are listed; the others are counted."""
MOST_HINTS = 3
"""How many unknown names are compared with those that may have been meant."""
LONGEST_SHOWN = 100  # characters of a name that somebody made up

Step = str | int

SENTENCES = {
    "missing": "It is required.",
    "string_too_short": "It must have at least {min_length} characters.",
    "string_too_long": "It must have at most {max_length} characters.",
    "too_short": "Its length must be at least {min_length}.",
    "too_long": "Its length must be at most {max_length}.",
    "greater_than_equal": "It must be {ge} or more.",
    "less_than_equal": "It must be {le} or less.",
    "greater_than": "It must be more than {gt}.",
    "less_than": "It must be less than {lt}.",
    "literal_error": "It must be {expected}.",
    "enum": "It must be {expected}.",
    "string_type": "It must be a string.",
    "int_parsing": "It must be a whole number.",
    "int_type": "It must be a whole number.",
    "bool_parsing": "It must be true or false.",
    "bool_type": "It must be true or false.",
    "list_type": "It must be a list.",
    "model_attributes_type": "It must be a JSON object.",
    "dict_type": "It must be a JSON object.",
    "uuid_parsing": "It must be an id, like 01890a5d-ac96-774b-bcce-b302099a8057.",
    "datetime_from_date_parsing": "It must be an instant with its offset, like 2027-03-01T09:00:00Z.",
    "datetime_parsing": "It must be an instant with its offset, like 2027-03-01T09:00:00Z.",
    "timezone_aware": "It must name its offset, like 2027-03-01T09:00:00Z.",
}


def violations(errors: Sequence[Mapping[str, Any]], *, route: APIRoute, body: object) -> list[Violation]:
    """Translate `RequestValidationError.errors()`.

    An unknown field is told which ones there are, which only the route's models know. Translate no more than
    are listed.
    """
    return [_violation(error, route, body, number) for number, error in enumerate(errors)]


def unknown_name(name: str, valid: Iterable[str], *, kind: str, number: int) -> str:
    """Say that there is no such field or parameter, and of the first few which one may have been meant."""
    known = sorted(valid)
    comparable = number < MOST_HINTS and len(name) <= LONGEST_SHOWN
    similar = get_close_matches(name, known, n=1) if comparable else []
    hint = f"; did you mean {similar[0]!r}?" if similar else "."
    return f"There is no {kind} {_shown(name)!r}{hint} Valid are: {', '.join(known) or 'none'}."


def pointer_to(path: Iterable[Step], *, prefix: str = "") -> str:
    """A JSON pointer (RFC 6901 §3); names that are very long are cut."""
    return prefix + "".join("/" + _shown(str(step)).replace("~", "~0").replace("/", "~1") for step in path)


def _shown(name: str) -> str:
    return name if len(name) <= LONGEST_SHOWN else f"{name[:LONGEST_SHOWN]}…"


def _violation(error: Mapping[str, Any], route: APIRoute, body: object, number: int) -> Violation:
    source, *location = error["loc"]
    if source != "body":
        return Violation(pointer_to([source, *location], prefix="#"), _sentence(error))
    annotations = {route.body_field.field_info.annotation} if route.body_field else set()
    if error["type"] != "extra_forbidden":
        path, _ = _locate(location, body, annotations)
        return Violation(pointer_to(path), _sentence(error))
    path, annotations = _locate(location[:-1], body, annotations)
    fields = {field for annotation in annotations for field in _fields(annotation)}
    name = str(location[-1])
    return Violation(pointer_to([*path, name]), unknown_name(name, fields, kind="field", number=number))


def _sentence(error: Mapping[str, Any]) -> str:
    known = SENTENCES.get(error["type"])
    sentence = known.format_map(error["ctx"]) if known and "ctx" in error else known
    sentence = sentence or str(error["msg"]).removeprefix("Value error, ")
    sentence = sentence[:1].upper() + sentence[1:]
    return sentence if sentence.endswith((".", "?", "!")) else f"{sentence}."


def _locate(location: Sequence[Step], body: object, annotations: set[Any]) -> tuple[list[Step], set[Any]]:
    """Follow a location into the body.

    Returns:
        The path without what Pydantic adds to it, the names of a union's arms, and the types that
        may be found there.
    """
    path: list[Step] = []
    here: Any = body
    for step in location:
        if step in _keys(here):
            here = here[step]
            annotations = {inner for outer in annotations for inner in _inside(outer, step)}
        elif not any(step in _fields(annotation) for annotation in annotations):
            annotations = {arm for each in annotations for arm in _arms(each) if _is_called(arm, step)}
            continue
        path.append(step)
    return path, annotations


def _keys(value: object) -> Container[object]:
    if isinstance(value, list):
        return range(len(value))
    return value if isinstance(value, dict) else ()


def _arms(annotation: Any) -> Iterator[Any]:
    """The types that a value of this type may have."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _arms(get_args(annotation)[0])
    elif origin in {Union, UnionType}:
        for arm in get_args(annotation):
            yield from _arms(arm)
    else:
        yield annotation


def _fields(annotation: Any) -> set[str]:
    return {
        field.alias or name
        for arm in _arms(annotation)
        if isinstance(arm, type) and issubclass(arm, BaseModel)
        for name, field in arm.model_fields.items()
    }


def _is_called(arm: Any, tag: Step) -> bool:
    """Whether Pydantic means this arm of a union, by its discriminator or its class."""
    if not hasattr(arm, "model_fields"):
        return False
    return arm.__name__ == tag or any(tag in get_args(each.annotation) for each in arm.model_fields.values())


def _inside(annotation: Any, step: Step) -> Iterator[Any]:
    """The types of what is found at `step` in a value of this type."""
    for arm in _arms(annotation):
        if isinstance(arm, type) and issubclass(arm, BaseModel):
            for name, field in arm.model_fields.items():
                if (field.alias or name) == step:
                    yield from _arms(field.annotation)
        elif get_args(arm):
            yield from _arms(get_args(arm)[-1])

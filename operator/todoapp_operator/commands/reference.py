"""The page that lists every field of a TodoApp, made from the models like all else."""

from collections.abc import Iterable, Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import BaseMetadata, Ge, Le, MaxLen, MinLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from todoapp_operator.resource.rules import Part
from todoapp_operator.resource.spec import TodoAppSpec
from todoapp_operator.resource.status import Status
from todoapp_operator.resource.values import Form

__all__ = ["reference"]

_HEADER = """\
# The fields of a TodoApp

`kubectl explain todoapp.spec` tells the same; [an example](../examples/production.yaml) shows the ones
worth choosing. A part's rules hold across its fields; `todoappctl validate FILE` checks them, and so does
the API server.

<!-- Written by `make generated`; the models in operator/todoapp_operator/resource are the source. -->
"""
_TABLE = "| field | type | default | meaning |\n| --- | --- | --- | --- |\n"
_SIMPLE = {bool: "true or false", str: "text", int: "whole number"}


def reference() -> str:
    """Markdown: a section for each part of a TodoApp, outer parts before inner ones."""
    parts = dict.fromkeys((*_with_those_inside(TodoAppSpec), *_with_those_inside(Status)))
    return _HEADER + "".join(f"\n{_section(part)}" for part in parts)


def _with_those_inside(outer: type[Part]) -> Iterator[type[Part]]:
    """The part itself, then those of its fields, level by level."""
    level = [outer]
    while level:
        yield from level
        level = [
            inner
            for part in level
            for field in part.model_fields.values()
            for inner in _parts(field.annotation)
        ]


def _parts(annotation: Any) -> Iterator[type[Part]]:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        yield annotation
    for argument in get_args(annotation):
        yield from _parts(argument)


def _section(part: type[Part]) -> str:
    rows = "".join(_row(str(field.alias), field) for field in part.model_fields.values())
    sentences = [rule.sentence for rule in part.rules] + [rule.sentence for rule in part.transitions]
    rules = "".join(f"- {sentence}\n" for sentence in sentences)
    section = f"## {part.__name__}\n\n{_in_one_line(part.__doc__)}\n\n{_TABLE}{rows}"
    return f"{section}\nRules:\n\n{rules}" if rules else section


def _row(name: str, field: FieldInfo) -> str:
    cells = [
        f"`{name}`",
        _type(field.annotation, field.metadata),
        _default(field),
        _in_one_line(field.description),
    ]
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def _in_one_line(text: str | None) -> str:
    return " ".join((text or "").split())


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        return "its defaults"
    if value is None or value in ((), {}, ""):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _type(annotation: Any, metadata: Iterable[object] = ()) -> str:
    """What a value is, in words."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(arguments[0], (*arguments[1:], *metadata))
    if origin in (Union, UnionType):
        [present] = [argument for argument in arguments if argument is not NoneType]
        return _type(present, metadata)
    if origin is tuple:
        return f"list of: {_type(arguments[0])}{_limits(metadata, ' entries')}"
    if origin is dict:
        return f"map of: {_type(arguments[1])}{_limits(metadata, ' entries')}"
    if origin is Literal:
        return " or ".join(f"`{argument}`" for argument in arguments if argument != "")
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    return _plain(annotation, [*metadata])


def _plain(annotation: Any, metadata: list[object]) -> str:
    for form in metadata:
        if isinstance(form, Form):
            return form.meaning
    return f"{_SIMPLE.get(annotation, 'any value')}{_limits(metadata, '')}"


def _limits(metadata: Iterable[object], unit: str) -> str:
    """Bounds of a number, or of the number of entries."""
    found = {type(limit): limit for limit in _flat(metadata)}
    least, most = found.get(Ge), found.get(Le)
    shortest, longest = found.get(MinLen), found.get(MaxLen)
    low = least.ge if isinstance(least, Ge) else shortest.min_length if isinstance(shortest, MinLen) else None
    high = most.le if isinstance(most, Le) else longest.max_length if isinstance(longest, MaxLen) else None
    if low is None and high is None:
        return ""
    if high is None:
        return f", {low}{unit} or more"
    return f", up to {high}{unit}" if low is None else f", {low} to {high}{unit}"


def _flat(metadata: Iterable[object]) -> Iterator[object]:
    for entry in metadata:
        if isinstance(entry, FieldInfo):
            yield from entry.metadata
        elif isinstance(entry, BaseMetadata):
            yield entry

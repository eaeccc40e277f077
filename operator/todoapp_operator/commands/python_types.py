"""The TodoApp's fields as Python types, for programs that write TodoApps: Pulumi's, above all."""

from collections.abc import Iterator, Mapping, Sequence
from textwrap import fill, indent
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from todoapp_operator.resource.rules import Part
from todoapp_operator.resource.spec import TodoAppSpec

__all__ = ["python_types"]

_HEADER = '''\
"""The fields of a TodoApp's spec, named as in its YAML; values may be outputs of other resources.

Written by `todoappctl python-types`; the operator's models are the source.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Required, TypedDict

from pulumi import Input

'''
_WIDTH = 110


def python_types() -> str:
    """A Python module with one TypedDict for each part of a TodoApp's spec, inner parts before outer ones."""
    parts = list(dict.fromkeys(_with_those_inside(TodoAppSpec)))
    names = "".join(f'    "{name}",\n' for name in sorted(part.__name__ for part in parts))
    return f"{_HEADER}__all__ = [\n{names}]\n" + "".join(f"\n\n{_typed_dict(part)}" for part in parts)


def _with_those_inside(part: type[Part]) -> Iterator[type[Part]]:
    for field in part.model_fields.values():
        for inner in _parts(field.annotation):
            yield from _with_those_inside(inner)
    yield part


def _parts(annotation: Any) -> Iterator[type[Part]]:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        yield annotation
    for argument in get_args(annotation):
        yield from _parts(argument)


def _typed_dict(part: type[Part]) -> str:
    fields = "".join(_field(str(field.alias), field) for field in part.model_fields.values())
    return f'class {part.__name__}(TypedDict, total=False):\n    """{part.__doc__}"""\n\n{fields}'


def _field(name: str, field: FieldInfo) -> str:
    meaning = " ".join(str(field.description).split())
    value = _type(field.annotation)
    written = f"    {name}: {f'Required[{value}]' if field.is_required() else value}\n"
    return written + indent(fill(f'"""{meaning}"""', _WIDTH - 4), "    ") + "\n"


def _type(annotation: Any) -> str:
    """How a program writes a value of `annotation`; patterns and bounds are left to the API server."""
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return annotation.__name__
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(arguments[0])
    if origin in (Union, UnionType):
        [present] = [each for each in arguments if each is not NoneType]
        return _type(present)
    if origin is tuple:
        return f"{Sequence.__name__}[{_type(arguments[0])}]"
    if origin is dict:
        return f"{Mapping.__name__}[str, {_type(arguments[1])}]"
    if origin is Literal:
        return f"Literal[{', '.join(map(_quoted, arguments))}]"
    return "Any" if annotation is Any else f"Input[{annotation.__name__}]"


def _quoted(value: str) -> str:
    return f'"{value}"'

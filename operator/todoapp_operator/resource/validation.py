"""Validation errors as sentences with a file, a line, a field and a remedy."""

import difflib
import typing
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from todoapp_operator.resource.yaml_source import YamlDocument

__all__ = ["explain"]


def explain(error: ValidationError, model: type[BaseModel], document: YamlDocument) -> list[str]:
    """Say what is wrong with `document`, in the order of its lines.

    Returns:
        Sentences `file:line: field: what is wrong; what would be right`
    """
    errors = error.errors(include_url=False)
    located = [(_location(each), _sentence(each, model)) for each in errors if not _echoes(each, errors)]
    located.sort(key=lambda place: document.line(place[0]))
    return [f"{document.place(location)}: {_path(location)}: {sentence}" for location, sentence in located]


def _echoes(details: ErrorDetails, errors: Sequence[ErrorDetails]) -> bool:
    """Whether a list is only too short because some of its entries were refused."""
    location = details["loc"]
    inside = (each["loc"] for each in errors if len(each["loc"]) > len(location))
    return details["type"] == "too_short" and any(each[: len(location)] == location for each in inside)


def _location(details: ErrorDetails) -> tuple[str | int, ...]:
    """Where the error is; a rule across fields names the one to point at."""
    field = details.get("ctx", {}).get("field", "")
    return (*details["loc"], *filter(None, field.split(".")))


def _path(location: Sequence[str | int]) -> str:
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in location)
    return "".join(steps).removeprefix(".")


def _sentence(details: ErrorDetails, model: type[BaseModel]) -> str:
    context = details.get("ctx", {})
    match details["type"]:
        case "extra_forbidden":
            return _unknown_field(str(details["loc"][-1]), _model_at(model, details["loc"][:-1]))
        case "missing":
            return "this field is missing, and it is required"
        case "literal_error":
            return f"the value must be one of {context['expected']}"
        case kind if kind in _KINDS:
            return f"the value must be {_KINDS[kind]}"
        case "greater_than_equal":
            return f"the value must be {context['ge']} or more"
        case "less_than_equal":
            return f"the value must be {context['le']} or less"
        case "value_error":
            return str(context["error"])
        case "too_short":
            return f"the list needs {context['min_length']} or more entries"
        case "too_long":
            return f"the list takes {context['max_length']} or fewer entries"
        case "string_too_short":
            return "the text must not be empty"
        case "string_too_long":
            return f"the text takes {context['max_length']} or fewer characters"
        case _:
            return details["msg"]


_KINDS = {
    "int_type": "a whole number, without quotes",
    "bool_type": "`true` or `false`, without quotes",
    "string_type": "a text; put it in quotes if it looks like a number",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}


def _unknown_field(name: str, model: type[BaseModel] | None) -> str:
    known = [field.alias or field_name for field_name, field in model.model_fields.items()] if model else []
    if near := difflib.get_close_matches(name, known, n=1):
        return f"this field is not known; did you mean `{near[0]}`?"
    return f"this field is not known here; known are {', '.join(f'`{field}`' for field in known)}"


def _model_at(model: type[BaseModel], location: Sequence[str | int]) -> type[BaseModel] | None:
    """The model that describes the mapping at `location`; None where the keys are free."""
    for step in location:
        if isinstance(step, int):
            continue
        fields = {field.alias: field for field in model.model_fields.values()}
        if step not in fields:
            return None
        model = next(_models(fields[step].annotation), model)
    return model


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from _models(argument)

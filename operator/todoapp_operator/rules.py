"""Rules across the fields of a TodoApp's parts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, model_validator
from pydantic.alias_generators import to_camel, to_snake
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

__all__ = ["Part", "Rule", "at_most_one", "exactly_one"]


@dataclass(frozen=True)
class Rule:
    """A condition that no field can state alone.

    It is said twice: as `holds` for programs that read a TodoApp, and as `cel` for the API server,
    which refuses the resource at admission.
    """

    field: str
    sentence: str
    cel: str
    holds: Callable[[Any], bool]


class Part(BaseModel):
    """One mapping of the YAML: camelCase there, snake_case here, no unknown field, never changed."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
    )

    rules: ClassVar[tuple[Rule, ...]] = ()

    @model_validator(mode="after")
    def _obeys_its_rules(self) -> Self:
        for rule in self.rules:
            if not rule.holds(self):
                raise PydanticCustomError(
                    "rule", "{sentence}", {"sentence": rule.sentence, "field": rule.field}
                )
        return self

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        json_schema = handler(schema)
        if cls.rules:
            handler.resolve_ref_schema(json_schema)["x-kubernetes-validations"] = [
                {"rule": rule.cel, "message": rule.sentence} for rule in cls.rules
            ]
        return json_schema


def exactly_one(*fields: str) -> Rule:
    return Rule(
        field=fields[0],
        sentence=f"exactly one of {_listed(fields)} must be given",
        cel=f"[{_presences(fields)}].exists_one(given, given)",
        holds=lambda part: _given(part, fields) == 1,
    )


def at_most_one(*fields: str) -> Rule:
    return Rule(
        field=fields[-1],
        sentence=f"{_listed(fields)} exclude each other; keep one of them",
        cel=f"[{_presences(fields)}].filter(given, given).size() <= 1",
        holds=lambda part: _given(part, fields) <= 1,
    )


def _given(part: Part, fields: tuple[str, ...]) -> int:
    return sum(getattr(part, to_snake(field)) is not None for field in fields)


def _presences(fields: tuple[str, ...]) -> str:
    return ", ".join(f"has(self.{field})" for field in fields)


def _listed(fields: tuple[str, ...]) -> str:
    *first, last = (f"`{field}`" for field in fields)
    return f"{', '.join(first)} and {last}"

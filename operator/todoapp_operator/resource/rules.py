"""Rules across the fields of a TodoApp's parts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, model_validator
from pydantic.alias_generators import to_camel, to_snake
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

__all__ = ["Part", "Rule", "Transition", "at_most_one", "each_once", "exactly_one"]


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


@dataclass(frozen=True)
class Transition:
    """What a change may not do. Only the API server knows what was there before: `oldSelf` in `cel`."""

    field: str
    sentence: str
    cel: str


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
    transitions: ClassVar[tuple[Transition, ...]] = ()

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, value: Any) -> Any:
        """As for the API server, which drops a null before it looks for defaults."""
        if isinstance(value, Mapping):
            return {key: field for key, field in value.items() if field is not None}
        return value

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
        if conditions := cls.rules + cls.transitions:
            handler.resolve_ref_schema(json_schema)["x-kubernetes-validations"] = [
                {"rule": rule.cel, "message": rule.sentence, "fieldPath": f".{rule.field}"}
                for rule in conditions
            ]
        return json_schema


def exactly_one(*fields: str) -> Rule:
    given = _counter(fields)
    return Rule(
        field=fields[0],
        sentence=f"exactly one of {_listed(fields)} must be given",
        cel=f"[{_presences(fields)}].exists_one(given, given)",
        holds=lambda part: given(part) == 1,
    )


def at_most_one(*fields: str) -> Rule:
    given = _counter(fields)
    return Rule(
        field=fields[-1],
        sentence=f"{_listed(fields)} exclude each other; keep one of them",
        cel=f"[{_presences(fields)}].filter(given, given).size() <= 1",
        holds=lambda part: given(part) <= 1,
    )


def each_once(field: str) -> Rule:
    attribute = to_snake(field)
    return Rule(
        field=field,
        sentence=f"an entry may stand in `{field}` only once",
        cel=f"self.{field}.all(one, self.{field}.exists_one(other, other == one))",
        holds=lambda part: _all_different(getattr(part, attribute)),
    )


def _counter(fields: tuple[str, ...]) -> Callable[[Part], int]:
    """Counts how many of `fields` a part has."""
    attributes = [to_snake(field) for field in fields]
    return lambda part: sum(getattr(part, attribute) is not None for attribute in attributes)


def _all_different(entries: tuple[Part, ...]) -> bool:
    return all(one not in entries[:index] for index, one in enumerate(entries))


def _presences(fields: tuple[str, ...]) -> str:
    return ", ".join(f"has(self.{field})" for field in fields)


def _listed(fields: tuple[str, ...]) -> str:
    *first, last = (f"`{field}`" for field in fields)
    return f"{', '.join(first)} and {last}"

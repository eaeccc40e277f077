"""Requests made from an application's own description, so that a new route needs no new test."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI

__all__ = ["Operation", "operations"]

Schema = dict[str, Any]
NameRow = Callable[[str], UUID]
"""Gives the id of a row for the name of a reference to it, like `task_id`."""


@dataclass(frozen=True)
class Operation:
    """One route and verb."""

    verb: str
    path: str
    description: dict[str, Any]
    components: dict[str, Schema]

    def __str__(self) -> str:
        return f"{self.verb} {self.path}"

    @property
    def needs_token(self) -> bool:
        return "security" in self.description

    @property
    def references(self) -> list[str]:
        """The names of the rows that a request refers to, in its path and in its body."""
        names: list[str] = []

        def note(name: str) -> UUID:
            names.append(name)
            return uuid4()

        self.request(note)
        return names

    def request(self, row: NameRow, *, prefix: str = "/api") -> httpx.Request:
        """A small valid request, to the path or to its other spelling with `prefix`."""
        path = re.sub(r"{(\w+_id)}", lambda name: str(row(name[1])), self.path).replace("/api", prefix, 1)
        return httpx.Request(
            self.verb, f"http://localhost{path}", params=self._parameters(row), json=self._body(row)
        )

    def _parameters(self, row: NameRow) -> dict[str, Any]:
        declared = self.description.get("parameters", ())
        needed = [each for each in declared if each["in"] == "query" and each["required"]]
        return {each["name"]: self._example(each["schema"], each["name"], row) for each in needed}

    def _body(self, row: NameRow) -> Any:
        content = self.description.get("requestBody", {}).get("content", {})
        if "application/json" not in content:
            return None
        return self._example(content["application/json"]["schema"], "", row)

    def _example(self, schema: Schema, name: str, row: NameRow) -> Any:
        """A small valid value.

        An object gets what is required, what the schema gives an example of, and every reference.
        """
        match self._resolved(schema):
            case {"format": "uuid"}:
                return str(row(self._what_is_meant(name)))
            case {"format": "email"}:
                return f"{uuid4().hex}@example.com"
            case {"format": "date-time"}:
                return "2030-03-01T09:00:00Z"
            case {"examples": [example, *_]} | {"const": example} | {"enum": [example, *_]}:
                return example
            case {"type": "object", "properties": properties} as found:
                required = found.get("required", ())
                wanted = (key for key in properties if key in required or self._tells(properties[key]))
                return {key: self._example(properties[key], key, row) for key in wanted}
            case {"type": "array", "items": items} as found:
                return [self._example(items, name, row)] * found.get("minItems", 0)
            case {"type": "string"} as found:
                return "x" * max(1, found.get("minLength", 1))
            case {"type": "integer" | "number"} as found:
                return found.get("minimum", 1)
            case {"type": "boolean"}:
                return True
            case other:
                raise NotImplementedError(f"{self}: no example is known for {name or 'a body'} like {other}.")

    def _resolved(self, schema: Schema) -> Schema:
        """What stands behind a reference, and of several schemas the first that is not null."""
        if "$ref" in schema:
            return self._resolved(self.components[schema["$ref"].rpartition("/")[2]])
        if "oneOf" in schema:
            return self._resolved(schema["oneOf"][0])
        if "anyOf" in schema and "examples" not in schema:
            return self._resolved(next(each for each in schema["anyOf"] if each.get("type") != "null"))
        return schema

    def _tells(self, schema: Schema) -> bool:
        found = self._resolved(schema)
        return "examples" in found or found.get("format") == "uuid"

    def _what_is_meant(self, name: str) -> str:
        """A plain `id` in a body refers to what the path ends with."""
        return f"{self.path.rpartition('/')[2].removesuffix('s')}_id" if name == "id" else name


def operations(app: FastAPI) -> Iterator[Operation]:
    """Everything that `app` says it can do over HTTP."""
    document = app.openapi()
    for path, verbs in document["paths"].items():
        for verb, description in verbs.items():
            yield Operation(verb.upper(), path, description, document["components"]["schemas"])

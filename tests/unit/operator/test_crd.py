from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, given, settings
from pydantic import ValidationError

from testbed.kubernetes.cel import evaluate
from testbed.kubernetes.generated_todoapps import resources
from todoapp_operator.commands.crd import crd
from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.resource.spec import TodoApp

[VERSION] = crd()["spec"]["versions"]
SCHEMA: dict[str, Any] = VERSION["schema"]["openAPIV3Schema"]


def parts(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield schema
    below = [*schema.get("properties", {}).values(), schema.get("items"), schema.get("additionalProperties")]
    for part in below:
        if part:
            yield from parts(part)


def test_the_schema_is_structural() -> None:
    for part in parts(SCHEMA):
        assert ("type" in part) != ("x-kubernetes-int-or-string" in part)
        assert not {"$ref", "oneOf", "allOf", "const", "title"} & part.keys()
        assert ("anyOf" in part) == ("x-kubernetes-int-or-string" in part)


def test_every_field_is_described() -> None:
    own = {name: part for name, part in SCHEMA["properties"].items() if name in ("spec", "status")}
    undescribed = [
        name
        for schema in own.values()
        for part in parts(schema)
        for name, field in part.get("properties", {}).items()
        if not field.get("description")
    ]

    assert undescribed == []


def test_the_schema_of_metadata_has_only_the_name() -> None:
    assert SCHEMA["properties"]["metadata"]["properties"].keys() == {"name"}
    assert SCHEMA["properties"]["metadata"]["properties"]["name"]["maxLength"] == 40


def test_kubectl_shows_and_scales_a_todoapp() -> None:
    names = crd()["spec"]["names"]
    scale = VERSION["subresources"]["scale"]

    assert [column["name"] for column in VERSION["additionalPrinterColumns"]] == [
        "Ready",
        "Version",
        "URL",
        "Age",
    ]
    assert (names["shortNames"], names["categories"]) == (["todo"], ["all"])
    assert all(field_at(path) for path in scale.values())


def field_at(path: str) -> dict[str, Any]:
    """The schema of the field at a path such as `.spec.api`."""
    schema = SCHEMA
    for step in path.split(".")[1:]:
        schema = schema["properties"][step]
    return schema


def test_no_list_of_the_definition_itself_is_empty() -> None:
    """The API server drops empty lists, so a comparison would always find a difference."""
    definition: Manifest = crd()
    definition["spec"]["versions"][0].pop("schema")

    assert [] not in list(values(definition))


def values(value: Any) -> Iterator[Any]:
    yield value
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from values(inner)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(resources(lawful=False))
def test_the_api_server_refuses_what_we_refuse_and_nothing_else(resource: dict[str, Any]) -> None:
    """By the rules of the definition, over what its defaults make of the resource."""
    assert all(obeyed(SCHEMA, defaulted(SCHEMA, resource))) == is_valid(resource)


def is_valid(resource: dict[str, Any]) -> bool:
    try:
        TodoApp.model_validate(resource)
    except ValidationError:
        return False
    return True


def defaulted(schema: dict[str, Any], value: Any) -> Any:
    """`value` with the defaults of `schema`, as the API server fills them in."""
    if isinstance(value, list):
        return [defaulted(schema["items"], each) for each in value]
    if not isinstance(value, dict) or "properties" not in schema:
        return value
    fields = schema["properties"]
    filled = {name: field["default"] for name, field in fields.items() if "default" in field} | value
    return {name: defaulted(fields.get(name, {}), each) for name, each in filled.items()}


def obeyed(schema: dict[str, Any], value: Any) -> Iterator[bool]:
    """Whether each rule holds that says something of `value` alone, and not of what was there before."""
    for rule in schema.get("x-kubernetes-validations", []):
        if "oldSelf" not in rule["rule"]:
            yield evaluate(rule["rule"], value)
    if isinstance(value, list):
        for item in value:
            yield from obeyed(schema["items"], item)
    elif isinstance(value, dict):
        for name, field in schema.get("properties", {}).items():
            if name in value:
                yield from obeyed(field, value[name])

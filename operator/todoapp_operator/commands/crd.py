"""The CustomResourceDefinition that makes a cluster know TodoApps."""

from collections.abc import Mapping
from typing import Any

from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.resource.spec import API_VERSION, KIND, TodoApp

__all__ = ["crd"]

Schema = dict[str, Any]

_GROUP, _VERSION = API_VERSION.split("/")
_PLURAL = "todoapps"

_COLUMNS = (
    {"name": "Ready", "type": "string", "jsonPath": '.status.conditions[?(@.type=="Ready")].status'},
    {"name": "Version", "type": "string", "jsonPath": ".status.version"},
    {"name": "URL", "type": "string", "jsonPath": ".status.url"},
    {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
)

# `kubectl scale` speaks of the api: the other two processes follow their topics.
_SCALE = {
    "specReplicasPath": ".spec.api.replicas",
    "statusReplicasPath": ".status.services.api.ready",
    "labelSelectorPath": ".status.selector",
}


def crd() -> Manifest:
    """Everything the API server has to know: schema, defaults, rules, columns and subresources."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{_PLURAL}.{_GROUP}",
            "labels": {"app.kubernetes.io/name": "todoapp-operator"},
            # With the definition Helm would remove every TodoApp.
            "annotations": {"helm.sh/resource-policy": "keep"},
        },
        "spec": {
            "group": _GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": KIND,
                "listKind": f"{KIND}List",
                "plural": _PLURAL,
                "singular": "todoapp",
                "shortNames": ["todo"],
                "categories": ["all"],
            },
            "versions": [
                {
                    "name": _VERSION,
                    "served": True,
                    "storage": True,
                    "additionalPrinterColumns": list(_COLUMNS),
                    "subresources": {"status": {}, "scale": _SCALE},
                    "schema": {"openAPIV3Schema": _root()},
                }
            ],
        },
    }


def _root() -> Schema:
    """The whole resource. Of `metadata` a schema may restrict nothing but the name."""
    generated = TodoApp.model_json_schema()
    schema = _structural(generated, generated["$defs"])
    name = schema["properties"]["metadata"]["properties"]["name"]
    properties = schema["properties"] | {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": {"type": "object", "properties": {"name": name}},
    }
    return schema | {"properties": properties}


_KEPT = (
    "description",
    "type",
    "format",
    "pattern",
    "enum",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "maxProperties",
    "default",
    "required",
    "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-int-or-string",
    "x-kubernetes-validations",
)


def _structural(schema: Schema, definitions: Mapping[str, Schema]) -> Schema:
    """What JSON Schema says, in the subset that the API server takes: no references, no unions.

    https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
    """
    whole = _resolved(schema, definitions)
    kept = {key: whole[key] for key in _KEPT if key in whole}
    if "x-kubernetes-int-or-string" in whole:
        return kept | {"anyOf": whole["anyOf"]}
    if "properties" in whole:
        required = whole.get("required", ())
        kept["properties"] = {
            name: _property(part, definitions, required=name in required)
            for name, part in whole["properties"].items()
        }
    elif isinstance(values := whole.get("additionalProperties"), dict):
        kept["additionalProperties"] = _structural(values, definitions)
    elif "items" in whole:
        kept["items"] = _structural(whole["items"], definitions)
    return kept


def _property(schema: Schema, definitions: Mapping[str, Schema], *, required: bool) -> Schema:
    """A field. A part that may be left out is there all the same, with all of its own defaults: the rules
    speak of them, and the API server tests a default by the rules just as it is written here."""
    structural = _structural(schema, definitions)
    if "properties" not in structural or required or _optional(schema):
        return structural
    fields = structural["properties"].items()
    return structural | {"default": {name: field["default"] for name, field in fields if "default" in field}}


def _resolved(schema: Schema, definitions: Mapping[str, Schema]) -> Schema:
    """`schema` with what it refers to. A null is dropped on arrival, so none needs to be allowed."""
    if _optional(schema):
        [given] = (each for each in schema["anyOf"] if each != _NULL)
        beside = {key: value for key, value in schema.items() if key not in ("anyOf", "default")}
        return _resolved(given | beside, definitions)
    if reference := schema.get("$ref"):
        return _resolved(definitions[reference.rpartition("/")[2]] | schema | {"$ref": ""}, definitions)
    return schema


_NULL = {"type": "null"}


def _optional(schema: Schema) -> bool:
    return _NULL in schema.get("anyOf", ())

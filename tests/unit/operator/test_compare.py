"""Comparing what was rendered with what is there, by the fields that we own."""

from typing import Any

import pytest

from todoapp_operator.reconcile.comparison import is_as_rendered, owned_fields

RENDERED: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "shop", "labels": {"app": "web"}},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {"spec": {"containers": [{"name": "web", "image": "web:1", "args": ["serve"]}]}},
    },
}
OWNED: dict[str, Any] = {
    "f:metadata": {"f:labels": {"f:app": {}}},
    "f:spec": {
        "f:replicas": {},
        "f:selector": {},
        "f:template": {
            "f:spec": {
                "f:containers": {
                    'k:{"name":"web"}': {".": {}, "f:name": {}, "f:image": {}, "f:args": {}},
                }
            }
        },
    },
}


def live(**changes: Any) -> dict[str, Any]:
    """The object as the API server keeps it: with defaults, and with what others wrote."""
    container = {"name": "web", "image": "web:1", "args": ["serve"], "terminationMessagePath": "/dev/log"}
    sidecar = {"name": "injected", "image": "mesh:3"}
    return {
        "metadata": {
            "name": "web",
            "namespace": "shop",
            "labels": {"app": "web", "argocd": "shop"},
            "uid": "0",
        },
        "spec": {
            "replicas": changes.get("replicas", 2),
            "selector": {"matchLabels": {"app": "web"}},
            "strategy": {"type": "RollingUpdate"},
            "template": {
                "spec": {"containers": [sidecar, container | changes.get("container", {})], "dnsPolicy": "x"}
            },
        },
    }


def without(fields: dict[str, Any], *path: str) -> dict[str, Any]:
    """`fields` less the one at the end of `path`, and less what holds nothing then."""
    first, *rest = path
    left = without(fields[first], *rest) if rest else {}
    others = {name: value for name, value in fields.items() if name != first}
    return fields | {first: left} if left else others


def test_defaults_and_what_others_own_do_not_count() -> None:
    assert is_as_rendered(RENDERED, live(), OWNED)


@pytest.mark.parametrize(
    "changed",
    [{"replicas": 3}, {"container": {"image": "web:2"}}, {"container": {"args": ["serve", "--fast"]}}],
    ids=["a number", "a text", "a list"],
)
def test_another_value_counts(changed: dict[str, Any]) -> None:
    assert not is_as_rendered(RENDERED, live(**changed), OWNED)


@pytest.mark.parametrize(
    "path",
    [
        ("f:spec", "f:replicas"),
        ("f:spec", "f:selector"),
        ("f:metadata", "f:labels", "f:app"),
        ("f:spec", "f:template", "f:spec", "f:containers", 'k:{"name":"web"}', "f:image"),
        ("f:spec", "f:template", "f:spec", "f:containers", 'k:{"name":"web"}'),
    ],
    ids=lambda path: path[-1],
)
def test_a_field_taken_over_by_others_counts(path: tuple[str, ...]) -> None:
    assert not is_as_rendered(RENDERED, live(), without(OWNED, *path))


def test_a_field_that_is_not_rendered_any_more_counts() -> None:
    spec = {name: value for name, value in RENDERED["spec"].items() if name != "replicas"}

    assert not is_as_rendered(RENDERED | {"spec": spec}, live(), OWNED)


def test_a_container_that_is_not_rendered_any_more_counts() -> None:
    containers: dict[str, Any] = {"f:containers": {'k:{"name":"old"}': {}, 'k:{"name":"web"}': {}}}
    owned = {**OWNED, "f:spec": OWNED["f:spec"] | {"f:template": {"f:spec": containers}}}

    assert not is_as_rendered(RENDERED, live(), owned)


def test_entries_of_a_set_are_owned_by_their_values() -> None:
    rendered = {"metadata": {"name": "web", "finalizers": ["ours"]}}
    object_ = {"metadata": {"name": "web", "finalizers": ["theirs", "ours"]}}

    assert is_as_rendered(rendered, object_, {"f:metadata": {"f:finalizers": {".": {}, 'v:"ours"': {}}}})
    assert not is_as_rendered(rendered, object_, {"f:metadata": {"f:finalizers": {".": {}, 'v:"gone"': {}}}})


def test_owned_fields_are_those_the_manager_applied() -> None:
    def entry(manager: str, operation: str, fields: str, subresource: str = "") -> dict[str, Any]:
        return {
            "manager": manager,
            "operation": operation,
            "fieldsV1": {fields: {}},
            **({"subresource": subresource} if subresource else {}),
        }

    manifest = {
        "metadata": {
            "managedFields": [
                entry("kubectl", "Apply", "f:theirs"),
                entry("ours", "Update", "f:updated"),
                entry("ours", "Apply", "f:status", subresource="status"),
                entry("ours", "Apply", "f:spec"),
            ]
        }
    }

    assert owned_fields(manifest, "ours") == {"f:spec": {}}
    assert owned_fields({"metadata": {}}, "ours") == {}

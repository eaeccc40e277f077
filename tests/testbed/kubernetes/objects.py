"""The objects of a cluster, handled as its administrator handles them."""

from dataclasses import dataclass
from typing import Any

import httpx
import orjson
import pytest

from testbed.waiting import wait_until
from todoapp_operator.commands.crd import crd
from todoapp_operator.kube.kinds import KINDS, Kind
from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.resource.spec import API_VERSION

__all__ = [
    "CLUSTER_ROLE",
    "CLUSTER_ROLE_BINDING",
    "CUSTOM_RESOURCE_DEFINITION",
    "EVENT",
    "LEASE",
    "NAMESPACE",
    "POD",
    "SECRET",
    "TODOAPP",
    "Objects",
    "definition",
    "in_namespace",
    "install_definition",
    "kind_named",
    "objects",
    "typed",
    "url",
    "wait_until_known",
]

CLUSTER_ROLE = Kind("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles")
CLUSTER_ROLE_BINDING = Kind("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "clusterrolebindings")
CUSTOM_RESOURCE_DEFINITION = Kind(
    "apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions"
)
EVENT = Kind("v1", "Event", "events")
LEASE = Kind("coordination.k8s.io/v1", "Lease", "leases")
NAMESPACE = Kind("v1", "Namespace", "namespaces")
POD = Kind("v1", "Pod", "pods")
SECRET = Kind("v1", "Secret", "secrets")
TODOAPP = Kind(API_VERSION, "TodoApp", "todoapps")


def kind_named(name: str) -> Kind:
    """One of the kinds that a TodoApp becomes."""
    [kind] = (each for each in KINDS if each.name == name)
    return kind


@dataclass(frozen=True)
class Objects:
    """Reads and writes objects. What the API server refuses raises `httpx.HTTPStatusError`."""

    client: httpx.Client

    def apply(self, kind: Kind, manifest: Manifest, namespace: str | None = None) -> Manifest:
        """Apply what the test wants, as `kubectl apply --server-side --validate=strict` does."""
        return as_object(self.answer_to_apply(kind, manifest, namespace))

    def answer_to_apply(
        self,
        kind: Kind,
        manifest: Manifest,
        namespace: str | None,
        *,
        dry_run: bool = False,
        manager: str = "test",
        user: str | None = None,
    ) -> httpx.Response:
        """Apply as the administrator or `user`; an unknown field is refused."""
        parameters = {"fieldManager": manager, "fieldValidation": "Strict", "force": "true"}
        return self.client.patch(
            url(kind, namespace, manifest["metadata"]["name"]),
            params=parameters | ({"dryRun": "All"} if dry_run else {}),
            headers={
                "content-type": "application/apply-patch+yaml",
                **({"impersonate-user": user} if user else {}),
            },
            content=orjson.dumps(in_namespace(manifest, namespace)),
        )

    def create(self, kind: Kind, manifest: Manifest, namespace: str | None = None) -> Manifest:
        return as_object(self.client.post(url(kind, namespace), json={**typed(kind), **manifest}))

    def get(self, kind: Kind, name: str, namespace: str | None = None) -> Manifest | None:
        answer = self.client.get(url(kind, namespace, name))
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        return as_object(answer)

    def list(self, kind: Kind, namespace: str | None = None, **labels: str) -> list[Manifest]:
        """Those of one namespace, or of all."""
        selector = ",".join(f"{name}={value}" for name, value in labels.items())
        answer = self.client.get(url(kind, namespace), params={"labelSelector": selector})
        return [{**typed(kind), **each} for each in answer.raise_for_status().json()["items"]]

    def edit(
        self,
        kind: Kind,
        name: str,
        namespace: str | None,
        change: dict[str, Any],
        *,
        subresource: str = "",
        manager: str = "kubectl-edit",
    ) -> Manifest:
        """Change some fields by hand. A null takes a field away."""
        path = url(kind, namespace, *filter(None, (name, subresource)))
        return as_object(self._merge(path, change, manager))

    def takes(self, kind: Kind, name: str, namespace: str | None, change: dict[str, Any]) -> bool:
        """Make such an edit, if the API server allows it; return whether it did."""
        answer = self._merge(url(kind, namespace, name), change, "kubectl-edit")
        if answer.status_code in (httpx.codes.UNPROCESSABLE_ENTITY, httpx.codes.BAD_REQUEST):
            return False
        return answer.raise_for_status().is_success

    def _merge(self, path: str, change: dict[str, Any], manager: str) -> httpx.Response:
        parameters, headers = {"fieldManager": manager}, {"content-type": "application/merge-patch+json"}
        return self.client.patch(path, json=change, params=parameters, headers=headers)

    def delete(self, kind: Kind, name: str, namespace: str | None = None) -> None:
        self.client.delete(url(kind, namespace, name)).raise_for_status()


def in_namespace(manifest: Manifest, namespace: str | None) -> Manifest:
    place = {"namespace": namespace} if namespace else {}
    return manifest | {"metadata": {**manifest["metadata"], **place}}


def as_object(answer: httpx.Response) -> Manifest:
    manifest: Manifest = answer.raise_for_status().json()
    return manifest


def typed(kind: Kind) -> Manifest:
    """What the API server leaves out in lists."""
    return {"apiVersion": kind.api_version, "kind": kind.name}


def url(kind: Kind, namespace: str | None, *name: str) -> str:
    root = f"/apis/{kind.api_version}" if kind.group else f"/api/{kind.api_version}"
    place = ("namespaces", namespace) if namespace else ()
    return "/".join((root, *place, kind.plural, *name))


@pytest.fixture(scope="session")
def objects(kubernetes: httpx.Client) -> Objects:
    """What the administrator of the test cluster can do with objects."""
    return Objects(kubernetes)


@pytest.fixture(scope="session")
def definition(objects: Objects) -> str:
    """The cluster knows TodoApps, and goes on knowing them: without it there would be none."""
    return install_definition(objects)


def install_definition(objects: Objects) -> str:
    """Make a cluster know TodoApps; the name of the definition."""
    stored = objects.apply(CUSTOM_RESOURCE_DEFINITION, crd())
    wait_until_known(objects.client, TODOAPP)
    return str(stored["metadata"]["name"])


def wait_until_known(client: httpx.Client, kind: Kind) -> None:
    """Wait until objects of a kind that was defined can be asked for, and the API server tells of it.

    Both come true by themselves, a moment after the definition says `Established`.
    """

    def known() -> bool:
        told = client.get(f"/apis/{kind.api_version}")
        plurals = [each["name"] for each in told.json()["resources"]] if told.is_success else []
        return kind.plural in plurals and client.get(url(kind, None)).is_success

    wait_until(known, what=f"{kind.plural} are known")

"""The objects of a cluster, handled as its administrator handles them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Self

import orjson
import pytest
from kubernetes.client import ApiClient, ApiException, Configuration
from kubernetes.client.rest import RESTResponse

from testbed.control_plane.cluster import Cluster
from testbed.control_plane.connection import Connection
from testbed.waiting import WAIT_TIMEOUT, wait_until
from todoapp_operator.commands.crd import crd
from todoapp_operator.kube.kinds import KINDS, Kind, url
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
    "Answer",
    "Objects",
    "definition",
    "in_namespace",
    "install_definition",
    "kind_named",
    "objects",
    "typed",
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
class Answer:
    """How the API server answers, refusals included. Names are those of `httpx.Response`."""

    response: RESTResponse

    @property
    def status_code(self) -> int:
        return int(self.response.status)

    @property
    def is_success(self) -> bool:
        return self.status_code // 100 == 2

    @property
    def headers(self) -> Mapping[str, str]:
        """Upper and lower case of their names count as equal."""
        headers: Mapping[str, str] = self.response.headers
        return headers

    @property
    def text(self) -> str:
        return str(self.response.data, "utf-8")

    def json(self) -> Any:
        return orjson.loads(self.response.data)

    def raise_for_status(self) -> Self:
        """
        Raises:
            ApiException: the API server refuses; of the class of its status, with its words.
        """
        if not self.is_success:
            raise ApiException.from_response(http_resp=self.response, body=self.text, data=None)
        return self


@dataclass(frozen=True)
class Objects:
    """Reads and writes objects as JSON, by the official client.

    What the API server refuses raises `kubernetes.client.ApiException`. Nothing is tried again: a test wants
    to know what was answered.
    """

    client: ApiClient

    @classmethod
    @contextmanager
    def of(cls, connection: Connection) -> Iterator[Self]:
        """What the administrator of a cluster can do with objects."""
        configuration = Configuration(
            host=connection.url, ssl_ca_cert=str(connection.authority), retries=False
        )
        # The private key is in the same file.
        configuration.cert_file = str(connection.certificate)
        # One of the environment could not reach this machine's loopback.
        configuration.proxy = None
        with ApiClient(configuration) as client:
            yield cls(client)

    def ask(
        self,
        method: str,
        path: str,
        body: Manifest | None = None,
        *,
        content_type: str = "application/json",
        user: str | None = None,
        parameters: Mapping[str, str] | None = None,
        seconds: float = WAIT_TIMEOUT,
    ) -> Answer:
        """Send a request as the administrator or `user`.

        Raises:
            urllib3.exceptions.HTTPError: there is no answer, or none within `seconds`.
        """
        headers = {"Accept": "application/json", "Content-Type": content_type}
        request = self.client.param_serialize(
            method,
            path,
            query_params=list((parameters or {}).items()),
            header_params=headers | ({"Impersonate-User": user} if user else {}),
            body=body,
        )
        response = self.client.call_api(*request, _request_timeout=seconds)
        response.read()
        return Answer(response)

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
    ) -> Answer:
        """Apply as the administrator or `user`; an unknown field is refused."""
        parameters = {"fieldManager": manager, "fieldValidation": "Strict", "force": "true"}
        return self.ask(
            "PATCH",
            url(kind, namespace or "", manifest["metadata"]["name"]),
            in_namespace(manifest, namespace),
            content_type="application/apply-patch+yaml",
            user=user,
            parameters=parameters | ({"dryRun": "All"} if dry_run else {}),
        )

    def create(self, kind: Kind, manifest: Manifest, namespace: str | None = None) -> Manifest:
        return as_object(self.ask("POST", url(kind, namespace or ""), {**typed(kind), **manifest}))

    def get(self, kind: Kind, name: str, namespace: str | None = None) -> Manifest | None:
        answer = self.ask("GET", url(kind, namespace or "", name))
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return None
        return as_object(answer)

    def list(self, kind: Kind, namespace: str | None = None, **labels: str) -> list[Manifest]:
        """Those of one namespace, or of all."""
        selector = ",".join(f"{name}={value}" for name, value in labels.items())
        answer = self.ask("GET", url(kind, namespace or ""), parameters={"labelSelector": selector})
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
        path = url(kind, namespace or "", name, subresource)
        return as_object(self._merge(path, change, manager))

    def takes(self, kind: Kind, name: str, namespace: str | None, change: dict[str, Any]) -> bool:
        """Make such an edit, if the API server allows it; return whether it did."""
        answer = self._merge(url(kind, namespace or "", name), change, "kubectl-edit")
        if answer.status_code in (HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.BAD_REQUEST):
            return False
        return answer.raise_for_status().is_success

    def _merge(self, path: str, change: dict[str, Any], manager: str) -> Answer:
        content_type, parameters = "application/merge-patch+json", {"fieldManager": manager}
        return self.ask("PATCH", path, change, content_type=content_type, parameters=parameters)

    def delete(self, kind: Kind, name: str, namespace: str | None = None) -> None:
        self.ask("DELETE", url(kind, namespace or "", name)).raise_for_status()


def in_namespace(manifest: Manifest, namespace: str | None) -> Manifest:
    place = {"namespace": namespace} if namespace else {}
    return manifest | {"metadata": {**manifest["metadata"], **place}}


def as_object(answer: Answer) -> Manifest:
    manifest: Manifest = answer.raise_for_status().json()
    return manifest


def typed(kind: Kind) -> Manifest:
    """What the API server leaves out in lists."""
    return {"apiVersion": kind.api_version, "kind": kind.name}


@pytest.fixture(scope="session")
def objects(cluster: Cluster) -> Iterator[Objects]:
    """What the administrator of the test cluster can do with objects."""
    with Objects.of(cluster.connection) as objects:
        yield objects


@pytest.fixture(scope="session")
def definition(objects: Objects) -> str:
    """The cluster knows TodoApps, and goes on knowing them: without it there would be none."""
    return install_definition(objects)


def install_definition(objects: Objects) -> str:
    """Make a cluster know TodoApps; the name of the definition."""
    stored = objects.apply(CUSTOM_RESOURCE_DEFINITION, crd())
    wait_until_known(objects, TODOAPP)
    return str(stored["metadata"]["name"])


def wait_until_known(objects: Objects, kind: Kind) -> None:
    """Wait until objects of a kind that was defined can be asked for, and the API server tells of it.

    Both come true by themselves, a moment after the definition says `Established`.
    """

    def known() -> bool:
        told = objects.ask("GET", f"/apis/{kind.api_version}")
        plurals = [each["name"] for each in told.json()["resources"]] if told.is_success else []
        return kind.plural in plurals and objects.ask("GET", url(kind)).is_success

    wait_until(known, what=f"{kind.plural} are known")

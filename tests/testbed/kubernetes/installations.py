"""TodoApps on the test cluster, as the people who install them see them."""

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import pytest
from kubernetes.client import ApiException

from testbed.kubernetes.comparison import differences
from testbed.kubernetes.objects import NAMESPACE, SECRET, TODOAPP, Objects, kind_named
from testbed.waiting import WAIT_TIMEOUT, wait_until
from todoapp_operator.kube.kinds import KINDS, Kind, kind_of
from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.release import released_image
from todoapp_operator.render.identity import RELEASE_LABEL, own_labels
from todoapp_operator.render.platform import Platform
from todoapp_operator.render.todoapp import render
from todoapp_operator.resource.spec import API_VERSION, TodoApp

__all__ = ["ELSEWHERE", "Installation", "installation", "other_namespace"]

ELSEWHERE: dict[str, Any] = {
    "image": "example.com/todoapp:1",
    "database": {"secretRef": {"name": "database", "key": "url"}},
    "broker": {"kafka": {"brokers": ["kafka.example.com:9092"]}},
}
"""A spec with an external database and broker, so that no other operator has to finish first."""

UNKNOWN_KIND = (HTTPStatus.NOT_FOUND, HTTPStatus.TOO_MANY_REQUESTS)
"""How the API server answers while it does not know a kind, or has just learned of it."""
SECRETS = "todoapp.dev/secrets"


@dataclass(frozen=True)
class Installation:
    """One TodoApp, wanted or there."""

    objects: Objects
    namespace: str
    name: str = "todo"

    def install(self, spec: dict[str, Any] = ELSEWHERE) -> None:
        """Apply the TodoApp and the Secret that `ELSEWHERE` names."""
        self.put_secret("database", url="postgresql://app:secret@db.example.com/todo")
        self.apply(spec)

    def apply(self, spec: dict[str, Any]) -> None:
        """Make `spec` all that people want, as `kubectl apply` does."""
        manifest = {"apiVersion": API_VERSION, "kind": "TodoApp", "metadata": {"name": self.name}}
        self.objects.apply(TODOAPP, manifest | {"spec": spec}, self.namespace)

    def put_secret(self, secret: str, **values: str) -> None:
        manifest = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": secret}, "stringData": values}
        self.objects.apply(SECRET, manifest, self.namespace)

    def delete(self) -> None:
        self.objects.delete(TODOAPP, self.name, self.namespace)

    def resource(self) -> Manifest:
        found = self.objects.get(TODOAPP, self.name, self.namespace)
        assert found, f"there is no TodoApp {self.namespace}/{self.name}"
        return found

    def condition(self, kind: str) -> dict[str, Any]:
        """The condition of the newest generation; None before the operator has seen it."""
        resource = self.resource()
        conditions = resource.get("status", {}).get("conditions", ())
        found: dict[str, Any] = next((each for each in conditions if each["type"] == kind), {})
        newest = resource["metadata"]["generation"]
        return found if found.get("observedGeneration") == newest else {}

    def wait_for(
        self, kind: str, status: str, reason: str | None = None, *, seconds: float = WAIT_TIMEOUT
    ) -> dict[str, Any]:
        """Wait for a condition about the newest spec.

        Returns:
            The condition.
        """

        def met() -> dict[str, Any] | None:
            found = self.condition(kind)
            as_wanted = found.get("status") == status and reason in (None, found.get("reason"))
            return found if as_wanted else None

        try:
            return wait_until(met, what=f"{kind}={status} {reason or ''}", seconds=seconds)
        except AssertionError as error:
            raise AssertionError(f"{error} {self.resource().get('status')}") from error

    def wait_until_ready(self) -> None:
        self.wait_for("Ready", "True")

    def child(self, kind: Kind, name: str) -> Manifest:
        found = self.objects.get(kind, name, self.namespace)
        assert found, f"there is no {kind.name} {name}"
        return found

    def children(self) -> list[Manifest]:
        """Everything that the operator made, wherever it lies, but Secrets."""
        return [each for kind in KINDS for each in self.of_kind(kind)]

    def of_kind(self, kind: Kind) -> list[Manifest]:
        labels = own_labels(TodoApp.model_validate(self._identity), None)
        try:
            return self.objects.list(kind, **labels)
        except ApiException as error:
            if error.status in UNKNOWN_KIND:
                return []
            raise

    def rendered(self, *kinds: Kind) -> list[Manifest]:
        """What the newest spec asks for of some kinds that depend on nothing else."""
        manifests = render(TodoApp.model_validate(self.resource()), Platform(released_image())).manifests
        return [each for each in manifests if kind_of(each) in kinds]

    def wanted(self) -> list[Manifest]:
        """What the operator has to make of the newest spec, by its own rendering.

        Two things that it learns on the cluster are read from there: what Secrets hold, and who serves.
        """
        templates = (each["spec"]["template"]["metadata"] for each in self.of_kind(kind_named("Deployment")))
        [digest] = {template["annotations"][SECRETS] for template in templates}
        selectors = (each["spec"]["selector"] for each in self.of_kind(kind_named("Service")))
        release = max(selector.get(RELEASE_LABEL, "") for selector in selectors)
        platform = Platform(released_image(), secrets_digest=digest, serving_release=release)
        return render(TodoApp.model_validate(self.resource()), platform).manifests

    def defects(self) -> list[str]:
        """Where the cluster is not as it should be: children that lack, are too many, or are different."""
        wanted = {_place(each): each for each in self.wanted()}
        found = {_place(each): each for each in self.children()}
        return [
            *(f"{place} is missing" for place in wanted.keys() - found.keys()),
            *(f"{place} is too much" for place in found.keys() - wanted.keys()),
            *(
                f"{place} {difference}"
                for place in wanted.keys() & found.keys()
                for difference in differences(found[place], wanted[place])
            ),
        ]

    @property
    def _identity(self) -> Manifest:
        return {"metadata": {"name": self.name, "namespace": self.namespace}}


def _place(manifest: Manifest) -> str:
    metadata = manifest["metadata"]
    return f"{manifest['kind']} {metadata['namespace']}/{metadata['name']}"


@pytest.fixture
def installation(definition: str, objects: Objects, namespace: str) -> Installation:
    """An empty namespace in which a test installs a TodoApp."""
    return Installation(objects, namespace)


@pytest.fixture
def other_namespace(objects: Objects, namespace: str) -> Iterator[str]:
    """A namespace beside that of `installation`, for a Kafka or for another TodoApp."""
    name = f"{namespace}-other"
    objects.create(NAMESPACE, {"metadata": {"name": name}})
    yield name
    objects.delete(NAMESPACE, name)

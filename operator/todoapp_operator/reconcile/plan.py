"""What a TodoApp has to be on the cluster, as digests: rendering again is only needed to write."""

from dataclasses import dataclass
from functools import cached_property

from todoapp_operator.kube.kinds import Kind, kind_of
from todoapp_operator.kube.manifest import Manifest, body_of
from todoapp_operator.reconcile.children import digest_of_body
from todoapp_operator.render.identity import RELEASE_LABEL
from todoapp_operator.render.platform import Platform
from todoapp_operator.render.todoapp import MissingKind, Rendered, render
from todoapp_operator.resource.spec import TodoApp

__all__ = ["Plan", "Rendering", "Step"]


@dataclass(frozen=True, slots=True)
class Step:
    """One object; `digest` is that of its body."""

    kind: Kind
    namespace: str
    name: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that one generation of a TodoApp is on one platform."""

    uid: str
    generation: int
    platform: Platform
    steps: tuple[Step, ...]
    missing: tuple[MissingKind, ...]
    deployments: tuple[str, ...]
    """Names, in the order of the components."""
    job: str
    """Name of the migration Job; empty when migrating is left to people."""
    release: str
    """Of the api with `BlueGreen`, else empty."""

    def is_for(self, app: TodoApp, platform: Platform) -> bool:
        metadata = app.metadata
        return (self.uid, self.generation) == (
            metadata.uid,
            metadata.generation,
        ) and self.platform == platform


class Rendering:
    """The manifests behind a plan, rendered when they are first asked for."""

    def __init__(self, app: TodoApp, platform: Platform) -> None:
        self._app = app
        self._platform = platform

    @property
    def manifests(self) -> list[Manifest]:
        """In the order of the plan's steps."""
        return self._rendered.manifests

    @cached_property
    def _rendered(self) -> Rendered:
        return render(self._app, self._platform)

    def plan(self) -> Plan:
        manifests = self._rendered.manifests
        deployments, jobs = (
            [each["metadata"] for each in manifests if each["kind"] == kind] for kind in ("Deployment", "Job")
        )
        return Plan(
            uid=self._app.metadata.uid,
            generation=self._app.metadata.generation,
            platform=self._platform,
            steps=tuple(map(_step, manifests)),
            missing=tuple(self._rendered.missing),
            deployments=tuple(each["name"] for each in deployments),
            job=jobs[0]["name"] if jobs else "",
            release=deployments[0]["labels"].get(RELEASE_LABEL, ""),
        )


def _step(manifest: Manifest) -> Step:
    metadata = manifest["metadata"]
    return Step(kind_of(manifest), metadata["namespace"], metadata["name"], digest_of_body(body_of(manifest)))

"""What the objects of one TodoApp say together."""

from collections.abc import Collection, Iterable, Iterator

from todoapp_operator.kube.health import Health, HealthStatus
from todoapp_operator.kube.kinds import Provider
from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.reconcile.children import Child, Children
from todoapp_operator.reconcile.facts import Pods, ServedRelease
from todoapp_operator.reconcile.ownership import Owner
from todoapp_operator.reconcile.plan import Step
from todoapp_operator.render.identity import COMPONENT_LABEL
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.spec import TodoApp

__all__ = ["AppChildren"]


class AppChildren:
    """A view: it is always as new as what the informers have told. What is not ours is not in it."""

    def __init__(self, children: Children, owner: Owner) -> None:
        self._children = children
        self._owner = owner

    def __iter__(self) -> Iterator[Child]:
        return iter(self._children.of_owner(self._owner))

    def outside(self) -> list[Child]:
        """Those in other namespaces, which have no owner reference."""
        return [child for child in self if child.namespace != self._owner.key.namespace]

    def database(self, wanted: Iterable[Step]) -> HealthStatus | None:
        """Of the Cluster among the wanted objects; None when it is not there, or somebody else's."""
        return next(self._statuses(wanted, Provider.CLOUDNATIVE_PG), (None, None))[1]

    def broker(self, wanted: Iterable[Step]) -> dict[str, HealthStatus]:
        """Of Strimzi's objects among the wanted ones, by their kinds and names."""
        return {name: status for name, status in self._statuses(wanted, Provider.STRIMZI) if name and status}

    def job(self, name: str) -> HealthStatus | None:
        return next(
            (
                child.facts
                for child in self
                if child.kind.name == "Job" and child.name == name and isinstance(child.facts, HealthStatus)
            ),
            None,
        )

    def served_release(self) -> str:
        """The release of the api that its Service selects; empty when it selects every one."""
        return next(
            (
                child.facts.release
                for child in self
                if isinstance(child.facts, ServedRelease) and child.facts.release
            ),
            "",
        )

    def wanted_pods(self, deployments: Collection[str]) -> dict[Component, Pods]:
        """Of the Deployments with these names, as far as they are there."""
        return {
            Component(child.facts.component): child.facts
            for child in self
            if isinstance(child.facts, Pods) and child.name in deployments
        }

    def first_replicas(self, app: TodoApp, manifest: Manifest) -> int:
        """How many pods a new object begins with, where it is a Deployment whose number an autoscaler sets.

        As many as those that it replaces: they were needed until now. 0 for everything else.
        """
        if manifest["kind"] != "Deployment" or "replicas" in manifest["spec"]:
            return 0
        component = Component(manifest["metadata"]["labels"][COMPONENT_LABEL])
        workload = app.spec.workload(component)
        least = workload.autoscaling.min_replicas if workload.autoscaling else 1
        pods = (child.facts for child in self if isinstance(child.facts, Pods))
        return max([least, *(each.desired for each in pods if each.component == component)])

    def serving_pods(self, deployments: Collection[str]) -> dict[Component, Pods]:
        """Of each process those that do its work: the ones before, until the wanted ones are ready."""
        wanted = self.wanted_pods(deployments)
        before = {
            Component(child.facts.component): child.facts
            for child in self
            if isinstance(child.facts, Pods) and child.name not in deployments
        }
        return {
            component: chosen
            for component in Component
            if (chosen := _serving(wanted.get(component), before.get(component)))
        }

    def _statuses(self, wanted: Iterable[Step], provider: Provider) -> Iterator[tuple[str, HealthStatus]]:
        """A kept database has no owner, so these are found by their names."""
        for step in wanted:
            if step.kind.provider is not provider:
                continue
            child = self._children.get(step.kind, step.namespace, step.name)
            if child and child.standing.is_free_for(self._owner) and isinstance(child.facts, HealthStatus):
                yield f"{child.kind.name} {child.name}", child.facts


def _serving(wanted: Pods | None, before: Pods | None) -> Pods | None:
    ready = wanted is not None and wanted.status.health is Health.READY
    return wanted if ready or before is None else before

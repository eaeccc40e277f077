"""Everything that a TodoApp is on a cluster."""

from collections.abc import Iterator
from dataclasses import dataclass

from todoapp_operator.kube.kinds import Kind, Provider, kind_of
from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.access import access
from todoapp_operator.render.dapr.cluster import dapr_resources
from todoapp_operator.render.database import database_resources
from todoapp_operator.render.deployments import deployments
from todoapp_operator.render.disruption import disruption_budget
from todoapp_operator.render.migration import migration_job
from todoapp_operator.render.monitoring.alerts import alerts
from todoapp_operator.render.monitoring.dashboards import dashboards
from todoapp_operator.render.monitoring.monitors import monitors
from todoapp_operator.render.names import names_on_cluster
from todoapp_operator.render.network import network_policies
from todoapp_operator.render.platform import Platform
from todoapp_operator.render.routes import routes
from todoapp_operator.render.scaling import autoscalers
from todoapp_operator.render.services import services
from todoapp_operator.render.strimzi import strimzi_resources
from todoapp_operator.resource.spec import TodoApp

__all__ = ["MissingKind", "Rendered", "render"]


@dataclass(frozen=True)
class MissingKind:
    """A kind that the TodoApp needs and the cluster does not know; `message` is for people."""

    kind: Kind
    message: str


@dataclass(frozen=True)
class Rendered:
    """`manifests` stand in the order in which they are to be applied."""

    manifests: list[Manifest]
    missing: list[MissingKind]
    """Kinds whose manifests the cluster cannot take and which are therefore left out, each once."""


def render(app: TodoApp, platform: Platform) -> Rendered:
    """Every manifest of `app` that the cluster can take, and what it cannot.

    Pure: the same arguments give the same manifests. Values of Secrets are no part of it, see
    `secret_specs`. A migration Job has to succeed before what comes after it is applied.
    """
    manifests: list[Manifest] = []
    missing: dict[Kind, MissingKind] = {}
    for manifest in _all(app, platform):
        if (kind := kind_of(manifest)) in platform.kinds:
            manifests.append(manifest)
        elif kind not in missing:
            message = f"The cluster does not know {kind}; {_REMEDIES[kind.provider]}."
            missing[kind] = MissingKind(kind, message)
    return Rendered(manifests, list(missing.values()))


_REMEDIES = {
    Provider.DAPR: "install Dapr",
    Provider.STRIMZI: "install Strimzi, or name another `spec.broker`",
    Provider.CLOUDNATIVE_PG: "install CloudNativePG, or name a database by `spec.database.secretRef`",
    Provider.KEDA: "install KEDA, or scale by `cpu` instead of `lag`",
    Provider.PROMETHEUS_OPERATOR: "install the Prometheus operator, or switch off "
    "`spec.observability.serviceMonitor` and `alerts`",
    Provider.GATEWAY_API: "install the Gateway API, or use `spec.ingress`",
}


def _all(app: TodoApp, platform: Platform) -> Iterator[Manifest]:
    yield from access(app)
    yield from network_policies(app, platform)
    yield from database_resources(app)
    yield from strimzi_resources(app, names_on_cluster(app))
    yield from dapr_resources(app)
    if app.spec.rollout.migrations == "Auto":
        yield migration_job(app, platform)
    for component, pods in deployments(app, platform).items():
        yield pods
        yield from autoscalers(app, component, target=pods["metadata"]["name"])
        yield disruption_budget(app, component)
        yield from services(app, component, platform)
    yield from routes(app)
    yield from monitors(app)
    yield from alerts(app)
    yield from dashboards(app)

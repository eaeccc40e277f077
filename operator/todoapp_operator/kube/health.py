"""How far an object of a TodoApp is, by what its own controller writes into its status."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from todoapp_operator.kube.manifest import Manifest

__all__ = ["Health", "HealthStatus", "health"]


class Health(StrEnum):
    READY = "Ready"
    PROGRESSING = "Progressing"
    FAILED = "Failed"
    """Not without a person, or another spec."""
    PRESENT = "Present"
    """It is there, and its kind has no more to tell."""


@dataclass(frozen=True)
class HealthStatus:
    """`message` is for people, and may be empty."""

    health: Health
    message: str = ""


def health(manifest: Manifest) -> HealthStatus:
    """Judge an object as the API server returns it. What no controller has looked at yet is progressing."""
    judge = _JUDGES.get(manifest["kind"])
    return judge(manifest) if judge else HealthStatus(Health.PRESENT)


def _deployment(deployment: Manifest) -> HealthStatus:
    wanted = deployment["spec"].get("replicas", 1)
    status = deployment.get("status", {})
    available, updated = status.get("availableReplicas", 0), status.get("updatedReplicas", 0)
    pods = f"{available} of {wanted} pods are available"
    stalled = _condition(deployment, "Progressing")
    if stalled.get("status") == "False":
        return HealthStatus(Health.FAILED, f"{pods}: {stalled.get('message', '')}")
    if not _observed(deployment) or available < wanted:
        return HealthStatus(Health.PROGRESSING, pods)
    if updated < wanted or status.get("replicas", 0) > updated:
        return HealthStatus(Health.PROGRESSING, f"{pods}, {updated} of them as they should be")
    return HealthStatus(Health.READY, pods)


def _job(job: Manifest) -> HealthStatus:
    if (failure := _condition(job, "Failed")).get("status") == "True":
        return HealthStatus(Health.FAILED, failure.get("message", ""))
    if _condition(job, "Complete").get("status") == "True":
        return HealthStatus(Health.READY, "completed")
    attempts = job.get("status", {}).get("failed", 0)
    return HealthStatus(Health.PROGRESSING, f"{attempts} attempts failed" if attempts else "")


# https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-state-waiting
_BEING_STARTED = ("ContainerCreating", "PodInitializing", "")


def _pod(pod: Manifest) -> HealthStatus:
    phase = pod.get("status", {}).get("phase")
    waiting = _why_containers_wait(pod)
    if phase == "Succeeded":
        return HealthStatus(Health.READY, "completed")
    if phase == "Failed" or waiting:
        return HealthStatus(Health.FAILED, waiting or pod["status"].get("message", ""))
    ready = _condition(pod, "Ready")
    if ready.get("status") == "True":
        return HealthStatus(Health.READY)
    unscheduled = _condition(pod, "PodScheduled")
    return HealthStatus(Health.PROGRESSING, unscheduled.get("message") or ready.get("message", ""))


def _why_containers_wait(pod: Manifest) -> str:
    containers = pod.get("status", {}).get("containerStatuses", ())
    reasons = {
        container["name"]: container.get("state", {}).get("waiting", {}).get("reason", "")
        for container in containers
    }
    return ", ".join(f"{name}: {reason}" for name, reason in reasons.items() if reason not in _BEING_STARTED)


def _autoscaler(autoscaler: Manifest) -> HealthStatus:
    spec, current = autoscaler["spec"], autoscaler.get("status", {}).get("currentReplicas", 0)
    pods = f"{current} pods, from {spec.get('minReplicas', 1)} to {spec['maxReplicas']}"
    active = _condition(autoscaler, "ScalingActive")
    if active.get("status") == "True":
        return HealthStatus(Health.READY, pods)
    return HealthStatus(Health.PROGRESSING, f"{pods}: {active['message']}" if active.get("message") else pods)


def _route(route: Manifest) -> HealthStatus:
    """A route is told by each Gateway that it names whether it is taken."""
    parents = route.get("status", {}).get("parents", ())
    told = [each for parent in parents for each in parent.get("conditions", ()) if each["type"] == "Accepted"]
    refused = [each for each in told if each["status"] != "True"]
    if refused:
        return HealthStatus(Health.FAILED, refused[0].get("message", ""))
    return (
        HealthStatus(Health.READY)
        if told
        else HealthStatus(Health.PROGRESSING, "no Gateway has taken it yet")
    )


def _of_another_operator(resource: Manifest) -> HealthStatus:
    """Strimzi reports failures as `NotReady` of some kinds and as a `Ready` that is false of others."""
    failure, ready = _condition(resource, "NotReady"), _condition(resource, "Ready")
    if failure.get("status") == "True" and failure.get("reason") != "Creating":
        return HealthStatus(Health.FAILED, failure.get("message", ""))
    if ready.get("status") == "False":
        return HealthStatus(Health.FAILED, ready.get("message", ""))
    if ready.get("status") == "True" and _observed(resource):
        return HealthStatus(Health.READY)
    return HealthStatus(Health.PROGRESSING, "its operator has not finished yet")


def _database(cluster: Manifest) -> HealthStatus:
    """CloudNativePG's `Ready` is false while instances start, which is no failure."""
    status = cluster.get("status", {})
    instances = (
        f"{status.get('readyInstances', 0)} of {cluster['spec'].get('instances', 1)} instances are ready"
    )
    if _condition(cluster, "Ready").get("status") == "True":
        return HealthStatus(Health.READY, instances)
    return HealthStatus(
        Health.PROGRESSING, f"{instances}: {status['phase']}" if status.get("phase") else instances
    )


_JUDGES: dict[str, Callable[[Manifest], HealthStatus]] = {
    "Deployment": _deployment,
    "Job": _job,
    "Pod": _pod,
    "HorizontalPodAutoscaler": _autoscaler,
    "HTTPRoute": _route,
    "Cluster": _database,
    "KafkaTopic": _of_another_operator,
    "KafkaUser": _of_another_operator,
    "ScaledObject": _of_another_operator,
}


def _condition(manifest: Manifest, kind: str) -> dict[str, Any]:
    conditions = manifest.get("status", {}).get("conditions") or ()
    return next((each for each in conditions if each.get("type") == kind), {})


def _observed(manifest: Manifest) -> bool:
    """Whether the status is about the newest spec; not every controller says."""
    generation: int = manifest["metadata"].get("generation", 0)
    observed: int = manifest.get("status", {}).get("observedGeneration", generation)
    return observed >= generation

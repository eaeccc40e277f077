from typing import Any

import pytest

from todoapp_operator.kube.health import Health, health


def judged(kind: str, status: dict[str, Any], *, generation: int = 1, **spec: Any) -> Health:
    return health(
        {"kind": kind, "metadata": {"generation": generation}, "spec": spec, "status": status}
    ).health


def condition(kind: str, status: str, **more: str) -> dict[str, list[dict[str, str]]]:
    return {"conditions": [{"type": kind, "status": status, **more}]}


UP = {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (UP, Health.READY),
        ({}, Health.PROGRESSING),
        (UP | {"availableReplicas": 1}, Health.PROGRESSING),
        (UP | {"observedGeneration": 1}, Health.PROGRESSING),
        (UP | {"updatedReplicas": 1}, Health.PROGRESSING),
        (UP | {"replicas": 3}, Health.PROGRESSING),
        (UP | condition("Progressing", "False", message="took too long"), Health.FAILED),
    ],
    ids=["up", "new", "a pod is missing", "not looked at", "half new", "old ones go", "stalled"],
)
def test_a_deployment_is_ready_with_all_pods_new_and_available(
    status: dict[str, Any], expected: Health
) -> None:
    assert judged("Deployment", status, generation=2, replicas=2) is expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({}, Health.PROGRESSING),
        ({"failed": 2}, Health.PROGRESSING),
        (condition("Complete", "True"), Health.READY),
        (condition("Failed", "True", message="BackoffLimitExceeded"), Health.FAILED),
    ],
)
def test_a_job_fails_only_for_good(status: dict[str, Any], expected: Health) -> None:
    assert judged("Job", status) is expected


def waiting(reason: str) -> dict[str, Any]:
    state = {"waiting": {"reason": reason}}
    return {"phase": "Pending", "containerStatuses": [{"name": "api", "state": state}]}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"phase": "Succeeded"}, Health.READY),
        ({"phase": "Failed"}, Health.FAILED),
        ({"phase": "Running"} | condition("Ready", "True"), Health.READY),
        ({"phase": "Running"} | condition("Ready", "False"), Health.PROGRESSING),
        (waiting("ContainerCreating"), Health.PROGRESSING),
        (waiting("ImagePullBackOff"), Health.FAILED),
    ],
)
def test_a_pod_fails_when_a_container_cannot_start(status: dict[str, Any], expected: Health) -> None:
    assert judged("Pod", status) is expected


@pytest.mark.parametrize("kind", ["KafkaTopic", "KafkaUser"])
@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({}, Health.PROGRESSING),
        (condition("Ready", "True"), Health.READY),
        (condition("Ready", "True") | {"observedGeneration": 1}, Health.PROGRESSING),
        (condition("Ready", "False"), Health.FAILED),
        (condition("NotReady", "True"), Health.FAILED),
        (condition("NotReady", "True", reason="Creating"), Health.PROGRESSING),
        (condition("ReconciliationPaused", "True"), Health.PROGRESSING),
        (condition("Warning", "True"), Health.PROGRESSING),
    ],
    ids=["new", "ready", "of an earlier spec", "not ready", "failed", "creating", "paused", "only a hint"],
)
def test_both_kinds_of_strimzi_failures_are_recognised(
    kind: str, status: dict[str, Any], expected: Health
) -> None:
    assert judged(kind, status, generation=2) is expected


def test_a_database_that_is_starting_has_not_failed() -> None:
    assert judged("Cluster", condition("Ready", "False"), instances=3) is Health.PROGRESSING
    assert judged("Cluster", condition("Ready", "True"), instances=3) is Health.READY


def test_an_autoscaler_works_once_it_has_figures() -> None:
    assert judged("HorizontalPodAutoscaler", {}, maxReplicas=3) is Health.PROGRESSING
    active = condition("ScalingActive", "True")
    assert judged("HorizontalPodAutoscaler", active, maxReplicas=3) is Health.READY


def test_a_route_is_ready_when_each_gateway_took_it() -> None:
    taken, refused = condition("Accepted", "True"), condition("Accepted", "False")

    assert judged("HTTPRoute", {}) is Health.PROGRESSING
    assert judged("HTTPRoute", {"parents": [taken]}) is Health.READY
    assert judged("HTTPRoute", {"parents": [taken, refused]}) is Health.FAILED


def test_an_object_without_a_controller_is_present() -> None:
    assert judged("ConfigMap", {}) is Health.PRESENT

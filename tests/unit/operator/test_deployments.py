from typing import Any

import pytest

from todoapp_operator.kube.kinds import KINDS, Provider
from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.deployments import deployments
from todoapp_operator.render.migration import migration_job
from todoapp_operator.render.platform import Platform
from todoapp_operator.render.services import services
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.spec import TodoApp

PLATFORM = Platform(image="registry.example.com/todoapp:1.0")
WITHOUT_KEDA = Platform(
    image=PLATFORM.image, kinds=frozenset(kind for kind in KINDS if kind.provider is not Provider.KEDA)
)
BLUE_GREEN = {"rollout": {"strategy": "BlueGreen"}}


def todoapp(**spec: Any) -> TodoApp:
    return TodoApp.model_validate({"metadata": {"name": "todo", "namespace": "home"}, "spec": spec})


def rendered(
    app: TodoApp, component: Component = Component.API, platform: Platform = PLATFORM
) -> dict[str, Any]:
    spec: dict[str, Any] = deployments(app, platform)[component]["spec"]
    return spec


def pod(app: TodoApp, component: Component = Component.API) -> dict[str, Any]:
    spec: dict[str, Any] = rendered(app, component)["template"]["spec"]
    return spec


def container(app: TodoApp, component: Component = Component.API) -> dict[str, Any]:
    [only] = pod(app, component)["containers"]
    return dict(only)


def sidecar(app: TodoApp, component: Component, platform: Platform = PLATFORM) -> dict[str, str]:
    annotations: dict[str, str] = deployments(app, platform)[component]["spec"]["template"]["metadata"][
        "annotations"
    ]
    return annotations


@pytest.mark.parametrize("component", Component)
def test_a_pod_runs_its_process_with_a_matching_sidecar(component: Component) -> None:
    app = todoapp()

    assert container(app, component)["args"] == [component.value]
    assert sidecar(app, component)["dapr.io/app-id"] == f"todo-{component}"
    assert sidecar(app, component)["dapr.io/app-port"] == "8090"


def test_the_default_image_is_that_of_the_operators_release() -> None:
    assert container(todoapp())["image"] == "registry.example.com/todoapp:1.0"
    assert container(todoapp(image="example/own:2"))["image"] == "example/own:2"


def test_pods_pass_the_restricted_pod_security_standard() -> None:
    job = migration_job(todoapp(), PLATFORM)["spec"]["template"]["spec"]

    for spec in (pod(todoapp()), job):
        assert spec["securityContext"]["runAsNonRoot"]
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in spec["containers"]:
            assert not container["securityContext"]["allowPrivilegeEscalation"]
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_a_pod_has_time_to_shut_down() -> None:
    spec = pod(todoapp())
    drained = sidecar(todoapp(), Component.API)["dapr.io/block-shutdown-duration"].removesuffix("s")
    stopped = sidecar(todoapp(), Component.API)["dapr.io/graceful-shutdown-seconds"]
    waiting = container(todoapp())["lifecycle"]["preStop"]["sleep"]["seconds"]

    assert spec["terminationGracePeriodSeconds"] > int(drained) + int(stopped) + waiting


def test_only_the_process_with_jobs_waits_for_the_scheduler() -> None:
    off = [each for each in Component if "dapr.io/scheduler-host-address" in sidecar(todoapp(), each)]

    assert off == [Component.API, Component.RECURRENCE]


def test_requests_have_defaults_that_a_limit_or_a_request_replaces() -> None:
    chosen = todoapp(api={"resources": {"requests": {"cpu": "0.5"}, "limits": {"memory": "1024Mi"}}})

    assert container(todoapp())["resources"] == {"requests": {"cpu": "100m", "memory": "192Mi"}}
    assert container(chosen)["resources"] == {"requests": {"cpu": "500m"}, "limits": {"memory": "1Gi"}}


def test_users_labels_and_annotations_never_replace_ours() -> None:
    app = todoapp(
        api={
            "podLabels": {"team": "a", "todoapp.dev/name": "other"},
            "podAnnotations": {"note": "b", "todoapp.dev/dapr": "other"},
        }
    )
    metadata = rendered(app)["template"]["metadata"]

    assert metadata["labels"].items() >= {"team": "a", "todoapp.dev/name": "todo"}.items()
    assert metadata["annotations"]["note"] == "b"
    assert metadata["annotations"]["todoapp.dev/dapr"] != "other"


def test_pods_keep_apart_unless_the_resource_says_where_they_belong() -> None:
    own: dict[str, Any] = {"nodeAffinity": {}}

    assert "podAntiAffinity" in pod(todoapp())["affinity"]
    assert pod(todoapp(api={"affinity": own}))["affinity"] == own


@pytest.mark.parametrize(
    ("workload", "platform", "count"),
    [
        ({}, PLATFORM, 1),
        ({"replicas": 3}, PLATFORM, 3),
        ({"autoscaling": {"maxReplicas": 5}}, PLATFORM, None),
        ({"autoscaling": {"minReplicas": 2, "maxReplicas": 5, "lag": 9}}, PLATFORM, None),
        ({"autoscaling": {"minReplicas": 2, "maxReplicas": 5, "lag": 9}}, WITHOUT_KEDA, 2),
    ],
)
def test_a_working_autoscaler_decides_the_number_of_pods(
    workload: dict[str, Any], platform: Platform, count: int | None
) -> None:
    spec = rendered(todoapp(notification=workload), Component.NOTIFICATION, platform)

    assert spec.get("replicas") == count


@pytest.mark.parametrize(
    "change",
    [
        {"broker": {"redpanda": {"brokers": ["a.example.com:9092"], "credentialsSecretRef": {"name": "s"}}}},
        {"broker": {"strimzi": {"cluster": "other"}}},
        {"dapr": {"resiliency": {"retries": 9}}},
    ],
)
def test_changed_sidecar_settings_make_new_pods(change: dict[str, Any]) -> None:
    before, after = (
        sidecar(app, Component.API)["todoapp.dev/dapr"] for app in (todoapp(), todoapp(**change))
    )

    assert before != after


def test_a_new_secret_makes_new_pods() -> None:
    changed = Platform(image=PLATFORM.image, secrets_digest="2f")

    assert sidecar(todoapp(), Component.API, changed)["todoapp.dev/secrets"] == "2f"


def test_a_rolling_update_keeps_pods_available_in_one_deployment() -> None:
    app = todoapp()

    assert deployments(app, PLATFORM)[Component.API]["metadata"]["name"] == "todo-api"
    assert rendered(app)["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def releases(component: Component) -> list[Manifest]:
    images = ("example/todoapp:1", "example/todoapp:2")
    return [deployments(todoapp(image=image, **BLUE_GREEN), PLATFORM)[component] for image in images]


def test_blue_and_green_are_two_deployments_of_the_api() -> None:
    blue, green = releases(Component.API)

    assert blue["metadata"]["name"] != green["metadata"]["name"]
    assert blue["spec"]["selector"] != green["spec"]["selector"]


def test_blue_and_green_share_the_deployment_of_background_processes() -> None:
    blue, green = releases(Component.RECURRENCE)

    assert blue["metadata"]["name"] == green["metadata"]["name"] == "todo-recurrence"


def test_a_service_serves_every_release_until_one_is_chosen() -> None:
    chosen = Platform(image=PLATFORM.image, serving_release="0a1b")
    every = {"todoapp.dev/name": "todo", "todoapp.dev/component": "api"}

    def selectors(app: TodoApp, platform: Platform) -> list[dict[str, str]]:
        return [each["spec"]["selector"] for each in services(app, Component.API, platform)]

    assert selectors(todoapp(**BLUE_GREEN), PLATFORM) == [every, every]
    assert selectors(todoapp(), chosen) == [every, every]
    assert selectors(todoapp(**BLUE_GREEN), chosen) == [every | {"todoapp.dev/release": "0a1b"}, every]


def test_only_the_api_has_a_service_for_people() -> None:
    ports = {
        manifest["metadata"]["name"]: [port["name"] for port in manifest["spec"]["ports"]]
        for component in Component
        for manifest in services(todoapp(), component, PLATFORM)
    }

    assert ports == {
        "todo-api": ["http"],
        "todo-api-inner": ["metrics"],
        "todo-notification-inner": ["metrics"],
        "todo-recurrence-inner": ["metrics"],
    }


@pytest.mark.parametrize("component", Component)
def test_a_pod_has_the_ports_that_services_and_probes_name(component: Component) -> None:
    pod = container(todoapp(), component)
    ports = {port["name"]: port["containerPort"] for port in pod["ports"]}
    inner = {
        port["targetPort"]
        for each in services(todoapp(), component, PLATFORM)
        for port in each["spec"]["ports"]
    }

    assert ports == {"metrics": 8090} | ({"http": 8000} if component is Component.API else {})
    assert inner == set(ports)
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert pod[probe]["httpGet"]["port"] == "metrics"


def test_a_new_image_has_its_own_migration_job() -> None:
    names = [
        migration_job(todoapp(image=image), PLATFORM)["metadata"]["name"] for image in ("a:1", "a:2", "a:1")
    ]

    assert names[0] == names[2] != names[1]

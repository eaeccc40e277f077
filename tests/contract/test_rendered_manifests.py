"""What is rendered for a cluster fits the application, and each part of it fits the others."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from fastapi.routing import APIRoute

from todoapp import cli
from todoapp.kit.metrics import Metrics
from todoapp.messaging.delivery import Outcome
from todoapp.processes.web import health
from todoapp_operator.kube.manifest import Manifest
from todoapp_operator.render.names import names_on_cluster
from todoapp_operator.render.platform import Platform
from todoapp_operator.render.secret_specs import CopiedSecret, secret_specs
from todoapp_operator.render.todoapp import render
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.document import load
from todoapp_operator.resource.spec import TodoApp

RUNBOOKS = Path("docs/runbooks")
PLATFORM = Platform(image="registry.example.com/todoapp:1.0")
APPS = {file.stem: load(file).app for file in sorted(Path("examples").glob("*.yaml"))}
PRODUCTION = APPS["production"]

each_example = pytest.mark.parametrize("app", APPS.values(), ids=list(APPS))


def manifests(app: TodoApp, *kinds: str) -> list[Manifest]:
    return [manifest for manifest in render(app, PLATFORM).manifests if manifest["kind"] in kinds]


def containers(app: TodoApp) -> list[dict[str, Any]]:
    pods = [manifest["spec"]["template"]["spec"] for manifest in manifests(app, "Deployment", "Job")]
    return [container for pod in pods for container in pod["containers"]]


def found(value: Any, key: str) -> Iterator[Any]:
    """Every value under `key`, at any depth."""
    if isinstance(value, dict):
        yield from ([value[key]] if key in value else [])
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from found(item, key)


def test_a_containers_argument_is_a_command_of_the_application() -> None:
    commands = typer.main.get_command(cli.app).commands  # type: ignore[attr-defined]

    assert {argument for each in containers(PRODUCTION) for argument in each["args"]} <= set(commands)


def test_probes_use_paths_that_the_application_serves() -> None:
    routes = [*health.router.routes, *health.figures.routes]
    paths = {route.path for route in routes if isinstance(route, APIRoute)}
    asked = {probe["path"] for each in containers(PRODUCTION) for probe in found(each, "httpGet")}
    scraped = {
        endpoint["path"]
        for each in manifests(PRODUCTION, "ServiceMonitor")
        for endpoint in each["spec"]["endpoints"]
    }

    assert asked | scraped <= paths
    assert asked


@each_example
def test_no_way_from_outside_leads_to_an_inner_service(app: TodoApp) -> None:
    inner = {
        each["metadata"]["name"]
        for each in manifests(app, "Service")
        if each["spec"].get("clusterIP") == "None"
    }
    entrances = [*manifests(app, "Ingress"), *manifests(app, "HTTPRoute")]
    named = {name for entrance in entrances for name in found(entrance["spec"], "name")}

    assert len(inner) == len(Component)
    assert not inner & named


@each_example
def test_a_process_may_use_every_component_that_it_calls(app: TodoApp) -> None:
    scopes = {each["metadata"]["name"]: set(each["scopes"]) for each in manifests(app, "Component")}
    named = ("TODOAPP_PUBSUB", "TODOAPP_UPDATES_PUBSUB", "TODOAPP_SECRET_STORE")

    for deployment in manifests(app, "Deployment"):
        template = deployment["spec"]["template"]
        app_id = template["metadata"]["annotations"]["dapr.io/app-id"]
        variables = {each["name"]: each.get("value") for each in template["spec"]["containers"][0]["env"]}
        assert all(app_id in scopes[variables[name]] for name in named)


@each_example
def test_every_resiliency_policy_names_existing_components_and_apps(app: TodoApp) -> None:
    [resiliency] = manifests(app, "Resiliency")
    components = {each["metadata"]["name"] for each in manifests(app, "Component")}
    annotations = [
        each["spec"]["template"]["metadata"]["annotations"] for each in manifests(app, "Deployment")
    ]
    app_ids = {each["dapr.io/app-id"] for each in annotations}

    assert resiliency["spec"]["targets"]["components"].keys() == components
    assert resiliency["spec"]["targets"]["apps"].keys() == app_ids == set(resiliency["scopes"])
    assert {each["dapr.io/config"] for each in annotations} == {
        each["metadata"]["name"] for each in manifests(app, "Configuration")
    }


@pytest.mark.parametrize("name", ["todo", "production"])
def test_strimzi_creates_every_topic(name: str) -> None:
    app = APPS[name]
    heard = {
        each["spec"][field]
        for each in manifests(app, "Subscription")
        for field in ("topic", "deadLetterTopic")
        if field in each["spec"]
    }
    published = {names_on_cluster(app).topic(topic) for topic in app.spec.topics.all}

    assert {each["spec"]["topicName"] for each in manifests(app, "KafkaTopic")} == heard | published


@pytest.mark.parametrize("name", ["todo", "production"])
def test_strimzis_users_may_read_what_their_sidecars_are_subscribed_to(name: str) -> None:
    app = APPS[name]
    users = kafka_users(app)
    groups = {
        each["metadata"]["name"]: setting["value"]
        for each in manifests(app, "Component")
        for setting in each["spec"]["metadata"]
        if setting["name"] == "consumerID"
    }

    for subscription in (each | each["spec"] for each in manifests(app, "Subscription")):
        [app_id] = subscription["scopes"]
        readable = {
            (acl["resource"]["type"], acl["resource"]["name"], acl["resource"]["patternType"])
            for acl in users[app_id]["spec"]["authorization"]["acls"]
            if "Read" in acl["operations"]
        }
        group = groups[subscription["pubsubname"]]
        # A pod's name starts with its Deployment's, which starts with the app id.
        own = ("group", group.replace("{podName}", f"{app_id}-"), "prefix")
        shared = ("group", group.replace("{appID}", app_id), "literal")
        assert {
            ("topic", subscription["topic"], "literal"),
            own if "{podName}" in group else shared,
        } <= readable


def kafka_users(app: TodoApp) -> dict[str, Manifest]:
    """The KafkaUser of each sidecar, by app id."""
    users = {each["metadata"]["name"]: each for each in manifests(app, "KafkaUser")}
    names = {
        each.name: each.literals["username"]
        for each in secret_specs(app)
        if isinstance(each, CopiedSecret) and "username" in each.literals
    }
    annotations = [
        each["spec"]["template"]["metadata"]["annotations"] for each in manifests(app, "Deployment")
    ]
    return {
        each["dapr.io/app-id"]: users[names[secret]]
        for each in annotations
        for secret in re.findall("=(.+?):username", each["dapr.io/env-from-secret"])
    }


@each_example
def test_every_secret_that_is_read_will_exist(app: TodoApp) -> None:
    there = {secret.name for secret in secret_specs(app)}
    there |= {f"{cluster['metadata']['name']}-app" for cluster in manifests(app, "Cluster")}
    everything = render(app, PLATFORM).manifests
    references = [reference["name"] for reference in found(everything, "secretKeyRef")]
    scaled = [each["name"] for targets in found(everything, "secretTargetRef") for each in targets]
    injected = [
        name
        for variables in found(everything, "dapr.io/env-from-secret")
        for name in re.findall("=(.+?):", variables)
    ]

    assert {*references, *scaled, *injected} <= there


@each_example
def test_the_application_may_read_only_the_secrets_it_needs(app: TodoApp) -> None:
    variables = [each for container in containers(app) for each in container["env"]]
    asked = {each["value"].partition("/")[0] for each in variables if each["name"].endswith("_REF")}
    [role] = manifests(app, "Role")
    [configuration] = manifests(app, "Configuration")

    [scope] = configuration["spec"]["secrets"]["scopes"]
    assert set(scope["allowedSecrets"]) == asked
    assert [set(rule["resourceNames"]) for rule in role["rules"]] == [asked]


@each_example
def test_sidecars_read_changes_only_when_their_pods_are_replaced(app: TodoApp) -> None:
    """Dapr's own reloading would restart the runtime in all pods at once."""
    [configuration] = manifests(app, "Configuration")

    assert {"name": "HotReload", "enabled": False} in configuration["spec"]["features"]


def test_alerts_and_dashboards_use_existing_metrics() -> None:
    registry = Metrics.fresh().registry
    known = {name for figure in registry.collect() for name in (figure.name, *suffixed(figure.name))}

    assert set(re.findall(r"todoapp_[a-z_]+", " ".join(queries()))) <= known


def suffixed(name: str) -> list[str]:
    return [f"{name}_{suffix}" for suffix in ("total", "count", "bucket", "sum")]


def test_queries_use_exactly_the_delivery_outcomes_of_the_application() -> None:
    assert set(re.findall(r'outcome="(\w+)"', " ".join(queries()))) == set(Outcome)


def queries() -> list[str]:
    """Every PromQL expression of the production example."""
    texts = [each for manifest in manifests(PRODUCTION, "ConfigMap") for each in manifest["data"].values()]
    return [
        *found(manifests(PRODUCTION, "PrometheusRule"), "expr"),
        *found(list(map(json.loads, texts)), "expr"),
    ]


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    named = set(found(manifests(PRODUCTION, "PrometheusRule"), "alert"))

    assert {page.stem for page in RUNBOOKS.glob("*.md")} == named
    for page in RUNBOOKS.glob("*.md"):
        assert page.read_text().startswith(f"# {page.stem}\n")

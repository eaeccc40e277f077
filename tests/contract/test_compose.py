"""compose.yaml starts what a TodoApp on a cluster is made of."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from todoapp.kit.settings import Settings
from todoapp_operator.render.environment import environment
from todoapp_operator.render.names import LAPTOP
from todoapp_operator.render.secrets import database_url, jwt_secret, sealing_key
from todoapp_operator.render.strimzi import strimzi_resources
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.spec import TodoApp

APP = TodoApp.model_validate({"metadata": {"name": "todo"}, "spec": {"broker": {"strimzi": {}}}})

# The first test on a machine builds the reader.
pytestmark = pytest.mark.timeout(func_only=True)


@pytest.fixture(scope="module")
def project(compose_go: Path) -> dict[str, Any]:
    """The file as Compose reads it, variables of its .env apart."""
    command = [str(compose_go), "-no-interpolation", "-format", "json", "compose.yaml"]
    return dict(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))


def test_every_process_runs_beside_a_sidecar_of_its_name(project: dict[str, Any]) -> None:
    for component in Component:
        sidecar = project["services"][f"{component}-daprd"]

        assert project["services"][component]["command"] == [component]
        assert sidecar["network_mode"] == f"service:{component}"
        assert sidecar["command"] == [f"--app-id={LAPTOP.app_id(component)}"]


def test_sidecars_call_the_inner_port(project: dict[str, Any]) -> None:
    inner_port = Settings.model_fields["inner_port"].default

    for component in Component:
        assert f"--app-port={inner_port}" in project["services"][f"{component}-daprd"]["entrypoint"]
        assert f"127.0.0.1:{inner_port}/health/ready" in str(project["services"][component]["healthcheck"])


def test_sidecars_find_files_that_exist(project: dict[str, Any]) -> None:
    for component in Component:
        volumes = project["services"][f"{component}-daprd"]["volumes"]

        assert volumes
        assert all(Path(volume["source"]).exists() for volume in volumes)


def test_processes_get_variables_that_they_read(project: dict[str, Any]) -> None:
    read = {f"TODOAPP_{name.upper()}" for name in Settings.model_fields}
    read |= {"DAPR_API_TOKEN", "APP_API_TOKEN", "POD_NAME"}

    for component in Component:
        given = set(project["services"][component]["environment"])
        in_a_pod = {variable.name for variable in environment(APP, component, LAPTOP)}

        assert given <= read
        # What is left out has the same default: the names of topics and components, retention.
        assert {name for name in in_a_pod - given if name.endswith(("_REF", "_TOKEN", "_URL"))} == set()


def test_secrets_lie_where_the_processes_look(project: dict[str, Any]) -> None:
    content = re.sub(r"\$\{[^}]*\}", "value", project["configs"]["secrets"]["content"])
    expected = {
        reference.name: reference.key for reference in (database_url(APP), jwt_secret(APP), sealing_key(APP))
    }

    assert {name: next(iter(keys)) for name, keys in json.loads(content).items()} == expected
    variables = project["services"]["api"]["environment"]
    assert variables["TODOAPP_DATABASE_URL_REF"] == "/".join(
        ("todo-database-app", expected["todo-database-app"])
    )
    assert variables["TODOAPP_SEALING_KEY_REF"] == "/".join(("todo-sealing", expected["todo-sealing"]))
    assert variables["TODOAPP_JWT_SECRET_REF"] == "/".join(("todo-jwt", expected["todo-jwt"]))


def test_topics_are_those_that_strimzi_would_make(project: dict[str, Any]) -> None:
    [script] = project["services"]["topics"]["command"]
    made = {
        (name, int(partitions), int(retention))
        for name, partitions, retention in re.findall(r"^([a-z-]+) (\d+) (\d+)$", script, re.MULTILINE)
    }

    assert made == {
        (spec["topicName"], spec["partitions"], spec["config"]["retention.ms"])
        for spec in (each["spec"] for each in strimzi_resources(APP, LAPTOP) if each["kind"] == "KafkaTopic")
    }


def test_versions_are_pinned(project: dict[str, Any]) -> None:
    for service in project["services"].values():
        image = service["image"]
        assert image == "todoapp" or re.search(r":\d+\.\d+", image), image


def test_only_the_api_is_open_and_only_to_this_machine(project: dict[str, Any]) -> None:
    ports = {name: service["ports"] for name, service in project["services"].items() if "ports" in service}

    assert set(ports) == {"api"}
    assert ports["api"] == ["${TODOAPP_LISTEN:-127.0.0.1:8000}:8000"]

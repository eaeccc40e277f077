"""What the embedded sidecar refuses at its start: one sentence, and exit status 1."""

import socket
import subprocess
from pathlib import Path

import pytest

from testbed.ports import free_port
from testbed.sidecar.process import COMMAND
from testbed.waiting import WAIT_TIMEOUT

PUBSUB = Path("tests/contract/dapr/resources/pubsub.yaml")


def refusal(tmp_path: Path, *, resource: str | None = None, app: str | None = None, **options: str) -> str:
    """What the sidecar says when started with a resource file of this content."""
    file = tmp_path / "resource.yaml"
    if resource is not None:
        file.write_text(resource)
    arguments = {
        "--resources-path": str(file if resource is not None else PUBSUB),
        "--state": str(tmp_path / "state.db"),
        "--app": app or f"id=api,app-port={free_port()},http-port={free_port()}",
    } | {f"--{name.replace('_', '-')}": value for name, value in options.items()}
    command = [str(COMMAND), *(part for pair in arguments.items() for part in pair)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=WAIT_TIMEOUT, check=False)
    assert result.returncode == 1
    [sentence] = result.stderr.splitlines()
    return sentence.removeprefix("todoapp-sidecar: ")


def component(component_type: str, **metadata: str) -> str:
    settings = "".join(f"\n  - {{name: {name}, value: {value}}}" for name, value in metadata.items())
    return f"""\
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: {{name: events}}
spec:
  type: {component_type}
  version: v1
  metadata: {settings or "[]"}
"""


def test_an_unknown_component_type_is_refused_by_name(tmp_path: Path) -> None:
    assert refusal(tmp_path, resource=component("pubsub.kafka")) == (
        f"{tmp_path}/resource.yaml: Component 'events': spec.type: the embedded sidecar has no component type"
        " 'pubsub.kafka', only pubsub.in-memory, secretstores.local.env, secretstores.local.file,"
        " state.in-memory, state.sqlite."
    )


@pytest.mark.parametrize(
    ("resource", "sentence"),
    [
        ("kind: [", "resource.yaml is not readable as YAML"),
        ("- 1", "resource.yaml holds a list where a resource with a kind should be."),
        (
            "apiVersion: dapr.io/v1alpha1\nkind: HTTPEndpoint\nmetadata: {name: mailer}",
            "resource.yaml: the embedded sidecar has no kind 'HTTPEndpoint' (dapr.io/v1alpha1), only",
        ),
        (
            component("pubsub.in-memory").replace("version: v1", "versoin: v1"),
            "resource.yaml: Component 'events': spec.versoin: Extra inputs are not permitted.",
        ),
        (
            component("pubsub.in-memory", retention="week"),
            "Component 'events': retention: 'week' is not a duration such as 500ms, 5s or 1h30m.",
        ),
        (
            component("secretstores.local.file", secretsFile="nowhere.json"),
            "Component 'events': the secretsFile nowhere.json: No such file or directory.",
        ),
        (
            component("state.sqlite") + "---\n" + component("pubsub.in-memory"),
            "Two components are named 'events'; each name can be used once.",
        ),
        (
            "apiVersion: dapr.io/v2alpha1\nkind: Subscription\nmetadata: {name: s}\n"
            "spec: {pubsubname: p, topic: t, routes: {rules: [{match: 'event.type ==', path: /a}]}}",
            "resource.yaml: Subscription 's': spec: 'event.type ==' is not a CEL expression",
        ),
        (
            "apiVersion: dapr.io/v1alpha1\nkind: Resiliency\nmetadata: {name: r}\n"
            "spec: {policies: {retries: {a: {policy: sometimes}}}}",
            "resource.yaml: Resiliency 'r': spec.policies.retries.a.policy: Input should be",
        ),
    ],
)
def test_a_resource_that_cannot_be_used_is_refused(tmp_path: Path, resource: str, sentence: str) -> None:
    assert sentence in refusal(tmp_path, resource=resource)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    sentence = refusal(tmp_path, resources_path=f"{tmp_path}/nowhere")

    assert sentence == f"{tmp_path}/nowhere is neither a resource file nor a folder of them."


@pytest.mark.parametrize(
    ("app", "sentence"),
    [
        ("id=api,app-port=8000", "'http-port' is missing; id, app-port, http-port are needed."),
        ("id=api,app-port=x,http-port=3500", "app-port is 'x', not a number from 1 to 65535."),
        (
            "id=api,app-port=8000,http-port=3500,health=live",
            "health is 'live', not a path that starts with '/'.",
        ),
        ("id=api,port=1", "'port=1' is not one of id=…, app-port=…"),
    ],
)
def test_an_app_that_cannot_be_read_is_refused(tmp_path: Path, app: str, sentence: str) -> None:
    assert sentence in refusal(tmp_path, app=app)


def test_a_file_that_is_not_a_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("Remember the milk. " * 100)

    assert refusal(tmp_path, state=str(file)) == (
        f"The state file {file} cannot be used: file is not a database."
    )


def test_a_port_that_is_taken_is_refused(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        sentence = refusal(tmp_path, app=f"id=api,app-port={free_port()},http-port={port}")

    assert str(port) in sentence
    assert "address already in use" in sentence

"""What the operator renders for Dapr is read by Dapr's own sidecars.

Each process has one with the arguments that Dapr's own injector gives it. It connects to Kafka as the user
that was rendered for that process.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from uuid import uuid4

import httpx
import orjson
import pytest

from testbed.kafka.broker import Account, Kafka
from testbed.kafka.strimzi_operators import carried_out
from testbed.postgresql import PostgreSQL
from testbed.sidecar.daprd import running_daprd
from testbed.sidecar.recording_app import Answer, Call, RecordingApp, recording_app
from testbed.waiting import wait_until
from todoapp_operator.kube.manifest import Manifest, to_yaml
from todoapp_operator.render.broker import kafka_authority, kafka_credentials, kafka_user
from todoapp_operator.render.dapr.cluster import dapr_resources
from todoapp_operator.render.dapr.subscriptions import DEAD_LETTER_ROUTE, Reader, readers
from todoapp_operator.render.names import names_on_cluster
from todoapp_operator.render.platform import Platform
from todoapp_operator.render.secrets import (
    app_api_token,
    dapr_api_token,
    database_url,
    jwt_secret,
    sealing_key,
)
from todoapp_operator.render.strimzi import strimzi_resources
from todoapp_operator.render.todoapp import render
from todoapp_operator.resource.component import Component
from todoapp_operator.resource.spec import TodoApp

PLATFORM = Platform(image="registry.example.com/todoapp:1.0")
APP_TOKEN = "what a sidecar shows to its process"
SIGNING_KEY = "what signs tokens"
SEALING_KEY = "under which the application seals, 32 bytes and more"
APP = TodoApp.model_validate({"metadata": {"name": "rendered"}})
NAMES = names_on_cluster(APP)
READERS = {reader.component: reader for reader in readers(APP, NAMES)}
RESOURCES = "resources"
OUTSIDE_KUBERNETES = (
    "--mode=standalone",
    f"--resources-path={RESOURCES}",
    "--dapr-block-shutdown-duration=0s",  # nobody is there to be waited for
)

each_process = pytest.mark.parametrize("process", list(Component))

# The first test on a machine builds Dapr and fetches Kafka.
pytestmark = pytest.mark.timeout(func_only=True)


@dataclass(frozen=True)
class Pod:
    """A process's sidecar, and what stands for the process."""

    sidecar: httpx.Client
    app: RecordingApp


@pytest.fixture(scope="module")
def pods(
    dapr: Path,
    injected: Callable[[Manifest], Manifest],
    kafka: Kafka,
    postgresql: PostgreSQL,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Mapping[Component, Pod]]:
    folder = tmp_path_factory.mktemp("rendered")
    accounts = carried_out(kafka, strimzi_resources(APP, NAMES))
    with ExitStack() as running:
        secrets = secret_values(accounts, running.enter_context(postgresql.database()))
        write_resources(folder, secrets, f"localhost:{kafka.ports.password}")
        pods = {}
        for component in Component:
            app = running.enter_context(recording_app())
            app.script(READERS[component].route, succeed)
            container = sidecar_container(injected(pod(component)))
            command = [
                str(dapr / "daprd"),
                *container["args"][1:],
                *OUTSIDE_KUBERNETES,
                f"--app-port={app.port}",
            ]
            environment = environment_of(container, secrets, component)
            log = folder / f"{component}.log"
            sidecar = running.enter_context(running_daprd(command, environment, log))
            pods[component] = Pod(sidecar, app)
        yield pods


def secret_values(accounts: Mapping[str, Account], url: str) -> dict[str, dict[str, str]]:
    """What is in the Secrets that the TodoApp's manifests name."""
    users = {component: accounts[kafka_user(APP, component)] for component in Component}
    return {
        database_url(APP).name: {database_url(APP).key: url},
        jwt_secret(APP).name: {jwt_secret(APP).key: SIGNING_KEY},
        sealing_key(APP).name: {sealing_key(APP).key: SEALING_KEY},
        dapr_api_token(APP).name: {dapr_api_token(APP).key: "what a process shows to its sidecar"},
        app_api_token(APP).name: {app_api_token(APP).key: APP_TOKEN},
        kafka_authority(APP): {"ca.crt": users[Component.API]["ssl.ca.pem"]},
        **{
            kafka_credentials(APP, component): {
                "username": user["sasl.username"],
                "password": user["sasl.password"],
            }
            for component, user in users.items()
        },
    }


def pod(component: Component) -> Manifest:
    """A pod of the process's Deployment."""
    [template] = [
        each["spec"]["template"]
        for each in render(APP, PLATFORM).manifests
        if each["kind"] == "Deployment" and each["metadata"]["name"] == NAMES.app_id(component)
    ]
    named = {"name": pod_name(component), "namespace": APP.metadata.namespace}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {**template["metadata"], **named},
        "spec": template["spec"],
    }


def pod_name(component: Component) -> str:
    return f"{NAMES.app_id(component)}-7d9f8-x2x4z"


def sidecar_container(pod: Manifest) -> Manifest:
    by_name: dict[str, Manifest] = {each["name"]: each for each in pod["spec"]["initContainers"]}
    return by_name["daprd"]


def environment_of(
    container: Manifest, secrets: Mapping[str, Mapping[str, str]], component: Component
) -> dict[str, str]:
    """The container's variables, but for those of Dapr's control plane, which have no value here."""

    def value(source: Manifest) -> str:
        if reference := source.get("secretKeyRef"):
            return secrets[reference["name"]][reference["key"]]
        return pod_name(component)

    return {
        each["name"]: each["value"] if "value" in each else value(each["valueFrom"])
        for each in container["env"]
        if len(each) > 1
    }


def write_resources(folder: Path, secrets: Mapping[str, Mapping[str, str]], broker: str) -> None:
    """Write what Dapr's operator would hand to a sidecar. The configuration is called by its name alone."""
    secrets_file = folder / "secrets.json"
    secrets_file.write_text(json.dumps(secrets))
    (folder / RESOURCES).mkdir()
    for number, manifest in enumerate(dapr_resources(APP)):
        is_configuration = manifest["kind"] == "Configuration"
        file = manifest["metadata"]["name"] if is_configuration else f"{RESOURCES}/{number}.yaml"
        (folder / file).write_text(to_yaml(outside_kubernetes(manifest, broker, secrets_file)))


def outside_kubernetes(manifest: Manifest, broker: str, secrets: Path) -> Manifest:
    """The same, with this machine's broker, and a file instead of Kubernetes Secrets."""
    if manifest["kind"] != "Component":
        return manifest
    spec = manifest["spec"]
    settings = [{**each, "value": broker} if each["name"] == "brokers" else each for each in spec["metadata"]]
    if spec["type"] == "secretstores.kubernetes":
        spec = {**spec, "type": "secretstores.local.file"}
        settings = [
            {"name": "secretsFile", "value": str(secrets)},
            {"name": "multiValued", "value": "true"},
        ]
    return {**manifest, "spec": {**spec, "metadata": settings}, "auth": {"secretStore": NAMES.secret_store}}


def succeed(call: Call) -> Answer:
    statuses = [{"entryId": each["entryId"], "status": "SUCCESS"} for each in call.json["entries"]]
    return Answer(200, orjson.dumps({"statuses": statuses}), {"content-type": "application/json"})


def published(sidecar: httpx.Client, pubsub: str, topic: str, text: str) -> httpx.Response:
    entry = {
        "entryId": "1",
        "event": {"specversion": "1.0", "id": text, "source": "/test", "type": "test", "data": text},
        "contentType": "application/cloudevents+json",
        "metadata": {"partitionKey": text},
    }
    return sidecar.post(f"/v1.0/publish/bulk/{pubsub}/{topic}", json=[entry])


@each_process
def test_a_sidecar_loads_the_components_that_its_process_may_use(
    process: Component, pods: Mapping[Component, Pod]
) -> None:
    metadata = pods[process].sidecar.get("/v1.0/metadata").json()

    shared = {NAMES.pubsub, NAMES.updates_pubsub, NAMES.secret_store}
    own = {NAMES.state_store} if process is Component.API else set()
    assert {each["name"] for each in metadata["components"]} == shared | own
    assert [each["name"] for each in metadata["resiliencies"]] == [APP.metadata.name]
    assert {each["topic"] for each in metadata["subscriptions"]} == {
        NAMES.topic(READERS[process].topic),
        NAMES.dead_letter(READERS[process].topic),
    }


@each_process
def test_a_process_publishes_for_all_as_its_own_user(
    process: Component, pods: Mapping[Component, Pod]
) -> None:
    for topic in APP.spec.topics.all:
        pubsub = NAMES.updates_pubsub if topic is APP.spec.topics.task_updates else NAMES.pubsub
        answer = published(pods[process].sidecar, pubsub, NAMES.topic(topic), uuid4().hex)
        assert answer.status_code == HTTPStatus.NO_CONTENT, answer.text


@each_process
def test_a_sidecar_delivers_event_lists_with_its_token(
    process: Component, pods: Mapping[Component, Pod]
) -> None:
    text = uuid4().hex

    call = heard(pods[process], READERS[process], text, at=READERS[process].route)

    assert call.headers["dapr-api-token"] == APP_TOKEN
    keys = {each["event"]["id"]: each["metadata"]["__key"] for each in call.json["entries"]}
    assert keys[text] == text


@each_process
def test_a_dropped_event_becomes_a_dead_letter(process: Component, pods: Mapping[Component, Pod]) -> None:
    reader, text, app = READERS[process], uuid4().hex, pods[process].app
    app.script(reader.route, lambda call: dropped(call, text))

    letter = heard(pods[process], reader, text, at=DEAD_LETTER_ROUTE)

    app.script(reader.route, succeed)
    assert (letter.json["id"], letter.json["topic"]) == (text, NAMES.topic(reader.topic))
    assert letter.headers["dapr-api-token"] == APP_TOKEN


def heard(pod: Pod, reader: Reader, text: str, *, at: str) -> Call:
    """Publish an event until a call says that it came: a reader of new events only may join late."""

    def calls() -> list[Call]:
        published(pod.sidecar, reader.pubsub, NAMES.topic(reader.topic), text)
        return pod.app.calls(at, mentioning=text)

    return wait_until(calls, what=f"{at} is called about {text}")[0]


def dropped(call: Call, text: str) -> Answer:
    statuses = [
        {"entryId": each["entryId"], "status": "DROP" if each["event"]["id"] == text else "SUCCESS"}
        for each in call.json["entries"]
    ]
    return Answer(200, orjson.dumps({"statuses": statuses}), {"content-type": "application/json"})


@each_process
def test_a_process_reads_its_three_secrets_and_no_other(
    process: Component, pods: Mapping[Component, Pod]
) -> None:
    secrets = f"/v1.0/secrets/{NAMES.secret_store}"
    sidecar = pods[process].sidecar

    assert sidecar.get(f"{secrets}/{jwt_secret(APP).name}").json() == {jwt_secret(APP).key: SIGNING_KEY}
    assert sidecar.get(f"{secrets}/{sealing_key(APP).name}").json() == {sealing_key(APP).key: SEALING_KEY}
    assert sidecar.get(f"{secrets}/{database_url(APP).name}").status_code == HTTPStatus.OK
    assert sidecar.get(f"{secrets}/{kafka_authority(APP)}").status_code == HTTPStatus.FORBIDDEN


def test_state_is_kept_in_the_database_for_the_api(pods: Mapping[Component, Pod]) -> None:
    sidecar, key = pods[Component.API].sidecar, uuid4().hex
    state = f"/v1.0/state/{NAMES.state_store}"

    saved = sidecar.post(state, json=[{"key": key, "value": {"said": "hello"}}])

    assert saved.status_code == HTTPStatus.NO_CONTENT, saved.text
    assert sidecar.get(f"{state}/{key}").json() == {"said": "hello"}
